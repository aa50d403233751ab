import { assertEquals } from "@std/assert";
import { frameSeconds, type SoundFormat } from "../../lib/assemble/audio_frame_length.ts";

function format(
  codec: SoundFormat["codec"],
  sampleRate: number,
  description?: readonly number[],
): SoundFormat {
  const config = { sampleRate, numberOfChannels: 2 };
  return {
    codec,
    decoderConfig: description ? { ...config, description: Uint8Array.from(description) } : config,
  };
}

const AAC_LC_48000 = [0x11, 0x90];
/** HE-AAC: object type 5, a core of 24 kHz, heard at 48 kHz. */
const HE_AAC = [0x2b, 0x11, 0x88];

for (
  const [name, sound, data, samples] of [
    ["AAC", format("aac", 48_000, AAC_LC_48000), [], 1024],
    ["AAC without a configuration", format("aac", 44_100), [], 1024],
    ["HE-AAC, which is heard at twice its rate", format("aac", 48_000, HE_AAC), [], 2048],
    ["MP3", format("mp3", 48_000), [0xff, 0xfb, 0x94, 0xc4], 1152],
    ["MP3 of a low rate", format("mp3", 24_000), [0xff, 0xf3, 0x94, 0xc4], 576],
    ["MP2", format("mp2", 48_000), [0xff, 0xfd, 0xa4, 0xc4], 1152],
    ["MP1", format("mp1", 48_000), [0xff, 0xff, 0xa4, 0xc4], 384],
    ["TrueHD", format("truehd", 48_000), [], 40],
    ["TrueHD of four times the rate", format("truehd", 192_000), [], 160],
    ["TrueHD of the other family of rates", format("truehd", 88_200), [], 80],
    [
      "ALAC",
      format("alac", 44_100, [...new Array(12).fill(0), 0, 0, 0x10, 0, ...new Array(20).fill(0)]),
      [],
      4096,
    ],
    ["AC-3", format("ac3", 48_000), [], 1536],
    ["E-AC-3 of six blocks", format("eac3", 48_000), [0x0b, 0x77, 0, 0, 0x3f], 1536],
    ["E-AC-3 of one block", format("eac3", 48_000), [0x0b, 0x77, 0, 0, 0x0f], 256],
    ["E-AC-3 of half the rate", format("eac3", 24_000), [0x0b, 0x77, 0, 0, 0xcf], 1536],
    ["FLAC, size by its code", format("flac", 48_000), [0xff, 0xf8, 0xc9, 0x18, 0, 0, 0, 0], 4096],
    ["FLAC, size by another code", format("flac", 48_000), [0xff, 0xf8, 0x59, 0x18, 0, 0, 0, 0], 4608],
    [
      "FLAC, a last frame's size in one byte",
      format("flac", 48_000),
      [0xff, 0xf8, 0x69, 0x18, 7, 99, 0, 0],
      100,
    ],
    [
      "FLAC, a last frame's size in two bytes, behind a number of two",
      format("flac", 48_000),
      [0xff, 0xf8, 0x79, 0x18, 0xc2, 0x80, 1, 43],
      300,
    ],
    ["Opus of 20 ms", format("opus", 48_000), [0xfc, 1], 960],
    ["Opus of two frames of 10 ms", format("opus", 48_000), [0xf1, 1], 960],
    ["Opus of three frames of 2.5 ms", format("opus", 48_000), [0xe3, 3], 360],
    ["Opus of 60 ms", format("opus", 48_000), [0x18, 1], 2880],
    ["PCM of 16 bits", format("pcm-s16", 48_000), new Array(40).fill(0), 10],
    ["PCM of 24 bits", format("pcm-s24be", 48_000), new Array(60).fill(0), 10],
    ["A-law", format("alaw", 8_000), new Array(20).fill(0), 10],
  ] as const
) {
  Deno.test(`frameSeconds() tells the length of a packet of ${name}`, () => {
    const seconds = frameSeconds(sound, Uint8Array.from(data));
    assertEquals(Math.round(seconds! * sound.decoderConfig!.sampleRate * 1e6) / 1e6, samples);
  });
}

for (
  const [name, sound, data] of [
    ["Vorbis", format("vorbis", 48_000), [0]],
    ["DTS", format("dts", 48_000), [0x7f, 0xfe, 0x80, 1]],
    ["MP3 of which only the size is known", format("mp3", 48_000), []],
    ["Opus of which only the size is known", format("opus", 48_000), []],
    ["Opus of no frames", format("opus", 48_000), [0xff, 0]],
    ["FLAC that is none", format("flac", 48_000), [1, 2, 3, 4, 5, 6, 7, 8]],
    ["an unknown codec", format(undefined, 48_000), [1]],
  ] as const
) {
  Deno.test(`frameSeconds() does not guess the length of ${name}`, () => {
    assertEquals(frameSeconds(sound, Uint8Array.from(data), 100), undefined);
  });
}
