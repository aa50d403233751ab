/** What is in a media file, as ffprobe and ffmpeg read it: readers that share nothing with the project's own. */
import { runFfmpeg } from "./run_ffmpeg.ts";

/** A time as a fraction of whole numbers, exact whatever the clock. */
export interface Seconds {
  readonly num: bigint;
  /** Above 0, and without a divisor in common with `num`. */
  readonly den: bigint;
}

/** A track as ffprobe tells of it; `field` holds all that it says, by ffprobe's names. */
export interface ProbedStream {
  readonly index: number;
  /** `video`, `audio`, `subtitle`, `data` or `attachment`. */
  readonly kind: string;
  readonly codec: string;
  readonly field: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of what is on, such as `default` or `attached_pic`. */
  readonly dispositions: readonly string[];
  /** Such as `Display Matrix`, with its fields. */
  readonly sideData: readonly Readonly<Record<string, unknown>>[];
}

export interface ProbedFile {
  readonly streams: readonly ProbedStream[];
  readonly chapters: readonly { readonly title: string; readonly start: string; readonly end: string }[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface ProbedPacket {
  /** When it is shown; undefined: not said. */
  readonly shown: Seconds | undefined;
  readonly duration: Seconds | undefined;
  readonly sizeBytes: number;
  readonly key: boolean;
  /** Whether an edit list hides it. */
  readonly hidden: boolean;
  /** Of its data, hexadecimal. */
  readonly sha256: string;
}

/** A decoded picture. */
export interface ProbedFrame {
  readonly shown: Seconds | undefined;
  /** Of its pixels, hexadecimal. */
  readonly md5: string;
}

/**
 * The tracks, chapters and tags of a file.
 *
 * @throws {FfmpegError} If ffprobe cannot read it.
 */
export async function probeFile(path: string): Promise<ProbedFile> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-show_streams", "-show_chapters", "-show_format", "-of", "json", path],
  ]);
  const { streams, chapters, format } = JSON.parse(stdout) as RawFile;
  return {
    streams: streams.map((field) => ({
      index: field.index,
      kind: field.codec_type ?? "unknown",
      codec: field.codec_name ?? "unknown",
      field,
      tags: field.tags ?? {},
      dispositions: Object.entries(field.disposition ?? {}).flatMap(([name, isOn]) => isOn ? [name] : []),
      sideData: field.side_data_list ?? [],
    })),
    chapters: chapters.map(({ tags, start_time, end_time }) => ({
      title: tags?.title ?? "",
      start: start_time,
      end: end_time,
    })),
    tags: format.tags ?? {},
  };
}

interface RawFile {
  readonly streams: readonly RawStream[];
  readonly chapters: readonly {
    readonly start_time: string;
    readonly end_time: string;
    readonly tags?: { readonly title?: string };
  }[];
  readonly format: { readonly tags?: Record<string, string> };
}

interface RawStream extends Record<string, unknown> {
  readonly index: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly time_base: string;
  readonly tags?: Record<string, string>;
  readonly disposition?: Record<string, number>;
  readonly side_data_list?: Record<string, unknown>[];
}

/**
 * The packets of a track in decode order.
 *
 * @param stream Such as `v:0` or `a:1`.
 * @throws {FfmpegError} If ffprobe cannot read the file.
 */
export async function probePackets(path: string, stream: string): Promise<ProbedPacket[]> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-select_streams", stream, "-show_packets", "-show_data_hash", "sha256"],
    ...["-show_entries", "packet=pts,duration,size,flags,data_hash:stream=time_base", "-of", "json", path],
  ]);
  const { packets, streams } = JSON.parse(stdout) as { packets: RawPacket[]; streams: RawStream[] };
  const timeBase = parseFraction(streams[0]?.time_base ?? "1/1");
  return packets.map(({ pts, duration, size, flags, data_hash }) => ({
    shown: times(pts, timeBase),
    duration: times(duration, timeBase),
    sizeBytes: Number(size),
    key: flags.includes("K"),
    hidden: flags.includes("D"),
    sha256: data_hash.replace(/^SHA256:/, ""),
  }));
}

interface RawPacket {
  readonly pts?: number;
  readonly duration?: number;
  readonly size: string;
  readonly flags: string;
  readonly data_hash: string;
}

/**
 * The packets of a video track in decode order, whose H.264 and HEVC data is first made alike whatever the
 * container: start codes, and nothing but coded slices (parameter sets and delimiters may stand elsewhere).
 *
 * @returns SHA-256 of each packet's data, hexadecimal.
 * @throws {FfmpegError} If ffmpeg cannot read the file.
 */
export async function sliceHashes(path: string, codec: string): Promise<string[]> {
  const filters = SLICES_ONLY[codec];
  const { stdout } = await runFfmpeg("ffmpeg", [
    ...["-copyts", "-i", path, "-map", "0:v:0", "-c", "copy", "-copyinkf", "-fps_mode", "passthrough"],
    ...[...(filters === undefined ? [] : ["-bsf:v", filters]), "-f", "framehash", "-hash", "sha256", "-"],
  ]);
  return hashesIn(stdout);
}

/** Units that are not slices: SEI, parameter sets, delimiters, ends, filler. */
const SLICES_ONLY: Readonly<Record<string, string>> = {
  h264: "h264_mp4toannexb,filter_units=remove_types=6-13",
  hevc: "hevc_mp4toannexb,filter_units=remove_types=32-40",
  av1: "filter_units=remove_types=1-2|5",
};

function hashesIn(frameHash: string): string[] {
  return frameHashLines(frameHash).map(([, , , , , hash]) => hash!);
}

/** Stream, decoding time, presentation time, duration, size, hash; then those of side data. */
function frameHashLines(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.split(",").map((field) => field.trim()));
}

export interface FrameOptions {
  /** Converted to before hashing; default: the pixels as they are. */
  readonly pixelFormat?: string;
  /** Filters before hashing, such as `crop=160:120:0:0`. */
  readonly filter?: string;
}

/**
 * The pictures of the first video track in the order in which they are shown, not turned.
 *
 * @throws {FfmpegError} If ffmpeg cannot read the file.
 */
export async function probeFrames(
  path: string,
  { pixelFormat, filter }: FrameOptions = {},
): Promise<ProbedFrame[]> {
  const { stdout } = await runFfmpeg("ffmpeg", [
    ...["-noautorotate", "-copyts", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough"],
    ...["-enc_time_base", "-1", "-autoscale", "0"],
    ...(filter === undefined ? [] : ["-vf", filter]),
    ...(pixelFormat === undefined ? [] : ["-pix_fmt", pixelFormat]),
    ...["-f", "framemd5", "-"],
  ]);
  const timeBase = parseFraction(/^#tb 0: (\S+)/m.exec(stdout)?.[1] ?? "1/1");
  return frameHashLines(stdout).map(([, , ticks, , , md5]) => ({
    shown: times(Number(ticks), timeBase),
    md5: md5!,
  }));
}

/** What the first picture of a video says of itself; `field` holds all, by ffprobe's names. */
export interface ProbedPicture {
  readonly field: Readonly<Record<string, unknown>>;
  /** Such as `Mastering display metadata`, with its fields. */
  readonly sideData: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The first picture of the first video track.
 *
 * @throws {FfmpegError} If ffprobe cannot read the file.
 */
export async function probePicture(path: string): Promise<ProbedPicture> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-select_streams", "v:0", "-read_intervals", "%+#1", "-show_frames", "-of", "json", path],
  ]);
  const { frames: [first = {}] } = JSON.parse(stdout) as { frames: RawPicture[] };
  return { field: first, sideData: first.side_data_list ?? [] };
}

interface RawPicture extends Record<string, unknown> {
  readonly side_data_list?: Record<string, unknown>[];
}

/**
 * What a decoder that reads all of a file has to say against it; empty where it says nothing. Frames keep their
 * times, or ffmpeg would complain of its own rounding.
 */
export async function complaints(path: string): Promise<string> {
  const all = ["-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-enc_time_base", "-1"];
  return (await runFfmpeg("ffmpeg", ["-copyts", "-i", path, ...all, "-f", "null", "-"])).stderr;
}

/**
 * How alike the pictures of two videos of as many frames are: SSIM over all planes, 1 for the same pixels.
 *
 * @throws {FfmpegError} If ffmpeg cannot read one of them.
 */
export async function structuralSimilarity(path: string, reference: string): Promise<number> {
  const numbered = (input: number, name: string) => `[${input}:v:0]setpts=N/TB/25,settb=1/25[${name}]`;
  const graph = [numbered(0, "a"), numbered(1, "b"), "[a][b]ssim=stats_file=-"].join(";");
  const { stdout } = await runFfmpeg("ffmpeg", [
    ...["-noautorotate", "-i", path, "-noautorotate", "-i", reference],
    ...["-filter_complex", graph, "-fps_mode", "passthrough", "-f", "null", "-"],
  ]);
  const values = [...stdout.matchAll(/ All:([\d.]+)/g)].map((match) => Number(match[1]));
  if (values.length === 0) throw new Error(`ffmpeg compared no frame of ${path} and ${reference}`);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** When a track's first packet begins and its last one ends; undefined for a track without packets. */
export function spanOf(packets: readonly ProbedPacket[]): { start: Seconds; end: Seconds } | undefined {
  const shown = packets.filter(({ hidden }) => !hidden).flatMap(({ shown, duration }) =>
    shown ? [{ start: shown, end: duration ? add(shown, duration) : shown }] : []
  );
  if (shown.length === 0) return undefined;
  return {
    start: shown.map(({ start }) => start).reduce((a, b) => compareSeconds(a, b) <= 0 ? a : b),
    end: shown.map(({ end }) => end).reduce((a, b) => compareSeconds(a, b) >= 0 ? a : b),
  };
}

export function toNumber({ num, den }: Seconds): number {
  return Number(num) / Number(den);
}

/** Below 0 where `a` comes first, 0 where they are the same. */
export function compareSeconds(a: Seconds, b: Seconds): number {
  const difference = a.num * b.den - b.num * a.den;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function subtract(a: Seconds, b: Seconds): Seconds {
  return reduced(a.num * b.den - b.num * a.den, a.den * b.den);
}

function add(a: Seconds, b: Seconds): Seconds {
  return reduced(a.num * b.den + b.num * a.den, a.den * b.den);
}

function times(ticks: number | undefined, { num, den }: Seconds): Seconds | undefined {
  return ticks === undefined || Number.isNaN(ticks) ? undefined : reduced(BigInt(ticks) * num, den);
}

function parseFraction(text: string): Seconds {
  const [num = "0", den = "1"] = text.split("/");
  return reduced(BigInt(num), BigInt(den));
}

function reduced(num: bigint, den: bigint): Seconds {
  const divisor = greatestCommonDivisor(num < 0n ? -num : num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
