/** What a container's code for a codec stands for, in the words of the field: pure. */

/** By the codes of MP4 and MOV (mp4ra.org and QuickTime), Matroska (its codec mappings) and AVI. */
const NAMES: readonly (readonly [name: string, ...codes: string[]])[] = [
  ["MPEG-1", "m1v", "mp1v", "V_MPEG1", "MPG1"],
  ["MPEG-2", "m2v1", "mp2v", "V_MPEG2", "hdv1", "hdv2", "hdv3", "mx5p", "xd5b", "MPG2"],
  ["MPEG-4 Part 2", "mp4v", "V_MPEG4/ISO/SP", "V_MPEG4/ISO/ASP", "V_MPEG4/ISO/AP", "XVID", "DIVX", "DX50"],
  ["MS-MPEG-4", "V_MPEG4/MS/V3", "DIV3", "MP42", "MP43"],
  ["Motion JPEG", "jpeg", "mjpa", "mjpb", "V_MJPEG", "MJPG"],
  ["JPEG 2000", "mjp2", "MJ2C"],
  ["H.261", "h261", "H261"],
  ["H.263", "h263", "s263", "H263"],
  ["VVC", "vvc1", "vvi1", "V_MPEGI/ISO/VVC"],
  ["EVC", "evc1"],
  ["Theora", "theo", "XiTh", "V_THEORA"],
  ["Dirac", "drac", "V_DIRAC"],
  ["FFV1", "FFV1", "V_FFV1"],
  ["Huffyuv", "HFYU", "FFVH"],
  ["DV", "dvc", "dvcp", "dvpp", "dv5n", "dv5p", "dvhp", "dvh5", "dvsd"],
  ["DNxHD", "AVdn", "AVdh"],
  ["CineForm", "CFHD"],
  ["VC-1", "vc-1", "WVC1", "WMV3"],
  ["Sorenson Video", "SVQ1", "SVQ3"],
  ["Cinepak", "cvid"],
  ["QuickTime Animation", "rle"],
  ["RealVideo", "V_REAL/RV10", "V_REAL/RV20", "V_REAL/RV30", "V_REAL/RV40"],
  ["uncompressed video", "raw", "2vuy", "yuv2", "v210", "V_UNCOMPRESSED"],
  ["ProRes", "V_PRORES"],
  ["Video for Windows", "V_MS/VFW/FOURCC"],
];

const BY_CODE = new Map(NAMES.flatMap(([name, ...codes]) => codes.map((code) => [code.toLowerCase(), name])));

/**
 * Such as `MPEG-4 Part 2 [mp4v]`; a code that is not known here stands for itself.
 *
 * @param code As the demuxer gives it; null: the container states none.
 */
export function codecName(code: string | number | Uint8Array | null): string {
  if (code === null) return "unknown";
  const shown = String(code).replace(/[^ -~]/g, "?").trim();
  const name = BY_CODE.get(shown.toLowerCase());
  return name === undefined ? shown : `${name} [${shown}]`;
}
