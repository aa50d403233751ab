import { assertEquals, assertThrows } from "@std/assert";
import { defineCommand } from "../../lib/cli/command.ts";
import { ENCODE_FLAGS, readEncodeFlags } from "../../lib/cli/encode_flags.ts";
import { parseCommand } from "../../lib/cli/flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import type { RequestedSettings } from "../../lib/rpc/wire_settings.ts";
import { CODECS, DEFAULT_CRF, DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";

const COMMAND = defineCommand({ name: "test", summary: "", usage: "", flags: ENCODE_FLAGS });

function read(...args: string[]): RequestedSettings {
  const settings = readEncodeFlags(parseCommand(COMMAND, args).flags);
  if (settings === "copy") throw new Error("nothing is encoded");
  return settings;
}

Deno.test("readEncodeFlags() without flags is the default settings, but for threads, which are the worker's", () => {
  const { threads: _, ...rest } = DEFAULT_SETTINGS;
  assertEquals(read(), rest);
});

Deno.test("readEncodeFlags() takes each setting", () => {
  const flags = ["--codec", "hevc", "--crf", "17.5", "--preset", "slow", "--width", "640"];
  assertEquals(read(...flags, "--pixel_format", "yuv420p10", "--keyframe_interval", "48", "--deinterlace"), {
    codec: "hevc",
    rate: { kind: "crf", crf: 17.5 },
    preset: "slow",
    width: 640,
    height: 0,
    pixelFormat: "yuv420p10",
    keyframeInterval: 48,
    deinterlace: true,
    frameRate: "source",
  });
  assertEquals(read("--height", "360").height, 360);
  assertEquals(read("--fps", "29.97").frameRate, { num: 30_000, den: 1_001 });
});

Deno.test("readEncodeFlags() of a copy is no settings, and refuses every flag that would need an encode", () => {
  const readCopy = (...flags: string[]) =>
    readEncodeFlags(parseCommand(COMMAND, ["--codec", "copy", ...flags]).flags);
  assertEquals(readCopy(), "copy");
  const values: Record<string, string[]> = {
    ...{
      crf: ["20"],
      bitrate: ["1M"],
      preset: ["medium"],
      pixel_format: ["source"],
      keyframe_interval: ["12"],
    },
    ...{ fps: ["24"], deinterlace: [], width: ["640"], height: ["360"] },
  };
  assertEquals(["codec", ...Object.keys(values)].sort(), Object.keys(ENCODE_FLAGS).sort());
  for (const [name, value] of Object.entries(values)) {
    const says = `--${name} has no effect with --codec copy: nothing is encoded`;
    assertThrows(() => readCopy(`--${name}`, ...value), UsageError, says);
  }
});

for (const codec of CODECS) {
  Deno.test(`readEncodeFlags() asks for the usual quality of ${codec} where none is given`, () => {
    assertEquals(read("--codec", codec).rate, { kind: "crf", crf: DEFAULT_CRF[codec] });
  });
}

for (const [text, bitsPerSecond] of [["800000", 800_000], ["800k", 800_000], ["2.5M", 2_500_000]] as const) {
  Deno.test(`readEncodeFlags() reads a bitrate of ${text}`, () => {
    assertEquals(read("--bitrate", text).rate, { kind: "bitrate", bitsPerSecond });
  });
}

for (
  const [args, says] of [
    [["--crf", "20", "--bitrate", "1M"], "--crf and --bitrate exclude each other"],
    [["--crf", "51.5"], "--crf"],
    [["--crf", "-1"], "--crf"],
    [["--bitrate", "fast"], '"fast"'],
    [["--bitrate", "1G"], '"1G"'],
    [["--bitrate", "1e6"], '"1e6"'],
    [["--bitrate=-5"], '"-5"'],
    [["--bitrate", "999"], "--bitrate"],
    [["--bitrate", "2000M"], "--bitrate"],
    [["--width", "15"], "--width"],
    [["--height", "16385"], "--height"],
    [["--width", "160.5"], "--width"],
    [["--preset", "placebo"], "--preset"],
    [["--codec", "h263"], "--codec"],
    [["--codec", "av1", "--crf", "30.5"], "--crf"],
    [["--codec", "av1", "--pixel_format", "yuv444p"], "yuv420p or yuv420p10"],
    [["--keyframe_interval", "0"], "--keyframe_interval"],
    [["--fps", "fast"], "--fps"],
  ] as const
) {
  Deno.test(`readEncodeFlags() refuses ${args.join(" ")}, and names it`, () => {
    assertThrows(() => read(...args), UsageError, says);
  });
}
