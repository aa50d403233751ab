/** Times of every kind. */
import { AAC, h264, OWN_TIMES, picture, tone, VP9 } from "./ffmpeg_args.ts";
import { type Expected, type MediaCase, oneRun, twoRuns } from "./media_case.ts";

const COPY = ["-map", "0", "-c", "copy"];
const H264_AAC = [...picture(), ...tone(), ...h264(), ...AAC];
/** Each fragment says when it begins, in the source's time. */
const FRAGMENTED = [
  ...["-movflags", "+frag_keyframe+delay_moov+default_base_moof+frag_discont"],
  ...["-use_editlist", "0", "-avoid_negative_ts", "disabled"],
];
/** 25 frames a second, then 50, then 8, with a frame now and then a little late. */
const UNEVEN =
  "settb=1/90000,setpts='N*3600-1800*max(0\\,min(N-25\\,25))+7650*max(0\\,N-50)+(mod(N\\,7)*11)'";
/** Nothing for 20 seconds after the 30th frame. */
const GAP = "setpts='PTS+gte(N\\,30)*20/TB'";
/** One frame in seven. */
const MISSING = "select='not(eq(mod(n\\,7)\\,3))'";
const NO_B_FRAMES = "bframes=0";

/** Everything `seconds` later. */
const later = (seconds: number): string[] => ["-output_ts_offset", String(seconds)];
const clock = (ticksPerSecond: number): string[] => ["-video_track_timescale", String(ticksPerSecond)];

interface Edit {
  readonly milliseconds: number;
  /** Where it begins in the media, in ticks of the track. */
  readonly mediaTicks: number;
}

/** A video of 75 frames, 512 ticks each, the first at 1024 in its media, with `edits` for its edit list. */
function edited(name: string, file: string, expect: Expected, edits: readonly Edit[]): MediaCase {
  // Where it starts late it has two edits, the first of nothing.
  const start = edits.length === 1 ? [] : later(1);
  return {
    name,
    file,
    expect,
    make: (
      path,
    ) => [[...picture(), ...h264(), ...start, path], { path, patch: (bytes) => setEdits(bytes, edits) }],
  };
}

/** @see ISO/IEC 14496-12, 8.6.6: version and flags, how many, then 12 bytes each. */
function setEdits(bytes: Uint8Array<ArrayBuffer>, edits: readonly Edit[]): void {
  const text = new TextDecoder("latin1").decode(bytes);
  const view = new DataView(bytes.buffer, text.indexOf("elst") + 4);
  if (view.getUint32(0) !== 0 || view.getUint32(4) !== edits.length) {
    throw new Error("another edit list is there");
  }
  for (const [index, { milliseconds, mediaTicks }] of edits.entries()) {
    view.setUint32(8 + 12 * index, milliseconds);
    view.setInt32(12 + 12 * index, mediaTicks);
  }
}

export const TIME_CASES: readonly MediaCase[] = [
  oneRun("variable frame rate, MP4", "vfr.mp4", { frames: 75 }, [
    ...[...picture(), "-vf", UNEVEN, ...h264(), ...OWN_TIMES],
    ...clock(90_000),
  ]),
  oneRun("variable frame rate, the last picture decoded before others, MP4", "vfr_end.mp4", { frames: 103 }, [
    ...[...picture({ rate: 30, seconds: 4 }), "-vf", MISSING, "-fps_mode", "vfr"],
    ...h264("keyint=250", "b-adapt=0"),
  ]),
  oneRun("variable frame rate, MKV", "vfr.mkv", { frames: 75 }, [
    ...[...picture(), "-vf", UNEVEN, ...h264(), ...OWN_TIMES],
  ]),
  oneRun("variable frame rate, MPEG-TS", "vfr.ts", { frames: 75 }, [
    ...[...picture(), "-vf", UNEVEN, ...h264(), ...OWN_TIMES],
  ]),
  oneRun("variable frame rate, VP9 in WebM", "vfr.webm", { frames: 75 }, [
    ...[...picture(), "-vf", UNEVEN, ...VP9, ...OWN_TIMES],
  ]),
  ...([["23.976", "24000/1001", 72], ["29.97", "30000/1001", 90], ["59.94", "60000/1001", 180]] as const)
    .flatMap((
      [name, rate, frames],
    ) =>
      ["mp4", "mkv", "ts"].map((extension) =>
        oneRun(
          `${name} frames a second, ${extension.toUpperCase()}`,
          `rate_${name}.${extension}`,
          { frames },
          [
            ...picture({ rate }),
            ...h264(),
          ],
        )
      )
    ),
  oneRun("240 frames a second, MKV", "rate_240.mkv", { frames: 240 }, [
    ...picture({ rate: 240, seconds: 1 }),
    ...h264(),
  ]),
  oneRun("one frame in ten seconds", "rate_0.1.mp4", { frames: 4 }, [
    ...picture({ rate: "1/10", seconds: 40 }),
    ...h264(),
  ]),
  oneRun("a single frame, MP4", "single_frame.mp4", { frames: 1 }, [
    ...picture(),
    ...h264(),
    "-frames:v",
    "1",
  ]),
  oneRun("a single frame, MKV", "single_frame.mkv", { frames: 1 }, [
    ...picture(),
    ...h264(),
    "-frames:v",
    "1",
  ]),
  oneRun("first time not zero, MP4", "late.mp4", { frames: 75 }, [...H264_AAC, ...later(5.3)]),
  oneRun("first time not zero, fragmented MP4", "late_fragmented.mp4", { frames: 75 }, [
    ...[...H264_AAC, ...later(5.3)],
    ...FRAGMENTED,
  ]),
  oneRun("first time not zero, MKV", "late.mkv", { frames: 75 }, [...H264_AAC, ...later(5.3)]),
  oneRun("first time not zero, MPEG-TS", "late.ts", { frames: 75 }, [...H264_AAC, ...later(5.3)]),
  oneRun("video starts later than sound, MP4", "video_late.mp4", { frames: 75 }, [
    ...["-itsoffset", "0.7", ...picture(), ...tone(), ...h264(), ...AAC, ...OWN_TIMES],
  ]),
  twoRuns("cut without encoding: hidden frames before an edit list's start, MP4", "edit_list.mp4", {
    frames: 42,
    unshownPackets: 9,
    notes: ["an edit list hides the first 9 frames"],
  }, {
    first: H264_AAC,
    between: "mkv",
    second: [["-ss", "1.341"], COPY],
  }),
  twoRuns("cut without encoding: hidden frames before an edit list's start, MOV", "edit_list.mov", {
    frames: 42,
    unshownPackets: 9,
    notes: ["an edit list hides the first 9 frames"],
  }, {
    first: H264_AAC,
    between: "mp4",
    second: [["-ss", "1.32"], COPY],
  }),
  edited("an edit list that ends early, MP4", "edit_list_end.mp4", {
    frames: 50,
    unshownPackets: 25,
    notes: ["an edit list hides the last 25 frames"],
  }, [{ milliseconds: 2_000, mediaTicks: 1_024 }]),
  edited("two edits, the second later in the media, MP4", "two_edits.mp4", {
    frames: 50,
    unshownPackets: 25,
    notes: ["an edit list hides the frames of the second second"],
  }, [{ milliseconds: 1_000, mediaTicks: 1_024 }, { milliseconds: 1_000, mediaTicks: 26_624 }]),
  oneRun("a gap, MP4", "gap.mp4", { frames: 75 }, [...picture(), "-vf", GAP, ...h264(), ...OWN_TIMES]),
  oneRun("a gap, MKV", "gap.mkv", { frames: 75 }, [...picture(), "-vf", GAP, ...h264(), ...OWN_TIMES]),
  oneRun("a gap, MPEG-TS", "gap.ts", { frames: 75 }, [...picture(), "-vf", GAP, ...h264(), ...OWN_TIMES]),
  twoRuns("two frames at one time, MKV", "duplicate_time.mkv", { frames: 75 }, {
    first: [...picture(), ...h264(NO_B_FRAMES)],
    between: "mkv",
    second: [[], [...COPY, "-bsf:v", "setts=ts=if(eq(N\\,30)\\,PREV_OUTPTS\\,TS)"]],
  }),
  twoRuns("two frames at one time, at a keyframe, MKV", "duplicate_time_key.mkv", { frames: 75 }, {
    first: [...picture(), ...h264(NO_B_FRAMES)],
    between: "mkv",
    second: [[], [...COPY, "-bsf:v", "setts=ts=if(eq(N\\,36)\\,PREV_OUTPTS\\,TS)"]],
  }),
  oneRun("a clock of 90 kHz", "clock_90000.mp4", { frames: 75 }, [...picture(), ...h264(), ...clock(90_000)]),
  oneRun("a clock of 12345 Hz", "clock_12345.mp4", { frames: 75 }, [
    ...picture(),
    ...h264(),
    ...clock(12_345),
  ]),
  oneRun("a clock of 1 kHz", "clock_1000.mov", { frames: 90 }, [
    ...picture({ rate: "30000/1001" }),
    ...h264(),
    ...clock(1_000),
  ]),
  oneRun("a clock of 10 MHz", "clock_10000000.mp4", { frames: 90 }, [
    ...picture({ rate: "30000/1001" }),
    ...h264(),
    ...clock(10_000_000),
  ]),
  oneRun("times past 2^32 ticks, fragmented MP4", "far.mp4", { frames: 75 }, [
    ...[...H264_AAC, ...later(50_000), ...clock(90_000)],
    ...FRAGMENTED,
  ]),
  oneRun("times past 2^32 ticks within the file, MP4", "far_gaps.mp4", { frames: 75 }, [
    ...[
      ...picture(),
      "-vf",
      "setpts='PTS+(gte(N\\,20)+gte(N\\,30)+gte(N\\,40))*2000/TB'",
      ...h264(NO_B_FRAMES),
      ...OWN_TIMES,
    ],
    ...clock(1_000_000),
  ]),
  oneRun("times past 2^32 ticks, MKV", "far.mkv", { frames: 75 }, [...H264_AAC, ...later(5_000_000)]),
  oneRun("the clock of MPEG-TS wraps at 2^33", "wrap.ts", {
    frames: 75,
    readLateBy: -(2 ** 33) / 90_000,
  }, [...H264_AAC, ...later(95_440.5)]),
  {
    name: "two recordings in one MPEG-TS: times start again",
    file: "joined.ts",
    expect: { frames: 150, notes: ["times go back in the middle"] },
    make: (path) => {
      const parts = [`${path}.0.ts`, `${path}.1.ts`];
      return [...parts.map((part) => [...H264_AAC, part]), { path, parts }];
    },
  },
];
