/** What becomes of those who fetch, and of those who hang up, when a worker is told to stop or they are. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { once } from "node:events";
import { type ClientHttp2Stream, connect } from "node:http2";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { startInProcess } from "./in_process_worker.ts";
import { message } from "./raw_http2.ts";
import { within } from "./within.ts";

const RPC = { timeoutMs: 60_000 };
const CHUNK_BYTES = 20_000_000;
/** Far longer than anything here may take. */
const DRAIN_MS = 600_000;
const { GetShard, GetShardStream, ListShards, GetVideoMetadata } = WorkerService.service;

/** A call that reads only so much as the peer sends before it has to wait. */
interface SlowCall extends Disposable {
  readonly stream: ClientHttp2Stream;
  /** Resolves once the peer has had all that was sent. */
  arrived(): Promise<void>;
  /** Reads to the end. */
  rest(): Promise<{ bytes: number; code: number }>;
}

function callSlowly(address: string, path: string, request: Uint8Array): SlowCall {
  const session = connect(`http://${address}`).on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  }).on("error", () => {});
  stream.end(message(request));
  let code: number = status.UNKNOWN;
  stream.on("trailers", (trailers) => code = Number(trailers["grpc-status"]));
  return {
    stream,
    async arrived() {
      const { promise, resolve } = Promise.withResolvers<void>();
      session.ping(() => resolve());
      await promise;
    },
    async rest() {
      let bytes = 0;
      stream.on("data", (data: Uint8Array) => bytes += data.length);
      await once(stream, "close");
      return { bytes, code };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

for (
  const [name, { path, requestSerialize }] of Object.entries({ GetShard, GetShardStream })
) {
  Deno.test(`a worker that is told to stop lets ${name} have the whole shard`, async () => {
    await using t = await startInProcess();
    const { shardLocation, encodedBytes } = await t.client.processChunk(
      { videoId: "v", chunkIndex: 0 },
      new Uint8Array(CHUNK_BYTES),
      RPC,
    );
    using fetching = callSlowly(t.worker.address, path, requestSerialize({ shardLocation }));
    await once(fetching.stream, "response");
    const drained = t.worker.drain(DRAIN_MS);
    await t.raw.until(({ isHealthy }) => !isHealthy); // it drains, and still waits
    const { bytes, code } = await within(30_000, fetching.rest());
    assertEquals(code, status.OK);
    assert(bytes > encodedBytes);
    assertEquals(await within(30_000, drained), true);
  });
}

Deno.test("shards can be fetched from a worker that drains for as long as something runs", async () => {
  await using t = await startInProcess();
  const { shardLocation, encodedBytes } = await t.client.processChunk(
    { videoId: "v", chunkIndex: 0 },
    new Uint8Array(CHUNK_BYTES),
    RPC,
  );
  const running = t.raw.open([{ header: { videoId: "w" } }, { data: new Uint8Array(10) }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const drained = t.worker.drain(DRAIN_MS);
  using fetching = callSlowly(
    t.worker.address,
    GetShardStream.path,
    GetShardStream.requestSerialize({ shardLocation }),
  );
  await once(fetching.stream, "response");
  running.call.end();
  assertEquals((await running.answer).success, true);
  const { bytes, code } = await within(30_000, fetching.rest());
  assertEquals(code, status.OK);
  assert(bytes > encodedBytes);
  assertEquals(await within(30_000, drained), true);
});

Deno.test("a worker waits no longer than it was told to for those who fetch and do not read", async () => {
  await using t = await startInProcess();
  const { shardLocation } = await t.client.processChunk(
    { videoId: "v", chunkIndex: 0 },
    new Uint8Array(CHUNK_BYTES),
    RPC,
  );
  using fetching = callSlowly(
    t.worker.address,
    GetShardStream.path,
    GetShardStream.requestSerialize({ shardLocation }),
  );
  await once(fetching.stream, "response");
  assertEquals(await within(30_000, t.worker.drain(500)), false);
});

for (
  const [name, { path, requestSerialize }] of Object.entries({ ListShards, GetVideoMetadata })
) {
  Deno.test(`a worker looks at no more of its store for ${name} once nobody waits for the answer`, async () => {
    await using t = await startInProcess();
    for (let chunkIndex = 0; chunkIndex < 40; chunkIndex++) {
      await t.client.processChunk({ videoId: "v", chunkIndex }, new Uint8Array(10), RPC);
    }
    using reads = heldReads(/_metadata\.json$/);
    using asking = callSlowly(t.worker.address, path, requestSerialize({ videoId: "v" }));
    await within(30_000, reads.begun);
    asking.stream.close();
    await once(asking.stream, "close");
    await asking.arrived();
    reads.release();
    await t.worker.drain(0);
    assertLess(reads.count, 40);
  });
}

/** Counts the reads of files whose path is like this, and has them wait until they are let go. */
function heldReads(path: RegExp) {
  const { readTextFile } = Deno;
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let count = 0;
  Deno.readTextFile = async (file, options) => {
    if (path.test(String(file))) {
      count++;
      begun.resolve();
      await released.promise;
    }
    return await readTextFile(file, options);
  };
  return {
    begun: begun.promise,
    release: () => released.resolve(),
    get count() {
      return count;
    },
    [Symbol.dispose]() {
      released.resolve();
      Deno.readTextFile = readTextFile;
    },
  };
}
