/** A way around an endless loop of the demuxer in damaged Matroska files. */
import type { Input } from "mediabunny";

/** Fewer bytes than this cannot hold the header of an element. */
const SEARCH_END_BYTES = 8;

/** The part of mediabunny's reader (1.61) that its search for the next element goes through. */
interface SliceReader {
  requestSliceRange(start: number, minBytes: number, maxBytes: number): unknown;
}

/**
 * Where something else stands in place of an element, mediabunny searches for the next one; where there is none, it
 * asks for the last 8 bytes for ever, without giving way to anything else. It takes "nothing" for an answer, and
 * nothing but this search asks for slices that may be empty.
 */
export function endSearches(input: Input, sizeBytes: number): void {
  const { _reader: reader } = input as unknown as { readonly _reader?: SliceReader };
  if (typeof reader?.requestSliceRange !== "function") return;
  const request = reader.requestSliceRange.bind(reader);
  reader.requestSliceRange = (start, minBytes, maxBytes) => {
    const isOver = minBytes === 0 && Math.min(maxBytes, sizeBytes - start) <= SEARCH_END_BYTES;
    return isOver ? null : request(start, minBytes, maxBytes);
  };
}
