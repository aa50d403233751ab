/** The streams of an Ogg file, whether or not the demuxer knows them. */
import type { ByteSource, ContainerOutline } from "./container_outline.ts";

/** The first page of each stream, which says its codec, comes before all others. */
const FIRST_PAGES_BYTES = 4096;

const VIDEO_CODECS: readonly (readonly [mark: string, name: string])[] = [
  ["theora", "Theora video"],
  ["BBCD\0", "Dirac video"],
  ["\x01video\0", "video"],
];

/** Reads what the first pages of an Ogg file (RFC 3533) say of streams of video. */
export async function outlineOgg(file: ByteSource): Promise<ContainerOutline> {
  const bytes = await file.read(0, Math.min(FIRST_PAGES_BYTES, file.sizeBytes));
  const text = new TextDecoder("latin1").decode(bytes);
  const found = VIDEO_CODECS.filter(([mark]) => text.includes(mark));
  const streams = new Map(found.map(([, name], index) => [-1 - index, name]));
  return { claimedBytes: 0, otherContents: [], delaysSeconds: new Map(), streams };
}
