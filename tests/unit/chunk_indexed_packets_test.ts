import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import {
  ALL_FORMATS,
  BufferSource,
  type EncodedPacket,
  EncodedPacketSink,
  Input,
  type InputTrack,
} from "mediabunny";
import type { ByteSource } from "../../lib/chunk/container_outline.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { readMatroskaSamples } from "../../lib/chunk/matroska_samples.ts";
import { outlineMp4 } from "../../lib/chunk/mp4_outline.ts";
import { ReadAhead } from "../../lib/chunk/read_ahead.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSourceBytes, packetsOf, videoSink } from "../../lib/chunk/source_file.ts";
import { randomVideo } from "./chunk_random_gops.ts";
import { evenPackets, syntheticVideo } from "./chunk_synthetic_video.ts";

const TIMESCALE = 1000;
const SOUND = [-0.1, 0.2, 0.4, 1.9];

interface Facts {
  readonly data: string;
  readonly type: string;
  readonly timestamp: number;
  readonly sizeBytes: number;
}

function factsOf({ data, type, timestamp, byteLength }: EncodedPacket): Facts {
  return { data: data.toHex(), type, timestamp, sizeBytes: byteLength };
}

/** The packets of a file's tracks as the demuxer reads them by itself. */
async function demuxed(bytes: Uint8Array): Promise<Map<number, EncodedPacketSink>> {
  const input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
  const tracks: InputTrack[] = await input.getTracks();
  return new Map(tracks.map((track) => [track.id, new EncodedPacketSink(track)]));
}

async function all(sink: EncodedPacketSink): Promise<Facts[]> {
  return await Array.fromAsync(sink.packets(), factsOf);
}

for (const container of ["mp4", "mov", "fragmented", "mkv"] as const) {
  Deno.test(`packetsOf() and videoSink() give what the demuxer gives of any ${container} video`, async () => {
    await fc.assert(
      fc.asyncProperty(randomVideo, async (packets) => {
        const bytes = await syntheticVideo({ packets, timescale: TIMESCALE, container, audioSeconds: SOUND });
        const expected = await demuxed(bytes);
        using source = await openSourceBytes("video", bytes);
        for (const facts of [source.video, ...source.audio]) {
          const found = await Array.fromAsync(packetsOf(facts), factsOf);
          assertEquals(found, await all(expected.get(facts.track.id)!));
        }
        const [ours, theirs] = [videoSink(source), expected.get(source.video.track.id)!];
        for (const { ticks } of packets) {
          const seconds = (ticks + 0.5) / TIMESCALE;
          assertEquals(
            (await ours.getPacket(seconds))?.timestamp,
            (await theirs.getPacket(seconds))?.timestamp,
          );
          assertEquals(
            (await ours.getKeyPacket(seconds))?.timestamp,
            (await theirs.getKeyPacket(seconds))?.timestamp,
          );
        }
      }),
      { numRuns: 30 },
    );
  });
}

function inMemory(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

Deno.test("outlineMp4() shows the demuxer a file of one packet, and changes nothing else in it", async () => {
  const bytes = await syntheticVideo({ packets: evenPackets(50, 10), timescale: 25, audioSeconds: [0, 0.5] });
  const { samples, abridged } = await outlineMp4(inMemory(bytes));
  assertEquals([...samples!.values()].map(({ length }) => length), [50, 2]);
  const whole = await abridged!.read(0, bytes.length);
  for (const sink of (await demuxed(whole)).values()) assertEquals((await all(sink)).length, 1);
  const changed = bytes.filter((byte, at) => byte !== whole[at]).length;
  assert(changed > 0 && changed < 40, `${changed} bytes`);
  // However it is read.
  const parts = await Promise.all(
    Array.from(
      { length: Math.ceil(bytes.length / 3) },
      (_, i) => abridged!.read(3 * i, Math.min(3 * i + 3, bytes.length)),
    ),
  );
  assertEquals(new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer()), whole);
});

Deno.test("an MP4 whose tables place fewer samples than they have is refused, and says how many", async () => {
  const bytes = await syntheticVideo({ packets: evenPackets(50, 10), timescale: 25 });
  const chunks = new TextDecoder("latin1").decode(bytes).lastIndexOf("stco");
  new DataView(bytes.buffer).setUint32(chunks + 8, 1);
  const error = await assertRejects(() => openSourceBytes("video", bytes), SourceError, "of 50 samples are");
  assertEquals(error.reason, "damaged");
});

Deno.test("readMatroskaSamples() leaves a file to the demuxer in which anything is out of place", async () => {
  const bytes = await syntheticVideo({ packets: evenPackets(50, 10), timescale: 1000, container: "mkv" });
  const read = async (bytes: Uint8Array) => (await readMatroskaSamples(inMemory(bytes), {})).samples;
  assertEquals((await read(bytes)).get(1)?.length, 50);
  const cluster = indexOf(bytes, [0x1f, 0x43, 0xb6, 0x75]);
  for (const at of [cluster, cluster + 4, cluster + 8]) {
    const damaged = bytes.slice();
    damaged[at] = 0;
    assertEquals((await read(damaged)).size, 0, `byte ${at}`);
  }
  assertEquals((await read(bytes.subarray(0, bytes.length - 5))).size, 0);
});

for (const container of ["mp4", "mkv"] as const) {
  Deno.test(`videoSink() reads no more of a packet in ${container} than is asked for`, async () => {
    const packets = [...evenPackets(4, 2, 40)].map((packet) => ({ ...packet, sizeBytes: 500 }));
    const bytes = await syntheticVideo({ packets, timescale: TIMESCALE, container });
    using source = await openSourceBytes("video", bytes);
    const sink = videoSink(source);
    for (const headBytes of [20, 5_000]) {
      for (
        let [whole, head] = [await sink.getFirstPacket(), await sink.getFirstPacket({ headBytes })];
        whole;
        [whole, head] = [await sink.getNextPacket(whole), await sink.getNextPacket(whole, { headBytes })]
      ) {
        const { data, ...facts } = factsOf(whole);
        assertEquals(factsOf(head!), { ...facts, data: data.slice(0, 2 * headBytes) });
      }
    }
  });
}

Deno.test("readMatroskaSamples() ends with an error at more blocks than a file has, of whatever track", async () => {
  const video = {
    packets: evenPackets(50, 10),
    timescale: 1000,
    container: "mkv",
    audioSeconds: SOUND,
  } as const;
  const bytes = await syntheticVideo(video);
  const read = async (mostBlocks: number) =>
    (await readMatroskaSamples(inMemory(bytes), { sound: [2] }, { mostBlocks })).samples;
  assertEquals([...(await read(54)).values()].map(({ length }) => length), [50, 4]);
  await assertRejects(() => read(53), Error, "it has more than 53 blocks");
});

/** A Matroska video of a frame a millisecond, whose last block has no data. */
async function withEmptyBlock(block: readonly number[]): Promise<Uint8Array<ArrayBuffer>> {
  const whole = await syntheticVideo({ packets: evenPackets(5, 5), timescale: 1000, container: "mkv" });
  const cluster = [0x1f, 0x43, 0xb6, 0x75, 0x80 | (3 + block.length), 0xe7, 0x81, 5, ...block];
  const bytes = new Uint8Array(whole.length + cluster.length);
  bytes.set(whole);
  bytes.set(cluster, whole.length);
  // The segment becomes as much longer.
  const segment = new DataView(bytes.buffer, indexOf(bytes, [0x18, 0x53, 0x80, 0x67]) + 4);
  const low = Math.clz32(segment.getUint8(0)) - 23 - 4;
  segment.setUint32(low, segment.getUint32(low) + cluster.length);
  return bytes;
}

for (
  const [what, block] of [
    ["a simple block", [0xa3, 0x84, 0x81, 0, 0, 0x80]],
    ["a block in a group", [0xa0, 0x86, 0xa1, 0x84, 0x81, 0, 0, 0]],
  ] as const
) {
  Deno.test(`a Matroska video with ${what} of no data is refused, and its place said`, async () => {
    const bytes = await withEmptyBlock(block);
    using source = await openSourceBytes("video", bytes);
    const error = await assertRejects(() => planSource(source, { kind: "seconds", seconds: 1 }), SourceError);
    assertEquals(error.reason, "damaged");
    assertMatch(error.message, /its video track \d has no data in the block at byte \d+$/);
  });
}

function indexOf(bytes: Uint8Array, wanted: readonly number[]): number {
  const at = bytes.findIndex((_, start) => wanted.every((byte, index) => bytes[start + index] === byte));
  assert(at >= 0);
  return at;
}

Deno.test("ReadAhead reads pieces that follow one another in few and bounded reads, and others as they are", async () => {
  const bytes = Uint8Array.from({ length: 2 ** 21 }, (_, at) => at * 7 + (at >> 8));
  const reads: number[] = [];
  const data = new ReadAhead({
    sizeBytes: bytes.length,
    read: (start, end) => {
      reads.push(end - start);
      return Promise.resolve(bytes.slice(start, end));
    },
  });
  for (let at = 0; at + 1000 <= bytes.length; at += 1000) {
    assertEquals(await data.read(at, at + 1000), bytes.subarray(at, at + 1000));
  }
  assert(reads.length < 20, `${reads.length} reads`);
  assert(Math.max(...reads) <= 256 * 1024 + 1000, `${Math.max(...reads)} bytes`);
  reads.length = 0;
  for (const at of [1_000_000, 500_000, 1_900_000]) {
    assertEquals(await data.read(at, at + 300), bytes.subarray(at, at + 300));
  }
  assertEquals(reads, [300, 300, 300]);
});
