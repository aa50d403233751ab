/** A way around an endless loop of the demuxer in damaged Matroska files. */
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
