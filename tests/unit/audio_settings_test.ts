import { assert, assertEquals } from "@std/assert";
import { AUDIO_CODECS, audioFormat } from "../../lib/encode/audio_settings.ts";

const STEREO = { sampleRate: 48_000, channels: 2 };

Deno.test("audioFormat() gives stereo 128k and other numbers of channels in proportion", () => {
  const bits = (channels: number) =>
    audioFormat({ codec: "aac" }, { sampleRate: 48_000, channels }).bitsPerSecond;
  assertEquals([1, 2, 3, 6, 8].map(bits), [64_000, 128_000, 192_000, 384_000, 512_000]);
});

Deno.test("audioFormat() gives a track the bitrate that is asked for, whatever its channels", () => {
  for (const channels of [1, 2, 6]) {
    const format = audioFormat({ codec: "opus", bitsPerSecond: 96_000 }, { sampleRate: 48_000, channels });
    assertEquals(format.bitsPerSecond, 96_000);
  }
});

Deno.test("audioFormat() keeps a bitrate within what the codec can do", () => {
  const bits = (codec: "aac" | "opus", bitsPerSecond: number, sampleRate = 48_000) =>
    audioFormat({ codec, bitsPerSecond }, { sampleRate, channels: 1 }).bitsPerSecond;
  assertEquals(bits("aac", 2_000_000), 288_000); // 6144 bits in each frame of 1024 samples
  assertEquals(bits("opus", 2_000_000), 256_000);
  assertEquals(bits("opus", 500), 6_000);
  // the usual bitrate is too much for telephone sound
  assertEquals(audioFormat({ codec: "aac" }, { sampleRate: 8_000, channels: 1 }).bitsPerSecond, 48_000);
});

for (
  const [sampleRate, aac] of [
    [7_350, 7_350],
    [8_000, 8_000],
    [9_000, 11_025],
    [37_800, 44_100],
    [44_100, 44_100],
    [48_000, 48_000],
    [50_000, 64_000],
    [88_200, 88_200],
    [96_000, 96_000],
    [192_000, 96_000],
  ] as const
) {
  Deno.test(`audioFormat() encodes sound of ${sampleRate} Hz at ${aac} Hz in AAC, and at 48000 Hz in Opus`, () => {
    assertEquals(audioFormat({ codec: "aac" }, { ...STEREO, sampleRate }).sampleRate, aac);
    assertEquals(audioFormat({ codec: "opus" }, { ...STEREO, sampleRate }).sampleRate, 48_000);
  });
}

Deno.test("audioFormat() keeps up to eight channels, but for seven in AAC, which has no code for them", () => {
  const all = (codec: "aac" | "opus") =>
    [1, 2, 3, 4, 5, 6, 7, 8, 12].map((channels) => {
      const format = audioFormat({ codec }, { sampleRate: 48_000, channels });
      return `${format.channels} ${format.layout}`;
    });
  const shared = ["1 mono", "2 stereo", "3 3.0"];
  assertEquals(all("aac"), [...shared, "4 4.0", "5 5.0", "6 5.1", "8 7.1", "8 7.1", "8 7.1"]);
  assertEquals(all("opus"), [...shared, "4 quad", "5 5.0", "6 5.1", "7 6.1", "8 7.1", "8 7.1"]);
});

Deno.test("audioFormat() makes something of sound whose headers make no sense", () => {
  for (const codec of AUDIO_CODECS) {
    const { sampleRate, channels } = audioFormat({ codec }, { sampleRate: 1, channels: 0 });
    assert(sampleRate >= 7_350 && channels === 1);
  }
});
