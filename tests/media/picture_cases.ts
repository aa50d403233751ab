/** Pictures of every kind. */
import { AV1, h264, hevc, picture, VP8, VP9 } from "./ffmpeg_args.ts";
import { type Expected, type MediaCase, oneRun, type Step, twoRuns } from "./media_case.ts";
import { withDolbyVision, withStatedLight } from "./stated_light.ts";

/** The test picture itself has even sides only. */
const ODD_SIZE = [...picture(), "-vf", "scale=161:121"];
const BT2020 = ["-color_primaries", "bt2020", "-colorspace", "bt2020nc"];
const TEN_BITS = ["-pix_fmt", "yuv420p10le"];
const PQ = { color_transfer: "smpte2084", color_primaries: "bt2020", color_space: "bt2020nc" };
const HLG = { ...PQ, color_transfer: "arib-std-b67" };
const MASTERING = [
  "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)",
  "max-cll=1000,400",
];
/** Two frames of a film of twice the rate are the two fields of one. */
const INTERLACED = ["-vf", "interlace=scan=tff", "-flags", "+ilme+ildct"];

function rotated(degrees: number, extension: string): MediaCase {
  const expect = { frames: 75, says: { rotation: degrees < 180 ? degrees : degrees - 360 } };
  const name = `rotated by ${degrees} degrees, ${extension.toUpperCase()}`;
  return twoRuns(name, `rotated_${degrees}.${extension}`, expect, {
    first: [...picture(), ...h264()],
    between: "mp4",
    second: [[], ["-c", "copy", "-metadata:s:v", `rotate=${degrees}`]],
  });
}

const PQ_VIDEO = [...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "smpte2084", "-color_range", "tv"];

/** PQ of which the container says more than its pictures do. */
function stated(
  name: string,
  file: string,
  { codec, join, notes }: {
    readonly codec: readonly string[];
    readonly join: typeof withStatedLight;
    readonly notes: readonly string[];
  },
): MediaCase {
  const make = (path: string): readonly Step[] => {
    const [plain, whole] = [`${path}.plain.mp4`, `${path}.whole.mp4`];
    const strict = ["-strict", "unofficial"]; // for Dolby Vision
    return [
      [...PQ_VIDEO, ...codec, plain],
      { path: file.endsWith("mp4") ? path : whole, parts: [plain], join },
      ...(file.endsWith("mp4") ? [] : [["-i", whole, "-c", "copy", ...strict, path]]),
    ];
  };
  return { name, file, expect: { frames: 75, says: PQ, notes }, make };
}

const STATED_LIGHT = { join: withStatedLight, notes: ["mastering display and light level in the container"] };
const DOLBY_VISION = { join: withDolbyVision, notes: ["a configuration record of Dolby Vision"] };
const HVC1 = [...hevc(), "-tag:v", "hvc1"];

export const PICTURE_CASES: readonly MediaCase[] = [
  oneRun("odd sides, H.264 4:4:4", "odd_h264.mp4", { frames: 75, says: { width: 161, height: 121 } }, [
    ...ODD_SIZE,
    ...h264(),
    ...["-pix_fmt", "yuv444p"],
  ]),
  oneRun("odd sides, VP9", "odd_vp9.webm", { frames: 75, says: { width: 161, height: 121 } }, [
    ...ODD_SIZE,
    ...VP9,
  ]),
  oneRun("odd sides, VP8", "odd_vp8.webm", { frames: 75, says: { width: 161, height: 121 } }, [
    ...ODD_SIZE,
    ...VP8,
  ]),
  oneRun("odd sides, AV1", "odd_av1.mp4", { frames: 75, says: { width: 161, height: 121 } }, [
    ...ODD_SIZE,
    ...["-c:v", "libaom-av1", "-g", "12", "-usage", "realtime", "-cpu-used", "8", "-crf", "50", "-b:v", "0"],
  ]),
  oneRun("oblong pixels, MP4", "sar.mp4", { frames: 75, says: { sample_aspect_ratio: "4:3" } }, [
    ...[...picture(), "-vf", "setsar=4/3"],
    ...h264(),
  ]),
  oneRun("oblong pixels, MKV", "sar.mkv", { frames: 75, says: { sample_aspect_ratio: "16:11" } }, [
    ...[...picture(), "-vf", "setsar=16/11"],
    ...h264(),
  ]),
  oneRun("oblong pixels, HEVC in MPEG-TS", "sar.ts", { frames: 75, says: { sample_aspect_ratio: "16:11" } }, [
    ...[...picture(), "-vf", "setsar=16/11"],
    ...hevc(),
  ]),
  oneRun(
    "oblong pixels, VP9: said by the container alone",
    "sar.webm",
    { frames: 75, says: { sample_aspect_ratio: "3:2" } },
    [
      ...[...picture(), "-vf", "setsar=3/2"],
      ...VP9,
    ],
  ),
  ...[90, 180, 270].flatMap((degrees) => ["mp4", "mov"].map((extension) => rotated(degrees, extension))),
  oneRun("BT.2020 PQ with mastering metadata, HEVC in MP4", "hdr10.mp4", {
    frames: 75,
    says: PQ,
    notes: ["mastering display", "content light level"],
  }, [
    ...[...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "smpte2084"],
    ...hevc("hdr10=1", "repeat-headers=1", ...MASTERING),
    ...["-tag:v", "hvc1"],
  ]),
  oneRun("BT.2020 PQ with mastering metadata, HEVC in MKV", "hdr10.mkv", {
    frames: 75,
    says: PQ,
    notes: ["mastering display", "content light level"],
  }, [
    ...[...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "smpte2084"],
    ...hevc("hdr10=1", "repeat-headers=1", ...MASTERING),
  ]),
  oneRun("BT.2020 PQ, VP9 in WebM", "pq.webm", { frames: 75, says: PQ }, [
    ...[...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "smpte2084", "-color_range", "tv"],
    ...VP9,
  ]),
  ...["mp4", "mkv"].map((extension) =>
    stated(
      `mastering metadata in the container alone, HEVC in ${extension.toUpperCase()}`,
      `hdr_stated.${extension}`,
      { codec: HVC1, ...STATED_LIGHT },
    )
  ),
  stated("mastering metadata in the container alone, VP9 in WebM", "hdr_stated.webm", {
    codec: VP9,
    ...STATED_LIGHT,
  }),
  ...["mp4", "mkv"].map((extension) =>
    stated(`Dolby Vision, HEVC in ${extension.toUpperCase()}`, `dolby_vision.${extension}`, {
      codec: HVC1,
      ...DOLBY_VISION,
    })
  ),
  oneRun("BT.2020 HLG, HEVC in MP4", "hlg.mp4", { frames: 75, says: HLG }, [
    ...[...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "arib-std-b67"],
    ...hevc(),
  ]),
  oneRun("BT.2020 HLG, AV1 in MP4", "hlg_av1.mp4", { frames: 75, says: HLG }, [
    ...[...picture(), ...TEN_BITS, ...BT2020, "-color_trc", "arib-std-b67"],
    ...AV1,
  ]),
  oneRun("full range, H.264 in MP4", "full_range.mp4", { frames: 75, says: { color_range: "pc" } }, [
    ...[...picture(), "-pix_fmt", "yuvj420p", "-color_range", "pc", "-colorspace", "bt709"],
    ...h264(),
  ]),
  oneRun("full range, H.264 in MKV", "full_range.mkv", { frames: 75, says: { color_range: "pc" } }, [
    ...[...picture(), "-pix_fmt", "yuvj420p", "-color_range", "pc", "-colorspace", "bt709"],
    ...h264(),
  ]),
  oneRun("BT.601 colours, H.264 in MP4", "bt601.mp4", {
    frames: 75,
    says: { color_primaries: "smpte170m", color_space: "smpte170m" },
  }, [
    ...[...picture(), "-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-colorspace", "smpte170m"],
    ...h264(),
  ]),
  oneRun("interlaced, top field first, H.264 in MP4", "interlaced_tff.mp4", {
    frames: 75,
    says: { field_order: "tt" },
  }, [...picture({ rate: 50 }), ...INTERLACED, ...h264("tff=1")]),
  oneRun("interlaced, bottom field first, H.264 in MPEG-TS", "interlaced_bff.ts", {
    frames: 75,
    says: { field_order: "bb" },
  }, [...picture({ rate: 50 }), "-vf", "interlace=scan=bff", "-flags", "+ilme+ildct", ...h264("bff=1")]),
  oneRun("interlaced, H.264 in MKV", "interlaced_tff.mkv", {
    frames: 75,
    says: { field_order: "tb" },
  }, [...picture({ rate: 50 }), ...INTERLACED, ...h264("tff=1")]),
  oneRun("alpha, VP9 in WebM", "alpha_vp9.webm", { frames: 75, says: { alpha_mode: "1" } }, [
    ...[...picture(), "-vf", "format=yuva420p,geq=lum='lum(X,Y)':a='mod(X*2+N*8,256)'"],
    ...[...VP9, "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"],
  ]),
  oneRun("alpha, VP8 in WebM", "alpha_vp8.webm", { frames: 75, says: { alpha_mode: "1" } }, [
    ...[...picture(), "-vf", "format=yuva420p,geq=lum='lum(X,Y)':a='mod(X*2+N*8,256)'"],
    ...[...VP8, "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"],
  ]),
  oneRun("alpha, ProRes 4444 in MOV", "alpha_prores.mov", { frames: 25, says: { pix_fmt: "yuva444p12le" } }, [
    ...[...picture({ seconds: 1 }), "-vf", "format=yuva444p10le,geq=lum='lum(X,Y)':a='mod(X*8+N*32,1024)'"],
    ...["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le", "-alpha_bits", "16"],
  ]),
  {
    name: "the size changes in the middle, MPEG-TS",
    file: "size_changes.ts",
    expect: { frames: 100, notes: ["160x120, then 320x240"] },
    make: (path) => {
      const parts = [`${path}.0.ts`, `${path}.1.ts`];
      const [small, large] = [picture({ seconds: 2 }), picture({ seconds: 2, size: "320x240" })];
      return [
        [...small, ...h264(), parts[0]!],
        [...large, ...h264(), "-output_ts_offset", "2.08", parts[1]!],
        { path, parts },
      ];
    },
  },
  {
    name: "the parameter sets change in the middle, MPEG-TS",
    file: "parameters_change.ts",
    expect: { frames: 100, notes: ["two kinds of H.264"] },
    make: (path) => {
      const parts = [`${path}.0.ts`, `${path}.1.ts`];
      return [
        [...picture({ seconds: 2 }), ...h264(), parts[0]!],
        [...picture({ seconds: 2 }), ...h264("cabac=0", "ref=4"), "-output_ts_offset", "2.08", parts[1]!],
        { path, parts },
      ];
    },
  },
  concatenated("the size changes in the middle, MKV", "size_changes.mkv", {
    frames: 100,
    notes: ["160x120, then 320x240"],
  }, [
    [...picture({ seconds: 2 }), ...h264()],
    [...picture({ seconds: 2, size: "320x240" }), ...h264()],
  ]),
  ...["mkv", "mp4"].map((extension) =>
    concatenated(
      `the picture parameter sets change and change back, ${extension.toUpperCase()}`,
      `parameters_return.${extension}`,
      { frames: 150, notes: ["three parts, the third as the first"] },
      ["20", "35", "20"].map((quantizer) => [
        ...[...picture({ seconds: 2 }), ...h264("cabac=0"), "-qp", quantizer],
      ]),
    )
  ),
  concatenated("the sequence parameter sets change at one size, MKV", "sequence_changes.mkv", {
    frames: 100,
    notes: ["two recordings of one size"],
  }, [
    [...picture({ seconds: 2 }), ...h264("bframes=0", "ref=1")],
    [...picture({ seconds: 2 }), ...h264("ref=4")],
  ]),
  concatenated("parameter sets in a part's first keyframe only, MKV", "parameters_once.mkv", {
    frames: 100,
    notes: ["open groups in the second part, of which only the first has parameter sets"],
  }, [
    [...picture({ seconds: 2 }), ...h264("cabac=0"), "-qp", "20"],
    [...picture({ seconds: 2 }), ...h264("cabac=0", "open-gop=1"), "-qp", "35"],
  ]),
];

/** Recordings one after another, as ffmpeg joins them: each IDR picture gets the parameter sets of its part. */
function concatenated(
  name: string,
  file: string,
  expect: Expected,
  parts: readonly (readonly string[])[],
): MediaCase {
  const make = (path: string): readonly Step[] => {
    const paths = parts.map((_, index) => `${path}.${index}.mp4`);
    const list = { path: `${path}.txt`, text: paths.map((part) => `file '${part}'\n`).join("") };
    return [
      ...parts.map((args, index) => [...args, paths[index]!]),
      list,
      ["-f", "concat", "-safe", "0", "-i", list.path, "-c", "copy", path],
    ];
  };
  return { name, file, expect, make };
}
