/** Every codec, in the containers that it is found in. */
import { AV1, h264, hevc, MPEG4, picture, VP8, VP9 } from "./ffmpeg_args.ts";
import { type MediaCase, oneRun } from "./media_case.ts";

const TEN_BITS = ["-pix_fmt", "yuv420p10le"];

export const CODEC_CASES: readonly MediaCase[] = [
  oneRun("H.264, 10 bits", "h264_10.mp4", { frames: 75 }, [...picture(), ...h264(), ...TEN_BITS]),
  oneRun("H.264, 4:2:2, 10 bits", "h264_422.mov", { frames: 75 }, [
    ...picture(),
    ...h264(),
    ...["-pix_fmt", "yuv422p10le"],
  ]),
  oneRun("H.264, 4:4:4", "h264_444.mkv", { frames: 75 }, [...picture(), ...h264(), "-pix_fmt", "yuv444p"]),
  oneRun("H.264, grey", "h264_gray.mp4", { frames: 75 }, [...picture(), ...h264(), "-pix_fmt", "gray"]),
  oneRun("H.264, several slices a frame", "h264_slices.ts", { frames: 75 }, [
    ...picture(),
    ...h264("slices=4"),
  ]),
  oneRun("H.264, parameter sets in the stream (avc3)", "h264_avc3.mp4", { frames: 75 }, [
    ...picture(),
    ...h264("repeat-headers=1"),
    ...["-tag:v", "avc3"],
  ]),
  oneRun("HEVC in MP4 (hvc1)", "hevc_hvc1.mp4", { frames: 75 }, [...picture(), ...hevc(), "-tag:v", "hvc1"]),
  oneRun("HEVC in MP4 (hev1)", "hevc_hev1.mp4", { frames: 75 }, [...picture(), ...hevc(), "-tag:v", "hev1"]),
  oneRun("HEVC in MKV", "hevc.mkv", { frames: 75 }, [...picture(), ...hevc()]),
  oneRun("HEVC in MPEG-TS", "hevc.ts", { frames: 75 }, [...picture(), ...hevc()]),
  oneRun("HEVC, 10 bits", "hevc_10.mp4", { frames: 75 }, [...picture(), ...hevc(), ...TEN_BITS]),
  oneRun("HEVC, 12 bits", "hevc_12.mkv", { frames: 75 }, [
    ...picture(),
    ...hevc(),
    "-pix_fmt",
    "yuv420p12le",
  ]),
  oneRun("VP8 in MKV", "vp8.mkv", { frames: 75 }, [...picture(), ...VP8]),
  oneRun("VP9 in MP4", "vp9.mp4", { frames: 75 }, [...picture(), ...VP9]),
  oneRun("VP9 in MKV", "vp9.mkv", { frames: 75 }, [...picture(), ...VP9]),
  oneRun("VP9, 10 bits (profile 2)", "vp9_10.webm", { frames: 75 }, [...picture(), ...VP9, ...TEN_BITS]),
  oneRun("VP9, 4:4:4 (profile 1)", "vp9_444.webm", { frames: 75 }, [
    ...picture(),
    ...VP9,
    ...["-pix_fmt", "yuv444p"],
  ]),
  oneRun("AV1 in MP4", "av1.mp4", { frames: 75 }, [...picture(), ...AV1]),
  oneRun("AV1 in MKV", "av1.mkv", { frames: 75 }, [...picture(), ...AV1]),
  oneRun("AV1 in WebM", "av1.webm", { frames: 75 }, [...picture(), ...AV1]),
  oneRun("AV1, 10 bits", "av1_10.mp4", { frames: 75 }, [...picture(), ...AV1, ...TEN_BITS]),
  oneRun("MPEG-4 Part 2 in MP4", "mpeg4.mp4", { frames: 75 }, [...picture(), ...MPEG4]),
  oneRun("MPEG-4 Part 2 in MKV", "mpeg4.mkv", { frames: 75 }, [...picture(), ...MPEG4]),
  oneRun("MJPEG in MOV", "mjpeg.mov", { frames: 75 }, [...picture(), "-c:v", "mjpeg", "-q:v", "5"]),
  oneRun("MJPEG in MKV", "mjpeg.mkv", { frames: 75 }, [...picture(), "-c:v", "mjpeg", "-q:v", "5"]),
  oneRun("ProRes 422", "prores.mov", { frames: 25 }, [...picture({ seconds: 1 }), "-c:v", "prores_ks"]),
  oneRun("MPEG-2 in MPEG-TS", "mpeg2.ts", { frames: 75 }, [
    ...picture(),
    ...["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "5"],
  ]),
  oneRun("Theora in Ogg", "theora.ogv", { frames: 75 }, [...picture(), "-c:v", "libtheora", "-g", "12"]),
];
