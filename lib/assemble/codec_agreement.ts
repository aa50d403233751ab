/** Whether two shards can be one track: pure. */
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
  compare("parameter sets", parameterSets(first), parameterSets(other));
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

/** The bytes that a decoder is set up with (avcC, hvcC, av1C), in hexadecimal. */
function parameterSets({ description }: DecoderConfig): string | undefined {
  return description && descriptionBytes(description).toHex();
}
