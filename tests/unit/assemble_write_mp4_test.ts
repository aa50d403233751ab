import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MovOutputFormat,
  Output,
} from "mediabunny";
import { writeMp4 } from "../../lib/assemble/write_mp4.ts";
import { boxesAt, boxesIn } from "../../lib/chunk/mp4_boxes.ts";
import { editsOf } from "../../lib/chunk/mp4_edits.ts";
import { inForm, packetForm } from "../../lib/chunk/mp4_packet_form.ts";
import { MOST_BYTES_PER_SAMPLE, sampleTables } from "../../lib/chunk/mp4_sample_tables.ts";
import { openSourceBytes, packetsOf } from "../../lib/chunk/source_file.ts";
import { videoMp4 } from "../../lib/chunk/video_mp4.ts";
import { MemoryFile } from "./memory_file.ts";

const AVCC = Uint8Array.fromHex(
  "0164000cffe100196764000cacd94141fb0110000003001000000301e0f142996001000468ef8fcbfdf8f800",
);
const VIDEO = { codec: "avc1.64000c", codedWidth: 320, codedHeight: 240, description: AVCC };

interface Sound {
  readonly codec: "aac" | "pcm-s16";
  readonly packets: readonly EncodedPacket[];
  readonly description?: Uint8Array;
}

/** A MOV of video on a clock of `timescale`, and sound. */
async function movOf(
  video: readonly EncodedPacket[],
  timescale: number,
  sound?: Sound,
): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget();
  const output = new Output({ format: new MovOutputFormat({ fastStart: "in-memory" }), target });
  const track = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(track, { frameRate: timescale });
  const audio = sound && new EncodedAudioPacketSource(sound.codec);
  if (audio) output.addAudioTrack(audio);
  await output.start();
  const config = {
    codec: sound?.codec === "aac" ? "mp4a.40.2" : "pcm-s16",
    sampleRate: 48_000,
    numberOfChannels: 1,
    ...(sound?.description && { description: sound.description }),
  };
  const feed = (packets: readonly EncodedPacket[], add: (packet: EncodedPacket) => Promise<void>) => ({
    packets: (async function* () {
      yield* packets;
    })(),
    add,
    close() {},
  });
  const file = new MemoryFile();
  await writeMp4(file, { output, target }, [
    {
      feed: feed(video, (packet) => track.add(packet, { decoderConfig: VIDEO })),
      form: packetForm({ ...VIDEO, codec: "avc" }),
      mostPackets: video.length,
    },
    ...(sound && audio
      ? [{
        feed: feed(sound.packets, (packet) => audio.add(packet, { decoderConfig: config })),
        form: packetForm({ ...config, codec: sound.codec }),
        mostPackets: sound.packets.length,
      }]
      : []),
  ]);
  return file.bytes;
}

/** Frames in decode order, shown at these ticks. */
function frames(timescale: number, ticks: readonly number[], keys: readonly number[] = [0]): EncodedPacket[] {
  return ticks.map((tick, index) =>
    new EncodedPacket(
      Uint8Array.of(0, 0, 0, 2, 0x65, index),
      keys.includes(index) ? "key" : "delta",
      tick / timescale,
      1 / timescale,
    )
  );
}

function boxTypes(bytes: Uint8Array<ArrayBuffer>): string[] {
  return [...boxesIn(new DataView(bytes.buffer))].map(({ type }) => type);
}

async function ticksIn(bytes: Uint8Array): Promise<number[]> {
  using source = await openSourceBytes("video", bytes);
  const { timescale } = source.video;
  return await Array.fromAsync(packetsOf(source.video), ({ timestamp }) => Math.round(timestamp * timescale));
}

for (
  const [what, timescale, ticks] of [
    ["frames out of order", 25, [0, 3, 1, 2, 6, 4, 5]],
    ["a late start on a fine clock", 90_000, [133_501, 140_000, 136_003]],
    ["frames before 0, which are hidden", 1000, [-80, -40, 0, 40]],
    ["more than 2^32 ticks of the movie", 1_000_000, [0, 2 ** 31, 2 ** 32 + 7, 2 ** 32 + 1_000_007]],
    ["a start past 2^32 ticks of the movie", 90_000, [2 ** 33 + 5, 2 ** 33 + 3605]],
  ] as const
) {
  Deno.test(`writeMp4() keeps every tick: ${what}`, async () => {
    const bytes = await movOf(frames(timescale, ticks), timescale);
    assertEquals(boxTypes(bytes), ["ftyp", "moov", "free", "mdat"]);
    assertEquals(await ticksIn(bytes), [...ticks]);
  });
}

Deno.test("writeMp4() refuses a gap that no table can hold", async () => {
  await assertRejects(() => movOf(frames(1_000_000, [0, 2 ** 32]), 1_000_000), RangeError, "gap");
});

Deno.test("writeMp4() decodes each frame no later than it is shown where groups keep to themselves", async () => {
  const bytes = await movOf(frames(25, [0, 3, 1, 2, 4, 7, 5, 6], [0, 4]), 25);
  const [stbl] = boxesAt(new DataView(bytes.buffer), "moov", "trak", "mdia", "minf", "stbl");
  const tables = new Map([...boxesIn(stbl!)].map(({ type, view }) => [type, view]));
  const words = (type: string) => {
    const view = tables.get(type)!;
    return Array.from({ length: (view.byteLength - 8) / 4 }, (_, i) => view.getInt32(8 + 4 * i));
  };
  assertEquals(words("stts"), [8, 1]);
  assertEquals(words("ctts"), [1, 0, 1, 2, 2, -1, 1, 0, 1, 2, 2, -1]);
  assertEquals(words("stss"), [1, 5]);
});

Deno.test("writeMp4() begins a track that starts later behind a pause of its length", async () => {
  const packets = [0.7, 0.8].map((seconds) => new EncodedPacket(Uint8Array.of(1, 2, 3), "key", seconds, 0.1));
  const bytes = await movOf(frames(25, [0, 1, 2]), 25, {
    codec: "aac",
    packets,
    description: Uint8Array.of(0x11, 0x88),
  });
  const [, trak] = boxesAt(new DataView(bytes.buffer), "moov", "trak");
  assertEquals(editsOf(trak!), [
    { durationTicks: 0.7 * 57_600, mediaTicks: -1, rate: 1 },
    { durationTicks: 0.2 * 57_600, mediaTicks: 0, rate: 1 },
  ]);
  using source = await openSourceBytes("video", bytes);
  const found = await Array.fromAsync(packetsOf(source.audio[0]!), ({ timestamp }) => timestamp);
  assertEquals(found.map((seconds) => Math.round(seconds * 48_000)), [33_600, 38_400]);
});

Deno.test("writeMp4() leaves out a track without packets", async () => {
  const bytes = await movOf(frames(25, [0, 1]), 25, {
    codec: "aac",
    packets: [],
    description: Uint8Array.of(0x11, 0x88),
  });
  using source = await openSourceBytes("video", bytes);
  assertEquals(source.audio.length, 0);
});

Deno.test("writeMp4() fills gaps in uncompressed sound with silence, and no coarse clock's", async () => {
  const packet = (value: number, seconds: number) =>
    new EncodedPacket(new Uint8Array(2 * 480).fill(value), "key", seconds, 0.01);
  const packets = [packet(1, 0), packet(2, 0.012), packet(3, 1.02)];
  const bytes = await movOf(frames(25, [0, 1]), 25, { codec: "pcm-s16", packets });
  using source = await openSourceBytes("video", bytes);
  const data = await Array.fromAsync(packetsOf(source.audio[0]!), ({ data }) => [...data]);
  const samples = data.flat().filter((_, at) => at % 2 === 0);
  assertEquals(samples.length, 48_000 * 1.02 + 480);
  assertEquals([samples[0], samples[480], samples[960], samples[48_959], samples[48_960]], [1, 2, 0, 0, 3]);
});

Deno.test("videoMp4() gives the same bytes at any time of day, and its index before its frames", async () => {
  const packets = frames(1000, [-40, 0, 80, 40]);
  const { bytes, movie } = await videoMp4({ codec: "avc", decoderConfig: VIDEO }, 1000, packets);
  assertEquals(boxTypes(bytes), ["ftyp", "moov", "mdat"]);
  assertEquals(movie.buffer, bytes.buffer);
  assertEquals(await ticksIn(bytes), [-40, 0, 80, 40]);
  const now = Date.now;
  Date.now = () => Date.UTC(2050, 5);
  try {
    assertEquals((await videoMp4({ codec: "avc", decoderConfig: VIDEO }, 1000, packets)).bytes, bytes);
  } finally {
    Date.now = now;
  }
});

Deno.test("sampleTables() never take more room than is kept for them", () => {
  const tables = sampleTables(1000);
  for (let i = 0; i < 1000; i++) {
    // The worst: no two alike, all out of order, far into the file.
    const seconds = i + (i % 2 === 0 ? 0.5 : -0.5) + i * i / 1e7;
    tables.add({ seconds, durationSeconds: 1, sizeBytes: i, key: i % 7 === 0 });
    tables.endChunk(2 ** 33 + i);
  }
  const bytes = tables.finish().boxes.reduce((sum, { length }) => sum + length, 0);
  assert(bytes <= 1000 * MOST_BYTES_PER_SAMPLE + 200, `${bytes} bytes`);
});

Deno.test("inForm() takes off what an MP4 says elsewhere", () => {
  const annexB = Uint8Array.of(0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2, 3);
  assertEquals(
    inForm(packetForm({ codec: "avc" }), annexB),
    Uint8Array.of(0, 0, 0, 2, 0x67, 1, 0, 0, 0, 3, 0x65, 2, 3),
  );
  const adts = Uint8Array.of(0xff, 0xf1, 0, 0, 0, 0, 0, 8, 9);
  assertEquals(inForm(packetForm({ codec: "aac" }), adts), Uint8Array.of(8, 9));
  const withChecksum = Uint8Array.of(0xff, 0xf0, 0, 0, 0, 0, 0, 1, 2, 8, 9);
  assertEquals(inForm(packetForm({ codec: "aac" }), withChecksum), Uint8Array.of(8, 9));
  assertEquals(inForm(packetForm({ codec: "aac", description: AVCC }), adts), adts);
});
