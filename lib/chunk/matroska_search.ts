/** Ways around what the demuxer does in damaged Matroska files: an endless loop, and blocks passed over in silence. */
import type { Input } from "mediabunny";

/** Fewer bytes than this cannot hold the header of an element. */
const SEARCH_END_BYTES = 8;

/** The part of mediabunny's reader (1.61) that its search for the next element goes through. */
interface SliceReader {
  requestSliceRange(start: number, minBytes: number, maxBytes: number): unknown;
}

/**
 * Where something else stands in place of an element, mediabunny searches for the next one. Where there is none, it
 * asks for the last 8 bytes for ever; where it finds the same broken one again, it starts the same search for ever.
 * Neither gives way to anything else. It takes "nothing" for an answer, and nothing but this search asks for slices
 * that may be empty.
 */
export function endSearches(input: Input, sizeBytes: number): void {
  const { _reader: reader } = input as unknown as { readonly _reader?: SliceReader };
  if (typeof reader?.requestSliceRange !== "function") return;
  const request = reader.requestSliceRange.bind(reader);
  let searchedFrom: number | undefined;
  reader.requestSliceRange = (start, minBytes, maxBytes) => {
    const isSame = start === searchedFrom;
    if (minBytes > 0) {
      if (!isSame) searchedFrom = undefined;
      return request(start, minBytes, maxBytes);
    }
    searchedFrom = start;
    const isOver = Math.min(maxBytes, sizeBytes - start) <= SEARCH_END_BYTES;
    return isSame || isOver ? null : request(start, minBytes, maxBytes);
  };
}

/** The part of a slice of mediabunny's reader (1.61) that is needed here. */
interface Slice {
  readonly filePos: number;
  readonly remainingLength: number;
  readonly view: DataView;
  readonly bufferPos: number;
}

/** The part of mediabunny's demuxer (1.61) that reads what an element holds. */
interface ElementReader {
  /** @returns Where it stopped: at the end, before one of `stopIds`, or before what is no element. */
  readContiguousElements(slice: Slice, stopIds?: readonly number[]): number;
  /** Reads one element, or passes over it where it does not know it. */
  traverseElement(slice: Slice, stopIds?: readonly number[]): boolean;
}

/** First bytes of the ids in a cluster (RFC 9559, 5.1.3; RFC 8794, 11.3) and of those that end one. */
const IN_CLUSTER: ReadonlySet<number> = new Set([
  ...[0xe7, 0xa3, 0xa0, 0xa7, 0xab, 0xaf, 0x58, 0xbf, 0xec],
  ...[0x1a, 0x18, 0x11, 0x15, 0x1f, 0x16, 0x1c, 0x19, 0x10, 0x12],
]);

/**
 * Where what follows a block is no element, none of a cluster, or longer than its cluster, mediabunny passes over it or
 * goes on with another cluster, and frames are missing without a word. It reads nothing else than clusters with ids to
 * stop at.
 */
export async function refuseBrokenClusters(input: Input): Promise<void> {
  const { _getDemuxer } = input as unknown as {
    readonly _getDemuxer?: () => Promise<Partial<ElementReader>>;
  };
  const demuxer = await _getDemuxer?.call(input);
  const readAll = demuxer?.readContiguousElements?.bind(demuxer);
  const readOne = demuxer?.traverseElement?.bind(demuxer);
  if (!demuxer || !readAll || !readOne) return;
  demuxer.readContiguousElements = (slice, stopIds) => {
    const start = slice.filePos;
    const end = start + slice.remainingLength;
    const stop = readAll(slice, stopIds);
    if (stopIds && stop > end) throw brokenCluster(end);
    return stop;
  };
  demuxer.traverseElement = (slice, stopIds) => {
    const { filePos, bufferPos, view } = slice;
    if (stopIds && !IN_CLUSTER.has(view.getUint8(bufferPos))) throw brokenCluster(filePos);
    return readOne(slice, stopIds);
  };
}

function brokenCluster(position: number): Error {
  return new Error(`a cluster is broken at byte ${position}`);
}
