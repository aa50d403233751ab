import { assertEquals, assertRejects } from "@std/assert";
import { EncodeError, type Encoder } from "../../lib/encode/encoder.ts";
import { failedEncoding } from "../../lib/encode/failed_encoding.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { createAdmission } from "../../lib/worker/admission.ts";
import { ChunkChecksumError } from "../../lib/worker/checked_chunk.ts";
import type { ChunkOrder } from "../../lib/worker/chunk_order.ts";
import { type ChunkProcessor, EncodeTimeoutError, processChunk } from "../../lib/worker/process_chunk.ts";

const SHA256 = new Uint8Array(32);
const ORDER: ChunkOrder = {
  key: { videoId: "v", chunkIndex: 0 },
  task: { settings: DEFAULT_SETTINGS },
  sha256: SHA256,
};
/** Refuses every chunk before it has read any of it. */
const REFUSING: Encoder = {
  name: "simulated",
  version: "1",
  supports: () => true,
  encode: (source) => failedEncoding(source, new EncodeError("Cannot encode the chunk: it is no MP4")),
  pids: new Set(),
};

/** A worker's way for chunks, with one place and a store that only reads. */
function processor(encodeMs: number): ChunkProcessor {
  const store = { put: async (_key: unknown, shard: ReadableStream) => await new Response(shard).bytes() };
  return {
    store: store as unknown as ChunkProcessor["store"],
    admission: createAdmission({ maxTasks: 1, maxQueued: 0 }),
    encoders: { media: null, opaque: REFUSING },
    limits: { stallMs: 10_000, messageMs: 10_000, encodeMs },
  };
}

/** A byte every few milliseconds for two seconds, and what ended it sooner. */
function trickle() {
  const source = { cancelledWith: undefined as unknown, stream: new ReadableStream<Uint8Array>() };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let left = 400;
  source.stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left-- === 0) return controller.close();
      await new Promise<void>((resolve) => timer = setTimeout(resolve, 5));
      controller.enqueue(new Uint8Array(1));
    },
    cancel(reason) {
      source.cancelledWith = reason;
      clearTimeout(timer);
    },
  }, { highWaterMark: 0 });
  return source;
}

Deno.test("processChunk() gives its place back in time, though the rest of a refused chunk keeps coming", async () => {
  const worker = processor(100);
  const source = trickle();
  const given = processChunk(worker, ORDER, source.stream, { signal: new AbortController().signal });
  const error = await assertRejects(() => given, EncodeTimeoutError, "not done after 0.1 s");
  assertEquals([worker.admission.running, source.cancelledWith], [0, error]);
});

Deno.test("processChunk() gives its place back when the call ends, though the rest keeps coming", async () => {
  const worker = processor(10_000);
  const source = trickle();
  const call = new AbortController();
  const given = processChunk(worker, ORDER, source.stream, { signal: call.signal });
  setTimeout(() => call.abort(new Error("the caller is gone")), 50);
  const error = await assertRejects(() => given, Error, "the caller is gone");
  assertEquals([worker.admission.running, source.cancelledWith], [0, error]);
});

Deno.test("processChunk() reads the rest of a refused chunk to know whether it is what was sent", async () => {
  const given = (sha256: Uint8Array | undefined) =>
    processChunk(processor(10_000), { ...ORDER, sha256 }, ReadableStream.from([new Uint8Array(9)]), {
      signal: new AbortController().signal,
    });
  await assertRejects(() => given(SHA256), ChunkChecksumError);
  const right = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(9)));
  await assertRejects(() => given(right), EncodeError, "no MP4");
  await assertRejects(() => given(undefined), EncodeError, "no MP4");
});
