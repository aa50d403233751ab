/** A job from its source to its output and the proof of it. */
import { AssembleError } from "../assemble/assemble_error.ts";
import { planAudio } from "../assemble/audio_plan.ts";
import { FrameMismatchError } from "../assemble/check_frames.ts";
import { checkOutput } from "../assemble/check_output.ts";
import { createShardCheck } from "../assemble/check_shard.ts";
import { type EncodePlan, encodePlan } from "../chunk/converted_plan.ts";
import { planSource } from "../chunk/keyframe_segments.ts";
import { openSource, type SourceFile } from "../chunk/source_file.ts";
import { encodeAgain, encodeAll } from "./encode_chunks.ts";
import { endingWith } from "./ending.ts";
import { fileSha256 } from "./file_sha256.ts";
import { finish, type Finished, type RunFacts } from "./finish_job.ts";
import type { JobResult, JobSpec, JobTools, PlannedChunk } from "./job.ts";
import type { JobUnderWay } from "./job_under_way.ts";
import { segmentSpans } from "./task_identity.ts";

/** What forgetting a job at its workers may take, and once the job has been ended. */
const FORGET_MS = { done: 10_000, aborted: 500 } as const;

/**
 * Runs a job to its end. Of the source one chunk is read ahead, and then one for each place that the fleet gives;
 * chunks whose shards are remembered need no place. The same source, settings and build give the same output, byte
 * for byte, whoever encodes.
 *
 * The output and its proof appear once every frame has been checked. A shard that turns out not to fit then is
 * forgotten, and its chunk is encoded once more before the job fails.
 *
 * @throws {SourceError} If the source cannot be read, or changes meanwhile.
 * @throws {AssembleError} If the output cannot hold what is asked for, or shards do not fit after all.
 * @throws {UnsupportedError} {@link PoisonChunkError} {@link WorkersLostError} As {@link Fleet} says.
 * @throws {FrameMismatchError} If the output has other frames than the source, even after another encode.
 * @throws {StoreFullError} @throws {StoreUnwritableError} If shards, output or proof cannot be written.
 * @throws `tools.signal.reason` once aborted. Whatever it throws, nothing goes on then.
 */
export async function runJob(spec: JobSpec, tools: JobTools): Promise<JobResult> {
  const startMs = performance.now();
  using ended = endingWith(tools.signal);
  using source = await openSource(spec.sourcePath);
  const sourceSha256 = hashSource(spec, ended.signal);
  try {
    const job = await prepare(spec, { ...tools, signal: ended.signal }, source);
    await encodeAll(job);
    const finished = await finishRepairing(job, async () => {
      return { sourceSha256: await sourceSha256, seconds: (performance.now() - startMs) / 1000 };
    });
    return { ...finished, ...tally(job) };
  } finally {
    ended.end();
    await sourceSha256.catch(() => {});
    await forgetAtWorkers(spec, tools);
  }
}

async function prepare(spec: JobSpec, tools: JobTools, source: SourceFile): Promise<JobUnderWay> {
  const { fleet, signal, onEvent = () => {} } = tools;
  const { settings, chunkSeconds } = spec;
  const planned = await planSource(source, { kind: "seconds", seconds: chunkSeconds }, {
    hidden: "drop",
    signal,
  });
  const plan = encodePlan(planned, settings.frameRate);
  const codec = settings.codec === "h264" ? "avc" : settings.codec;
  planAudio(source.audio, checkOutput(plan.frames, { path: spec.outputPath, codec }), spec.audio);
  const build = await fleet.chooseBuild(settings, { signal });
  onEvent({
    kind: "planned",
    chunks: plannedChunks(plan),
    frames: plan.frames.shownTicks.length,
    durationSeconds: (plan.frames.endTicks - (plan.frames.shownTicks[0] ?? 0)) / plan.frames.timescale,
    sourceBytes: source.sizeBytes,
    build,
  });
  return {
    spec,
    tools,
    source,
    plan,
    build,
    spans: segmentSpans(plan),
    check: createShardCheck(plan.frames),
    kept: [],
    emit: onEvent,
  };
}

function plannedChunks({ frames }: EncodePlan): PlannedChunk[] {
  const { segments, timescale, endTicks } = frames;
  const originTicks = segments[0]?.startTicks ?? 0;
  return segments.map(({ index, frameCount, startTicks }) => ({
    index,
    frames: frameCount,
    startSeconds: (startTicks - originTicks) / timescale,
    durationSeconds: ((segments[index + 1]?.startTicks ?? endTicks) - startTicks) / timescale,
  }));
}

/** Puts all together. A chunk whose shard proves not to fit is encoded again, once. */
async function finishRepairing(job: JobUnderWay, runFacts: () => Promise<RunFacts>): Promise<Finished> {
  const repaired = new Set<number>();
  for (;;) {
    try {
      return await finish(job, runFacts);
    } catch (error) {
      const faulty = faultyChunks(error);
      if (faulty.length === 0 || faulty.some((chunk) => repaired.has(chunk))) throw error;
      for (const chunk of faulty) {
        repaired.add(chunk);
        await encodeAgain(job, chunk, error as Error);
      }
    }
  }
}

/** Which chunks are at fault, if any are. */
function faultyChunks(error: unknown): number[] {
  if (error instanceof FrameMismatchError) return [error.segment];
  if (error instanceof AssembleError) return [...new Set(error.shards.map(({ segment }) => segment))];
  return [];
}

function tally({ kept, plan }: JobUnderWay): Omit<JobResult, keyof Finished> {
  const reusedChunks = kept.filter(({ isReused }) => isReused).length;
  return {
    sourceFrames: plan.chunks.shownTicks.length,
    encodedChunks: kept.length - reusedChunks,
    reusedChunks,
    notes: [...new Set(kept.flatMap(({ shard }) => shard.notes))],
  };
}

/** Goes on beside the encodes; its failure waits until it is asked for. */
function hashSource({ sourcePath, sourceSha256 }: JobSpec, signal: AbortSignal): Promise<string> {
  if (sourceSha256 !== undefined) return Promise.resolve(sourceSha256);
  const hash = fileSha256(sourcePath, { signal });
  hash.catch(() => {});
  return hash;
}

/** The shards are remembered here by now. Who cannot be reached, or not soon, sweeps them himself. */
async function forgetAtWorkers({ jobId }: JobSpec, { fleet, signal }: JobTools): Promise<void> {
  const limitMs = signal.aborted ? FORGET_MS.aborted : FORGET_MS.done;
  await fleet.forget(jobId, { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}
