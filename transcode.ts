#!/usr/bin/env -S deno run --allow-all
/** Transcodes a video on all cores of this machine, or on a fleet of workers. */
import { dirname, join } from "node:path";
import { planSource } from "./lib/chunk/keyframe_segments.ts";
import { openSource } from "./lib/chunk/source_file.ts";
import { readAudioFlag } from "./lib/cli/audio_flag.ts";
import { resultText } from "./lib/cli/client_result.ts";
import { readClientFlags } from "./lib/cli/connection_flags.ts";
import { readEncodeFlags } from "./lib/cli/encode_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { writeError, writeOut } from "./lib/cli/output.ts";
import { checkVideoName, checkVideoPlace } from "./lib/cli/output_place.ts";
import { copyVideo } from "./lib/cli/reconstruct.ts";
import { remoteDoneJson, remoteText } from "./lib/cli/remote_result.ts";
import { startHint } from "./lib/cli/start_flag.ts";
import { type RemoteTranscode, transcodeAtMaster } from "./lib/cli/transcode_at_master.ts";
import { type TranscodeDisplay, transcodeDisplay } from "./lib/cli/transcode_display.ts";
import {
  checkTranscodeFlags,
  GIVE_UP_SECONDS,
  MEMORY_GIB,
  TRANSCODE,
  type TranscodeCall,
  type TranscodeFlags as Flags,
} from "./lib/cli/transcode_flags.ts";
import { copiedJson, doneJson, errorJson, eventJson, transcodeText } from "./lib/cli/transcode_result.ts";
import { watchWorkers, type WorkerEvent } from "./lib/cli/worker_news.ts";
import { DEFAULT_SETTINGS } from "./lib/encode/settings.ts";
import type { Fleet } from "./lib/fleet/fleet.ts";
import { connectFleet } from "./lib/fleet/grpc_fleet.ts";
import { type LocalWorkers, startLocalWorkers } from "./lib/fleet/local_worker.ts";
import type { WorkerFleet } from "./lib/fleet/worker_fleet.ts";
import { type DiskMemory, openDiskMemory } from "./lib/job/disk_memory.ts";
import type { JobEvent, JobResult, JobSpec } from "./lib/job/job.ts";
import { lockOutput } from "./lib/job/output_lock.ts";
import { openPrivateMemory, sweepPrivateMemories } from "./lib/job/private_memory.ts";
import { runJob } from "./lib/job/run_job.ts";
import { withFirstSpan } from "./lib/trace.ts";

/** What the whole command is in a trace. */
const SPAN = { name: TRANSCODE.name };
/** Beside the output, so that there is room for it. */
const MEMORY_FOLDER = ".transcode";
/** Workers whose encoder is on the machine are there in less, and a person would wonder. */
const SLOW_START_MS = 3_000;

async function main(
  { flags, positionals: { input } }: TranscodeCall,
  signal: AbortSignal,
): Promise<void> {
  const settings = readEncodeFlags(flags);
  checkTranscodeFlags(flags, { isCopy: settings === "copy" });
  checkVideoName("--output", flags.output, settings === "copy" ? undefined : settings.codec);
  const audio = readAudioFlag(flags.audio, flags.output);
  try {
    await checkVideoPlace(flags.output, { source: await readable(input) });
    await using _lock = await lockOutput(flags.output);
    if (settings === "copy") return await copy(input, flags, signal);
    const { threads = DEFAULT_SETTINGS.threads } = flags;
    if (flags.master !== undefined) {
      const order = { input, settings: { ...settings, threads }, audio };
      return await transcodeRemotely(flags.master, order, flags, signal);
    }
    await transcode(
      {
        jobId: `transcode-${crypto.randomUUID()}`,
        sourcePath: input,
        outputPath: flags.output,
        settings: { ...settings, threads },
        audio,
        start: flags.start,
        chunkSeconds: flags.chunk_seconds,
        priority: 0,
      },
      flags,
      signal,
    );
  } catch (error) {
    if (flags.json) writeOut(errorJson(error, { isInterrupted: signal.aborted }));
    throw error;
  }
}

/** @throws {SourceError} Before anything is started for it. */
async function readable(path: string): Promise<string> {
  using source = await openSource(path);
  return source.path;
}

async function transcode(spec: JobSpec, flags: Flags, signal: AbortSignal): Promise<void> {
  const startMs = performance.now();
  await using stack = new AsyncDisposableStack();
  const memory = stack.use(await openMemory(flags, signal));
  const fleet = stack.use(await openFleet(flags, memory, stack, signal));
  const result = await withFirstSpan(SPAN, () => runShown(spec, { fleet, memory }, flags, signal));
  const seconds = (performance.now() - startMs) / 1000;
  await stack.disposeAsync();
  writeOut(flags.json ? doneJson(result, seconds) : transcodeText(result, seconds));
}

async function transcodeRemotely(
  master: string,
  order: Pick<RemoteTranscode, "input" | "settings" | "audio">,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now();
  const connection = await readClientFlags(flags);
  const result = await withFirstSpan(SPAN, () =>
    transcodeAtMaster({
      ...order,
      master,
      connection,
      output: flags.output,
      chunkSeconds: flags.chunk_seconds,
      giveUpMs: giveUpMsOf(flags),
      isShown: isShown(flags),
      onEvent: (event) => flags.json && writeOut(eventJson(event)),
      signal,
    }));
  const seconds = (performance.now() - startMs) / 1000;
  writeOut(flags.json ? remoteDoneJson(result, seconds) : remoteText(result, seconds));
}

const giveUpMsOf = ({ give_up_after = GIVE_UP_SECONDS }: Flags): number => give_up_after * 1000;

async function openMemory(
  { output, memory_dir, memory_gib = MEMORY_GIB, resume }: Flags,
  signal: AbortSignal,
): Promise<DiskMemory> {
  const parent = memory_dir ?? dirname(output);
  await sweepPrivateMemories(parent);
  if (!resume) return await openPrivateMemory(parent, { signal });
  const folder = memory_dir ?? join(parent, MEMORY_FOLDER);
  return await openDiskMemory(folder, { maxBytes: memory_gib * 2 ** 30, signal });
}

async function openFleet(
  flags: Flags,
  { scratchDir }: DiskMemory,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<WorkerFleet> {
  const connection = await readClientFlags(flags);
  const { workers, local_workers = navigator.hardwareConcurrency } = flags;
  const own = workers ? undefined : stack.use(await startOwn(local_workers, scratchDir, signal));
  return connectFleet({
    ...connection,
    masterId: "transcode",
    workers: workers ?? own?.workers.map(({ address }) => address),
    isClosed: true,
    giveUpMs: giveUpMsOf(flags),
  });
}

/** Workers that encode one chunk at a time, with their store in `folder`. */
async function startOwn(count: number, folder: string, signal: AbortSignal): Promise<LocalWorkers> {
  const slow = setTimeout(
    () => writeError("Starting workers (the first start on a machine downloads the encoder, about 170 MB)\n"),
    SLOW_START_MS,
  );
  try {
    // What they do is called off by the time they are told to end: there is nothing to drain.
    return await startLocalWorkers(count, {
      shardsDir: join(folder, "video_shards"),
      maxTasks: 1,
      drainSeconds: 0,
      signal,
    });
  } finally {
    clearTimeout(slow);
  }
}

async function runShown(
  spec: JobSpec,
  tools: { readonly fleet: WorkerFleet; readonly memory: DiskMemory },
  flags: Flags,
  signal: AbortSignal,
): Promise<JobResult> {
  using display = displayFor(flags, tools.fleet, signal);
  const tell = (event: JobEvent | WorkerEvent): void => {
    if (flags.json) writeOut(eventJson(event));
    display?.show(event);
  };
  using watch = watchWorkers(tools.fleet, tell, { signal });
  const onEvent = (event: JobEvent): void => {
    tell(event);
    watch.note(event);
  };
  const result = await runJob(spec, { ...tools, onEvent, signal: watch.signal });
  return { ...result, notes: [...result.notes, ...watch.absences()] };
}

function displayFor(flags: Flags, fleet: Fleet, signal: AbortSignal): TranscodeDisplay | undefined {
  return isShown(flags) ? transcodeDisplay({ workers: () => fleet.workers(), signal }) : undefined;
}

/** Not beside events on the same terminal, or the two would be mixed up. */
function isShown({ quiet, json }: Flags): boolean {
  return !quiet && !(json && Deno.stdout.isTerminal());
}

/** Splits a video and puts it together again: no worker has anything to do with it, and there is nothing to prove. */
async function copy(
  input: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { output, audio, start, chunk_seconds, json } = flags;
  const startMs = performance.now();
  using source = await openSource(input);
  const plan = await planSource(source, { kind: "seconds", seconds: chunk_seconds }, { signal });
  const reconstruction = await copyVideo(plan, {
    source,
    path: output,
    audio: readAudioFlag(audio, output),
    start,
    isShown: isShown(flags),
    signal,
  });
  if (json) return writeOut(copiedJson(reconstruction, (performance.now() - startMs) / 1000));
  const result = { videoId: null, outputDir: "", total: plan.segments.length, shards: [], failed: [] };
  writeOut(resultText(result, reconstruction, startHint));
}

if (import.meta.main) await exitWith(TRANSCODE, main);
