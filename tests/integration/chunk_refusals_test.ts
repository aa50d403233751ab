import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkOutput } from "../../lib/assemble/check_output.ts";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { SourceError, type SourceErrorReason } from "../../lib/chunk/source_error.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { mediaFile } from "../media/make_media.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";

const TARGET = { kind: "seconds", seconds: 0.5 } as const;
const ignore = !HAS_FFMPEG;
const suffix = HAS_FFMPEG ? "" : WITHOUT_FFMPEG;

/** Makes the file of that name. */
function made(file: string): Promise<string> {
  const media = MEDIA_CASES.find((media) => media.file === file);
  if (!media) throw new Error(`there is no case ${file}`);
  return mediaFile(media);
}

const WHEN_OPENED: readonly (readonly [string, SourceErrorReason, string])[] = [
  ["mpeg4.mp4", "unsupported-codec", "MPEG-4 Part 2 [mp4v]"],
  ["mpeg4.mkv", "unsupported-codec", "MPEG-4 Part 2 [V_MPEG4/ISO/ASP]"],
  ["mjpeg.mov", "unsupported-codec", "Motion JPEG [jpeg]"],
  ["mjpeg.mkv", "unsupported-codec", "Motion JPEG [V_MJPEG]"],
  ["mpeg2.ts", "unsupported-codec", "MPEG-2 video"],
  ["theora.ogv", "unsupported-codec", "Theora"],
  ["alpha_vp9.webm", "unsupported", "transparent"],
  ["alpha_vp8.webm", "unsupported", "transparent"],
  ["alpha_prores.mov", "unsupported", "transparent"],
  ["fragmented_mfra.mp4", "unsupported", "fragments"],
  ["two_edits.mp4", "unsupported", "edit list shows 2 parts"],
  ["two_programs.ts", "unsupported", "2 programs"],
  ["two_descriptions.mp4", "unsupported", "its video has 2 descriptions"],
  ["audio_only.m4a", "no-video", "no video track"],
  ["audio_only.mka", "no-video", "no video track"],
  ["audio_only.ogg", "no-video", "no video track"],
  ["audio_only.wav", "no-video", "no video track"],
  ["audio_only.mp3", "not-media", "not a video file"],
];

for (const [file, reason, phrase] of WHEN_OPENED) {
  Deno.test({
    name: `openSource() refuses ${file} as ${reason} ${suffix}`,
    ignore,
    async fn() {
      const path = await made(file);
      const error = await assertRejects(() => openSource(path), SourceError, phrase);
      assertEquals(error.reason, reason);
    },
  });
}

for (
  const [file, phrase] of [
    ["joined.ts", "its times go back at frame 75"],
    ["size_changes.ts", "the form of its picture changes at frame 50"],
    ["size_changes.mkv", "the form of its picture changes at frame 50"],
  ] as const
) {
  Deno.test({
    name: `planSource() refuses ${file} and says where: ${phrase} ${suffix}`,
    ignore,
    async fn() {
      using source = await openSource(await made(file));
      const error = await assertRejects(() => planSource(source, TARGET), SourceError, phrase);
      assertEquals(error.reason, "unsupported");
    },
  });
}

for (
  const file of [
    ...["parameters_change.ts", "parameters_return.mkv", "parameters_return.mp4", "parameters_once.mkv"],
    "sequence_changes.mkv",
  ]
) {
  Deno.test({
    name:
      `checkOutput() refuses to copy ${file}, which changes its parameters, and lets it be encoded ${suffix}`,
    ignore,
    async fn() {
      using source = await openSource(await made(file));
      const plan = await planSource(source, TARGET);
      assertEquals(plan.parametersChangeAt, 50);
      checkOutput(plan, { path: "out.mp4" });
      assertThrows(() => checkOutput(plan, { path: "out.mp4", copied: true }), AssembleError, "at frame 50");
    },
  });
}

Deno.test({
  name: `planSource() leaves out what an edit list hides at the end, and counts it ${suffix}`,
  ignore,
  async fn() {
    using source = await openSource(await made("edit_list_end.mp4"));
    const plan = await planSource(source, TARGET);
    assertEquals([plan.shownTicks.length, plan.hiddenLast], [50, 25]);
    const last = plan.segments.at(-1)!;
    assertEquals([last.endTicks, last.hasLeadOut], [plan.endTicks, true]);
    // B-frames before the end need a frame after it, which an encoder drops and a copy would have to keep.
    const refusal = () => checkOutput(plan, { path: "out.mp4", copied: true });
    assertThrows(refusal, AssembleError, "the last 25 frames");
    checkOutput(plan, { path: "out.mp4" });
  },
});

Deno.test({
  name:
    `checkOutput() refuses frames that an edit list hides at the start where no edit list can be written ${suffix}`,
  ignore,
  async fn() {
    using source = await openSource(await made("edit_list.mov"));
    const plan = await planSource(source, TARGET);
    assertEquals(plan.hiddenFirst, 9);
    for (const path of ["out.mp4", "out.mov"]) checkOutput(plan, { path });
    for (const path of ["out.mkv", "out.webm"]) {
      assertThrows(() => checkOutput(plan, { path }), AssembleError, "hides the first 9 frames");
    }
    const dropped = await planSource(source, TARGET, { hidden: "drop" });
    assertEquals([dropped.hiddenFirst, dropped.droppedFirst, dropped.hiddenLast], [0, 9, 0]);
    assertEquals(dropped.shownTicks, plan.shownTicks.subarray(9));
    checkOutput(dropped, { path: "out.mkv" });
    const copied = () => checkOutput(dropped, { path: "out.mkv", copied: true });
    assertThrows(copied, AssembleError, "the first 9 frames, which the plan leaves out");
  },
});

const UNDECODABLE = [
  ["starts_late.ts", 7],
  ["starts_late.mkv", 7],
  ["starts_late.mp4", 7],
  ["starts_late_hevc.ts", 7],
  ["starts_open_h264.mp4", 2],
  ["starts_open_h264.ts", 2],
  ["starts_open_hevc.mp4", 3],
  ["starts_open_hevc.mkv", 3],
] as const;

for (const [file, count] of UNDECODABLE) {
  Deno.test({
    name: `planSource() leaves out the ${count} packets of ${file} that nothing can decode ${suffix}`,
    ignore,
    async fn() {
      using source = await openSource(await made(file));
      const { undecodablePackets, shownTicks, segments } = await planSource(source, TARGET);
      assertEquals([undecodablePackets, shownTicks.length], [count, 63]);
      assertEquals(segments[0]!.startTicks, shownTicks[0]);
    },
  });
}

Deno.test({
  name: `planSource() begins no segment where an intra refresh does ${suffix}`,
  ignore,
  async fn() {
    using source = await openSource(await made("intra_refresh.mp4"));
    const { segments } = await planSource(source, TARGET);
    assertEquals(segments.map(({ frameCount }) => frameCount), [75]);
  },
});

Deno.test({
  name: `openSource() gives no time before 0 where the clock of MPEG-TS wraps ${suffix}`,
  ignore,
  async fn() {
    using source = await openSource(await made("wrap.ts"));
    const { shownTicks, timescale } = await planSource(source, TARGET);
    assert(Math.abs(shownTicks[0]! / timescale - 95_441.9) < 0.001, `${shownTicks[0]! / timescale}`);
    const [audio] = source.audio;
    const audioSeconds = await audio!.track.getFirstTimestamp() - audio!.delaySeconds;
    assert(Math.abs(audioSeconds - 95_441.9) < 0.2, `${audioSeconds}`);
  },
});

const OTHERS: readonly (readonly [string, readonly string[]])[] = [
  ["subtitles.mp4", ["subtitles"]],
  ["subtitles_srt.mkv", ["subtitles (S_TEXT/UTF8, deu)"]],
  ["chapters.mkv", ["chapters"]],
  ["attachments.mkv", ["attachments"]],
  ["timecode.mov", ["timecode track"]],
  ["data.ts", ["data track"]],
  ["opus.ts", ["Opus audio (und), which cannot be read"]],
  ["aac_private.m2ts", ["AAC audio (und), which cannot be read"]],
  ["two_videos.mp4", ["video track 2 (avc)"]],
];

for (const [file, contents] of OTHERS) {
  Deno.test({
    name: `openSource() names ${contents.join(" and ")} of ${file} ${suffix}`,
    ignore,
    async fn() {
      using source = await openSource(await made(file));
      assertEquals(source.otherContents, contents);
    },
  });
}
