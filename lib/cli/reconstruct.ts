/** Shards, or a source's own chunks, to one checked video. */
import { assemble } from "../assemble/assemble.ts";
import type { AudioMode } from "../assemble/audio_plan.ts";
import { checkFrames, FrameMismatchError } from "../assemble/check_frames.ts";
import { checkOutput } from "../assemble/check_output.ts";
import { copiedShards } from "../assemble/copied_shards.ts";
import type { EncodePlan } from "../chunk/converted_plan.ts";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { describeSettings } from "../encode/describe_settings.ts";
import type { RetrievedShard } from "../fleet/round_trip.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import type { Reconstruction } from "./client_result.ts";
import { progressBar } from "./progress.ts";
import { visible } from "./visible.ts";

export interface ReconstructOptions {
  readonly source: SourceFile;
  /** Its extension chooses the container. */
  readonly path: string;
  readonly audio: AudioMode;
  readonly signal: AbortSignal;
}

/**
 * Puts encoded shards together and checks every frame.
 *
 * @param shards One for each segment, in their order.
 * @throws {AssembleError} @throws {SourceError} As `assemble()` says.
 * @throws {Error} If a frame is not as planned, naming chunk and worker.
 */
export async function reconstruct(
  shards: readonly RetrievedShard[],
  { plan, settings, ...options }: ReconstructOptions & {
    readonly plan: EncodePlan;
    readonly settings: RequestedSettings;
  },
): Promise<Reconstruction> {
  const { path, signal } = options;
  const encoderTag = encoderTagOf(shards, settings);
  const assembled = await assemble({
    ...options,
    plan: plan.frames,
    shards: encodedShards(shards),
    encoderTag,
  });
  const sourceFrames = plan.chunks.shownTicks.length;
  try {
    return { assembled, sourceFrames, check: await checkFrames(plan.frames, path, { signal }) };
  } catch (error) {
    if (!(error instanceof FrameMismatchError)) throw error;
    const worker = shards[error.segment]?.stored.workerId;
    throw new Error(`${error.message}; worker ${worker} encoded that chunk`, { cause: error });
  }
}

async function* encodedShards(shards: readonly RetrievedShard[]) {
  for (const { chunkIndex, stored, path } of shards) {
    yield { segment: chunkIndex, worker: stored.workerId, data: path };
  }
}

/** Such as `libav/libx264 8.1, crf 23, preset medium`: the same whoever encoded which chunk. */
function encoderTagOf(shards: readonly RetrievedShard[], settings: RequestedSettings): string {
  const encoders = [...new Set(shards.map(({ stored }) => stored.encoder || settings.codec))].sort();
  return visible(`${encoders.join(" and ")}, ${describeSettings(settings)}`).slice(0, MAX_TAG_LENGTH);
}

/** Encoders' names come from workers. */
const MAX_TAG_LENGTH = 500;

/**
 * Puts the source's chunks together as they are and checks every frame.
 *
 * @throws {AssembleError} @throws {SourceError} As `assemble()` says.
 * @throws {FrameMismatchError} If a frame is not as planned.
 */
export async function copyVideo(
  plan: VideoPlan,
  { source, path, audio, signal }: ReconstructOptions,
): Promise<Reconstruction> {
  checkOutput(plan, { path, codec: source.video.codec, copied: true });
  using progress = progressBar({ label: "Copying", total: plan.segments.length, unit: "chunks", signal });
  const assembled = await assemble({
    plan,
    source,
    path,
    audio,
    shards: copiedShards(source, plan, { signal }),
    copied: true,
    onProgress: () => progress.advance(),
    signal,
  });
  const check = await checkFrames(plan, path, { signal });
  return { assembled, sourceFrames: plan.shownTicks.length, check };
}
