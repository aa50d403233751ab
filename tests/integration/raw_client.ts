/** The worker's calls as grpc-js has them, for what the project's own client would not do. */
import { type ClientWritableStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import { channelTo } from "../../lib/rpc/channel.ts";
import type { HealthCheckResponse__Output } from "../../lib/rpc/generated/replication/HealthCheckResponse.ts";
import type { ProcessChunkPart } from "../../lib/rpc/generated/replication/ProcessChunkPart.ts";
import type { ProcessChunkResponse__Output } from "../../lib/rpc/generated/replication/ProcessChunkResponse.ts";
import type { VideoProcessingServiceClient } from "../../lib/rpc/generated/replication/VideoProcessingService.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";

export interface OpenStream {
  readonly call: ClientWritableStream<ProcessChunkPart>;
  readonly answer: Promise<ProcessChunkResponse__Output>;
}

export interface RawClient extends Disposable {
  readonly client: VideoProcessingServiceClient;
  /** Begins a ProcessChunkStream and leaves it open. */
  open(parts: readonly ProcessChunkPart[]): OpenStream;
  /** A whole ProcessChunkStream. */
  stream(parts: readonly ProcessChunkPart[]): Promise<ProcessChunkResponse__Output>;
  /** The error that a call ends with. */
  failure(start: (done: (error: ServiceError | null) => void) => unknown): Promise<ServiceError>;
  /** Asks for health until it is as expected; there is no call that waits for that. */
  until(
    isSo: (report: HealthCheckResponse__Output) => boolean | Promise<boolean>,
  ): Promise<HealthCheckResponse__Output>;
}

const GIVE_UP_MS = 60_000;

export function rawClient(address: string): RawClient {
  const client = new WorkerService(
    ...channelTo(address, undefined, { "grpc.max_send_message_length": -1 }),
  );

  function open(parts: readonly ProcessChunkPart[]): OpenStream {
    const { promise: answer, resolve, reject } = Promise.withResolvers<ProcessChunkResponse__Output>();
    const options = { deadline: Date.now() + GIVE_UP_MS };
    const call = client.processChunkStream(
      new Metadata(),
      options,
      (error, response) => error ? reject(error) : resolve(response!),
    );
    for (const part of parts) call.write(part);
    answer.catch(() => {}); // a test that cancels does not ask
    return { call, answer };
  }

  function health(): Promise<HealthCheckResponse__Output> {
    const { promise, resolve, reject } = Promise.withResolvers<HealthCheckResponse__Output>();
    const options = { deadline: Date.now() + GIVE_UP_MS };
    client.checkHealth({}, options, (error, report) => error ? reject(error) : resolve(report!));
    return promise;
  }

  return {
    client,
    open,
    async stream(parts) {
      const { call, answer } = open(parts);
      call.end();
      return await answer;
    },
    async failure(start) {
      const { promise, resolve, reject } = Promise.withResolvers<ServiceError>();
      start((error) => error ? resolve(error) : reject(new Error("the call succeeded")));
      return await promise;
    },
    async until(isSo) {
      const giveUpMs = performance.now() + GIVE_UP_MS;
      for (;;) {
        const report = await health();
        if (await isSo(report)) return report;
        if (performance.now() > giveUpMs) throw new Error(`health stays ${JSON.stringify(report)}`);
      }
    },
    [Symbol.dispose]: () => client.close(),
  };
}
