#!/usr/bin/env -S deno run --allow-all
/** Plays the master against one worker: splits a video, has it encoded, fetches the shards, puts them together. */
import { basename, extname } from "node:path";
import { assemble } from "./lib/assemble/assemble.ts";
import type { AudioMode } from "./lib/assemble/audio_plan.ts";
import { checkFrames } from "./lib/assemble/check_frames.ts";
import { planSource, type VideoPlan } from "./lib/chunk/keyframe_segments.ts";
import { RandomAccessFile } from "./lib/chunk/random_access_file.ts";
import { NotMediaError } from "./lib/chunk/source_error.ts";
import { openSource, type SourceFile } from "./lib/chunk/source_file.ts";
import { AUDIO_FLAG, readAudioFlag } from "./lib/cli/audio_flag.ts";
import {
  type ClientResult,
  describeStored,
  type FailedChunk,
  type Reconstruction,
  resultJson,
  resultText,
} from "./lib/cli/client_result.ts";
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { CLIENT_FLAGS, readClientFlags } from "./lib/cli/connection_flags.ts";
import { ENCODE_FLAGS, readEncodeFlags } from "./lib/cli/encode_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { formatCount, formatSeconds } from "./lib/cli/format.ts";
import { writeError, writeOut } from "./lib/cli/output.ts";
import { checkVideoName, checkVideoPlace, prepareFolder } from "./lib/cli/output_place.ts";
import { type Progress, progressBar } from "./lib/cli/progress.ts";
import { UsageError } from "./lib/cli/usage_error.ts";
import { visible } from "./lib/cli/visible.ts";
import { makeVideo } from "./lib/encode/make_video.ts";
import { forEachConcurrently } from "./lib/fleet/for_each_concurrently.ts";
import { mediaChunks, opaqueChunks, type OutgoingChunk } from "./lib/fleet/outgoing_chunks.ts";
import { type RetrievedShard, roundTrip } from "./lib/fleet/round_trip.ts";
import { UnsafeIntegerError } from "./lib/rpc/int64.ts";
import { RpcError, type StatusName } from "./lib/rpc/rpc_error.ts";
import { connectWorker, TransferError, type WorkerClient } from "./lib/rpc/worker_client.ts";
import { checkVideoId, InvalidKeyError, MAX_VIDEO_ID_BYTES } from "./lib/store/shard_key.ts";
import { StoreFullError, StoreUnwritableError } from "./lib/store/store_errors.ts";

const SAMPLE = "test_video_small.mp4";

const COMMAND = defineCommand({
  name: "client",
  summary:
    "Plays the master against one worker: splits a video at keyframes, has the chunks encoded, fetches the " +
    "shards, and puts them together if asked.",
  usage: "deno task client [flags]",
  flags: {
    worker: { kind: "address", default: "localhost:50061", help: "The worker." },
    video_path: {
      kind: "string",
      valueName: "FILE",
      defaultText: `${SAMPLE}, made when absent`,
      help: "The video.",
    },
    chunk_size: {
      kind: "integer",
      min: 1,
      max: 2 ** 40,
      default: 1_048_576,
      help: "Target size of a chunk in bytes.",
    },
    output_dir: {
      kind: "string",
      valueName: "DIR",
      default: "retrieved_shards",
      help: "Where fetched shards go.",
    },
    split: {
      kind: "choice",
      choices: ["auto", "keyframe", "bytes"],
      default: "auto",
      help:
        "keyframe: segments that decode alone, encoded for real. bytes: raw slices, encoding simulated. " +
        "auto: keyframe for a video, bytes for any other file.",
    },
    concurrency: {
      kind: "integer",
      min: 1,
      max: 1_024,
      defaultText: "one more than the worker encodes at once",
      help: "Chunks under way at once.",
    },
    ...ENCODE_FLAGS,
    reconstruct: {
      kind: "string",
      valueName: "FILE",
      help: "Put the shards together: .mp4, .mov, .mkv or .webm.",
    },
    ...AUDIO_FLAG,
    video_id: {
      kind: "string",
      defaultText: "the file's name and a random suffix",
      help: "Name of the video in the store.",
    },
    timeout: { kind: "number", min: 0.1, max: 86_400, default: 600, help: "Seconds that a call may take." },
    json: { kind: "boolean", help: "The result as JSON on standard output." },
    ...CLIENT_FLAGS,
  },
  examples: [
    "deno task client",
    "deno task client --video_path film.mkv --crf 20 --reconstruct film-small.mp4",
  ],
});

type Flags = Parsed<typeof COMMAND>["flags"];

/** Tries of a call in all. */
const ATTEMPTS = 3;
/** How long a busy worker is asked again. */
const BUSY_MS = 600_000;
/** The first question to the worker; an answer takes milliseconds. */
const GREETING_MS = 3_000;
/** Chunks under way hold memory, whatever a worker says of itself. */
const MAX_DEFAULT_CONCURRENCY = 256;

async function main({ flags }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<void> {
  checkFlags(flags);
  const settings = readEncodeFlags(flags);
  const audio = readAudioFlag(flags.audio, flags.reconstruct);
  const connection = await readClientFlags(flags);
  const path = flags.video_path ?? await sampleVideo(signal);
  using source = await openAsMedia(path, flags);
  using worker = connectWorker(flags.worker, connection);
  const maxTasks = await greet(worker, signal);
  await prepareFolder(flags.output_dir);
  if (flags.reconstruct !== undefined) await checkVideoPlace(flags.reconstruct, { source: path });

  const plan = source && await planSource(source, { kind: "bytes", bytes: flags.chunk_size }, { signal });
  const chunks = source && plan
    ? mediaChunks(source, plan, settings, { signal })
    : opaqueChunks(await fileStream(path), { sizeBytes: flags.chunk_size });
  const total = plan?.segments.length ?? Math.ceil((await Deno.stat(path)).size / flags.chunk_size);
  const concurrency = flags.concurrency ?? Math.min(maxTasks + 1, MAX_DEFAULT_CONCURRENCY);
  const videoId = flags.video_id ?? videoIdFor(path);
  const result = await processAll({ flags, worker, videoId, signal }, chunks, { total, concurrency });

  const isWhole = result.failed.length === 0;
  const reconstruction = flags.reconstruct !== undefined && source && plan && isWhole
    ? await reconstruct(flags.reconstruct, result.shards, { source, plan, audio, signal })
    : undefined;
  writeOut(flags.json ? resultJson(result, reconstruction) : resultText(result, reconstruction));
  if (!isWhole) throw new Error(failureText(result, flags));
}

/** @throws {UsageError} For what only shows in two flags together, or outside their own syntax. */
function checkFlags({ split, reconstruct, video_id, ...flags }: Flags): void {
  if (reconstruct !== undefined) checkVideoName("--reconstruct", reconstruct, flags.codec);
  if (video_id !== undefined) {
    try {
      checkVideoId(video_id); // it becomes part of a file's name here too
    } catch (error) {
      throw error instanceof InvalidKeyError ? new UsageError(`--video_id: ${error.message}`) : error;
    }
  }
  if (split !== "bytes") return;
  if (reconstruct !== undefined) {
    throw new UsageError("--reconstruct needs a video split at keyframes, not bytes");
  }
  for (const name of ["crf", "bitrate", "keyframe_interval", "width", "height"] as const) {
    if (flags[name] !== undefined) {
      throw new UsageError(`--${name} has no effect with --split bytes: raw slices are not encoded`);
    }
  }
}

/** The sample is made the first time that it is wanted. */
async function sampleVideo(signal: AbortSignal): Promise<string> {
  try {
    await Deno.stat(SAMPLE);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    writeError(`Making ${SAMPLE}\n`);
    await makeVideo(SAMPLE, {}, { signal });
  }
  return SAMPLE;
}

/** The file as a video; undefined where it is to be cut into raw bytes. */
async function openAsMedia(path: string, { split, reconstruct }: Flags): Promise<SourceFile | undefined> {
  if (split === "bytes") {
    await requireBytes(path);
    return undefined;
  }
  try {
    return await openSource(path);
  } catch (error) {
    if (!(error instanceof NotMediaError)) throw error;
    if (split === "keyframe" || reconstruct !== undefined) {
      throw new Error(`${error.message}; --split bytes sends any file in raw slices`, { cause: error });
    }
    writeError(
      `${visible(error.message)}: sending it in raw slices, whose encoding is simulated (--split bytes)\n`,
    );
    return undefined;
  }
}

/** @throws {SourceError} */
async function requireBytes(path: string): Promise<void> {
  using _file = await RandomAccessFile.open(path);
}

async function fileStream(path: string): Promise<ReadableStream<Uint8Array>> {
  return (await Deno.open(path, { read: true })).readable;
}

/**
 * Makes sure that the worker is there before anything is read.
 *
 * @returns How many chunks it encodes at once; 1 if it does not say.
 */
async function greet(worker: WorkerClient, signal: AbortSignal): Promise<number> {
  try {
    const { isHealthy, message, maxTasks } = await worker.checkHealth("client", {
      timeoutMs: GREETING_MS,
      signal,
    });
    if (!isHealthy) writeError(`Worker ${worker.address} says it is not healthy: ${visible(message)}\n`);
    return Math.max(1, maxTasks);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const isAbsent = error.code === "UNAVAILABLE" || error.code === "DEADLINE_EXCEEDED";
    const hint = isAbsent ? " (is it running? deno task worker)" : "";
    throw new Error(`Cannot reach worker ${error.message}${hint}`, { cause: error });
  }
}

/** Such as `holiday-3f2a91bc`: the file's name, as far as a store takes it, and eight random digits. */
function videoIdFor(path: string): string {
  const stem = basename(path, extname(path)).replace(/^\.+|[\p{C}\\]/gu, "_");
  const suffix = `-${crypto.randomUUID().slice(0, 8)}`;
  const bytes = new TextEncoder().encode(stem).subarray(0, MAX_VIDEO_ID_BYTES - suffix.length);
  // a character cut in half is dropped
  return new TextDecoder().decode(bytes).replace(/\uFFFD$/u, "") + suffix;
}

interface Run {
  readonly flags: Flags;
  readonly worker: WorkerClient;
  readonly videoId: string;
  readonly signal: AbortSignal;
}

/** Ends the run: no other chunk would fare better. */
class HopelessError extends Error {
  override readonly name = "HopelessError";
}

async function processAll(
  { flags, worker, videoId, signal }: Run,
  chunks: ReadableStream<OutgoingChunk>,
  { total, concurrency }: { total: number; concurrency: number },
): Promise<ClientResult> {
  const shards: RetrievedShard[] = [];
  const failed: FailedChunk[] = [];
  using progress = progressBar({ label: "Encoding", total, unit: "chunks", signal });
  const say = speaker(progress, flags);
  const rpc = { timeoutMs: flags.timeout * 1000, attempts: ATTEMPTS, busyMs: BUSY_MS, videoId };

  const processOne = async (chunk: OutgoingChunk, signal: AbortSignal): Promise<void> => {
    const onRetry = (error: Error, waitMs: number) =>
      progress.note(
        `Chunk ${chunk.index}: ${error.message}: trying again in ${formatSeconds(waitMs / 1000)}`,
      );
    try {
      const options = { ...rpc, outputDir: flags.output_dir, onRetry, signal };
      const shard = await roundTrip(worker, chunk, options);
      say(`Chunk ${chunk.index} processed successfully (${describeStored(shard)})`);
      say(`Successfully retrieved and saved shard data to '${shard.path}' (${shard.sizeBytes} bytes)`);
      shards.push(shard);
    } catch (error) {
      if (!isChunkFailure(error)) throw error;
      failed.push({ chunkIndex: chunk.index, error });
      if (isHopeless(error)) throw new HopelessError(error.message, { cause: error });
      progress.note(`Chunk ${chunk.index} failed: ${error.message}`);
    }
    progress.advance();
  };

  const result = { videoId, outputDir: flags.output_dir, total, shards, failed };
  try {
    await forEachConcurrently(chunks, processOne, { concurrency, signal });
  } catch (error) {
    if (!(error instanceof HopelessError)) throw error;
  }
  shards.sort((a, b) => a.chunkIndex - b.chunkIndex);
  failed.sort((a, b) => a.chunkIndex - b.chunkIndex);
  return result;
}

/** What a chunk, its worker or the disk can do wrong; all else is a defect, an unreadable source or an interrupt. */
function isChunkFailure(error: unknown): error is Error {
  const kinds = [RpcError, TransferError, UnsafeIntegerError, StoreFullError, StoreUnwritableError];
  return kinds.some((kind) => error instanceof kind);
}

/** Whether the next chunk would get the same answer: the worker is gone or cannot do it, or the disk takes no more. */
function isHopeless(error: Error): boolean {
  if (error instanceof StoreFullError || error instanceof StoreUnwritableError) return true;
  return error instanceof RpcError && (HOPELESS.has(error.code) || isOverLimit(error));
}

const HOPELESS: ReadonlySet<StatusName> = new Set([
  "FAILED_PRECONDITION",
  "UNAUTHENTICATED",
  "UNAVAILABLE",
  "UNIMPLEMENTED",
]);

/** A message that the worker does not take, in our words or in those of grpcio. */
function isOverLimit(error: Error): boolean {
  return error instanceof RpcError && error.code === "RESOURCE_EXHAUSTED" && !error.retryable &&
    /larger than max|over the limit/i.test(error.details);
}

/** Lines for a person who watches go above the bar; those for a pipe or a file go to standard output. */
function speaker(progress: Progress, { json }: Flags): (line: string) => void {
  if (json || Deno.stdout.isTerminal()) return (line) => progress.note(line);
  return (line) => writeOut(`${visible(line)}\n`);
}

async function reconstruct(
  path: string,
  shards: readonly RetrievedShard[],
  { source, plan, audio, signal }: {
    source: SourceFile;
    plan: VideoPlan;
    audio: AudioMode;
    signal: AbortSignal;
  },
): Promise<Reconstruction> {
  const simulated = shards.find(({ stored }) => stored.frameCount === 0);
  if (simulated) {
    const { chunkIndex, stored: { workerId } } = simulated;
    throw new Error(
      `Cannot reconstruct "${path}": worker ${workerId} did not encode chunk ${chunkIndex} as video`,
    );
  }
  const encoded = shards.map(({ chunkIndex, stored, path }) => ({
    segment: chunkIndex,
    worker: stored.workerId,
    data: path,
  }));
  const assembled = await assemble({ plan, source, path, shards: eachOf(encoded), audio, signal });
  return { assembled, check: await checkFrames(plan, path, { signal }) };
}

async function* eachOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** What went wrong, in one line. */
function failureText({ total, shards, failed }: ClientResult, { chunk_size, reconstruct }: Flags): string {
  const hopeless = failed.find(({ error }) => isHopeless(error));
  const lost = reconstruct === undefined ? "" : `; ${reconstruct} is not made`;
  if (hopeless) {
    const hint = isOverLimit(hopeless.error)
      ? `: lower --chunk_size ${chunk_size}, or raise the worker's --max_chunk_bytes`
      : "";
    const done = `${formatCount(shards.length)} of ${formatCount(total, "chunk")} done`;
    return `Chunk ${hopeless.chunkIndex} failed: ${hopeless.error.message}${hint} (${done}${lost})`;
  }
  const named = failed.slice(0, MAX_NAMED).map(({ chunkIndex }) => chunkIndex).join(", ");
  const more = failed.length > MAX_NAMED ? ` and ${formatCount(failed.length - MAX_NAMED)} more` : "";
  return `${formatCount(failed.length)} of ${formatCount(total, "chunk")} failed: ${named}${more}${lost}`;
}

const MAX_NAMED = 20;

if (import.meta.main) await exitWith(COMMAND, main);
