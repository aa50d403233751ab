import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import {
  checkChunk,
  type CheckOptions,
  ChunkChecksumError,
  EmptyChunkError,
} from "../../lib/worker/checked_chunk.ts";
import { StalledError } from "../../lib/stalled.ts";

const BYTES = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251);
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const PATIENT: CheckOptions = { sha256: undefined, stallMs: 10_000 };

/** These bytes in pieces, and how many of them were asked for. */
function sourceOf(bytes: Uint8Array, pieceBytes: number) {
  const source = { pulled: 0, cancelledWith: undefined as unknown, stream: new ReadableStream<Uint8Array>() };
  source.stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = bytes.slice(source.pulled, source.pulled + pieceBytes);
      source.pulled += piece.length;
      if (piece.length === 0) controller.close();
      else controller.enqueue(piece);
    },
    cancel: (reason) => void (source.cancelledWith = reason),
  }, { highWaterMark: 0 });
  return source;
}

const read = async (stream: ReadableStream<Uint8Array>) => await new Response(stream).bytes();

for (const pieceBytes of [1, 7, 999, 1_000, 5_000]) {
  Deno.test(`checkChunk() passes a chunk on that comes in pieces of ${pieceBytes} bytes`, async () => {
    const sizes: number[] = [];
    const chunk = checkChunk(sourceOf(BYTES, pieceBytes).stream, {
      ...PATIENT,
      sha256: sha256(BYTES),
      onEnd: (sizeBytes) => void sizes.push(sizeBytes),
    });
    assertEquals(await read(chunk.bytes), BYTES);
    assertEquals([chunk.sizeBytes, sizes], [1_000, [1_000]]);
    await chunk.verify();
    assertEquals(sizes, [1_000], "it is told once");
  });
}

Deno.test("checkChunk() asks for no more than is read", async () => {
  const source = sourceOf(BYTES, 100);
  const chunk = checkChunk(source.stream, PATIENT);
  assertEquals(source.pulled, 0);
  const reader = chunk.bytes.getReader();
  await reader.read();
  assertEquals([source.pulled, chunk.sizeBytes], [100, 100]);
  await reader.cancel();
});

Deno.test("checkChunk() fails before its end when the checksum differs, so that nobody takes it for whole", async () => {
  let isTold = false;
  const options = { ...PATIENT, sha256: sha256(BYTES), onEnd: () => void (isTold = true) };
  const chunk = checkChunk(sourceOf(BYTES.slice(0, -1), 300).stream, options);
  await assertRejects(() => read(chunk.bytes), ChunkChecksumError, "999 bytes");
  await assertRejects(() => chunk.verify(), ChunkChecksumError);
  assertEquals(isTold, false);
});

Deno.test("checkChunk() takes a chunk as it is where no checksum was given", async () => {
  const chunk = checkChunk(sourceOf(BYTES, 300).stream, PATIENT);
  assertEquals((await read(chunk.bytes)).length, 1_000);
  await chunk.verify();
});

Deno.test("checkChunk() refuses a chunk without a byte, with or without a checksum", async () => {
  for (const expected of [undefined, sha256(new Uint8Array())]) {
    const chunk = checkChunk(sourceOf(new Uint8Array(), 1).stream, { ...PATIENT, sha256: expected });
    await assertRejects(() => read(chunk.bytes), EmptyChunkError);
    await assertRejects(() => chunk.verify(), EmptyChunkError);
  }
});

Deno.test("checkChunk() gives a source up that stalls, and cancels it", async () => {
  let cancelledWith: unknown;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(BYTES),
    cancel: (reason) => void (cancelledWith = reason),
  });
  const chunk = checkChunk(source, { ...PATIENT, stallMs: 20 });
  const error = await assertRejects(() => read(chunk.bytes), StalledError, "nothing came for 0.02 s");
  assert(cancelledWith === error);
  await assertRejects(() => chunk.verify(), StalledError);
});

Deno.test("checkChunk() passes on what its source fails with", async () => {
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("connection lost")),
  });
  const chunk = checkChunk(source, PATIENT);
  await assertRejects(() => read(chunk.bytes), Error, "connection lost");
  await assertRejects(() => chunk.verify(), Error, "connection lost");
});

Deno.test("verify() reads what an encoder left to know whether the chunk is what was announced", async () => {
  const damaged = BYTES.with(999, BYTES[999]! ^ 1);
  for (const [bytes, isRight] of [[BYTES, true], [damaged, false]] as const) {
    const source = sourceOf(bytes, 100);
    const chunk = checkChunk(source.stream, { ...PATIENT, sha256: sha256(BYTES) });
    const reader = chunk.bytes.getReader();
    await reader.read();
    await reader.cancel(); // as an encoder does that refuses its input
    if (isRight) await chunk.verify();
    else await assertRejects(() => chunk.verify(), ChunkChecksumError);
    assertEquals(source.pulled, 1_000);
  }
});

Deno.test("without a checksum, cancelling the bytes cancels the source, and verify() reads no more of it", async () => {
  const source = sourceOf(BYTES, 100);
  const chunk = checkChunk(source.stream, PATIENT);
  const reason = new Error("encoder is gone");
  await chunk.bytes.cancel(reason);
  assertEquals(source.cancelledWith, reason);
  await chunk.verify();
  assertEquals(source.pulled, 0);
});
