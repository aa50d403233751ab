/** Transport streams of which packets are missing. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { GROWING_SOURCES, SECONDS } from "./growing_sources.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const PACKET_BYTES = 188;

/** Of each packet the stream's number, and whether something begins in it. */
function packetsOf(bytes: Uint8Array): { readonly pid: number; readonly isStart: boolean }[] {
  return Array.from({ length: bytes.length / PACKET_BYTES }, (_, index) => {
    const [, first = 0, second = 0] = bytes.subarray(index * PACKET_BYTES);
    return { pid: (first & 0x1f) * 256 + second, isStart: (first & 0x40) !== 0 };
  });
}

/** The first of `count` packets in a row of one stream, at or after `from`, that begin nothing. */
function inside(bytes: Uint8Array, pid: number, count: number, from: number): number {
  const packets = packetsOf(bytes);
  for (let index = from;; index++) {
    const row = packets.slice(index, index + count + 1);
    if (row.length <= count) throw new Error(`no ${count} packets in a row`);
    if (row.every((packet) => packet.pid === pid && !packet.isStart)) return index;
  }
}

function without(bytes: Uint8Array, packet: number, count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...bytes.subarray(0, packet * PACKET_BYTES),
    ...bytes.subarray((packet + count) * PACKET_BYTES),
  ]);
}

async function plan(path: string, hidden: "keep" | "drop") {
  using source = await openSource(path);
  return await planSource(source, { kind: "seconds", seconds: 1 }, { hidden });
}

Deno.test("a stream whose video lacks packets is refused for an encode, with the place, and can be copied", async () => {
  await using folder = await temporaryFolder();
  const path = await GROWING_SOURCES["MPEG-TS"]!(folder.path);
  const bytes = await Deno.readFile(path);
  using source = await openSource(path);
  const pid = source.video.track.id;
  const whole = await plan(path, "drop");
  const middle = inside(bytes, pid, 3, Math.floor(bytes.length / PACKET_BYTES / 2));
  const once = without(bytes, middle, 3);
  const lossy = join(folder.path, "lossy.ts");
  await Deno.writeFile(lossy, once);
  const { message, reason } = await assertRejects(() => plan(lossy, "drop"), SourceError);
  assertEquals(reason, "damaged");
  assertMatch(message, /packets of its video are missing in one place at \d+\.\d{3} s/);
  assertMatch(message, new RegExp(`\\(byte ${middle * PACKET_BYTES} of the file\\)`));
  const seconds = Number(/ at ([\d.]+) s/.exec(message)![1]) - whole.shownTicks[0]! / whole.timescale;
  assertEquals(Math.abs(seconds - SECONDS / 2) < 1, true, message);
  assertMatch(message, /--codec copy/);
  assertEquals((await plan(lossy, "keep")).shownTicks, whole.shownTicks);

  // In a capture that begins within a packet, the place is still the file's.
  const begun = inside(bytes, pid, 2, 1);
  await Deno.writeFile(lossy, without(once, begun, 2).subarray(77));
  const twice = await assertRejects(() => plan(lossy, "drop"), SourceError, "missing in 2 places, first at ");
  assertMatch(twice.message, new RegExp(`\\(byte ${begun * PACKET_BYTES - 77} of the file\\)`));
});

Deno.test("what is missing before the first keyframe is no reason to refuse a stream", async () => {
  await using folder = await temporaryFolder();
  const path = await GROWING_SOURCES["MPEG-TS"]!(folder.path);
  const bytes = await Deno.readFile(path);
  using source = await openSource(path);
  const lossy = join(folder.path, "lossy.ts");
  // A capture that begins within a group of pictures: those until the next keyframe cannot be decoded anyway.
  const pid = source.video.track.id;
  const tables = bytes.subarray(0, 2 * PACKET_BYTES);
  const late = packetsOf(bytes).findIndex((packet, index) =>
    index > 100 && packet.pid === pid && packet.isStart
  );
  const capture = Uint8Array.from([...tables, ...bytes.subarray(late * PACKET_BYTES)]);
  const early = inside(capture, pid, 3, 4);
  await Deno.writeFile(lossy, without(capture, early, 2));
  using opened = await openSource(lossy);
  const { undecodablePackets } = await planSource(opened, { kind: "seconds", seconds: 1 }, {
    hidden: "drop",
  });
  assertEquals([undecodablePackets > 0, opened.losses!().length], [true, 1]);
});
