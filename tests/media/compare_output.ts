/** How an output differs from its source beside its frames, as ffprobe and ffmpeg read both. */
import {
  type ProbedFile,
  type ProbedPacket,
  type ProbedPicture,
  type ProbedStream,
  probeFile,
  probePackets,
  probePicture,
  spanOf,
  subtract,
  toNumber,
} from "./probe.ts";
import { runFfmpeg } from "./run_ffmpeg.ts";

/** What there is to compare of a file. */
export interface FileFacts {
  readonly file: ProbedFile;
  readonly picture: ProbedPicture;
  readonly videoPackets: readonly ProbedPacket[];
  /** In the order of the tracks. */
  readonly sounds: readonly SoundFacts[];
}

interface SoundFacts {
  readonly stream: ProbedStream;
  readonly packets: readonly ProbedPacket[];
  /** Over all packets. */
  readonly hash: string;
}

/** @throws {FfmpegError} If the file cannot be read. */
export async function factsOf(path: string): Promise<FileFacts> {
  const [file, picture, videoPackets] = await Promise.all([
    probeFile(path),
    probePicture(path),
    probePackets(path, "v:0"),
  ]);
  const tracks = file.streams.filter(({ kind }) => kind === "audio");
  const sounds = await Promise.all(tracks.map(async (stream, track) => ({
    stream,
    packets: await probePackets(path, `a:${track}`),
    hash: await soundHash(path, track, stream.codec),
  })));
  return { file, picture, videoPackets, sounds };
}

export interface CompareOptions {
  /** See `Expected.readLateBy`. */
  readonly readLateBy?: number | undefined;
}

/**
 * Compares the labels of the pictures, every sound track with its packets and its place beside the video, and all
 * that a file holds besides.
 *
 * @returns A phrase for each difference, such as `sound 0: codec pcm_s24be -> aac`; none where all is kept.
 */
export function differences(
  before: FileFacts,
  after: FileFacts,
  { readLateBy = 0 }: CompareOptions = {},
): string[] {
  return [
    ...pictureLabels(videos(before.file)[0]!, videos(after.file)[0]!),
    ...pictureFacts(before.picture, after.picture),
    ...soundDifferences(before, after, readLateBy),
    ...change("video tracks", videos(before.file).length, videos(after.file).length),
    ...change("other tracks", others(before.file), others(after.file)),
    ...change("chapters", chapters(before.file), chapters(after.file)),
    ...tagDifferences(before.file, after.file),
  ];
}

const isCover = ({ dispositions }: ProbedStream) => dispositions.includes("attached_pic");
const videos = ({ streams }: ProbedFile) =>
  streams.filter((stream) => stream.kind === "video" && !isCover(stream));
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
    ...before.sideData.filter(({ side_data_type }) => STATED.test(String(side_data_type)))
      .filter((fact) => !after.sideData.some((other) => isSameFact(fact, other)))
      .map(({ side_data_type }) => `${side_data_type} in the container: lost`),
    ...change("language of the video", language(before), language(after)),
  ];
}

/** What the first picture says of itself, where the track does not. */
function pictureFacts(before: ProbedPicture, after: ProbedPicture): string[] {
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
/** What a container says of a video's light. */
const STATED = /Mastering display|Content light|DOVI/;

/** Containers have other fractions for the same numbers. */
function isSameFact(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  const value = (fact: unknown) => {
    const [, num, den] = /^(\d+)\/(\d+)$/.exec(String(fact)) ?? [];
    return num === undefined ? String(fact) : (Number(num) / Number(den)).toFixed(4);
  };
  return Object.entries(a).every(([name, fact]) => value(fact) === value(b[name]));
}

function soundDifferences(source: FileFacts, output: FileFacts, readLateBy: number): string[] {
  const [before, after] = [source.sounds, output.sounds];
  if (before.length !== after.length) {
    const codecs = (sounds: readonly SoundFacts[]) =>
      sounds.map(({ stream }) => stream.codec).join() || "none";
    return [`sound: ${codecs(before)} -> ${codecs(after)}`];
  }
  return before.flatMap((was, track) => {
    const is = after[track]!;
    const isSame = was.stream.codec !== is.stream.codec || was.hash === is.hash;
    return [
      ...change("codec", was.stream.codec, is.stream.codec),
      ...change("sample rate", was.stream.field.sample_rate, is.stream.field.sample_rate),
      ...change("channels", was.stream.field.channels, is.stream.field.channels),
      ...change("language", language(was.stream), language(is.stream)),
      ...change("title", title(was.stream), title(is.stream)),
      ...(before.length > 1 ? change("default", isDefault(was.stream), isDefault(is.stream)) : []),
      ...(isSame ? [] : ["other packets"]),
      ...offsets([source.videoPackets, was.packets], [output.videoPackets, is.packets], readLateBy),
    ].map((phrase) => `sound ${track}: ${phrase}`);
  });
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

type VideoAndSound = readonly [video: readonly ProbedPacket[], sound: readonly ProbedPacket[]];

/** Where sound begins and ends beside the video, off by more than one packet of it. */
function offsets(before: VideoAndSound, after: VideoAndSound, readLateBy: number): string[] {
  const [video, sound] = before.map(spanOf);
  const [made, madeSound] = after.map(spanOf);
  if (!video || !made || !sound || !madeSound) return [];
  const packetSeconds = before[1].map(({ duration }) => duration ? toNumber(duration) : 0)
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
const plainName = (name: string) => name.toLowerCase().replace("date_released", "date");
