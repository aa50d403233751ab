/** Which of its sample descriptions an MP4 track uses: decoders are told of the last one. */
import { bytesOf } from "./mp4_box_bytes.ts";
import { boxesAt } from "./mp4_boxes.ts";

/** Bytes before the first of a table of descriptions. */
const ENTRIES_AT = 8;
/** More are in no track. */
const MOST_ENTRIES = 10_000;

/** The sample descriptions of a track, and which of them its samples have. */
export class SampleDescriptions {
  /** Each whole; they are counted from 1. */
  readonly #entries: readonly Uint8Array[];
  readonly #used = new Set<number>();

  /** With what the track's own tables say (ISO/IEC 14496-12, 8.5.2 and 8.7.4). */
  constructor(trak: DataView) {
    const [stsd] = boxesAt(trak, "mdia", "minf", "stbl", "stsd");
    this.#entries = stsd ? entriesOf(stsd) : [];
    if (this.#entries.length < 2) return;
    for (const stsc of boxesAt(trak, "mdia", "minf", "stbl", "stsc")) {
      const runs = stsc.byteLength < 8 ? 0 : stsc.getUint32(4);
      for (let at = 8, run = 0; run < runs && at + 12 <= stsc.byteLength; run++, at += 12) {
        if (stsc.getUint32(at + 4) > 0) this.use(stsc.getUint32(at + 8));
      }
    }
  }

  /** Notes that samples have the description of that number. */
  use(number: number): void {
    if (number >= 1 && number <= this.#entries.length) this.#used.add(number);
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Whether samples have one that says other things than the last. */
  get hasOthers(): boolean {
    const last = this.#entries.at(-1);
    return this.#used.values().some((number) => !isSame(this.#entries[number - 1]!, last!));
  }
}

function entriesOf(stsd: DataView): Uint8Array[] {
  const entries: Uint8Array[] = [];
  const bytes = bytesOf(stsd);
  for (let at = ENTRIES_AT; at + 8 <= stsd.byteLength && entries.length < MOST_ENTRIES;) {
    const sizeBytes = stsd.getUint32(at);
    if (sizeBytes < 8 || at + sizeBytes > stsd.byteLength) break;
    entries.push(bytes.subarray(at, at + sizeBytes));
    at += sizeBytes;
  }
  return entries;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/**
 * Notes the descriptions that a movie fragment uses (8.8.7).
 *
 * @param defaults By track number, those that are used where a fragment says nothing.
 */
export function useInFragment(
  moof: DataView,
  tracks: ReadonlyMap<number, SampleDescriptions>,
  defaults: ReadonlyMap<number, number>,
): void {
  for (const traf of boxesAt(moof, "traf")) {
    const [tfhd] = boxesAt(traf, "tfhd");
    if (!tfhd || tfhd.byteLength < 8) continue;
    const id = tfhd.getUint32(4);
    const flags = tfhd.getUint32(0) & 0xffffff;
    const at = 8 + ((flags & 0x1) !== 0 ? 8 : 0); // a position of 64 bits
    const says = (flags & 0x2) !== 0 && at + 4 <= tfhd.byteLength;
    tracks.get(id)?.use(says ? tfhd.getUint32(at) : defaults.get(id) ?? 1);
  }
}

/** By track number, the description of samples in fragments that say nothing of it (8.8.3). */
export function defaultDescriptions(moov: DataView): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  for (const trex of boxesAt(moov, "mvex", "trex")) {
    if (trex.byteLength >= 12) numbers.set(trex.getUint32(4), trex.getUint32(8));
  }
  return numbers;
}
