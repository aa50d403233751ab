/** The samples of an MP4 track, by its tables. */
import { boxesAt, boxesIn, letters } from "./mp4_boxes.ts";
import { type Edit, editsOf, shownUntilTicks } from "./mp4_edits.ts";
import { durationsShown, MAX_SAMPLES, orderShown, type SampleIndex } from "./sample_index.ts";
import { MAX_TEXT_SAMPLES } from "./text_samples.ts";

/** Uncompressed sound has a sample for each point in time; the demuxer joins them, and has a short index itself. */
const LEAST_UNIFORM_BYTES = 64;
/** Each takes as much in the file, be it in a table or as data; less is a lie, or silence for ever. */
export const LEAST_BYTES_PER_SAMPLE = 4;

export interface SampleIndexOptions {
  readonly movieTimescale: number;
  readonly fileBytes: number;
  /** Whether the samples are sound, which may be uncompressed. */
  readonly isSound?: boolean;
  /** Whether the samples are text, of which there are few, and which may all be of one small size. */
  readonly isText?: boolean;
}

/**
 * Reads the sample tables of a track of which {@link sampleTableFault} finds nothing wrong (ISO/IEC 14496-12, 8.6 and
 * 8.7).
 *
 * @returns Undefined where they are left to the demuxer: uncompressed sound, encrypted tracks, no tables. A text says
 * what is wrong with them.
 */
export function sampleIndexOf(
  trak: DataView,
  { movieTimescale, fileBytes, isSound = false, isText = false }: SampleIndexOptions,
): SampleIndex | string | undefined {
  const timescale = mediaTimescale(trak);
  const [stbl] = boxesAt(trak, "mdia", "minf", "stbl");
  if (!stbl || timescale === 0 || isEncrypted(stbl)) return undefined;
  const tables = new Map([...boxesIn(stbl)].map(({ type, view }) => [type, view]));
  const stts = tables.get("stts");
  const ctts = tables.get("ctts");
  // Where times are shifted, the demuxer joins none.
  const isJoined = isSound && (ctts?.getUint32(4) ?? 0) === 0;
  const sizes = sampleSizes(tables, isJoined ? LEAST_UNIFORM_BYTES : 1);
  if (!stts || !sizes) return undefined;
  const length = Math.min(sizes.length, totalOfRuns(stts));
  if (length > Math.min(isText ? MAX_TEXT_SAMPLES : MAX_SAMPLES, fileBytes / LEAST_BYTES_PER_SAMPLE)) {
    return `it claims ${length} samples, which is more than it has room for`;
  }
  const sizesBytes = new Uint32Array(length);
  for (let sample = 0; sample < length; sample++) sizesBytes[sample] = sizes.sizeBytes(sample);
  const positions = samplePositions(tables, sizesBytes);
  if (typeof positions === "string") return positions;
  const edits = editsOf(trak);
  const ticksPerMovieTick = timescale / (movieTimescale || timescale);
  const { ticks, deltas } = sampleTimes(stts, ctts, length, editShiftTicks(edits, ticksPerMovieTick));
  const displayOrder = orderShown(ticks);
  if (!isSound && !isText && length > 0) {
    setLastShown({ ticks, deltas, displayOrder }, edits, ticksPerMovieTick);
  }
  return {
    length,
    timescale,
    ticks,
    durationTicks: durationsShown(ticks, displayOrder, deltas),
    positions,
    sizesBytes,
    keys: keyMarks(tables.get("stss"), length),
    displayOrder,
  };
}

/** Of a media header (8.4.2); 0 where there is none. */
function mediaTimescale(trak: DataView): number {
  for (const mdhd of boxesAt(trak, "mdia", "mdhd")) {
    if (mdhd.byteLength >= 24) return mdhd.getUint32(mdhd.getUint8(0) === 1 ? 20 : 12);
  }
  return 0;
}

/** Entries of a sample description begin with a size and a type (8.5.2); ISO/IEC 23001-7 has those of encrypted media. */
function isEncrypted(stbl: DataView): boolean {
  for (const stsd of boxesAt(stbl, "stsd")) {
    if (stsd.byteLength >= 16 && letters(stsd, 12).startsWith("enc")) return true;
  }
  return false;
}

interface SampleSizes {
  readonly length: number;
  sizeBytes(sample: number): number;
}

function sampleSizes(
  tables: ReadonlyMap<string, DataView>,
  leastUniformBytes: number,
): SampleSizes | undefined {
  const stsz = tables.get("stsz");
  if (stsz) {
    const [uniformBytes, length] = [stsz.getUint32(4), stsz.getUint32(8)];
    if (uniformBytes > 0) {
      return uniformBytes < leastUniformBytes ? undefined : { length, sizeBytes: () => uniformBytes };
    }
    return { length, sizeBytes: (sample) => stsz.getUint32(12 + 4 * sample) };
  }
  const stz2 = tables.get("stz2");
  if (!stz2) return undefined;
  const length = stz2.getUint32(8);
  switch (stz2.getUint8(7)) {
    case 4: // the first in the upper half of a byte
      return {
        length,
        sizeBytes: (sample) => (stz2.getUint8(12 + (sample >> 1)) >> (4 - 4 * (sample & 1))) & 15,
      };
    case 8:
      return { length, sizeBytes: (sample) => stz2.getUint8(12 + sample) };
    case 16:
      return { length, sizeBytes: (sample) => stz2.getUint16(12 + 2 * sample) };
    default:
      return undefined;
  }
}

function totalOfRuns(stts: DataView): number {
  let total = 0;
  for (let i = 0; i < stts.getUint32(4); i++) total += stts.getUint32(8 + 8 * i);
  return total;
}

/** Samples of a chunk lie one after another (8.7.4 and 8.7.5). */
function samplePositions(
  tables: ReadonlyMap<string, DataView>,
  sizesBytes: Uint32Array,
): Float64Array | string {
  const positions = new Float64Array(sizesBytes.length);
  const stsc = tables.get("stsc");
  const offsets = chunkOffsets(tables);
  const runs = stsc ? stsc.getUint32(4) : 0;
  let sample = 0;
  for (let run = 0; stsc && run < runs && sample < positions.length; run++) {
    const firstChunk = Math.max(0, stsc.getUint32(8 + 12 * run) - 1);
    const perChunk = stsc.getUint32(12 + 12 * run);
    const endChunk = run + 1 < runs ? stsc.getUint32(20 + 12 * run) - 1 : offsets.length;
    if (perChunk === 0) continue;
    for (let chunk = firstChunk; chunk < Math.min(endChunk, offsets.length); chunk++) {
      let position = offsets.position(chunk);
      const end = Math.min(sample + perChunk, positions.length);
      for (; sample < end; sample++) {
        positions[sample] = position;
        position += sizesBytes[sample]!;
      }
      if (sample === positions.length) break;
    }
  }
  if (sample === positions.length) return positions;
  return `its tables say where ${sample} of ${positions.length} samples are`;
}

function chunkOffsets(
  tables: ReadonlyMap<string, DataView>,
): { readonly length: number; position(chunk: number): number } {
  const [stco, co64] = [tables.get("stco"), tables.get("co64")];
  if (co64) {
    return { length: co64.getUint32(4), position: (chunk) => Number(co64.getBigUint64(8 + 8 * chunk)) };
  }
  return { length: stco?.getUint32(4) ?? 0, position: (chunk) => stco!.getUint32(8 + 4 * chunk) };
}

/** What an edit list takes off all times of a track, so that its part that is shown begins where it is to. */
function editShiftTicks(edits: readonly Edit[], ticksPerMovieTick: number): number {
  const shown = edits.findIndex(({ mediaTicks }) => mediaTicks >= 0);
  if (shown < 0) return 0;
  const pauseTicks = edits.slice(0, shown).reduce((sum, { durationTicks }) => sum + durationTicks, 0);
  return edits[shown]!.mediaTicks - Math.round(pauseTicks * ticksPerMovieTick);
}

function sampleTimes(
  stts: DataView,
  ctts: DataView | undefined,
  length: number,
  shiftTicks: number,
): { readonly ticks: Float64Array; readonly deltas: Float64Array } {
  const ticks = new Float64Array(length);
  const deltas = new Float64Array(length);
  let decodeTicks = 0 - shiftTicks;
  let sample = 0;
  for (let run = 0; sample < length; run++) {
    const deltaTicks = stts.getUint32(12 + 8 * run);
    const end = Math.min(length, sample + stts.getUint32(8 + 8 * run));
    for (; sample < end; sample++) {
      ticks[sample] = decodeTicks;
      deltas[sample] = deltaTicks;
      decodeTicks += deltaTicks;
    }
  }
  sample = 0;
  for (let run = 0; ctts && run < ctts.getUint32(4) && sample < length; run++) {
    // Signed in version 1; version 0 too, in files that are out there.
    const offsetTicks = ctts.getInt32(12 + 8 * run);
    const end = Math.min(length, sample + ctts.getUint32(8 + 8 * run));
    for (; sample < end; sample++) ticks[sample]! += offsetTicks;
  }
  return { ticks, deltas };
}

/**
 * Sets the delta of the picture that is shown last to how long it is shown. Deltas are of decode times: where pictures
 * are decoded in another order, at uneven times, its own says nothing of that, but their sum does, and an edit list.
 */
function setLastShown(
  { ticks, deltas, displayOrder }: {
    readonly ticks: Float64Array;
    readonly deltas: Float64Array;
    readonly displayOrder: Uint32Array | undefined;
  },
  edits: readonly Edit[],
  ticksPerMovieTick: number,
): void {
  const last = displayOrder?.at(-1) ?? ticks.length - 1;
  const startTicks = ticks[last]!;
  const ownEndTicks = startTicks + deltas[last]!;
  const mediaEndTicks = ticks[displayOrder?.[0] ?? 0]! + deltas.reduce((sum, delta) => sum + delta, 0);
  const until = shownUntilTicks(edits);
  const editEndTicks = typeof until === "number" ? until * ticksPerMovieTick : Infinity;
  // An edit list may claim more than there is; its clock may be coarser.
  const isBelieved = editEndTicks > startTicks &&
    editEndTicks <= Math.max(ownEndTicks, mediaEndTicks) + ticksPerMovieTick;
  const near = (ticks: number) => Math.abs(ticks - editEndTicks) <= ticksPerMovieTick;
  const endTicks = isBelieved
    ? [ownEndTicks, mediaEndTicks].find(near) ?? Math.round(editEndTicks)
    : mediaEndTicks;
  if (endTicks > startTicks) deltas[last] = endTicks - startTicks;
}

/** Without a table, all are keyframes (8.6.2); the first is one in any case, since some writers leave it out. */
function keyMarks(stss: DataView | undefined, length: number): Uint8Array {
  const keys = new Uint8Array(length);
  if (!stss) return keys.fill(1);
  for (let i = 0; i < stss.getUint32(4); i++) {
    const sample = stss.getUint32(8 + 4 * i) - 1;
    if (sample >= 0 && sample < length) keys[sample] = 1;
  }
  if (length > 0) keys[0] = 1;
  return keys;
}
