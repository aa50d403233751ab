/** Every generated file through the pieces, each result read by ffprobe and ffmpeg. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { mediaFile } from "./make_media.ts";
import { MEDIA_CASES } from "./media_cases.ts";
import type { MediaCase } from "./media_case.ts";
import {
  complaints,
  type ProbedFrame,
  type ProbedStream,
  probeFile,
  probeFrames,
  sliceHashes,
  toNumber,
} from "./probe.ts";
import { copyThrough, encodeThrough, type RoundTrip } from "./round_trip.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "../integration/system_ffmpeg.ts";
import { temporaryFolder } from "../integration/temporary_folder.ts";

const TARGETS_SECONDS = [0.5, 2, 10];
/** Encoding everything by every target takes an hour: by default the first alone. */
const ENCODED_TARGETS_SECONDS = Deno.env.get("MEDIA_MATRIX") === "full" ? TARGETS_SECONDS : [0.5];
const LOSSLESS: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } };
/** x264 is lossless where these are asked for, and takes only them as they are. */
const EIGHT_BITS = /^(yuvj?4(20|22|44)p|gray)$/;
const MKV_TICK_SECONDS = 0.001;

/** What is refused at the start, and in which words. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "fragmented_mfra.mp4": /in an index and the others in fragments/,
  "two_programs.ts": /2 programs/,
  "mpeg4.mp4": /codec \(mp4v\) is not supported/,
  "mpeg4.mkv": /codec \(V_MPEG4\/ISO\/ASP\) is not supported/,
  "open_mpeg4.mp4": /codec \(mp4v\) is not supported/,
  "mjpeg.mov": /codec \(jpeg\) is not supported/,
  "mjpeg.mkv": /codec \(V_MJPEG\) is not supported/,
  "mpeg2.ts": /codec \(MPEG-2 video\) is not supported/,
  "theora.ogv": /not supported|no video track/,
  "alpha_vp9.webm": /partly transparent/,
  "alpha_vp8.webm": /partly transparent/,
  "alpha_prores.mov": /partly transparent/,
  "two_edits.mp4": /edit list shows 2 parts/,
  "joined.ts": /times go back/,
  "audio_only.m4a": /no video track/,
  "audio_only.mka": /no video track/,
  "audio_only.ogg": /no video track/,
  "audio_only.wav": /no video track/,
  "audio_only.mp3": /not a video file/,
};

/** What can be encoded but not put together as it is, and in which words. */
const NOT_COPIED: Readonly<Record<string, RegExp>> = {
  "edit_list_end.mp4": /hides the last 25 frames/,
  "size_changes.ts": /differ in codec/,
  "parameters_change.ts": /differ in parameter sets/,
};
/** What cannot be encoded either. */
const NOT_ENCODED: Readonly<Record<string, RegExp>> = {
  "size_changes.ts": /size or format of its picture changes/,
};
/** What has frames before its start, which MP4 and MOV alone can hide. */
const HIDING: ReadonlySet<string> = new Set(["edit_list.mp4", "edit_list.mov"]);

function testMedia(behaviour: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

for (const media of MEDIA_CASES) {
  const { name, file } = media;
  const refused = REFUSED[file];
  if (refused) {
    testMedia(`${file} is refused in words: ${name}`, () => isRefused(media, refused));
    continue;
  }
  for (const seconds of TARGETS_SECONDS) {
    testMedia(`${file} is copied in segments of ${seconds} s: ${name}`, async () => {
      await isDone(() => isCopied(media, seconds), NOT_COPIED[file]);
    });
  }
  for (const seconds of ENCODED_TARGETS_SECONDS) {
    for (const create of [createLibavEncoder, createFfmpegEncoder]) {
      testMedia(`${file} is encoded in segments of ${seconds} s by ${create.name}: ${name}`, async () => {
        const encoder = await create();
        const encode = (trip: RoundTrip) => encodeThrough(trip, { encoder, settings: LOSSLESS });
        await isDone(() => isShownAlike(media, { seconds, extension: "mp4" }, encode), NOT_ENCODED[file]);
      });
    }
  }
}

/** @param refusal Undefined: it succeeds. */
async function isDone(work: () => Promise<void>, refusal: RegExp | undefined): Promise<void> {
  if (!refusal) return await work();
  assertMatch((await assertRejects(work, Error)).message, refusal);
}

async function isRefused(media: MediaCase, words: RegExp): Promise<void> {
  const plan = async () => {
    using source = await openSource(await mediaFile(media));
    await planSource(source, { kind: "seconds", seconds: 2 });
  };
  await isDone(plan, words);
}

/** The same coded pictures in the same order, but for those that no frame is shown of. */
async function isCopied(media: MediaCase, seconds: number): Promise<void> {
  const source = await mediaFile(media);
  const { codec } = await firstVideo(source);
  const given = await sliceHashes(source, codec);
  for (const extension of HIDING.has(media.file) ? ["mp4", "mov"] : ["mp4", "mkv"]) {
    await isShownAlike(media, { seconds, extension }, copyThrough, async (path) => {
      const kept = await sliceHashes(path, codec);
      assertEquals(kept, given.filter((hash) => kept.includes(hash)));
      assert(
        given.length - kept.length <= (media.expect.unshownPackets ?? 0),
        `${kept.length} of ${given.length}`,
      );
    });
  }
}

/** Frame for frame the source's times and, where nothing has to be converted, pixels; decoded without a word. */
async function isShownAlike(
  media: MediaCase,
  { seconds, extension }: { readonly seconds: number; readonly extension: string },
  through: (trip: RoundTrip) => Promise<unknown>,
  check: (path: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using folder = await temporaryFolder();
  const input = await mediaFile(media);
  const path = `${folder.path}/output.${extension}`;
  using source = await openSource(input);
  const plan = await planSource(source, { kind: "seconds", seconds });
  await through({ source, plan, path });
  await checkFrames(plan, path);

  const expected = await shownFrames(media, input);
  const shown = await probeFrames(path);
  const tickSeconds = Math.max(1 / plan.timescale, extension === "mkv" ? MKV_TICK_SECONDS : 0);
  assertTimesWithin(tickSeconds / 2, shown.map(secondsOf), expected.map(({ seconds }) => seconds));
  if (await hasPlainPixels(input)) {
    assertEquals(shown.map(({ md5 }) => md5), expected.map(({ md5 }) => md5));
  }
  if (await complaints(input) === "") assertEquals(await complaints(path), "");
  await check(path);
}

/** The frames that a file shows, by FFmpeg, less what it is known to get wrong. */
async function shownFrames(
  { expect: { frames, readLateBy = 0 } }: MediaCase,
  path: string,
): Promise<{ seconds: number; md5: string }[]> {
  const decoded = await probeFrames(path);
  // Some decoders show a few of what they cannot decode, before the first keyframe.
  return decoded.slice(decoded.length - frames).map((frame) => ({
    seconds: secondsOf(frame) - readLateBy,
    md5: frame.md5,
  }));
}

async function hasPlainPixels(path: string): Promise<boolean> {
  const { field } = await firstVideo(path);
  const isEven = Number(field.width) % 2 === 0 && Number(field.height) % 2 === 0;
  return isEven && EIGHT_BITS.test(String(field.pix_fmt));
}

async function firstVideo(path: string): Promise<ProbedStream> {
  return (await probeFile(path)).streams.find(({ kind }) => kind === "video")!;
}

const secondsOf = ({ shown }: ProbedFrame): number => shown === undefined ? NaN : toNumber(shown);

/** @param tolerance Half a tick of the output's clock. */
function assertTimesWithin(tolerance: number, actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length, "frames");
  const ascending = (times: readonly number[]) => times.toSorted((a, b) => a - b);
  const [times, wanted] = [ascending(actual), ascending(expected)];
  for (const [frame, time] of times.entries()) {
    const difference = Math.abs(time - wanted[frame]!);
    assert(
      difference <= tolerance + 1e-6,
      `frame ${frame} is shown at ${time} s instead of ${wanted[frame]} s`,
    );
  }
}
