/** How an output differs from its source beside its frames, as ffprobe and ffmpeg read both. */
import {
  type ProbedFile,
  type ProbedPacket,
  type ProbedStream,
  probeFile,
  probePackets,
  probePicture,
  spanOf,
  subtract,
  toNumber,
} from "./probe.ts";
import { runFfmpeg } from "./run_ffmpeg.ts";

export interface CompareOptions {
  /** See `Expected.readLateBy`. */
  readonly readLateBy?: number | undefined;
}

/**
 * Compares the labels of the pictures, every sound track with its packets and its place beside the video, and all
 * that a file holds besides.
 *
 * @returns A phrase for each difference, such as `sound 0: codec pcm_s24be -> aac`; none where all is kept.
 * @throws {FfmpegError} If one of them cannot be read.
 */
export async function differences(
  source: string,
  output: string,
  { readLateBy = 0 }: CompareOptions = {},
): Promise<string[]> {
  const [before, after] = await Promise.all([probeFile(source), probeFile(output)]);
  return [
    ...pictureLabels(videos(before)[0]!, videos(after)[0]!),
    ...await pictureFacts(source, output),
    ...await soundDifferences({ path: source, file: before }, { path: output, file: after }, readLateBy),
    ...change("video tracks", videos(before).length, videos(after).length),
    ...change("other tracks", others(before), others(after)),
    ...change("chapters", chapters(before), chapters(after)),
    ...tagDifferences(before, after),
  ];
}

const isCover = ({ dispositions }: ProbedStream) => dispositions.includes("attached_pic");
const videos = ({ streams }: ProbedFile) =>
  streams.filter((stream) => stream.kind === "video" && !isCover(stream));
const sounds = ({ streams }: ProbedFile) => streams.filter(({ kind }) => kind === "audio");
const others = ({ streams }: ProbedFile) =>
  streams.filter((stream) => stream.kind !== "audio" && (stream.kind !== "video" || isCover(stream)))
    .map((stream) => isCover(stream) ? "cover" : stream.kind).join(", ");
const chapters = (file: ProbedFile) =>
  file.chapters.map(({ title, start }) => `${title} at ${Number(start).toFixed(3)}`).join(", ");

function change(what: string, before: unknown, after: unknown): string[] {
  const word = (value: unknown) => value === undefined || value === "" ? "none" : String(value);
  return word(before) === word(after) ? [] : [`${what}: ${word(before)} -> ${word(after)}`];
}

const LABELS = [
  ...["width", "height", "pix_fmt", "sample_aspect_ratio", "field_order"],
  ...["color_range", "color_space", "color_transfer", "color_primaries"],
];
/** What means the same as saying nothing. */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  sample_aspect_ratio: ["1:1", "0:1"],
  field_order: ["progressive", "unknown"],
  color_range: ["tv"],
};

function pictureLabels(before: ProbedStream, after: ProbedStream): string[] {
  const said = (stream: ProbedStream, label: string) => {
    const value = stream.field[label];
    return USUAL[label]?.includes(value) ? undefined : value;
  };
  const rotation = ({ sideData }: ProbedStream) =>
    sideData.find(({ side_data_type }) => side_data_type === "Display Matrix")?.rotation ?? 0;
  return [
    ...LABELS.flatMap((label) => change(label, said(before, label), said(after, label))),
    ...change("rotation", rotation(before), rotation(after)),
    ...change("language of the video", language(before), language(after)),
  ];
}

/** What the first picture says of itself, where the track does not. */
async function pictureFacts(source: string, output: string): Promise<string[]> {
  const [before, after] = await Promise.all([probePicture(source), probePicture(output)]);
  const fields = ["interlaced_frame", "top_field_first"];
  const sideData = before.sideData.filter(({ side_data_type }) => HDR.test(String(side_data_type)));
  const isKept = (fact: unknown) =>
    after.sideData.some((other) => JSON.stringify(other) === JSON.stringify(fact));
  return [
    ...fields.filter((field) => before.field[field] !== undefined)
      .flatMap((field) => change(field, before.field[field], after.field[field])),
    ...sideData.filter((fact) => !isKept(fact)).map(({ side_data_type }) => `${side_data_type}: lost`),
  ];
}

const HDR = /Mastering display|Content light/;

interface Probed {
  readonly path: string;
  readonly file: ProbedFile;
}

async function soundDifferences(source: Probed, output: Probed, readLateBy: number): Promise<string[]> {
  const [before, after] = [sounds(source.file), sounds(output.file)];
  if (before.length !== after.length) {
    return [
      `sound: ${before.map(({ codec }) => codec)} -> ${after.map(({ codec }) => codec).join() || "none"}`,
    ];
  }
  const found: string[] = [];
  for (const [track, was] of before.entries()) {
    const is = after[track]!;
    const [wasPackets, isPackets] = await Promise.all([
      probePackets(source.path, `a:${track}`),
      probePackets(output.path, `a:${track}`),
    ]);
    const isSame = was.codec !== is.codec ||
      await soundHash(source.path, track, was.codec) === await soundHash(output.path, track, is.codec);
    found.push(...[
      ...change("codec", was.codec, is.codec),
      ...change("sample rate", was.field.sample_rate, is.field.sample_rate),
      ...change("channels", was.field.channels, is.field.channels),
      ...change("language", language(was), language(is)),
      ...change("title", title(was), title(is)),
      ...(before.length > 1 ? change("default", isDefault(was), isDefault(is)) : []),
      ...(isSame ? [] : ["other packets"]),
      ...await offsets({ ...source, packets: wasPackets }, { ...output, packets: isPackets }, readLateBy),
    ].map((phrase) => `sound ${track}: ${phrase}`));
  }
  return found;
}

const language = ({ tags }: ProbedStream) => tags.language === "und" ? undefined : tags.language;
const isDefault = ({ dispositions }: ProbedStream) => dispositions.includes("default");
/** MP4 has a track's title as the name of its handler, which a muxer fills where there is none. */
const title = ({ tags }: ProbedStream) =>
  tags.title ??
    (/handler|^(core media|mediabunny)/i.test(tags.handler_name ?? "") ? undefined : tags.handler_name);

/** One hash over all packets; of samples where a reader may cut packets as it likes. */
async function soundHash(path: string, track: number, codec: string): Promise<string> {
  const coding = codec.startsWith("pcm_") ? ["-c:a", "pcm_s32le"] : ["-c:a", "copy"];
  const headers = codec === "aac" ? ["-bsf:a", "aac_adtstoasc"] : []; // MPEG-TS has one before each packet
  const { stdout } = await runFfmpeg("ffmpeg", [
    ...["-i", path, "-map", `0:a:${track}`, ...coding, ...headers, "-f", "hash", "-hash", "sha256", "-"],
  ]);
  return stdout.trim();
}

/** Where sound begins and ends beside the video, off by more than one packet of it. */
async function offsets(
  before: Probed & { readonly packets: readonly ProbedPacket[] },
  after: Probed & { readonly packets: readonly ProbedPacket[] },
  readLateBy: number,
): Promise<string[]> {
  const [video, made] = [await probePackets(before.path, "v:0"), await probePackets(after.path, "v:0")]
    .map(spanOf);
  const [sound, madeSound] = [spanOf(before.packets), spanOf(after.packets)];
  if (!video || !made || !sound || !madeSound) return [];
  const packetSeconds = before.packets.map(({ duration }) => duration ? toNumber(duration) : 0)
    .reduce((a, b) => Math.max(a, b), USUAL_PACKET_SECONDS);
  return (["start", "end"] as const).flatMap((edge) => {
    const seconds = toNumber(
      subtract(subtract(madeSound[edge], made.start), subtract(sound[edge], video.start)),
    );
    // where a clock has wrapped, all tracks are read late alike
    const off = Math.abs(readLateBy) < 1 ? seconds - readLateBy : seconds;
    return Math.abs(off) > packetSeconds + CLOCK_SECONDS ? [`${edge} off by ${off.toFixed(3)} s`] : [];
  });
}

/** 1,024 samples at 48 kHz. */
const USUAL_PACKET_SECONDS = 1024 / 48_000;
/** Matroska's clock, at both ends. */
const CLOCK_SECONDS = 0.001;

/** What muxers say of themselves. */
const OWN_TAGS = /^(major_brand|minor_version|compatible_brands|encoder|duration|creation_time)$/i;

function tagDifferences(before: ProbedFile, after: ProbedFile): string[] {
  const found = new Map(Object.entries(after.tags).map(([name, value]) => [plainName(name), value]));
  return Object.entries(before.tags).filter(([name]) => !OWN_TAGS.test(name)).flatMap(([name, value]) =>
    change(`tag ${plainName(name)}`, value, found.get(plainName(name)))
  );
}

/** Matroska names them otherwise. */
const plainName = (name: string) =>
  name.toLowerCase().replace(/^movie\//, "").replace("date_released", "date");
