/** A transcode that a master does: sent there, followed, and fetched. */
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import type { AudioMode } from "../assemble/audio_plan.ts";
import { containerOf } from "../assemble/output_container.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import { canonicalJson } from "../job/canonical_json.ts";
import { fileSha256 } from "../job/file_sha256.ts";
import type { JobEvent } from "../job/job.ts";
import { connectMaster, type MasterClient, type Pings, type RemoteJob } from "../rpc/master_client.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import type { ConnectOptions } from "../rpc/worker_client.ts";
import { type FetchedResult, fetchResult } from "./fetch_result.ts";
import { writeError } from "./output.ts";
import { LONG_MS, overAbsence, pause, SHORT_MS } from "./over_absence.ts";
import { reach } from "./reach.ts";
import { RemoteJobEvents } from "./remote_job_events.ts";
import { transcodeDisplay } from "./transcode_display.ts";
import { uploadToMaster } from "./upload_to_master.ts";
import { visible } from "./visible.ts";

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

export interface RemoteResult extends FetchedResult {
  readonly job: RemoteJob;
  /** What did not go as it should, though the result is as it should be; each has been written as a line. */
  readonly warnings: readonly string[];
}

/** A job that failed at the master, or was ended there. */
export class RemoteJobError extends Error {
  override readonly name = "RemoteJobError";
}

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
  const { job: known } = await reach("master", () => client.status(videoId, { timeoutMs: SHORT_MS, signal }));
  if (!known || known.state === "failed" || known.state === "cancelled") {
    await upload(client, { videoId, former: known }, order);
  }
  try {
    const job = await follow(client, videoId, order);
    const fetched = await fetchResult({ ...order, client, videoId });
    return { ...fetched, job, warnings: await forget(client, videoId, signal) };
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

async function upload(
  client: MasterClient,
  { videoId, former }: { readonly videoId: string; readonly former: RemoteJob | undefined },
  order: RemoteTranscode,
): Promise<void> {
  const { input, output, settings, audio, chunkSeconds } = order;
  const outputFormat = containerOf(output);
  const facts = { originalFilename: basename(input), settings, outputFormat, audio, chunkSeconds };
  await uploadToMaster(input, { ...order, client, videoId, facts, former });
}

/** Watches a job to its end, also over a restart of its master. */
async function follow(client: MasterClient, videoId: string, order: RemoteTranscode): Promise<RemoteJob> {
  const { signal, isShown, onEvent } = order;
  const events = new RemoteJobEvents();
  using display = isShown ? transcodeDisplay({ workers: () => events.workers(), signal }) : undefined;
  for (;;) {
    await overAbsence({ ...order, client, videoId }, async (heard) => {
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

/** Has the master forget a video whose result is here, which counts also where that fails. @returns Warnings. */
async function forget(client: MasterClient, videoId: string, signal: AbortSignal): Promise<string[]> {
  try {
    await client.delete(videoId, { timeoutMs: SHORT_MS, signal });
    return [];
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (error.code === "NOT_FOUND") return []; // somebody else has
    const warning =
      `The video stays at the master, which could not be told to delete it (${error.reason}); ` +
      `its dashboard can, or the call DeleteVideo with video_id ${videoId}`;
    writeError(`warning: ${visible(warning)}\n`);
    return [warning];
  }
}
