/** A video on its way to a master. */
import type { RemoteJob, VideoFacts } from "../rpc/master_client.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import { type AbsenceOptions, LONG_MS, overAbsence, SHORT_MS } from "./over_absence.ts";
import { type Progress, progressBar } from "./progress.ts";

export interface UploadOptions extends AbsenceOptions {
  readonly facts: Omit<VideoFacts, "videoId" | "sizeBytes">;
  /** The job of that name whose place this one takes; undefined: there is none. */
  readonly former: RemoteJob | undefined;
  /** Whether people watch. */
  readonly isShown: boolean;
}

/**
 * Sends a video, again from its beginning if the master goes meanwhile and comes back: what had come of it is gone.
 *
 * @throws {RpcError} If the master does not take it. @throws As {@link overAbsence}.
 */
export async function uploadToMaster(path: string, options: UploadOptions): Promise<void> {
  const { client, videoId, former, isShown, signal } = options;
  const { size: sizeBytes } = await Deno.stat(path);
  using progress = isShown
    ? progressBar({ label: "Uploading", total: sizeBytes, unit: "bytes", signal })
    : undefined;
  let isFirst = true;
  await overAbsence(options, async (heard) => {
    if (!isFirst) {
      const { job } = await client.status(videoId, { timeoutMs: SHORT_MS, signal });
      heard();
      if (job && job.jobId !== former?.jobId) return; // it had come, and only the answer was lost
    }
    isFirst = false;
    await uploadOnce(path, { ...options, sizeBytes, progress });
  });
}

/** @throws {UploadRefusedError} */
async function uploadOnce(
  path: string,
  { client, videoId, facts, signal, sizeBytes, progress }: UploadOptions & {
    readonly sizeBytes: number;
    readonly progress: Progress | undefined;
  },
): Promise<void> {
  let sentBytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      sentBytes += bytes.length;
      progress?.advance(bytes.length);
      controller.enqueue(bytes);
    },
  });
  using file = await Deno.open(path, { read: true }); // also where nothing is read of it
  const video = file.readable.pipeThrough(counted);
  try {
    await client.upload({ videoId, ...facts, sizeBytes }, video, { timeoutMs: LONG_MS, signal });
  } catch (error) {
    progress?.advance(-sentBytes);
    // a master that has waited too long for the video's next bytes is there, and would wait again
    if (error instanceof RpcError && error.code === "DEADLINE_EXCEEDED") throw new UploadRefusedError(error);
    throw error;
  }
}

/** An answer that would be the same another time. */
class UploadRefusedError extends Error {
  override readonly name = "UploadRefusedError";

  constructor(cause: RpcError) {
    super(cause.message, { cause });
  }
}
