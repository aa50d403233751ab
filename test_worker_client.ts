#!/usr/bin/env -S deno run --allow-all
/** Plays the master against one worker: splits a video, has it encoded, fetches the shards, puts them together. */
import { basename, extname } from "node:path";
import type { AudioMode } from "./lib/assemble/audio_plan.ts";
import { checkOutput } from "./lib/assemble/check_output.ts";
import { type EncodePlan, encodePlan } from "./lib/chunk/converted_plan.ts";
import { planSource, type VideoPlan } from "./lib/chunk/keyframe_segments.ts";
import { RandomAccessFile } from "./lib/chunk/random_access_file.ts";
import { NotMediaError } from "./lib/chunk/source_error.ts";
import { openSource, type SourceFile } from "./lib/chunk/source_file.ts";
import { AUDIO_FLAG, readAudioFlag } from "./lib/cli/audio_flag.ts";
import { checkEncodes } from "./lib/cli/check_encodes.ts";
import { resultJson, resultText } from "./lib/cli/client_result.ts";
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { CLIENT_FLAGS, readClientFlags } from "./lib/cli/connection_flags.ts";
import { encodeChunks, failureText } from "./lib/cli/encode_chunks.ts";
import { asUsage, ENCODE_FLAGS, readEncodeFlags, refuseEncodeFlags } from "./lib/cli/encode_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { writeError, writeOut } from "./lib/cli/output.ts";
import { checkVideoName, checkVideoPlace, prepareFolder } from "./lib/cli/output_place.ts";
import { reach } from "./lib/cli/reach.ts";
import { copyVideo, reconstruct } from "./lib/cli/reconstruct.ts";
import { UsageError } from "./lib/cli/usage_error.ts";
import { visible } from "./lib/cli/visible.ts";
import { codedSettings } from "./lib/encode/coded_settings.ts";
import { makeVideo } from "./lib/encode/make_video.ts";
import { checkPicture, DEFAULT_SETTINGS } from "./lib/encode/settings.ts";
import { createRetrievedCheck } from "./lib/fleet/check_retrieved.ts";
import { mediaChunks, opaqueChunks } from "./lib/fleet/outgoing_chunks.ts";
import type { CheckRetrieved } from "./lib/fleet/round_trip.ts";
import { lockOutput } from "./lib/job/output_lock.ts";
import { connectWorker, type WorkerClient } from "./lib/rpc/worker_client.ts";
import type { RequestedSettings } from "./lib/rpc/wire_settings.ts";
import { checkVideoId, InvalidKeyError, MAX_VIDEO_ID_BYTES } from "./lib/store/shard_key.ts";

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
    "deno task client --video_path film.mkv --codec copy --reconstruct film.mp4",
  ],
});

type Flags = Parsed<typeof COMMAND>["flags"];

/** The first question to the worker; an answer takes milliseconds. */
const GREETING_MS = 3_000;
/** Chunks under way hold memory, whatever a worker says of itself. */
const MAX_DEFAULT_CONCURRENCY = 256;

async function main({ flags }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<void> {
  const settings = readEncodeFlags(flags);
  checkFlags(flags);
  const audio = readAudioFlag(flags.audio, flags.reconstruct);
  if (settings === "copy") return await copy(flags, audio, signal);
  const connection = await readClientFlags(flags);
  const path = flags.video_path ?? await sampleVideo(signal);
  using source = await openAsMedia(path, flags);
  using worker = connectWorker(flags.worker, connection);
  const maxTasks = await greet(worker, signal);
  if (source) await checkEncodes(worker, settings, { signal });
  await prepareFolder(flags.output_dir);
  if (flags.reconstruct !== undefined) await checkVideoPlace(flags.reconstruct, { source: path });
  await using _lock = flags.reconstruct === undefined ? undefined : await lockOutput(flags.reconstruct);

  const coded = source ? codedSettings(settings, source.video) : settings;
  const video = source && await planVideo(source, coded, flags, signal);
  const chunks = video
    ? mediaChunks(video.source, video.plan.chunks, coded, { signal })
    : opaqueChunks(await fileStream(path), { sizeBytes: flags.chunk_size });
  const result = await encodeChunks(chunks, {
    worker,
    videoId: flags.video_id ?? videoIdFor(path),
    outputDir: flags.output_dir,
    total: video?.plan.chunks.segments.length ?? Math.ceil((await Deno.stat(path)).size / flags.chunk_size),
    concurrency: flags.concurrency ?? Math.min(maxTasks + 1, MAX_DEFAULT_CONCURRENCY),
    timeoutMs: flags.timeout * 1000,
    checkShard: video && shardCheck(video.plan.frames, flags),
    json: flags.json,
    signal,
  });

  const isWhole = result.failed.length === 0;
  const reconstruction = flags.reconstruct !== undefined && video && isWhole
    ? await reconstruct(result.shards, { ...video, settings, path: flags.reconstruct, audio, signal })
    : undefined;
  writeOut(flags.json ? resultJson(result, reconstruction) : resultText(result, reconstruction));
  if (!isWhole) {
    throw new Error(failureText(result, { chunkSize: flags.chunk_size, reconstruct: flags.reconstruct }));
  }
}

/** What the source becomes, once it is known that there is a container for it. */
async function planVideo(
  source: SourceFile,
  settings: RequestedSettings,
  { chunk_size, reconstruct }: Flags,
  signal: AbortSignal,
): Promise<{ readonly source: SourceFile; readonly plan: EncodePlan }> {
  const planned = await planSource(source, { kind: "bytes", bytes: chunk_size }, {
    hidden: "drop",
    signal,
  });
  const { codedWidth: width, codedHeight: height } = source.video;
  asUsage(() => checkPicture(settings, { width, height }));
  const plan = encodePlan(planned, settings.frameRate, source);
  if (reconstruct !== undefined) checkOutput(plan.frames, { path: reconstruct });
  return { source, plan };
}

/** What is to be put together has to be video; else a worker may have stored what it likes. */
function shardCheck(plan: VideoPlan, { reconstruct }: Flags): CheckRetrieved {
  const check = createRetrievedCheck(plan);
  if (reconstruct !== undefined) return check;
  return async (shard) => shard.stored.frameCount === 0 ? undefined : await check(shard);
}

/** Splits a video and puts it together again; no worker has anything to do with it. */
async function copy(flags: Flags, audio: AudioMode, signal: AbortSignal): Promise<void> {
  const path = flags.video_path ?? await sampleVideo(signal);
  const output = flags.reconstruct!; // or checkFlags() would have thrown
  using source = await openSource(path);
  await checkVideoPlace(output, { source: path });
  await using _lock = await lockOutput(output);
  const plan = await planSource(source, { kind: "bytes", bytes: flags.chunk_size }, { signal });
  const reconstruction = await copyVideo(plan, { source, path: output, audio, signal });
  const result = { videoId: null, outputDir: "", total: plan.segments.length, shards: [], failed: [] };
  writeOut(flags.json ? resultJson(result, reconstruction) : resultText(result, reconstruction));
}

/** @throws {UsageError} For what only shows in two flags together, or outside their own syntax. */
function checkFlags({ split, reconstruct, video_id, codec, concurrency, ...flags }: Flags): void {
  if (reconstruct !== undefined) {
    checkVideoName(
      "--reconstruct",
      reconstruct,
      codec === "copy" ? undefined : codec ?? DEFAULT_SETTINGS.codec,
    );
  }
  if (video_id !== undefined) {
    try {
      checkVideoId(video_id); // it becomes part of a file's name here too
    } catch (error) {
      throw error instanceof InvalidKeyError ? new UsageError(`--video_id: ${error.message}`) : error;
    }
  }
  if (split === "bytes") {
    if (reconstruct !== undefined) {
      throw new UsageError("--reconstruct needs a video split at keyframes, not bytes");
    }
    refuseEncodeFlags({ codec, ...flags }, "with --split bytes: raw slices are not encoded");
  }
  if (codec !== "copy") return;
  if (reconstruct === undefined) {
    throw new UsageError("--codec copy needs --reconstruct: nothing is encoded, so nothing goes to a worker");
  }
  for (const [name, value] of Object.entries({ video_id, concurrency })) {
    if (value !== undefined) {
      throw new UsageError(`--${name} has no effect with --codec copy: no worker is asked`);
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
  const { isHealthy, message, maxTasks } = await reach(
    "worker",
    () => worker.checkHealth("client", { timeoutMs: GREETING_MS, signal }),
  );
  if (!isHealthy) writeError(`Worker ${worker.address} says it is not healthy: ${visible(message)}\n`);
  return Math.max(1, maxTasks);
}

/** Such as `holiday-3f2a91bc`: the file's name, as far as a store takes it, and eight random digits. */
function videoIdFor(path: string): string {
  const stem = basename(path, extname(path)).replace(/^\.+|[\p{C}\\]/gu, "_");
  const suffix = `-${crypto.randomUUID().slice(0, 8)}`;
  const bytes = new TextEncoder().encode(stem).subarray(0, MAX_VIDEO_ID_BYTES - suffix.length);
  // a character cut in half is dropped
  return new TextDecoder().decode(bytes).replace(/\uFFFD$/u, "") + suffix;
}

if (import.meta.main) await exitWith(COMMAND, main);
