/** Every generated file through the pieces, each result read by ffprobe and ffmpeg. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import type { Encoder } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { differences, factsOf, type FileFacts } from "../media/compare_output.ts";
import { mediaFile } from "../media/make_media.ts";
import type { MediaCase } from "../media/media_case.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { type Outcome, OUTCOMES } from "../media/outcomes.ts";
import { complaints, type ProbedFrame, probeFrames, sliceHashes, toNumber } from "../media/probe.ts";
import { copyThrough, encodeThrough, type RoundTrip } from "../media/round_trip.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const TARGETS_SECONDS = [0.5, 2, 10];
/** Everything by everything takes the better part of an hour: else each encoder gets each file once. */
const IS_FULL = Deno.env.get("MEDIA_MATRIX") === "full";
const LOSSLESS: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } };
/** x264 is lossless where these are asked for, and takes only them as they are. */
const EIGHT_BITS = /^(yuvj?4(20|22|44)p|gray)$/;
const MKV_TICK_SECONDS = 0.001;
/** Files made at a time, each by processes of its own. */
const AT_A_TIME = 2;

for (const [index, media] of MEDIA_CASES.entries()) {
  const behaviour = `${media.file} goes through whole, or is refused: ${media.name}`;
  Deno.test({
    name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    fn: () => goesThrough(media, OUTCOMES[media.file] ?? {}, index),
  });
}

interface Variant {
  readonly name: string;
  readonly seconds: number;
  readonly extension: "mp4" | "mov" | "mkv";
  /** Undefined: the chunks are put together as they are. */
  readonly encoder?: () => Promise<Encoder>;
  /** Whether all that is not frames is looked at as well. */
  readonly withLabels: boolean;
}

async function goesThrough(media: MediaCase, outcome: Outcome, index: number): Promise<void> {
  const input = await mediaFile(media);
  if (outcome.refused) {
    assertMatch((await assertRejects(() => plannedIn(input), Error)).message, outcome.refused);
    return;
  }
  const truth = await readTruth(media, input);
  const faults: string[] = [];
  const variants = variantsOf(media, index);
  const next = async (): Promise<void> => {
    for (let variant; (variant = variants.shift());) {
      try {
        await isRight(media, outcome, variant, truth);
      } catch (error) {
        faults.push(`${variant.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
  assert(faults.length === 0, faults.join("\n"));
}

async function plannedIn(path: string): Promise<void> {
  using source = await openSource(path);
  await planSource(source, { kind: "seconds", seconds: 2 });
}

/** Copies by every target; encodes by targets in turn, so that both encoders meet all of them. */
function variantsOf({ file }: MediaCase, index: number): Variant[] {
  const turn = (offset: number) => TARGETS_SECONDS[(index + offset) % TARGETS_SECONDS.length]!;
  const targets = (offset: number) => IS_FULL ? TARGETS_SECONDS : [turn(offset)];
  const named = (variant: Omit<Variant, "name">): Variant => ({
    ...variant,
    name: `${variant.encoder?.name ?? "copy"}, ${variant.seconds} s, ${variant.extension}`,
  });
  return [
    ...TARGETS_SECONDS.map((seconds) =>
      named({ seconds, extension: "mp4", withLabels: seconds === turn(0) })
    ),
    ...targets(1).map((seconds) =>
      named({ seconds, extension: HIDING.has(file) ? "mov" : "mkv", withLabels: true })
    ),
    ...[createLibavEncoder, createFfmpegEncoder].flatMap((encoder, offset) =>
      targets(offset).map((seconds) => named({ seconds, extension: "mp4", encoder, withLabels: true }))
    ),
  ];
}

/** What has frames before its start, which MP4 and MOV alone can hide. */
const HIDING: ReadonlySet<string> = new Set(["edit_list.mp4", "edit_list.mov"]);

/** What independent readers find in the source. */
interface Truth {
  readonly input: string;
  readonly facts: FileFacts;
  readonly frames: readonly { readonly seconds: number; readonly md5: string }[];
  readonly codec: string;
  readonly slices: readonly string[];
  /** Whether a lossless encode has the very same pixels. */
  readonly hasPlainPixels: boolean;
  /** Whether a decoder reads it without a word. */
  readonly isQuiet: boolean;
}

async function readTruth(media: MediaCase, input: string): Promise<Truth> {
  const { frames, readLateBy = 0 } = media.expect;
  const facts = await factsOf(input);
  const { codec, field } = facts.file.streams.find(({ kind }) => kind === "video")!;
  const [decoded, slices, said] = await Promise.all([
    probeFrames(input),
    sliceHashes(input, codec),
    complaints(input),
  ]);
  return {
    input,
    facts,
    codec,
    slices,
    // Some decoders show a few of what they cannot decode, before the first keyframe.
    frames: decoded.slice(decoded.length - frames).map((frame) => ({
      seconds: secondsOf(frame) - readLateBy,
      md5: frame.md5,
    })),
    hasPlainPixels: EIGHT_BITS.test(String(field.pix_fmt)) &&
      [field.width, field.height].every((side) => Number(side) % 2 === 0 || field.pix_fmt === "yuv444p"),
    isQuiet: said === "",
  };
}

async function isRight(media: MediaCase, outcome: Outcome, variant: Variant, truth: Truth): Promise<void> {
  const refusal = variant.encoder ? outcome.notEncoded : outcome.notCopied;
  if (!refusal) return await isWhole(media, outcome, variant, truth);
  const work = () => through(variant, truth.input, () => Promise.resolve());
  assertMatch((await assertRejects(work, Error)).message, refusal);
}

async function through(
  { seconds, extension, encoder }: Variant,
  input: string,
  judge: (path: string, trip: RoundTrip, notCarried: readonly string[]) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  using source = await openSource(input);
  const trip = {
    source,
    plan: await planSource(source, { kind: "seconds", seconds }),
    path: `${folder.path}/output.${extension}`,
  };
  const { notCarried } = encoder
    ? await encodeThrough(trip, { encoder: await encoder(), settings: LOSSLESS })
    : await copyThrough(trip);
  await judge(trip.path, trip, notCarried);
}

/** Frame for frame the source's times and pixels, decoded without a word, and nothing lost but what is named. */
async function isWhole(media: MediaCase, outcome: Outcome, variant: Variant, truth: Truth): Promise<void> {
  const { extension, encoder, withLabels } = variant;
  await through(variant, truth.input, async (path, { plan }, notCarried) => {
    await checkFrames(plan, path);
    const shown = await probeFrames(path);
    const tickSeconds = Math.max(1 / plan.timescale, extension === "mkv" ? MKV_TICK_SECONDS : 0);
    assertTimesWithin(tickSeconds / 2, shown.map(secondsOf), truth.frames.map(({ seconds }) => seconds));
    if (!encoder || truth.hasPlainPixels) {
      const other = shown.flatMap(({ md5 }, frame) => md5 === truth.frames[frame]!.md5 ? [] : [frame]);
      assertSame("frames of other pixels", other, []);
    }
    if (!encoder) await hasSameSlices(media, path, truth);
    if (!withLabels || extension === "mov") return;
    if (truth.isQuiet) assertSame("a decoder says", [await complaints(path)], [""]);
    const expected = encoder ? outcome.encoded ?? outcome.mp4 : outcome[extension];
    const named = encoder && outcome.named?.encoded || outcome.named?.[extension];
    const found = differences(truth.facts, await factsOf(path), media.expect);
    assertSame(
      "differences, and what is named as not carried",
      [found.toSorted(), notCarried],
      [(expected ?? []).toSorted(), named ?? []],
    );
  });
}

/** One line, since there are many variants. */
function assertSame(what: string, actual: readonly unknown[], expected: readonly unknown[]): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert(is === shouldBe, `${what}: ${is} instead of ${shouldBe}`);
}

/** The same coded pictures in the same order, but for those that no frame is shown of. */
async function hasSameSlices({ expect }: MediaCase, path: string, { codec, slices }: Truth): Promise<void> {
  const kept = await sliceHashes(path, codec);
  const inOutput = new Set(kept);
  const isInOrder = slices.filter((hash) => inOutput.has(hash)).every((hash, i) => hash === kept[i]);
  assert(isInOrder, "packets are not those of the source, in its order");
  const lost = slices.length - kept.length;
  assert(lost <= (expect.unshownPackets ?? 0), `${lost} of ${slices.length} packets are lost`);
}

const secondsOf = ({ shown }: ProbedFrame): number => shown === undefined ? NaN : toNumber(shown);

/** @param tolerance Half a tick of the output's clock. */
function assertTimesWithin(tolerance: number, actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length, "frames");
  const ascending = (times: readonly number[]) => times.toSorted((a, b) => a - b);
  const [times, wanted] = [ascending(actual), ascending(expected)];
  for (const [frame, time] of times.entries()) {
    const difference = Math.abs(time - wanted[frame]!);
    const where = `frame ${frame} is shown at ${time} s instead of ${wanted[frame]} s`;
    assert(difference <= tolerance + 1e-6, where);
  }
}
