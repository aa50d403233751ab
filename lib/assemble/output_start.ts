/** Where the times of an output begin: with those of its source, as a rule, or with 0. */
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { audioPackets } from "./audio_packets.ts";
import { type AudioMode, planAudio } from "./audio_plan.ts";
import { readExtras } from "./extras.ts";
import { containerOf } from "./output_container.ts";

/** `source`: every time is the source's. `zero`: one offset is taken off all of them. */
export const OUTPUT_STARTS = ["source", "zero"] as const;
export type OutputStart = typeof OUTPUT_STARTS[number];

/** Later than this, as with the clock of a broadcast, is worth a word: players count from 0. */
const LATE_SECONDS = 60;
/** A float holds a time in ticks only this well once it has been through seconds. */
const ROUNDING_TICKS = 1e-3;

export interface StartOptions {
  readonly plan: VideoPlan;
  readonly source: SourceFile;
  /** Its extension chooses the container. */
  readonly path: string;
  readonly audio: AudioMode;
  /** Default "source". */
  readonly start?: OutputStart | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is to be put together and checked, at the output's times. */
export interface StartedVideo {
  readonly plan: VideoPlan;
  readonly source: SourceFile;
  /** When the earliest of its tracks begins, where that is late; undefined: it is not. */
  readonly lateStartSeconds: number | undefined;
}

/**
 * Gives a video the times of its output. Nothing that chunks or shards hold depends on them.
 *
 * @throws {AssembleError} If the container cannot hold what is asked for.
 * @throws {SourceError} If the source cannot be read. @throws `signal.reason` once aborted.
 */
export async function startedVideo(options: StartOptions): Promise<StartedVideo> {
  const { plan, source, start = "source" } = options;
  const asItIs = { plan, source, lateStartSeconds: undefined };
  const videoSeconds = plan.shownTicks[0]! / plan.timescale;
  if (videoSeconds <= (start === "zero" ? 0 : LATE_SECONDS)) return asItIs;
  const seconds = Math.min(videoSeconds, await firstBesideVideo(options));
  if (start === "source") return seconds > LATE_SECONDS ? { ...asItIs, lateStartSeconds: seconds } : asItIs;
  // In whole ticks of the video, so that its times stay exact.
  const offsetTicks = Math.floor(seconds * plan.timescale + ROUNDING_TICKS);
  if (offsetTicks <= 0) return asItIs;
  const offsetSeconds = offsetTicks / plan.timescale;
  return { ...asItIs, plan: earlierPlan(plan, offsetTicks), source: earlierSource(source, offsetSeconds) };
}

/** When the first of what goes along begins: sound, texts, chapters. */
async function firstBesideVideo({ plan, source, path, audio, signal }: StartOptions): Promise<number> {
  const container = containerOf(path);
  let first = Infinity;
  for (const treatment of planAudio(source.audio, container, audio).treatments) {
    signal?.throwIfAborted();
    for await (const { timestamp } of audioPackets(source, treatment.audio, { metadataOnly: true })) {
      first = Math.min(first, timestamp);
      break;
    }
  }
  const endSeconds = plan.endTicks / plan.timescale;
  const { chapters, subtitles, stored } = await readExtras(source, container, { audio, endSeconds, signal });
  const cues = subtitles.flatMap(({ cues }) => cues.slice(0, 1));
  for (const { startSeconds } of [...chapters, ...cues, ...stored]) {
    first = Math.min(first, startSeconds);
  }
  return first;
}

function earlierPlan(plan: VideoPlan, offsetTicks: number): VideoPlan {
  return {
    ...plan,
    shownTicks: plan.shownTicks.map((ticks) => ticks - offsetTicks),
    endTicks: plan.endTicks - offsetTicks,
    segments: plan.segments.map((segment) => ({
      ...segment,
      startTicks: segment.startTicks - offsetTicks,
      endTicks: segment.endTicks === undefined ? undefined : segment.endTicks - offsetTicks,
      ...(segment.leadInTicks !== undefined && { leadInTicks: segment.leadInTicks - offsetTicks }),
    })),
  };
}

/** Its video's packets are as they were: their times are the plan's. */
function earlierSource(source: SourceFile, seconds: number): SourceFile {
  const { readChapters } = source;
  const earlier = (time: number) => Math.max(0, time - seconds);
  return {
    ...source,
    audio: source.audio.map((audio) => ({
      ...audio,
      delaySeconds: audio.delaySeconds + seconds,
      shownUntilSeconds: audio.shownUntilSeconds === undefined
        ? undefined
        : audio.shownUntilSeconds - seconds,
    })),
    subtitles: source.subtitles.map((track) => ({
      ...track,
      readCues: async () =>
        (await track.readCues())?.map((cue) => ({
          ...cue,
          startSeconds: earlier(cue.startSeconds),
          endSeconds: earlier(cue.endSeconds),
        })),
    })),
    stored: source.stored.map((track) => ({ ...track, delaySeconds: track.delaySeconds + seconds })),
    readChapters: readChapters && (async () => {
      const list = await readChapters();
      return list && {
        ...list,
        chapters: list.chapters.map((chapter) => ({
          ...chapter,
          startSeconds: earlier(chapter.startSeconds),
          endSeconds: chapter.endSeconds === undefined ? undefined : earlier(chapter.endSeconds),
        })),
      };
    }),
  };
}

/** In words: where an output begins whose times are its source's. */
export function lateStartNote(seconds: number): string {
  const whole = Math.floor(seconds);
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60].map((part) =>
    String(part).padStart(2, "0")
  );
  return `Begins at ${Math.floor(whole / 3600)}:${minutes}:${rest}, as its source does`;
}
