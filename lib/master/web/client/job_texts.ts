/** What is said of jobs, chunks and attempts. Pure. */
import type { AttemptView, ChunkState, ChunkView, JobSettings, JobState, JobView } from "../../job_view.ts";
import { counted, formatBytes, formatDuration } from "./format.ts";

export const STATE_TEXTS: Readonly<Record<JobState, string>> = {
  queued: "Waiting",
  segmenting: "Splitting",
  processing: "Encoding",
  concatenating: "Joining",
  completed: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const CODEC_TEXTS = { h264: "H.264", hevc: "HEVC", vp9: "VP9", av1: "AV1" } as const;

export const nameOf = ({ originalFilename, videoId }: JobView): string =>
  shownName(originalFilename === "" ? videoId : originalFilename);

/** Invisible characters that turn the direction of text: `exe.gpj` can be made to look like `jpg.exe` by them. */
const BIDI_CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** A name that somebody else has chosen, as it is safe to show; within other text, `<bdi>` keeps it to itself. */
export const shownName = (name: string): string => name.replace(BIDI_CONTROLS, "\uFFFD");

/** Such as `H.264 · crf 23 · medium · 720 px · MP4 · sound copied`. */
export function settingsText({ encode, container, audio }: JobSettings): string {
  const { codec, rate, preset, width, height, frameRate } = encode;
  return [
    CODEC_TEXTS[codec],
    rate.kind === "crf" ? `crf ${rate.crf}` : `${Math.round(rate.bitsPerSecond / 1_000)} kbit/s`,
    preset,
    ...(width === 0 && height === 0 ? [] : [sizeText(width, height)]),
    ...(frameRate === "source" ? [] : [`${frameRate.num}/${frameRate.den} fps`]),
    container.toUpperCase(),
    audio === "copy" ? "sound copied" : audio === "none" ? "no sound" : audio.codec.toUpperCase(),
  ].join(" · ");
}

function sizeText(width: number, height: number): string {
  if (width === 0) return `${height} px high`;
  return height === 0 ? `${width} px wide` : `${width} × ${height}`;
}

export const CHUNK_TEXTS: Readonly<Record<ChunkState, string>> = {
  queued: "waiting",
  encoding: "being encoded",
  done: "done",
  reused: "encoded before",
  failed: "failed",
};

/** All that is known of a chunk. */
export function chunkText(chunk: ChunkView, chunks: number): string {
  const end = chunk.startSeconds + chunk.durationSeconds;
  const where = chunk.worker === "" ? "" : ` ${chunk.state === "encoding" ? "by" : "on"} ${chunk.worker}`;
  const size = chunk.shardBytes === 0 ? "" : `, ${formatBytes(chunk.shardBytes)}`;
  return `Chunk ${chunk.index + 1} of ${chunks}, ${formatDuration(chunk.startSeconds)} to ${
    formatDuration(end)
  }, ` +
    `${counted(chunk.frames, "frame")}: ${CHUNK_TEXTS[chunk.state]}${where}${size}${
      triesText(chunk.attempts)
    }`;
}

/** How long it took; and what else was tried. */
function triesText(attempts: readonly AttemptView[]): string {
  const encoded = attempts.find(({ outcome }) => outcome === "encoded");
  const seconds = encoded?.endedMs === undefined
    ? ""
    : ` in ${((encoded.endedMs - encoded.startedMs) / 1_000).toFixed(1)} s`;
  const others = attempts
    .filter(({ outcome }) => outcome !== "encoded" && outcome !== "running")
    .map(({ worker, outcome, reason }) => `; ${outcome} on ${worker}${reason === "" ? "" : `: ${reason}`}`);
  return seconds + others.join("");
}
