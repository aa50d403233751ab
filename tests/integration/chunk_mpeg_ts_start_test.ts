/** Captures that do not begin where a packet does. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { audioPackets } from "../../lib/assemble/audio_packets.ts";
import { planSource, segmentChunks } from "../../lib/chunk/keyframe_segments.ts";
import { NotMediaError } from "../../lib/chunk/source_error.ts";
import { openSource, type OpenSourceOptions } from "../../lib/chunk/source_file.ts";
import { GROWING_SOURCES } from "./growing_sources.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const PACKET_BYTES = 188;

async function transportStream(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(await GROWING_SOURCES["MPEG-TS"]!(folder));
}

/** As a camera or a Blu-ray writes it: a time of four bytes in front of each packet. */
function withTimes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const timed = new Uint8Array(bytes.length / PACKET_BYTES * (PACKET_BYTES + 4));
  for (let packet = 0; packet * PACKET_BYTES < bytes.length; packet++) {
    const own = bytes.subarray(packet * PACKET_BYTES, (packet + 1) * PACKET_BYTES);
    timed.set(own, packet * (PACKET_BYTES + 4) + 4);
  }
  return timed;
}

async function contentsOf(path: string, bytes: Uint8Array, options: OpenSourceOptions = {}) {
  await Deno.writeFile(path, bytes);
  using source = await openSource(path, options);
  const plan = await planSource(source, { kind: "seconds", seconds: 1 }, { hidden: "drop" });
  const sounds = await Array.fromAsync(source.audio, (audio) => Array.fromAsync(audioPackets(source, audio)));
  return {
    sizeBytes: source.sizeBytes,
    shownTicks: plan.shownTicks,
    chunks: await Array.fromAsync(segmentChunks(source, plan), ({ bytes }) => bytes),
    sounds: sounds.map((packets) => packets.map(({ timestamp, data }) => ({ timestamp, data }))),
    other: source.otherContents,
  };
}

const FORMS = {
  "188 bytes": { strideBytes: 188, of: (bytes: Uint8Array) => bytes },
  "192 bytes": { strideBytes: 192, of: withTimes },
} as const;

for (const [name, { strideBytes, of }] of Object.entries(FORMS)) {
  for (
    const [place, startBytes, isGrowing] of [
      ["77 bytes into a packet", 77, false],
      ["77 bytes into a packet, and grows,", 77, true],
      ["in the last byte of a packet", strideBytes - 1, false],
      ["two bytes into a packet", 2, false],
    ] as const
  ) {
    Deno.test(`a transport stream of ${name} that begins ${place} is read from its next packet on`, async () => {
      await using folder = await temporaryFolder();
      const bytes = of(await transportStream(folder.path));
      const path = join(folder.path, "capture");
      const whole = await contentsOf(path, bytes.subarray(strideBytes));
      const cut = await contentsOf(path, bytes.subarray(startBytes), { isGrowing });
      assertEquals(whole.sounds.length, 1);
      assertEquals(cut, { ...whole, sizeBytes: bytes.length - startBytes });
    });
  }
}

Deno.test("a transport stream with something before it is found", async () => {
  await using folder = await temporaryFolder();
  const bytes = await transportStream(folder.path);
  const path = join(folder.path, "capture");
  const whole = await contentsOf(path, bytes);
  const foreign = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n");
  const found = await contentsOf(path, Uint8Array.from([...foreign, ...bytes]));
  assertEquals(found, { ...whole, sizeBytes: bytes.length + foreign.length });
});

Deno.test("what has fewer packets in a row than any stream is not taken for one", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "noise");
  const noise = new Uint8Array(1_000_000);
  for (let at = 0, state = 1; at < noise.length; at++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
    noise[at] = state >>> 24;
  }
  for (let packet = 0; packet < 7; packet++) noise.set([0x47, 0, 0, 0x10], 77 + packet * PACKET_BYTES);
  await Deno.writeFile(path, noise);
  await assertRejects(() => openSource(path), NotMediaError);
  const letters = Uint8Array.from(noise, (byte) => "ACGT".charCodeAt(byte >> 6));
  await Deno.writeFile(path, letters);
  await assertRejects(() => openSource(path), NotMediaError);
});
