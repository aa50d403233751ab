/** One video in every container, and in the layouts that a container has. */
import { AAC, h264, picture, tone, VP8, VP9 } from "./ffmpeg_args.ts";
import { type MediaCase, oneRun } from "./media_case.ts";
import { withTwoDescriptions } from "./two_descriptions.ts";

const H264_AAC = [...picture(), ...tone(), ...h264(), ...AAC];

export const CONTAINER_CASES: readonly MediaCase[] = [
  oneRun("MP4, index last", "moov_last.mp4", { frames: 75 }, H264_AAC),
  oneRun("MP4, index first", "moov_first.mp4", { frames: 75 }, [...H264_AAC, "-movflags", "+faststart"]),
  oneRun("MP4, fragmented", "fragmented.mp4", { frames: 75 }, [
    ...H264_AAC,
    ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof"],
  ]),
  oneRun(
    "MP4, fragmented, with an index and a first part that is not",
    "fragmented_mfra.mp4",
    { frames: 75 },
    [
      ...H264_AAC,
      ...["-movflags", "+frag_keyframe"],
    ],
  ),
  oneRun("MP4, fragmented, times by an edit list", "fragmented_edit_list.mp4", { frames: 75 }, [
    ...H264_AAC,
    ...["-movflags", "+frag_keyframe+delay_moov+default_base_moof"],
  ]),
  oneRun("MP4, fragmented for streaming (CMAF, sidx)", "cmaf.mp4", { frames: 75, readLateBy: 0.04 }, [
    ...H264_AAC,
    ...["-movflags", "+cmaf+dash+global_sidx"],
  ]),
  oneRun("MP4, composition offsets below zero", "negative_offsets.mp4", { frames: 75 }, [
    ...H264_AAC,
    ...["-movflags", "+negative_cts_offsets"],
  ]),
  {
    name: "MP4, two recordings that are described apart",
    file: "two_descriptions.mp4",
    expect: { frames: 100, notes: ["two sample descriptions"] },
    make: (path) => {
      const parts = [`${path}.0.mp4`, `${path}.1.mp4`];
      const plain = ["-use_editlist", "0"];
      return [
        [...picture({ seconds: 2 }), ...h264("bframes=0"), ...plain, parts[0]!],
        [...picture({ seconds: 2 }), ...h264("bframes=0", "cabac=0", "ref=4"), ...plain, parts[1]!],
        { path, parts, join: withTwoDescriptions },
      ];
    },
  },
  oneRun("MOV", "plain.mov", { frames: 75 }, H264_AAC),
  oneRun("Matroska", "plain.mkv", { frames: 75 }, H264_AAC),
  oneRun("Matroska, live: sizes unknown, no index", "live.mkv", { frames: 75 }, [
    ...H264_AAC,
    ...["-live", "1", "-f", "matroska"],
  ]),
  oneRun("WebM, VP9 and Opus", "vp9.webm", { frames: 75 }, [
    ...picture(),
    ...tone(),
    ...VP9,
    "-c:a",
    "libopus",
  ]),
  oneRun("WebM, VP8 and Vorbis", "vp8.webm", { frames: 75 }, [
    ...picture(),
    ...tone(),
    ...VP8,
    ...["-c:a", "libvorbis"],
  ]),
  oneRun("MPEG-TS", "plain.ts", { frames: 75 }, H264_AAC),
  oneRun("MPEG-TS, packets of 192 bytes", "plain.m2ts", { frames: 75 }, [
    ...[...picture(), ...tone(), ...h264(), "-c:a", "ac3"],
    ...["-mpegts_m2ts_mode", "1", "-f", "mpegts"],
  ]),
  oneRun("MPEG-TS with two programs", "two_programs.ts", { frames: 75, notes: ["a second program"] }, [
    ...[...picture(), ...picture({ size: "96x64" }), "-map", "0:v", "-map", "1:v", ...h264()],
    ...["-program", "title=One:st=0", "-program", "title=Two:st=1"],
  ]),
];
