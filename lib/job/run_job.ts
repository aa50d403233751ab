/** A job from its source to its output and the proof of it. */
import { AssembleError } from "../assemble/assemble_error.ts";
import { FrameMismatchError } from "../assemble/check_frames.ts";
import { openSource } from "../chunk/source_file.ts";
import { withSpan } from "../trace.ts";
import { encodeAgain, encodeAll } from "./encode_chunks.ts";
import { endingWith } from "./ending.ts";
import { fileSha256 } from "./file_sha256.ts";
import { finish, type Finished, type RunFacts } from "./finish_job.ts";
import type { JobResult, JobSpec, JobTools } from "./job.ts";
import type { JobUnderWay } from "./job_under_way.ts";
import { prepareJob } from "./prepare_job.ts";

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
  const facts = { "transcoder.job.id": spec.jobId, "transcoder.codec": spec.settings.codec };
  return await withSpan({ name: "job", facts }, async (span) => {
    const result = await runToEnd(spec, tools);
    const { encodedChunks, reusedChunks } = result;
    span.note({ "transcoder.chunks.encoded": encodedChunks, "transcoder.chunks.reused": reusedChunks });
    return result;
  });
}

async function runToEnd(spec: JobSpec, tools: JobTools): Promise<JobResult> {
  const startMs = performance.now();
  using ended = endingWith(tools.signal);
  using source = await openSource(spec.sourcePath);
  const sourceSha256 = hashSource(spec, ended.signal);
  try {
    const job = await prepareJob(spec, { ...tools, signal: ended.signal }, source);
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

/** The shards are remembered here by now. Who cannot be reached, or not soon, keeps them, unless the fleet asks again. */
async function forgetAtWorkers({ jobId }: JobSpec, { fleet, signal }: JobTools): Promise<void> {
  const limitMs = signal.aborted ? FORGET_MS.aborted : FORGET_MS.done;
  await fleet.forget(jobId, { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}
