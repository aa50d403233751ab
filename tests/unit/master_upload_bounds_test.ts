import { assertEquals, assertRejects } from "@std/assert";
import { InvalidUploadError, QuotaError } from "../../lib/master/master_errors.ts";
import {
  type BoundOptions,
  boundUpload,
  createSpace,
  MIN_FREE_BYTES,
  type SpaceOptions,
} from "../../lib/master/upload_bounds.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { StalledError } from "../../lib/stalled.ts";

const MIB = 2 ** 20;

const space = (more: Partial<SpaceOptions> = {}) =>
  createSpace({
    quotaBytes: 1_000,
    storedBytes: () => 400,
    freeBytes: () => Promise.resolve(2 * MIN_FREE_BYTES),
    ...more,
  });

Deno.test("a quota counts what is stored and all that is coming", async () => {
  const shared = space();
  using first = await shared.reserve(undefined);
  {
    using second = await shared.reserve(undefined);
    await first.take(300);
    await second.take(300);
    await assertRejects(() => first.take(1), QuotaError, "1000 bytes");
  }
  await first.take(1); // the second gave back what it had
});

Deno.test("a video that is announced as too large is refused at once", async () => {
  await assertRejects(() => space().reserve(601), QuotaError);
  (await space().reserve(600))[Symbol.dispose]();
});

Deno.test("room is kept free on the disk, and looked at again as a video comes", async () => {
  let freeBytes = MIN_FREE_BYTES + 10;
  const disk = space({ quotaBytes: undefined, freeBytes: () => Promise.resolve(freeBytes) });
  await assertRejects(() => disk.reserve(11), StoreFullError);
  using room = await disk.reserve(10);
  freeBytes = 0;
  await room.take(31 * MIB);
  await assertRejects(() => room.take(MIB), StoreFullError, "no space left");
});

/** @param pieces Sizes of what comes. */
async function received(pieces: readonly number[], more: Partial<BoundOptions> = {}): Promise<number> {
  using room = await space({ quotaBytes: undefined }).reserve(undefined);
  const source = ReadableStream.from(pieces.map((size) => new Uint8Array(size)));
  const bounded = boundUpload(source, { room, sizeBytes: undefined, stallMs: 1_000, ...more });
  return (await new Response(bounded).bytes()).length;
}

Deno.test("boundUpload() passes on what keeps to its bounds", async () => {
  assertEquals(await received([10, 0, 5]), 15);
  assertEquals(await received([10, 5], { sizeBytes: 15 }), 15);
});

Deno.test("boundUpload() refuses a video without a byte, and one of another size than announced", async () => {
  await assertRejects(() => received([]), InvalidUploadError, "empty");
  await assertRejects(() => received([0]), InvalidUploadError, "empty");
  await assertRejects(() => received([10], { sizeBytes: 11 }), InvalidUploadError, "10 bytes came");
  await assertRejects(() => received([10, 2, 1_000], { sizeBytes: 11 }), InvalidUploadError, "12 bytes came");
});

Deno.test("boundUpload() ends a video of which nothing comes, and lets go of it", async () => {
  using room = await space().reserve(undefined);
  let reason: unknown;
  const silent = new ReadableStream<Uint8Array>({ cancel: (why) => void (reason = why) });
  const bounded = boundUpload(silent, { room, sizeBytes: undefined, stallMs: 1 });
  const error = await assertRejects(() => new Response(bounded).bytes(), StalledError);
  assertEquals(reason, error);
});
