import { assertEquals, assertRejects } from "@std/assert";
import { EncodedPacket } from "mediabunny";
import { type SoundBounds, withinBounds } from "../../lib/assemble/sound_bounds.ts";
import type { AudioFacts } from "../../lib/chunk/source_audio.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";

type Sound = Pick<AudioFacts, "codec" | "decoderConfig" | "title">;

function sound(codec: AudioFacts["codec"], sampleRate = 48_000, numberOfChannels = 1): Sound {
  const decoderConfig = { codec: codec ?? "", sampleRate, numberOfChannels };
  return { codec, decoderConfig, title: `audio track 1 (${codec}, und)` };
}

/** Packets at these times; as Matroska has them, each lasts until the next. */
function packetsAt(times: readonly number[], data: Uint8Array, lastSeconds: number): EncodedPacket[] {
  return times.map((seconds, index) =>
    new EncodedPacket(data, "key", seconds, (times[index + 1] ?? seconds + lastSeconds) - seconds)
  );
}

const VIDEO = { startSeconds: 0, endSeconds: 10 };

async function passed(
  packets: readonly EncodedPacket[],
  audio: Sound,
  gaps: SoundBounds["gaps"],
  video = VIDEO,
): Promise<number> {
  const all = (async function* () {
    yield* packets;
  })();
  return (await Array.fromAsync(withinBounds(all, { path: "v.mkv" }, audio, { video, gaps }))).length;
}

const TENTH = new Uint8Array(2 * 4800);
const pcm = (times: readonly number[]) => packetsAt(times, TENTH, 0.1);

Deno.test("withinBounds() lets sound go on for hours after the video, however its clock rounds", async () => {
  const times = Array.from({ length: 30_000 }, (_, i) => Math.round(i * 1024 / 44.1) / 1000);
  for (const codec of ["aac", "vorbis"] as const) {
    const packets = packetsAt(times, new Uint8Array(10), 0.023);
    assertEquals(
      await passed(packets, sound(codec, 44_100), "encoded", { startSeconds: 0, endSeconds: 1 }),
      30_000,
    );
  }
  // 12 hours of packets of a second.
  const seconds = Array.from({ length: 43_200 }, (_, i) => i);
  assertEquals(
    await passed(packetsAt(seconds, new Uint8Array(96_000), 1), sound("pcm-s16"), "samples"),
    43_200,
  );
});

Deno.test("withinBounds() counts no kind of AAC as half silence", async () => {
  const times = Array.from({ length: 200_000 }, (_, i) => i * 2048 / 48_000); // 1024 at 24 kHz, which are not told
  assertEquals(await passed(packetsAt(times, new Uint8Array(10), 0.04), sound("aac"), "encoded"), 200_000);
});

Deno.test("withinBounds() refuses sound that begins a day after the video, and says how far", async () => {
  const end = VIDEO.endSeconds + 24 * 3600;
  assertEquals(await passed(pcm([0, 0.1, end]), sound("pcm-s16"), "times"), 3);
  const error = await assertRejects(
    () => passed(pcm([0, 0.1, end + 1]), sound("pcm-s16"), "times"),
    SourceError,
    'Cannot read "v.mkv": its audio track 1 (pcm-s16, und) goes on 86401 s after the video\'s end',
  );
  assertEquals(error.reason, "damaged");
});

for (const gaps of ["encoded", "samples"] as const) {
  Deno.test(`withinBounds() refuses gaps of more than an hour where they are ${gaps}, unless the video is longer`, async () => {
    const audio = sound("pcm-s16");
    assertEquals(await passed(pcm([0, 1000, 3600]), audio, gaps), 3);
    const error = await assertRejects(() => passed(pcm([0, 4000, 8000]), audio, gaps), SourceError);
    assertEquals(
      error.message,
      'Cannot read "v.mkv": its audio track 1 (pcm-s16, und) has gaps of 4000 s by 4000.000 s, ' +
        "in which no more than 3600 s can be filled with silence",
    );
    await assertRejects(() => passed(pcm([0, 1900, 3700]), audio, gaps), SourceError, "gaps of 3700 s");
    assertEquals(await passed(pcm([0, 8000]), audio, gaps, { startSeconds: 0, endSeconds: 8001 }), 2);
    // How late the video is counts for nothing, nor does how late its sound is.
    const late = { startSeconds: 1e6, endSeconds: 1e6 + 1 };
    assertEquals(await passed(pcm([1e6, 1e6 + 1]), audio, gaps, late), 2);
    await assertRejects(() => passed(pcm([0, 1e6]), audio, gaps, late), SourceError, "gaps of 1000000 s");
  });
}

Deno.test("withinBounds() refuses a day of silence beside any video, and so many bytes of it", async () => {
  const video = { startSeconds: 0, endSeconds: 1e6 };
  await assertRejects(
    () => passed(pcm([0, 90_000]), sound("pcm-s16"), "encoded", video),
    SourceError,
    "86400 s",
  );
  const wide = sound("pcm-s16", 48_000, 8);
  assertEquals(await passed(pcm([0, 2700]), wide, "samples", video), 2);
  await assertRejects(
    () => passed(pcm([0, 2900]), wide, "samples", video),
    SourceError,
    "2796 s can be filled",
  );
  assertEquals(await passed(pcm([0, 2900]), wide, "encoded", video), 2);
});

Deno.test("withinBounds() leaves gaps of any number to an output that has them as times", async () => {
  assertEquals(await passed(pcm([0, 8000, 16_000]), sound("pcm-s16"), "times"), 3);
});

Deno.test("withinBounds() sees gaps of compressed sound, which are told from what a packet can hold", async () => {
  for (const codec of ["aac", "opus", "vorbis", "flac"] as const) {
    const packets = packetsAt([0, 0.02, 8000], new Uint8Array(10), 0.02);
    await assertRejects(
      () => passed(packets, sound(codec), "encoded"),
      SourceError,
      `(${codec}, und) has gaps of`,
    );
  }
});
