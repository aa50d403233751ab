import { assertEquals, assertThrows } from "@std/assert";
import { AUDIO_FLAG, readAudioFlag } from "../../lib/cli/audio_flag.ts";
import { defineCommand } from "../../lib/cli/command.ts";
import { parseCommand } from "../../lib/cli/flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const COMMAND = defineCommand({ name: "test", summary: "", usage: "", flags: AUDIO_FLAG });

const read = (text: string, output: string | undefined = "out.mkv") =>
  readAudioFlag(parseCommand(COMMAND, ["--audio", text]).flags.audio, output);

Deno.test("readAudioFlag() copies where nothing is said", () => {
  assertEquals(readAudioFlag(parseCommand(COMMAND, []).flags.audio, "out.mp4"), "copy");
  assertEquals(readAudioFlag(undefined, undefined), "copy");
});

for (
  const [text, mode] of [
    ["copy", "copy"],
    ["none", "none"],
    ["aac:128k", { codec: "aac", bitsPerSecond: 128_000 }],
    ["aac:96000", { codec: "aac", bitsPerSecond: 96_000 }],
    ["opus:1.5M", { codec: "opus", bitsPerSecond: 1_500_000 }],
    ["opus:6k", { codec: "opus", bitsPerSecond: 6_000 }],
  ] as const
) {
  Deno.test(`readAudioFlag() reads ${text}`, () => assertEquals(read(text), mode));
}

for (
  const [text, words] of [
    ["", "needs a value"],
    ["aac", 'CODEC:BITRATE such as aac:128k, not "aac"'],
    ["aac:", 'not "aac:"'],
    ["aac:fast", 'not "aac:fast"'],
    ["aac:128K", 'not "aac:128K"'],
    ["aac:-1k", 'not "aac:-1k"'],
    ["copy:128k", "one of aac, opus, not copy"],
    ["mp3:128k", "one of aac, opus, not mp3"],
    ["aac:5k", "from 6k to 2M bits a second, not 5k"],
    ["opus:3M", "from 6k to 2M bits a second, not 3M"],
    ["aac:99999999999999999999M", "from 6k to 2M"],
  ] as const
) {
  Deno.test(`readAudioFlag() refuses ${JSON.stringify(text)} in one line`, () => {
    const error = assertThrows(() => read(text), UsageError, "--audio");
    assertEquals([error.message.includes(words), error.message.includes("\n")], [true, false], error.message);
  });
}

Deno.test("readAudioFlag() refuses a codec that the output cannot hold, naming what can", () => {
  assertThrows(() => read("aac:128k", "out.webm"), UsageError, "use .mp4, .mov, .mkv");
  assertEquals(read("opus:128k", "out.webm"), { codec: "opus", bitsPerSecond: 128_000 });
});

Deno.test("readAudioFlag() refuses to have no effect", () => {
  assertThrows(() => readAudioFlag("none", undefined), UsageError, "no effect without --reconstruct");
});
