/** Which bytes of a file a request asks for. Pure. */
import type { ByteRange } from "../master.ts";

/** `whole`: send all of it. `unsatisfiable`: it asks only for bytes that are not there. */
export type RequestedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly range: ByteRange }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RequestedRange = { kind: "whole" };

/**
 * Reads a Range header. One that is not understood, of another unit, or of several ranges is ignored, as a server
 * may: the answer is then the whole file.
 *
 * @see RFC 9110, 14.1.2 and 14.2.
 */
export function requestedRange(header: string | null, sizeBytes: number): RequestedRange {
  const [, from, to] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return WHOLE;
  const end = sizeBytes - 1;
  const range = from === ""
    ? { first: Math.max(0, sizeBytes - Number(to)), last: end }
    : { first: Number(from), last: to === "" ? end : Math.min(Number(to), end) };
  if (to !== "" && from !== "" && Number(to) < Number(from)) return WHOLE;
  return range.first > end ? { kind: "unsatisfiable" } : { kind: "part", range };
}
