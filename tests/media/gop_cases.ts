/** Groups of pictures of every shape. */
import { AV1, h264, hevc, MPEG4, picture, VP9 } from "./ffmpeg_args.ts";
import { type MediaCase, oneRun, twoRuns } from "./media_case.ts";

const COPY = ["-map", "0", "-c", "copy"];
/** Uneven, and far apart from the clock's seconds. */
const UNEVEN_KEYFRAMES = ["-force_key_frames", "0,0.12,0.2,1.04,1.08,1.12,2.8"];
const NO_OTHER_KEYFRAMES = "keyint=infinite";

/** Packets in decode order before the second keyframe of an open group: the keyframe goes before what it closes. */
const BEFORE_KEYFRAME = { h264: 10, hevc: 9 } as const;

/** Leaves out the first packets, as of a recording that was started in the middle. */
function withoutFirst(packets: number): string[] {
  return [...COPY, "-bsf:v", `noise=drop=lt(n\\,${packets})`];
}

export const GOP_CASES: readonly MediaCase[] = [
  oneRun("open groups, H.264 in MP4", "open_h264.mp4", { frames: 75 }, [...picture(), ...h264("open-gop=1")]),
  oneRun("open groups, H.264 in MKV", "open_h264.mkv", { frames: 75 }, [...picture(), ...h264("open-gop=1")]),
  oneRun("open groups, H.264 in MPEG-TS", "open_h264.ts", { frames: 75 }, [
    ...picture(),
    ...h264("open-gop=1"),
  ]),
  oneRun("open groups, HEVC in MP4 (RASL)", "open_hevc.mp4", { frames: 75 }, [
    ...picture(),
    ...hevc("open-gop=1"),
  ]),
  oneRun("open groups, HEVC in MKV (RASL)", "open_hevc.mkv", { frames: 75 }, [
    ...picture(),
    ...hevc("open-gop=1"),
  ]),
  oneRun("open groups, HEVC in MPEG-TS (RASL)", "open_hevc.ts", { frames: 75 }, [
    ...picture(),
    ...hevc("open-gop=1"),
  ]),
  oneRun("open groups, MPEG-4 Part 2", "open_mpeg4.mp4", { frames: 75 }, [...picture(), ...MPEG4]),
  oneRun("closed groups with leading pictures, HEVC (RADL)", "radl_hevc.mp4", { frames: 75 }, [
    ...picture(),
    ...hevc("radl=2", "bframes=4"),
  ]),
  twoRuns("starts with an open group, H.264 in MP4", "starts_open_h264.mp4", {
    frames: 63,
    unshownPackets: 2,
  }, {
    first: [...picture(), ...h264("open-gop=1")],
    between: "mkv",
    second: [[], withoutFirst(BEFORE_KEYFRAME.h264)],
  }),
  twoRuns("starts with an open group, H.264 in MPEG-TS", "starts_open_h264.ts", {
    frames: 63,
    unshownPackets: 2,
  }, {
    first: [...picture(), ...h264("open-gop=1")],
    between: "ts",
    second: [[], withoutFirst(BEFORE_KEYFRAME.h264)],
  }),
  twoRuns(
    "starts with an open group, HEVC in MP4",
    "starts_open_hevc.mp4",
    { frames: 63, unshownPackets: 3 },
    {
      first: [...picture(), ...hevc("open-gop=1")],
      between: "mkv",
      second: [[], withoutFirst(BEFORE_KEYFRAME.hevc)],
    },
  ),
  twoRuns(
    "starts with an open group, HEVC in MKV",
    "starts_open_hevc.mkv",
    { frames: 63, unshownPackets: 3 },
    {
      first: [...picture(), ...hevc("open-gop=1")],
      between: "mkv",
      second: [[], withoutFirst(BEFORE_KEYFRAME.hevc)],
    },
  ),
  oneRun("one keyframe in the whole file", "one_keyframe.mp4", { frames: 75 }, [
    ...picture(),
    ...h264(NO_OTHER_KEYFRAMES),
  ]),
  oneRun("one keyframe, then intra refresh", "intra_refresh.mp4", { frames: 75 }, [
    ...picture(),
    ...h264("intra-refresh=1"),
  ]),
  oneRun("every frame a keyframe, H.264", "all_intra_h264.mp4", { frames: 75 }, [
    ...picture(),
    ...h264("keyint=1", "bframes=0"),
  ]),
  oneRun("every frame a keyframe, HEVC", "all_intra_hevc.mkv", { frames: 75 }, [
    ...picture(),
    ...hevc("keyint=1", "min-keyint=1", "bframes=0"),
  ]),
  oneRun("B-pyramid, H.264", "b_pyramid_h264.mp4", { frames: 75 }, [
    ...picture(),
    ...h264("bframes=7", "b-pyramid=normal", "b-adapt=0", "keyint=25"),
  ]),
  oneRun("B-pyramid in open groups, H.264", "b_pyramid_open_h264.mkv", { frames: 75 }, [
    ...picture(),
    ...h264("bframes=7", "b-pyramid=normal", "b-adapt=0", "keyint=21", "open-gop=1"),
  ]),
  oneRun("B-pyramid, HEVC", "b_pyramid_hevc.mp4", { frames: 75 }, [
    ...picture(),
    ...hevc("bframes=7", "b-pyramid=1", "b-adapt=0", "rc-lookahead=25", "keyint=25", "min-keyint=25"),
  ]),
  oneRun("uneven keyframes, H.264", "uneven_h264.mp4", { frames: 75 }, [
    ...picture(),
    ...h264(NO_OTHER_KEYFRAMES),
    ...UNEVEN_KEYFRAMES,
  ]),
  oneRun("uneven keyframes, HEVC", "uneven_hevc.mp4", { frames: 75 }, [
    ...picture(),
    ...hevc("keyint=-1", "min-keyint=1"),
    ...UNEVEN_KEYFRAMES,
  ]),
  oneRun("uneven keyframes, VP9", "uneven_vp9.webm", { frames: 75 }, [
    ...picture(),
    ...VP9,
    ...["-g", "999"],
    ...UNEVEN_KEYFRAMES,
  ]),
  oneRun("uneven keyframes, AV1", "uneven_av1.mp4", { frames: 75 }, [
    ...picture(),
    ...AV1,
    ...["-g", "999", "-svtav1-params", "enable-force-key-frames=1"],
    ...UNEVEN_KEYFRAMES,
  ]),
  twoRuns("first frame no keyframe, MPEG-TS", "starts_late.ts", { frames: 63, unshownPackets: 7 }, {
    first: [...picture(), ...h264()],
    between: "mkv",
    second: [[], withoutFirst(5)],
  }),
  twoRuns("first frame no keyframe, MKV", "starts_late.mkv", { frames: 63, unshownPackets: 7 }, {
    first: [...picture(), ...h264()],
    between: "mkv",
    second: [[], withoutFirst(5)],
  }),
  twoRuns("first frame no keyframe, MP4", "starts_late.mp4", { frames: 63, unshownPackets: 7 }, {
    first: [...picture(), ...h264()],
    between: "mkv",
    second: [[], withoutFirst(5)],
  }),
  twoRuns("first frame no keyframe, HEVC in MPEG-TS", "starts_late_hevc.ts", {
    frames: 63,
    unshownPackets: 7,
  }, {
    first: [...picture(), ...hevc()],
    between: "mkv",
    second: [[], withoutFirst(5)],
  }),
];
