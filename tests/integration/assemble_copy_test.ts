import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble, type AssembleResult } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { planSource, type VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import { openSource, type SourceFile } from "../../lib/chunk/source_file.ts";
import { CODEC_CASES } from "../media/codec_cases.ts";
import { CONTAINER_CASES } from "../media/container_cases.ts";
import { GOP_CASES } from "../media/gop_cases.ts";
import { mediaFile } from "../media/make_media.ts";
import type { MediaCase } from "../media/media_case.ts";
import { PICTURE_CASES } from "../media/picture_cases.ts";
import { complaints, type ProbedPacket, probePackets, sliceHashes, toNumber } from "../media/probe.ts";
import { TIME_CASES } from "../media/time_cases.ts";
import { copies } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Files that are refused; `chunk_refusals_test.ts` says of each why. */
const REFUSED: ReadonlySet<string> = new Set([
  ...[
    "fragmented_mfra.mp4",
    "two_programs.ts",
    "mpeg4.mp4",
    "mpeg4.mkv",
    "mjpeg.mov",
    "mjpeg.mkv",
    "mpeg2.ts",
  ],
  ...["theora.ogv", "open_mpeg4.mp4", "edit_list_end.mp4", "two_edits.mp4", "joined.ts"],
  ...["alpha_vp9.webm", "alpha_vp8.webm", "alpha_prores.mov", "size_changes.ts", "parameters_change.ts"],
  ...["two_descriptions.mp4", "size_changes.mkv", "sequence_changes.mkv", "parameters_once.mkv"],
  ...["parameters_return.mkv", "parameters_return.mp4"],
]);

/** Times that ffprobe shifts: by its guess of what was meant, and where the clock wraps. */
const SHIFTED_BY_FFPROBE: ReadonlySet<string> = new Set(["cmaf.mp4", "wrap.ts"]);

/** ffmpeg's own output complains when two frames have one time in it, or are less than a tick apart. */
const DENSE: ReadonlySet<string> = new Set([
  "vfr.mp4",
  "vfr.ts",
  "duplicate_time.mkv",
  "duplicate_time_key.mkv",
]);

const CASES = [
  ...CONTAINER_CASES,
  ...CODEC_CASES,
  ...GOP_CASES,
  ...TIME_CASES,
  ...PICTURE_CASES,
]
  .filter(({ file, expect }) => !REFUSED.has(file) && expect.frames > 0);

for (const media of CASES) {
  Deno.test({
    name: `${media.name}: split and put together without encoding, its packets are the source's ${
      HAS_FFMPEG ? "" : WITHOUT_FFMPEG
    }`,
    ignore: !HAS_FFMPEG,
    fn: () => assertCopied(media, extensionFor(media.file)),
  });
}

for (
  const [file, extension] of [["open_hevc.mp4", "mkv"], ["open_h264.mkv", "mov"], ["av1.mkv", "mp4"]] as const
) {
  Deno.test({
    name: `${file} as .${extension}: packets and order stay ${HAS_FFMPEG ? "" : WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    fn: () => assertCopied([...GOP_CASES, ...CODEC_CASES].find((media) => media.file === file)!, extension),
  });
}

/** MPEG-TS cannot be written: MP4 has as fine a clock. */
function extensionFor(file: string): string {
  return /\.(mp4|mov|mkv|webm)$/.exec(file)?.[1] ?? "mp4";
}

async function assertCopied(media: MediaCase, extension: string): Promise<void> {
  await using folder = await temporaryFolder();
  const path = await mediaFile(media);
  using source = await openSource(path);
  const plan = await planSource(source, { kind: "seconds", seconds: 0.5 });
  const outPath = join(folder.path, `out.${extension}`);
  const result = await assemble({ plan, source, path: outPath, shards: copies(source, plan), copied: true });

  assertEquals(plan.shownTicks.length - plan.hiddenFirst, shownFrames(media, plan));
  const tickSeconds = extension === "mkv" || extension === "webm" ? 0.001 : 1 / source.video.timescale;
  const check = await checkFrames(plan, outPath);
  assert(check.largestDifferenceSeconds <= 0.501 * tickSeconds, `${check.largestDifferenceSeconds} s off`);
  await assertSamePackets(source, plan, result, SHIFTED_BY_FFPROBE.has(media.file));
  if (!DENSE.has(media.file)) assertEquals(await complaints(outPath), "");
}

/** Frames that a decoder shows; where one is on screen when an edit list begins, ffmpeg leaves it out. */
function shownFrames({ expect }: MediaCase, plan: VideoPlan): number {
  return plan.hiddenFirst > 0 && plan.hiddenFirst < (expect.unshownPackets ?? 0)
    ? expect.frames + 1
    : expect.frames;
}

async function assertSamePackets(
  source: SourceFile,
  plan: VideoPlan,
  result: AssembleResult,
  isShifted: boolean,
): Promise<void> {
  const missing = plan.undecodablePackets + plan.hiddenLast;
  assertEquals(result.notCarried.some((what) => what.startsWith(`${missing} frames`)), missing > 0);
  const before = (await probePackets(source.path, "v:0")).slice();
  const after = await probePackets(result.path, "v:0");
  assertEquals(after.length, before.length - missing);
  const hashes = (packets: readonly ProbedPacket[]) => packets.map(({ sha256 }) => sha256);
  const isAnnexB = source.path.endsWith("ts");
  if (missing > 0) {
    if (isAnnexB) return;
    const left = new Set(hashes(after));
    return assertEquals(hashes(after), hashes(before).filter((hash) => left.has(hash)));
  }
  const flags = ({ key, hidden }: ProbedPacket) => ({ key, hidden });
  assertEquals(after.map(flags), before.map(flags));
  const shift = isShifted ? secondsOf(after[0]!) - secondsOf(before[0]!) : 0;
  const tolerance = /\.(mkv|webm)$/.test(result.path) ? 0.000_501 : 1e-6;
  for (const [index, packet] of after.entries()) {
    const difference = secondsOf(packet) - shift - secondsOf(before[index]!);
    assert(Math.abs(difference) <= tolerance, `packet ${index} is ${difference} s off`);
  }
  // Start codes of MPEG-TS become lengths in MP4: there the coded slices are compared.
  if (!isAnnexB) return assertEquals(hashes(after), hashes(before));
  const codec = source.video.codec === "avc" ? "h264" : "hevc";
  assertEquals(await sliceHashes(result.path, codec), await sliceHashes(source.path, codec));
}

function secondsOf({ shown }: ProbedPacket): number {
  if (!shown) throw new Error("a packet has no time");
  return toNumber(shown);
}
