/** A worker process that is attacked, and what attacks on it are made of. */
import { assert, assertEquals, assertLess } from "@std/assert";
import type { status } from "@grpc/grpc-js";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import { join } from "node:path";
import { withRetries } from "../../lib/fleet/retry.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { byNumber } from "./by_number.ts";
import { peakMemory } from "./peak_memory.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const MIB = 2 ** 20;
/** For a slow machine, whose time goes to the attacker as well, in the process that also waits for the answer. */
const ANSWERED = { timeoutMs: 30_000 };
const isLinux = Deno.build.os === "linux";

/** A worker process under attack. */
export interface Target {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** A session of HTTP/2, closed at the end of the test. */
  session(): ClientHttp2Session;
}

/**
 * Has a worker attacked, and checks that all the while another client was answered, that a chunk can be
 * stored afterwards, and that the worker never had more memory.
 */
export function attackTest(
  name: string,
  options: { maxBytes: number; flags?: readonly string[] },
  attack: (target: Target) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !isLinux,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const folder = stack.use(await temporaryFolder());
      const flags = ["--encoder", "simulated", "--max_tasks", "2", ...options.flags ?? []];
      const worker = stack.use(await startOurWorker({ shardsDir: join(folder.path, "shards"), flags }));
      const address = byNumber(worker.address);
      const client = stack.use(connectWorker(address));
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const peak = peakMemory(worker.child.pid, over);
      const bystander = watchHealth(client, over);
      const sessions = stack.use(new DisposableStack());
      const session = () => {
        const session = connect(`http://${address}`);
        session.on("error", () => {}); // the worker may well cut it off
        sessions.defer(() => session.destroy());
        return session;
      };
      try {
        await attack({ address, session });
        sessions.dispose();
        const chunk = new Uint8Array(100_000);
        // places of those that have just been cut off are free again soon, not at once
        const store = () => client.processChunk({ videoId: "v", chunkIndex: 0 }, chunk, ANSWERED);
        await withRetries(store, { attempts: 1, busyMs: 30_000 });
      } finally {
        resolve();
      }
      await bystander;
      const peakBytes = await peak;
      assert(peakBytes > 0);

      assertLess(peakBytes, options.maxBytes, `the worker had ${Math.round(peakBytes / MIB)} MiB`);
    },
  });
}

/** Asks for health again and again, as a master does. */
async function watchHealth(client: ReturnType<typeof connectWorker>, over: Promise<void>): Promise<void> {
  let isOver = false;
  over.then(() => isOver = true);
  while (!isOver) {
    assertEquals((await client.checkHealth("bystander", ANSWERED)).isHealthy, true);
  }
}

export const headersOf = (path: string, more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({
  ":method": "POST",
  ":path": path,
  "content-type": "application/grpc",
  te: "trailers",
  ...more,
});

export function request(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  return session.request(headers).on("error", () => {});
}

/** So many zeros, packed; a thousandth of their size or less. */
export async function packed(format: CompressionFormat, sizeBytes: number): Promise<Uint8Array> {
  const zeros = new Uint8Array(MIB);
  let left = sizeBytes;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(zeros);
      left -= zeros.length;
      if (left <= 0) controller.close();
    },
  });
  return await new Response(stream.pipeThrough(new CompressionStream(format))).bytes();
}

/** The status that a call ends with. */
export async function statusOf(call: ClientHttp2Stream): Promise<status> {
  const { promise, resolve } = Promise.withResolvers<status>();
  const read = (headers: Record<string, unknown>) => {
    if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
  };
  call.on("response", read).on("trailers", read).resume();
  return await promise;
}
