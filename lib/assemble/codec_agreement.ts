/** Whether two shards can be one track: pure. */
import { statedSets } from "../chunk/coded_picture.ts";
import { descriptionBytes } from "../chunk/description_bytes.ts";
import type { DecoderConfig } from "../chunk/source_file.ts";

/**
 * What a decoder that was set up for `first` could not go on with in `other`, in words; empty where it can.
 */
export function codecDifferences(first: DecoderConfig, other: DecoderConfig): string[] {
  const differences: string[] = [];
  const compare = (what: string, a: unknown, b: unknown) => {
    if (a !== b) differences.push(`${what} (${a ?? "none"} and ${b ?? "none"})`);
  };
  compare("codec", withoutVp9Level(first.codec), withoutVp9Level(other.codec));
  compare("size", size(first), size(other));
  compare("pixel aspect", aspect(first), aspect(other));
  compare("colour", colour(first), colour(other));
  compare("parameter sets", ...firstDifference(parameterSets(first), parameterSets(other)));
  return differences;
}

const VP9_CODEC = /^(vp09\.\d+\.)(\d+)/;

/** Of VP9: what the frames of a shard take of a decoder. An encoder finds it only as it goes. */
export function vp9Level({ codec }: DecoderConfig): number | undefined {
  const level = VP9_CODEC.exec(codec)?.[2];
  return level === undefined ? undefined : Number(level);
}

function withoutVp9Level(codec: string): string {
  return codec.replace(VP9_CODEC, "$1*");
}

function size({ codedWidth, codedHeight }: DecoderConfig): string {
  return `${codedWidth}x${codedHeight}`;
}

/** Of the picture, so that shards of one size have the same exactly where their pixels do. */
function aspect({ displayAspectWidth, displayAspectHeight, codedWidth, codedHeight }: DecoderConfig): string {
  const width = displayAspectWidth ?? codedWidth ?? 0;
  const height = displayAspectHeight ?? codedHeight ?? 0;
  return (width / height).toFixed(4);
}

function colour({ colorSpace }: DecoderConfig): string {
  const { primaries, transfer, matrix, fullRange } = colorSpace ?? {};
  const range = fullRange === undefined || fullRange === null ? undefined : fullRange ? "full" : "limited";
  return [primaries, transfer, matrix, range].map((value) => value ?? "-").join("/");
}

/** ISO/IEC 14496-15, 8.3.3.1: those of hvcC before its lists of units. */
const HVCC_FIXED_BYTES = 22;

/**
 * What a decoder is set up with (avcC, hvcC, av1C), in hexadecimal: whole, but for HEVC, whose record may have messages
 * that change nothing, such as x265's options.
 */
function parameterSets({ codec, description }: DecoderConfig): readonly string[] {
  if (!description) return [];
  const record = descriptionBytes(description);
  if (!/^(hvc|hev)1\./.test(codec)) return [record.toHex()];
  const { video, sequence, picture } = statedSets({ codec: "hevc", decoderConfig: { description } });
  return [record.subarray(0, HVCC_FIXED_BYTES).toHex(), ...video, ...sequence, ...picture];
}

/** The first of each that are not the same, in short; undefined: there is none. */
function firstDifference(
  a: readonly string[],
  b: readonly string[],
): readonly [string | undefined, string | undefined] {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    if (a[index] !== b[index]) return excerpts(a[index], b[index]);
  }
  return [undefined, undefined];
}

/** Of the bytes of a parameter set; so many of them come before those that differ. */
const SHOWN = { digits: 64, digitsBefore: 14 } as const;

/** Hexadecimal, from shortly before the first byte that differs where there is not room for all. */
function excerpts(
  a: string | undefined,
  b: string | undefined,
): readonly [string | undefined, string | undefined] {
  if (a === undefined || b === undefined) return [a && excerpt(a, 0), b && excerpt(b, 0)];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const isShort = Math.max(a.length, b.length) <= SHOWN.digits;
  const start = isShort ? 0 : Math.max(0, same - same % 2 - SHOWN.digitsBefore);
  return [excerpt(a, start), excerpt(b, start)];
}

function excerpt(digits: string, start: number): string {
  const end = start + SHOWN.digits;
  return `${start > 0 ? "..." : ""}${digits.slice(start, end)}${end < digits.length ? "..." : ""}`;
}
