/** What a Matroska output says of its tracks' times: the delay of Opus, and how long a frame is shown. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import type { AudioMode } from "../../lib/assemble/audio_plan.ts";
import { elementsIn, text, unsignedInt } from "../../lib/chunk/ebml.ts";
import { AAC, h264, picture, VP9 } from "../media/ffmpeg_args.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { probeFile, probePackets, toNumber } from "../media/probe.ts";
import { copies, planned } from "./assemble_fixture.ts";
import { heard, lagSamples, made, ticks } from "./audio_sound.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** RFC 9559, 5.1. */
const ID = {
  Segment: 0x18538067,
  Tracks: 0x1654ae6b,
  CodecId: 0x86,
  CodecDelay: 0x56aa,
  SeekPreRoll: 0x56bb,
  DefaultDuration: 0x23e383,
} as const;
/** Matroska's clock, with which FFmpeg rounds the delay too: a millisecond at 48 kHz. */
const MOST_LAG_SAMPLES = 48;
/** libopus looks ahead by 312 samples at 48 kHz. */
const OPUS_DELAY_NS = 6_500_000;

test("Opus is heard when it was, with its delay and pre-roll stated, whatever it comes from", async (folder) => {
  const video = [...picture(), ...ticks(2, 3), ...h264()];
  const opus = ["-c:a", "libopus", "-b:a", "96k"];
  const webm = [...picture(), ...ticks(2, 3), ...VP9, ...opus];
  const sources = [
    [await made(folder, "opus.mkv", [...video, ...opus]), "mkv", "copy"],
    [await made(folder, "opus.mp4", [...video, ...opus]), "mkv", "copy"],
    [await made(folder, "opus.webm", webm), "webm", "copy"],
    [await made(folder, "aac.mp4", [...video, ...AAC]), "mkv", { codec: "opus", bitsPerSecond: 96_000 }],
  ] as const;
  for (const [path, extension, audio] of sources) {
    const outPath = await reassembled(path, join(folder, `out.${extension}`), audio);
    const fields = trackFields(await Deno.readFile(outPath), "A_OPUS");
    assertEquals([fields.get(ID.CodecDelay), fields.get(ID.SeekPreRoll)], [OPUS_DELAY_NS, 80_000_000], path);
    const [before, after] = [await heard(path), await heard(outPath)];
    for (const seconds of [0.5, 1.5, 2.5]) {
      const lag = lagSamples(before, after, seconds);
      assert(Math.abs(lag) <= MOST_LAG_SAMPLES, `${path} is heard ${lag} samples later at ${seconds} s`);
    }
    if (!path.endsWith("opus.mkv")) continue;
    const [was, is] = await Promise.all([probePackets(path, "a:0"), probePackets(outPath, "a:0")]);
    assertEquals(is.map(({ shown }) => toNumber(shown!)), was.map(({ shown }) => toNumber(shown!)));
  }
});

for (
  const [file, nanoseconds] of [
    ["rate_23.976.mkv", 41_708_333],
    ["rate_29.97.ts", 33_366_667],
    ["rate_240.mkv", 4_166_667],
    ["plain.mov", 40_000_000],
    ["vfr.mkv", undefined],
    ["gap.mp4", undefined],
  ] as const
) {
  test(`${file} in Matroska has frames of ${nanoseconds ?? "no stated number of"} ns`, async (folder) => {
    const path = await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
    const outPath = await reassembled(path, join(folder, "out.mkv"), "copy");
    const fields = trackFields(await Deno.readFile(outPath), "V_MPEG4/ISO/AVC");
    assertEquals(fields.get(ID.DefaultDuration), nanoseconds);
    if (nanoseconds === undefined) return;
    const rate = (await probeFile(outPath)).streams[0]!.field.avg_frame_rate;
    const [num, den] = String(rate).split("/").map(Number);
    assertEquals(Math.round(1e9 * den! / num!), nanoseconds);
  });
}

async function reassembled(path: string, outPath: string, audio: AudioMode): Promise<string> {
  using video = await planned(path, { kind: "seconds", seconds: 1 });
  const { source, plan } = video;
  await assemble({ plan, source, path: outPath, shards: copies(source, plan), copied: true, audio });
  return outPath;
}

/** What is stated of the first track of a codec, by id, as if all were numbers. */
function trackFields(file: Uint8Array, codecId: string): Map<number, number> {
  const within = (bytes: Uint8Array, id: number) =>
    [...elementsIn(bytes)].find((one) => one.id === id)!.bytes;
  for (const entry of elementsIn(within(within(file, ID.Segment), ID.Tracks))) {
    if (text(within(entry.bytes, ID.CodecId)) !== codecId) continue;
    return new Map([...elementsIn(entry.bytes)].map(({ id, bytes }) => [id, unsignedInt(bytes)]));
  }
  throw new Error(`It has no track of ${codecId}`);
}

function test(name: string, run: (folder: string) => Promise<void>): void {
  Deno.test({
    name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    async fn() {
      await using folder = await temporaryFolder();
      await run(folder.path);
    },
  });
}
