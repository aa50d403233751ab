/** What came of a run of the client, for people and for programs. */
import type { AssembleResult } from "../assemble/assemble.ts";
import type { FrameCheck } from "../assemble/check_frames.ts";
import { lateStartNote } from "../assemble/output_start.ts";
import type { RetrievedShard } from "../fleet/round_trip.ts";
import { formatBytes, formatCount } from "./format.ts";
import { frameCheckText } from "./frame_check_text.ts";
import { jsonText } from "./json.ts";
import { visible } from "./visible.ts";

export interface FailedChunk {
  readonly chunkIndex: number;
  readonly error: Error;
}

export interface ClientResult {
  /** Null where nothing went to a worker. */
  readonly videoId: string | null;
  readonly outputDir: string;
  /** Chunks that the video has. */
  readonly total: number;
  /** By chunk. */
  readonly shards: readonly RetrievedShard[];
  /** By chunk. */
  readonly failed: readonly FailedChunk[];
}

export interface Reconstruction {
  /** Frames of the source; more or fewer than the check expects where the frame rate was converted. */
  readonly sourceFrames: number;
  readonly assembled: AssembleResult;
  readonly check: FrameCheck;
  /** When the output begins, where that is late because its source does. */
  readonly lateStartSeconds?: number | undefined;
}

/** Such as `1.0 MiB -> 200.0 KiB, libav/libx264 8.1 form 2`. */
export function describeStored({ stored }: RetrievedShard): string {
  const sizes = `${formatBytes(stored.originalBytes)} -> ${formatBytes(stored.encodedBytes)}`;
  return `${sizes}, ${stored.encoder || "encoder not named"}`;
}

/** Of an output that begins late, in words. */
type NoteStart = (seconds: number) => string;

/** A line or more, with their line feeds. */
export function resultText(
  { videoId, outputDir, total, shards }: ClientResult,
  reconstruction: Reconstruction | undefined,
  noteStart: NoteStart = lateStartNote,
): string {
  const original = shards.reduce((sum, { stored }) => sum + stored.originalBytes, 0);
  const encoded = shards.reduce((sum, { stored }) => sum + stored.encodedBytes, 0);
  const lines = [
    videoId === null
      ? `Split into ${formatCount(total, "chunk")} and copied: nothing was encoded, no worker was asked`
      : `Video ${videoId}: ${formatCount(shards.length, "chunk")} encoded, ` +
        `${formatBytes(original)} -> ${formatBytes(encoded)}, shards in ${outputDir}`,
    ...new Set(shards.flatMap(({ stored }) => stored.notes)),
  ];
  if (reconstruction) {
    const { assembled, check, sourceFrames } = reconstruction;
    lines.push(
      `Reconstructed ${assembled.path} (${formatBytes(assembled.sizeBytes)}): ` +
        frameCheckText(check, sourceFrames),
      ...startNotes(reconstruction, noteStart),
      ...assembled.audioTracks.flatMap((track) =>
        track.kind === "encoded" ? [`Encoded ${track.title}: ${track.from} -> ${track.to}`] : []
      ),
      ...assembled.converted.map((what) => `Converted ${what}`),
      ...assembled.notCarried.map((what) => `Not carried over: ${what}`),
    );
  }
  return lines.map((line) => `${visible(line)}\n`).join("");
}

/** An object, spelled as on the wire; null for what is not known or was not made. */
export function resultJson(
  { videoId, total, shards, failed }: ClientResult,
  reconstruction: Reconstruction | undefined,
): string {
  const result = {
    video_id: videoId,
    total_chunks: total,
    chunks: shards.map(({ chunkIndex, stored, path }) => ({
      chunk_index: chunkIndex,
      worker_id: stored.workerId,
      shard_location: stored.shardLocation,
      original_size: stored.originalBytes,
      encoded_size: stored.encodedBytes,
      sha256: stored.sha256 || null,
      encoder: stored.encoder || null,
      frame_count: stored.frameCount,
      notes: stored.notes,
      path,
    })),
    failed: failed.map(({ chunkIndex, error }) => ({ chunk_index: chunkIndex, error: error.message })),
    reconstruction: reconstruction ? reconstructionJson(reconstruction) : null,
  };
  return `${jsonText(result)}\n`;
}

function startNotes({ lateStartSeconds }: Reconstruction, noteStart: NoteStart): readonly string[] {
  return lateStartSeconds === undefined ? [] : [noteStart(lateStartSeconds)];
}

function reconstructionJson(reconstruction: Reconstruction): object {
  const { assembled, check, sourceFrames, lateStartSeconds } = reconstruction;
  return {
    path: assembled.path,
    size_bytes: assembled.sizeBytes,
    frames_in: sourceFrames,
    frames_expected: check.framesIn,
    frames_out: check.framesOut,
    largest_difference_seconds: check.largestDifferenceSeconds,
    duration_seconds: check.durationSeconds,
    audio_tracks: assembled.audioTracks,
    converted: assembled.converted,
    not_carried: assembled.notCarried,
    ...(lateStartSeconds !== undefined && { notes: startNotes(reconstruction, lateStartNote) }),
  };
}
