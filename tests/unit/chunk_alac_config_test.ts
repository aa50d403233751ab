import { assertEquals } from "@std/assert";
import { alacConfig, alacPacketSamples, mp4AlacConfig } from "../../lib/chunk/alac_config.ts";
import { box } from "../../lib/chunk/mp4_box_bytes.ts";

/** 4,096 samples a packet, 24 bits, 6 channels, 96 kHz. */
const CONFIG = Uint8Array.of(
  0,
  0,
  16,
  0,
  0,
  24,
  40,
  10,
  14,
  6,
  0,
  255,
  ...new Array(8).fill(0),
  0,
  1,
  0x77,
  0,
);
const ALAC_BOX = box("alac", new Uint8Array(4), CONFIG);

function trakWith(...inEntry: readonly Uint8Array[]): DataView {
  const entry = box("alac", new Uint8Array(28), ...inEntry);
  const tables = box("stbl", box("stsd", new Uint8Array(8), entry));
  const trak = box("mdia", box("minf", tables));
  return new DataView(trak.buffer, trak.byteOffset, trak.byteLength);
}

Deno.test("alacConfig() tells what decoders have to know, with the box that FFmpeg wants", () => {
  const config = alacConfig(CONFIG)!;
  assertEquals([config.sampleRate, config.numberOfChannels], [96_000, 6]);
  assertEquals(config.description, new Uint8Array(ALAC_BOX));
  assertEquals(alacPacketSamples(config.description), 4096);
});

Deno.test("alacConfig() takes no configuration that is cut off or says nothing", () => {
  assertEquals(alacConfig(CONFIG.subarray(1)), undefined);
  assertEquals(alacConfig(new Uint8Array(24)), undefined);
  assertEquals(alacPacketSamples(new Uint8Array(35)), undefined);
});

Deno.test("mp4AlacConfig() finds the configuration in the entry, also where QuickTime has put it", () => {
  assertEquals(mp4AlacConfig(trakWith(ALAC_BOX)), CONFIG);
  assertEquals(mp4AlacConfig(trakWith(box("wave", box("frma", CONFIG.subarray(0, 4)), ALAC_BOX))), CONFIG);
  assertEquals(mp4AlacConfig(trakWith()), undefined);
  assertEquals(mp4AlacConfig(new DataView(new ArrayBuffer(0))), undefined);
});
