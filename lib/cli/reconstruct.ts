/** Shards, or a source's own chunks, to one checked video. */
import { dirname } from "node:path";
import { assemble, type AssembleOptions, type AssembleResult } from "../assemble/assemble.ts";
import type { AudioMode } from "../assemble/audio_plan.ts";
import { checkFrames, FrameMismatchError } from "../assemble/check_frames.ts";
import { checkOutput } from "../assemble/check_output.ts";
import { copiedShards } from "../assemble/copied_shards.ts";
import { type OutputStart, startedVideo } from "../assemble/output_start.ts";
import type { EncodePlan } from "../chunk/converted_plan.ts";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { describeSettings } from "../encode/describe_settings.ts";
import type { RetrievedShard } from "../fleet/round_trip.ts";
import { openPrivateMemory, sweepPrivateMemories } from "../job/private_memory.ts";
import { replaceOutput } from "../job/replace_output.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import type { Reconstruction } from "./client_result.ts";
import { progressBar } from "./progress.ts";
import { visible } from "./visible.ts";

export interface ReconstructOptions {
  readonly source: SourceFile;
  /** Its extension chooses the container. */
  readonly path: string;
  readonly audio: AudioMode;
  /** Default "source". */
  readonly start?: OutputStart | undefined;
  readonly signal: AbortSignal;
}

/**
 * Puts encoded shards together, checks every frame, and then gives the output its name.
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
  const encoderTag = encoderTagOf(shards, settings);
  try {
    return await whole(plan.frames, plan.chunks.shownTicks.length, options, (path, video) =>
      assemble({
        ...options,
        ...video,
        path,
        shards: encodedShards(shards),
        encoderTag,
      }));
  } catch (error) {
    if (!(error instanceof FrameMismatchError)) throw error;
    const worker = shards[error.segment]?.stored.workerId;
    throw new Error(`${error.message}; worker ${worker} encoded that chunk`, { cause: error });
  }
}

/**
 * What `make` makes of the video, once every frame of it has been checked; until then an older file of the output's
 * name stays, with its proof.
 */
async function whole(
  plan: VideoPlan,
  sourceFrames: number,
  { source, path, audio, start, signal }: ReconstructOptions,
  make: (path: string, video: Pick<AssembleOptions, "plan" | "source">) => Promise<AssembleResult>,
): Promise<Reconstruction> {
  const { lateStartSeconds, ...video } = await startedVideo({ plan, source, path, audio, start, signal });
  const folder = dirname(path);
  await sweepPrivateMemories(folder);
  await using memory = await openPrivateMemory(folder, { signal });
  const { assembled, check } = await replaceOutput(path, { memory, signal }, async (path) => {
    return {
      assembled: await make(path, video),
      check: await checkFrames(video.plan, path, { signal }),
    };
  });
  return { assembled: { ...assembled, path }, sourceFrames, check, lateStartSeconds };
}

async function* encodedShards(shards: readonly RetrievedShard[]) {
  for (const { chunkIndex, stored, path } of shards) {
    yield { segment: chunkIndex, worker: stored.workerId, data: path };
  }
}

/** Such as `libav/libx264 8.1 form 2, crf 23, preset medium`: the same whoever encoded which chunk. */
function encoderTagOf(shards: readonly RetrievedShard[], settings: RequestedSettings): string {
  const encoders = [...new Set(shards.map(({ stored }) => stored.encoder || settings.codec))].sort();
  return visible(`${encoders.join(" and ")}, ${describeSettings(settings)}`).slice(0, MAX_TAG_LENGTH);
}

/** Encoders' names come from workers. */
const MAX_TAG_LENGTH = 500;

export interface CopyOptions extends ReconstructOptions {
  /** Whether progress goes to standard error; default true. */
  readonly isShown?: boolean;
}

/**
 * Puts the source's chunks together as they are, checks every frame, and then gives the output its name.
 *
 * @throws {AssembleError} @throws {SourceError} As `assemble()` says.
 * @throws {FrameMismatchError} If a frame is not as planned.
 */
export async function copyVideo(plan: VideoPlan, options: CopyOptions): Promise<Reconstruction> {
  const { source, isShown = true, signal } = options;
  checkOutput(plan, { path: options.path, codec: source.video.codec, copied: true });
  const total = plan.segments.length;
  using progress = isShown ? progressBar({ label: "Copying", total, unit: "chunks", signal }) : undefined;
  return await whole(plan, plan.shownTicks.length, options, (path, video) =>
    assemble({
      ...options,
      ...video,
      path,
      shards: copiedShards(source, plan, { signal }),
      copied: true,
      onProgress: () => progress?.advance(),
    }));
}
