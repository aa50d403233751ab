import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { EncodeError } from "../../lib/encode/encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { createSimulatedEncoder, prefixBytes } from "../../lib/encode/simulated_encoder.ts";

const MIB = 1024 * 1024;
const TASK = { settings: DEFAULT_SETTINGS };
const encoder = createSimulatedEncoder();

function ramp(bytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, (_, index) => index % 251);
}

function inPieces(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  return ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })());
}

for (const pieceBytes of [1, 3, 100, 5_000]) {
  for (const chunkBytes of [1, 2, 3, 1_001]) {
    Deno.test(`encode() keeps the first half of ${chunkBytes} bytes in pieces of ${pieceBytes}`, async () => {
      const chunk = ramp(chunkBytes);
      const { shard, facts } = encoder.encode(inPieces(chunk, pieceBytes), TASK);
      const bytes = await new Response(shard).bytes();
      assertEquals(bytes, chunk.slice(0, Math.ceil(chunkBytes / 2)));
      assertEquals(await facts, { encoder: "simulated", frameCount: 0, notes: [] });
    });
  }
}

Deno.test("encode() holds no more than 4 MiB of a chunk of any size", async () => {
  let givenBytes = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (givenBytes === 100 * MIB) return controller.close();
      givenBytes += MIB;
      controller.enqueue(new Uint8Array(MIB));
    },
  }, { highWaterMark: 0 });
  let keptBytes = 0;
  for await (const part of encoder.encode(source, TASK).shard) {
    keptBytes += part.length;
    assert(givenBytes - keptBytes <= 6 * MIB, `${givenBytes - keptBytes} bytes are held`);
  }
  assertEquals(keptBytes, prefixBytes(100 * MIB));
  assertEquals(keptBytes, 96 * MIB);
});

Deno.test("prefixBytes() is half of up to 8 MiB, and always smaller than two bytes or more", () => {
  assertEquals([1, 2, 3, MIB, 8 * MIB].map(prefixBytes), [1, 1, 2, MIB / 2, 4 * MIB]);
  for (let bytes = 2; bytes < 64 * MIB; bytes = bytes * 3 + 1) assert(prefixBytes(bytes) < bytes);
});

Deno.test("encode() refuses an empty chunk", async () => {
  const { shard, facts } = encoder.encode(ReadableStream.from([]), TASK);
  await assertRejects(() => new Response(shard).bytes(), EncodeError, "empty");
  await assertRejects(() => facts, EncodeError, "empty");
});

Deno.test("encode() refuses a media segment, and lets go of its bytes", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const source = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
  const segment = { timescale: 15, startTicks: 0, frameCount: 1 };
  const { shard, facts } = encoder.encode(source, { ...TASK, segment });
  await assertRejects(() => new Response(shard).bytes(), EncodeError);
  await assertRejects(() => facts, EncodeError);
  assertInstanceOf(await cancelled.promise, EncodeError);
  assertEquals(encoder.supports(DEFAULT_SETTINGS), false);
});

Deno.test("encode() fails as its source does", async () => {
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("source broke")),
  });
  const { shard, facts } = encoder.encode(source, TASK);
  await assertRejects(() => new Response(shard).bytes(), Error, "source broke");
  await assertRejects(() => facts, Error, "source broke");
});

Deno.test("encode() ends with the signal's reason once aborted", async () => {
  const abort = new AbortController();
  const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(ramp(8)) });
  const { shard, facts } = encoder.encode(source, TASK, { signal: abort.signal });
  const reader = shard.getReader();
  await reader.read();
  abort.abort(new Error("changed my mind"));
  await assertRejects(() => facts, Error, "changed my mind");
  await assertRejects(() => reader.closed, Error, "changed my mind");
});

Deno.test("encode() rejects its facts when the shard is cancelled", async () => {
  const { shard, facts } = encoder.encode(new ReadableStream(), TASK);
  await shard.cancel(new Error("no longer wanted"));
  await assertRejects(() => facts, Error, "no longer wanted");
});
