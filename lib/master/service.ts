/** The MasterService: the wire on one side, what the master does on the other. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import { logged } from "../rpc/error_status.ts";
import type { CancelJobRequest__Output } from "../rpc/generated/replication/CancelJobRequest.ts";
import type { DeleteVideoRequest__Output } from "../rpc/generated/replication/DeleteVideoRequest.ts";
import type { JobUpdate } from "../rpc/generated/replication/JobUpdate.ts";
import type { RegisterWorkerRequest__Output } from "../rpc/generated/replication/RegisterWorkerRequest.ts";
import type { RegisterWorkerResponse } from "../rpc/generated/replication/RegisterWorkerResponse.ts";
import type { RetrieveVideoChunk } from "../rpc/generated/replication/RetrieveVideoChunk.ts";
import type { RetrieveVideoRequest__Output } from "../rpc/generated/replication/RetrieveVideoRequest.ts";
import type { UploadVideoChunk__Output } from "../rpc/generated/replication/UploadVideoChunk.ts";
import type { UploadVideoResponse } from "../rpc/generated/replication/UploadVideoResponse.ts";
import type { VideoStatusRequest__Output } from "../rpc/generated/replication/VideoStatusRequest.ts";
import type { VideoStatusResponse } from "../rpc/generated/replication/VideoStatusResponse.ts";
import type { WatchJobRequest__Output } from "../rpc/generated/replication/WatchJobRequest.ts";
import type { ReadOut } from "../rpc/read_out.ts";
import { type CallContext, type Calls, clientStream, serverStream, unary } from "../rpc/server_call.ts";
import { quoted } from "../store/shard_key.ts";
import { toStatus } from "./error_status.ts";
import { isFinal, type JobView } from "./job_view.ts";
import type { Master } from "./master.ts";
import { DrainingError, InvalidUploadError, JobNotFoundError } from "./master_errors.ts";
import { readFirstMessage } from "./read_first_message.ts";
import { statusMessage, toWireChunk, toWireJob, videoStatus } from "./wire_job.ts";

export interface MasterServiceOptions {
  readonly master: Master;
  /** @returns Why the worker is not taken; undefined: it is. */
  readonly register: (address: string) => string | undefined;
  readonly logger: Logger;
  /** Told of each call that gets a result or proof. */
  readonly downloads: Pick<ReadOut, "follow">;
  /** Ends every call that runs. */
  readonly shutdown: AbortSignal;
}

/** What grpc-js calls for each method. */
export function masterService(
  { master, register, logger, downloads, shutdown }: MasterServiceOptions,
): UntypedServiceImplementation {
  const calls: Calls = { shutdown, toStatus: (error) => logged(toStatus(error), error, logger) };
  const find = (videoId: string) => findJob(master, videoId);

  return {
    UploadVideo: clientStream(
      calls,
      (messages: ReadableStream<UploadVideoChunk__Output>, context) => uploadVideo(master, messages, context),
    ),
    RetrieveVideo: serverStream(
      calls,
      async ({ videoId, proof }: RetrieveVideoRequest__Output, context) => {
        const { signal } = context;
        const { id } = find(videoId);
        downloads.follow(context);
        const wanted = await (proof ? master.proof(id) : master.result(id));
        return (await wanted.open({ signal, isAwaited: true })).pipeThrough(retrievedChunks(videoId));
      },
    ),
    GetVideoStatus: unary(
      calls,
      ({ videoId }: VideoStatusRequest__Output) => Promise.resolve(statusOf(videoId, master.find(videoId))),
    ),
    RegisterWorker: unary(
      calls,
      ({ workerAddress }: RegisterWorkerRequest__Output) =>
        Promise.resolve(registered(workerAddress, register(workerAddress))),
    ),
    WatchJob: serverStream(calls, ({ videoId }: WatchJobRequest__Output, { signal }) => {
      const jobId = find(videoId).id;
      return Promise.resolve(ReadableStream.from(jobUpdates(master, jobId, signal)));
    }),
    ListJobs: unary(calls, () => Promise.resolve({ jobs: master.jobs().map(toWireJob) })),
    CancelJob: unary(
      calls,
      async ({ videoId }: CancelJobRequest__Output) => toWireJob(await master.cancel(find(videoId).id)),
    ),
    DeleteVideo: unary(calls, async ({ videoId }: DeleteVideoRequest__Output) => {
      await master.remove(find(videoId).id);
      return { videoId, success: true, message: `Deleted video ${quoted(videoId)}` };
    }),
  };
}

function findJob(master: Master, videoId: string): JobView {
  const job = master.find(videoId);
  if (!job) throw new JobNotFoundError(`There is no video ${quoted(videoId)}`);
  return job;
}

async function uploadVideo(
  master: Master,
  messages: ReadableStream<UploadVideoChunk__Output>,
  { signal }: CallContext,
): Promise<UploadVideoResponse> {
  const reader = messages.getReader();
  const { value: first } = await reader.read();
  reader.releaseLock();
  if (!first) throw new InvalidUploadError("video_id", "must come in the first message");
  try {
    const job = await master.upload(dataOf(first, messages), readFirstMessage(first), { signal });
    const message = `Received video ${quoted(job.videoId)} (${job.sourceBytes} bytes)`;
    return { videoId: job.videoId, success: true, message };
  } catch (error) {
    if (!messages.locked) await messages.cancel(error); // it was refused before a byte was read
    throw error;
  }
}

/** The bytes of all messages, the first of which was read already. */
function dataOf(
  first: UploadVideoChunk__Output,
  messages: ReadableStream<UploadVideoChunk__Output>,
): ReadableStream<Uint8Array> {
  return messages.pipeThrough(
    new TransformStream<UploadVideoChunk__Output, Uint8Array>(
      {
        start(controller) {
          if (first.dataChunk.length > 0) controller.enqueue(first.dataChunk);
        },
        transform({ videoId, isFirstChunk, dataChunk }, controller) {
          if (isFirstChunk) {
            throw new InvalidUploadError(
              "is_first_chunk",
              "must be set in the first message only",
            );
          }
          if (videoId !== "" && videoId !== first.videoId) {
            throw new InvalidUploadError("video_id", "must be the same in all messages");
          }
          if (dataChunk.length > 0) controller.enqueue(dataChunk);
        },
      },
      { highWaterMark: 1 },
      { highWaterMark: 0 },
    ),
  );
}

function retrievedChunks(videoId: string): TransformStream<Uint8Array, RetrieveVideoChunk> {
  return new TransformStream({
    transform: (dataChunk, controller) => controller.enqueue({ videoId, dataChunk }),
  });
}

function statusOf(videoId: string, job: JobView | undefined): VideoStatusResponse {
  if (!job) return { videoId, status: "not_found", message: `There is no video ${quoted(videoId)}` };
  return { videoId, status: videoStatus(job), message: statusMessage(job), job: toWireJob(job) };
}

function registered(address: string, problem: string | undefined): RegisterWorkerResponse {
  if (problem !== undefined) return { success: false, message: problem };
  return { success: true, message: `Worker ${address} is registered` };
}

/** @throws {JobNotFoundError} Once the video is deleted. @throws {DrainingError} If the master stops first. */
async function* jobUpdates(master: Master, jobId: string, signal: AbortSignal): AsyncGenerator<JobUpdate> {
  let isOver = false;
  for await (const event of master.watch({ jobId, signal })) {
    if (event.kind === "removed") throw new JobNotFoundError("The video was deleted");
    if (event.kind === "chunk") yield { chunk: toWireChunk(event.chunk) };
    if (event.kind !== "job") continue;
    yield { job: toWireJob(event.job) };
    isOver = isFinal(event.job.state);
  }
  if (isOver) return;
  signal.throwIfAborted();
  throw new DrainingError();
}
