/** A Matroska file whose sound has several frames in a block, as mkvmerge makes it and ffmpeg cannot. */
import { concatenated, element } from "../../lib/assemble/ebml_bytes.ts";
import { elementsIn } from "../../lib/chunk/ebml.ts";
import { BLOCK_HEADER_BYTES, MATROSKA_ID as ID, rewritten, trackNumberOf } from "./matroska_rewrite.ts";

/** How the sizes of frames are told (RFC 9559, 10.3); the flags of a block that is so. */
const LACING = { xiph: 0x02, ebml: 0x06 } as const;
export type Lacing = keyof typeof LACING;

/** Of a number in a block that has 2 bytes, and where those below 0 begin. */
const [TWO_BYTES, BIAS] = [0x4000, 0x1fff] as const;

/**
 * Makes blocks of up to four frames of the simple ones of a track in each cluster; that track states no duration.
 *
 * @returns What does that to a file as ffmpeg writes it, without lacing.
 */
export function lacedTrack(
  number: number,
  lacing: Lacing,
): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) =>
    rewritten(file!, (id, bytes) => {
      if (id === ID.TrackEntry && trackNumberOf(bytes) === number) return lacedEntry(bytes);
      return id === ID.Cluster ? element(id, ...lacedBlocks(bytes, number, lacing)) : undefined;
    });
}

function lacedEntry(entry: Uint8Array): Uint8Array {
  const kept = [...elementsIn(entry)].filter(({ id }) => id !== ID.FlagLacing && id !== ID.DefaultDuration);
  return element(
    ID.TrackEntry,
    element(ID.FlagLacing, 1),
    ...kept.map(({ id, bytes }) => element(id, bytes)),
  );
}

const FRAMES_PER_BLOCK = 4;

function lacedBlocks(cluster: Uint8Array, number: number, lacing: Lacing): Uint8Array[] {
  const isOurs = ({ id, bytes }: { readonly id: number; readonly bytes: Uint8Array }) =>
    id === ID.SimpleBlock && bytes[0] === (0x80 | number);
  const all = [...elementsIn(cluster)];
  const ours = all.filter(isOurs).map(({ bytes }) => bytes);
  let next = 0;
  return all.flatMap((child) => {
    if (!isOurs(child)) return [element(child.id, child.bytes)];
    const index = next++;
    if (index % FRAMES_PER_BLOCK > 0) return [];
    const blocks = ours.slice(index, index + FRAMES_PER_BLOCK);
    return [element(ID.SimpleBlock, blocks.length === 1 ? blocks[0]! : laced(blocks, lacing))];
  });
}

/** @param blocks Of one frame each. */
function laced(blocks: readonly Uint8Array[], lacing: Lacing): Uint8Array {
  const header = blocks[0]!.slice(0, BLOCK_HEADER_BYTES);
  header[BLOCK_HEADER_BYTES - 1]! |= LACING[lacing];
  const frames = blocks.map((block) => block.subarray(BLOCK_HEADER_BYTES));
  const sizes = frames.slice(0, -1).map(({ length }) => length);
  const told = lacing === "xiph"
    ? sizes.flatMap((size) => [...Array<number>(Math.floor(size / 255)).fill(255), size % 255])
    : sizes.flatMap((size, index) => {
      const value = TWO_BYTES + (index === 0 ? size : size - sizes[index - 1]! + BIAS);
      return [value >> 8, value & 0xff];
    });
  return concatenated([header, Uint8Array.of(frames.length - 1, ...told), ...frames]);
}
