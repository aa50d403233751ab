/** A transcode that a master does: sent there, followed, and fetched. */
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { AudioMode } from "../assemble/audio_plan.ts";
import { containerOf } from "../assemble/output_container.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import { withRetries } from "../fleet/retry.ts";
import { canonicalJson } from "../job/canonical_json.ts";
import { fileSha256 } from "../job/file_sha256.ts";
import type { JobEvent } from "../job/job.ts";
import { parseProof, type Proof, proofPathOf } from "../job/proof.ts";
import { connectMaster, type MasterClient, type Pings, type RemoteJob } from "../rpc/master_client.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import { type ConnectOptions, TransferError } from "../rpc/worker_client.ts";
import { writeWhole } from "../store/write_file.ts";
import { writeError } from "./output.ts";
import { progressBar } from "./progress.ts";
import { reach } from "./reach.ts";
import { RemoteJobEvents } from "./remote_job_events.ts";
import { transcodeDisplay } from "./transcode_display.ts";

export interface RemoteTranscode {
  readonly master: string;
  readonly connection: ConnectOptions;
  readonly input: string;
  readonly output: string;
  readonly settings: EncodeSettings;
  readonly audio: AudioMode;
  readonly chunkSeconds: number;
  /** How long a master may be gone, counted from when that is noticed. */
  readonly giveUpMs: number;
  /** Whether people watch. */
  readonly isShown: boolean;
  readonly onEvent: (event: JobEvent) => void;
  readonly signal: AbortSignal;
}

export interface RemoteResult {
  readonly path: string;
  readonly proofPath: string;
  readonly proof: Proof;
  readonly job: RemoteJob;
}

/** A job that failed at the master, or was ended there. */
export class RemoteJobError extends Error {
  override readonly name = "RemoteJobError";
}

/** A day is more than any video takes. */
const LONG_MS = 86_400_000;
const SHORT_MS = 10_000;
const AGAIN_MS = 1_000;

/**
 * Has a master transcode a video. The same command again finds its job, if there is one, and does not send the
 * video a second time. Once the result is here, the master forgets the job, though not what was encoded for it.
 *
 * @throws {RpcError} @throws {RemoteJobError} @throws {TransferError} If the result is not what its proof says.
 * @throws {StoreFullError} @throws {StoreUnwritableError} @throws `signal.reason` once aborted.
 */
export async function transcodeAtMaster(order: RemoteTranscode): Promise<RemoteResult> {
  const { signal } = order;
  using client = connectMaster(order.master, { ...order.connection, pings: pingsFor(order.giveUpMs) });
  const videoId = await videoIdOf(order);
  const short = { timeoutMs: SHORT_MS, signal };
  const { job: known } = await reach("master", () => client.status(videoId, short));
  if (!known || known.state === "failed" || known.state === "cancelled") await upload(client, videoId, order);
  try {
    const job = await follow(client, videoId, order);
    const result = await fetchResult(client, job, order);
    await client.delete(videoId, short);
    return result;
  } catch (error) {
    if (signal.aborted) writeError("The master goes on; the same command again follows it\n");
    throw error;
  }
}

/** A master that is gone is to be noticed soon, beside how long it may be; but one that is busy is not gone. */
function pingsFor(giveUpMs: number): Pings {
  return {
    everyMs: Math.min(Math.max(giveUpMs / 3, 1_000), 10_000),
    timeoutMs: Math.min(Math.max(giveUpMs, 5_000), 20_000),
  };
}

/** The same for the same command, and for no other. */
async function videoIdOf(order: RemoteTranscode): Promise<string> {
  const { input, output, settings, audio, chunkSeconds, signal } = order;
  const source = await fileSha256(input, { signal });
  const command = canonicalJson({ source, output: resolve(output), settings, audio, chunkSeconds });
  return `transcode-${createHash("sha256").update(command).digest("hex").slice(0, 32)}`;
}

async function upload(client: MasterClient, videoId: string, order: RemoteTranscode): Promise<void> {
  const { input, output, settings, audio, chunkSeconds, isShown, signal } = order;
  const { size: sizeBytes } = await Deno.stat(input);
  using progress = isShown
    ? progressBar({ label: "Uploading", total: sizeBytes, unit: "bytes", signal })
    : undefined;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      progress?.advance(bytes.length);
      controller.enqueue(bytes);
    },
  });
  const file = await Deno.open(input, { read: true });
  await client.upload(
    {
      videoId,
      originalFilename: basename(input),
      settings,
      outputFormat: containerOf(output),
      audio,
      chunkSeconds,
      sizeBytes,
    },
    file.readable.pipeThrough(counted),
    { timeoutMs: LONG_MS, signal },
  );
}

/** Watches a job to its end, also over a restart of its master. */
async function follow(client: MasterClient, videoId: string, order: RemoteTranscode): Promise<RemoteJob> {
  const { signal, isShown, onEvent } = order;
  const events = new RemoteJobEvents();
  using display = isShown ? transcodeDisplay({ workers: () => events.workers(), signal }) : undefined;
  for (;;) {
    await overAbsence(client, videoId, order, async (heard) => {
      for await (const update of client.watch(videoId, { timeoutMs: LONG_MS, signal })) {
        heard();
        for (const event of events.apply(update)) {
          onEvent(event);
          display?.show(event);
        }
      }
    });
    const { job } = events;
    if (job?.state === "completed") return job;
    if (job?.state === "failed") throw new RemoteJobError(job.failureMessage);
    if (job?.state === "cancelled") throw new RemoteJobError("The job was cancelled at the master");
    await pause(signal);
  }
}

/**
 * Makes a call again for as long as its master may be gone.
 *
 * @param call Says when it has heard from the master, who then is there.
 */
async function overAbsence<T>(
  client: MasterClient,
  videoId: string,
  { giveUpMs, signal }: RemoteTranscode,
  call: (heard: () => void) => Promise<T>,
): Promise<T> {
  let goneSinceMs: number | undefined;
  const heard = () => void (goneSinceMs = undefined);
  const leftMs = () => goneSinceMs === undefined ? Infinity : goneSinceMs + giveUpMs - performance.now();
  for (;;) {
    try {
      // connecting to one that does not answer takes as long as the call may
      const timeoutMs = Math.min(SHORT_MS, Math.max(leftMs(), AGAIN_MS));
      if (goneSinceMs !== undefined) await client.status(videoId, { timeoutMs, signal });
      return await call(heard);
    } catch (error) {
      if (!(error instanceof RpcError && ABSENT.has(error.code))) throw error;
      goneSinceMs ??= performance.now();
      if (leftMs() <= 0) return await reach("master", () => Promise.reject(error));
    }
    await pause(signal);
  }
}

const ABSENT: ReadonlySet<RpcError["code"]> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

function pause(signal: AbortSignal): Promise<void> {
  return setTimeout(AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
}

async function fetchResult(
  client: MasterClient,
  job: RemoteJob,
  order: RemoteTranscode,
): Promise<RemoteResult> {
  const { output, signal } = order;
  const proofPath = proofPathOf(output);
  const rpc = { timeoutMs: LONG_MS, signal };
  const fetchOnce = async () => {
    await client.status(job.videoId, { timeoutMs: SHORT_MS, signal }); // a day is too long to connect
    const text = await new Response(client.retrieveProof(job.videoId, rpc)).text();
    const proof = parseProof(text);
    await Deno.remove(proofPath).catch(ignoreAbsence); // that of another output
    await writeWhole(output, checked(client.retrieve(job.videoId, rpc), proof), { signal });
    await writeWhole(proofPath, ReadableStream.from([new TextEncoder().encode(text)]), { signal });
    return { path: output, proofPath, proof, job };
  };
  return await overAbsence(
    client,
    job.videoId,
    order,
    () => withRetries(fetchOnce, { attempts: 3, busyMs: 0, signal }),
  );
}

/** Fails before the file has its name, unless the bytes are those of the proof. */
function checked(bytes: ReadableStream<Uint8Array>, { output }: Proof): ReadableStream<Uint8Array> {
  const hash = createHash("sha256");
  return bytes.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        hash.update(part);
        controller.enqueue(part);
      },
      flush() {
        if (hash.digest("hex") !== output.sha256) {
          throw new TransferError("Cannot fetch the result: it is not the one that its proof is of");
        }
      },
    }),
  );
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
