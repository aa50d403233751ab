import { assertEquals, assertThrows } from "@std/assert";
import type { AudioFacts } from "../../lib/chunk/source_file.ts";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { mostEncodedPackets } from "../../lib/assemble/audio_encode.ts";
import { type AudioMode, planAudio, resultOf } from "../../lib/assemble/audio_plan.ts";
import type { Container } from "../../lib/assemble/output_container.ts";

function track(codec: AudioFacts["codec"], title: string = codec ?? "unknown"): AudioFacts {
  const decoderConfig = codec && { codec, numberOfChannels: 2, sampleRate: 48_000 };
  return { codec, title, decoderConfig, delaySeconds: 0 } as unknown as AudioFacts;
}

function planned(codecs: readonly AudioFacts["codec"][], container: Container, mode: AudioMode): string[] {
  const { treatments } = planAudio(codecs.map((codec) => track(codec)), container, mode);
  return treatments.map((treatment) => {
    const result = resultOf(treatment);
    return result.kind === "copied" ? `${result.title} copied` : `${result.from} -> ${result.to}`;
  });
}

for (
  const [container, codecs, expected] of [
    ["mp4", ["aac", "opus", "ac3", "ulaw"], ["aac copied", "opus copied", "ac3 copied", "ulaw -> aac"]],
    ["mp4", ["pcm-s16", "pcm-s24be", "mp2", "mp3"], [
      "pcm-s16 -> aac",
      "pcm-s24be -> aac",
      "mp2 -> aac",
      "mp3 copied",
    ]],
    ["mov", ["aac", "pcm-s16", "ulaw"], ["aac copied", "pcm-s16 copied", "ulaw copied"]],
    ["mkv", ["dts", "pcm-s8", "flac", "mp2"], [
      "dts copied",
      "pcm-s8 -> opus",
      "flac copied",
      "mp2 -> opus",
    ]],
    ["webm", ["opus", "aac", "vorbis", "ac3"], [
      "opus copied",
      "aac -> opus",
      "vorbis copied",
      "ac3 -> opus",
    ]],
  ] as const
) {
  Deno.test(`planAudio() encodes only what .${container} cannot hold of ${codecs}, in the source's order`, () => {
    assertEquals(planned(codecs, container, "copy"), [...expected]);
  });
}

Deno.test("planAudio() encodes all tracks where a codec is asked for", () => {
  assertEquals(planned(["aac", "flac"], "mkv", { codec: "aac" }), ["aac -> aac", "flac -> aac"]);
});

Deno.test("planAudio() leaves sound out where none is wanted, and does not call that a loss", () => {
  assertEquals(planAudio([track("aac"), track(undefined)], "mp4", "none"), {
    treatments: [],
    notCarried: [],
  });
});

Deno.test("planAudio() names the tracks that nothing here can read", () => {
  const { treatments, notCarried } = planAudio(
    [track("aac"), track(undefined, "audio track 2 (alac, und)")],
    "mp4",
    "copy",
  );
  assertEquals([treatments.length, notCarried], [1, ["audio track 2 (alac, und)"]]);
});

Deno.test("planAudio() refuses a codec that the container cannot hold, naming those that can", () => {
  assertThrows(
    () => planAudio([], "webm", { codec: "aac" }),
    AssembleError,
    "Cannot put aac audio into .webm: use .mp4, .mov, .mkv",
  );
});

Deno.test("mostEncodedPackets() has room for the whole length of a track, gaps and end included", () => {
  const hour = { startSeconds: -0.021, endSeconds: 3_600 };
  assertEquals(mostEncodedPackets("opus", hour), Math.ceil(3_602.021 * 50));
  assertEquals(mostEncodedPackets("aac", hour), Math.ceil(3_602.021 * 96_000 / 1_024));
  assertEquals(mostEncodedPackets("opus", { startSeconds: 0, endSeconds: 0 }), 100);
});
