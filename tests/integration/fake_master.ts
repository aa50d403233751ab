/** A master that knows RegisterWorker and nothing else. */
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import type { ServerTls } from "../../lib/rpc/credentials.ts";
import type { RegisterWorkerRequest__Output } from "../../lib/rpc/generated/replication/RegisterWorkerRequest.ts";
import type { RegisterWorkerResponse } from "../../lib/rpc/generated/replication/RegisterWorkerResponse.ts";
import { MasterService } from "../../lib/rpc/proto.ts";
import { createServer, listen } from "../../lib/rpc/server.ts";

export interface FakeMaster extends AsyncDisposable {
  readonly port: number;
  /** The addresses that registered, in order. */
  readonly registered: readonly string[];
  /** Resolves once so many have. */
  until(count: number): Promise<void>;
}

export interface FakeMasterOptions {
  /** 0, the default, for a free one. */
  readonly port?: number;
  readonly tls?: ServerTls;
  readonly token?: string;
  readonly answer?: RegisterWorkerResponse;
}

export async function startFakeMaster(options: FakeMasterOptions = {}): Promise<FakeMaster> {
  const { port = 0, tls, token, answer = { success: true, message: "welcome" } } = options;
  const registered: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer({ maxChunkBytes: 1_000, token });
  server.addService(MasterService.service, {
    RegisterWorker(
      call: ServerUnaryCall<RegisterWorkerRequest__Output, RegisterWorkerResponse>,
      done: sendUnaryData<RegisterWorkerResponse>,
    ) {
      registered.push(call.request.workerAddress);
      for (const { count, resolve } of waiting) if (registered.length >= count) resolve();
      done(null, answer);
    },
  });
  const address = await listen(server, { host: "127.0.0.1", port, tls });
  return {
    port: Number(address.split(":").at(-1)),
    registered,
    async until(count) {
      if (registered.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      await promise;
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      server.tryShutdown(resolve);
      await promise;
    },
  };
}
