/** Whether an MP4's tables can be true: a few bytes can claim more samples than there is memory for. */
import { boxesAt, boxesIn } from "./mp4_boxes.ts";

/** Bytes before the entries of a table, and those of an entry. */
const TABLES: Readonly<Record<string, readonly [header: number, entry: number]>> = {
  stts: [8, 8],
  ctts: [8, 8],
  stss: [8, 4],
  stsc: [8, 12],
  stco: [8, 4],
  co64: [8, 8],
};

/** More samples than this are in no track; 100 days of sound, or 10 of video at 60 frames a second. */
const MAX_SAMPLES = 500_000_000;

/** What is wrong with a track's sample tables (ISO/IEC 14496-12, 8.6 and 8.7), in words; undefined: nothing. */
export function sampleTableFault(trak: DataView, fileBytes: number): string | undefined {
  for (const stbl of boxesAt(trak, "mdia", "minf", "stbl")) {
    const tables = new Map([...boxesIn(stbl)].map(({ type, view }) => [type, view]));
    for (const [type, view] of tables) {
      const [headerBytes, entryBytes] = TABLES[type] ?? [0, 0];
      if (headerBytes === 0) continue;
      const room = (view.byteLength - headerBytes) / entryBytes;
      if (room < 0 || view.getUint32(4) > room) {
        return tooMany(type, view.byteLength < 8 ? 0 : view.getUint32(4));
      }
    }
    const samples = sampleCount(tables, fileBytes);
    if (typeof samples === "string") return samples;
    for (
      const [type, counts] of [["stts", runLengths(tables.get("stts"))], [
        "ctts",
        runLengths(tables.get("ctts")),
      ]] as const
    ) {
      if (counts > 2 * samples + 1_000) return tooMany(type, counts);
    }
    const perChunk = mostSamplesInChunk(tables.get("stsc"));
    if (perChunk > samples && samples > 0) return tooMany("stsc", perChunk);
  }
  return undefined;
}

function sampleCount(tables: ReadonlyMap<string, DataView>, fileBytes: number): number | string {
  const stsz = tables.get("stsz");
  const stz2 = tables.get("stz2");
  if (stsz) {
    if (stsz.byteLength < 12) return tooMany("stsz", 0);
    const [sizeBytes, count] = [stsz.getUint32(4), stsz.getUint32(8)];
    const room = sizeBytes === 0 ? (stsz.byteLength - 12) / 4 : Math.min(MAX_SAMPLES, fileBytes / sizeBytes);
    return count > room ? tooMany("stsz", count) : count;
  }
  if (!stz2) return 0;
  if (stz2.byteLength < 12) return tooMany("stz2", 0);
  const [bits, count] = [stz2.getUint8(7), stz2.getUint32(8)];
  return count > ((stz2.byteLength - 12) * 8) / Math.max(4, bits) ? tooMany("stz2", count) : count;
}

/** The sum of the first of each entry's two numbers. */
function runLengths(table: DataView | undefined): number {
  let sum = 0;
  for (let i = 0; table && i < table.getUint32(4); i++) sum += table.getUint32(8 + 8 * i);
  return sum;
}

function mostSamplesInChunk(stsc: DataView | undefined): number {
  let most = 0;
  for (let i = 0; stsc && i < stsc.getUint32(4); i++) most = Math.max(most, stsc.getUint32(12 + 12 * i));
  return most;
}

/** What is wrong with a movie fragment (8.8), in words; undefined: nothing. */
export function fragmentFault(moof: DataView, fileBytes: number): string | undefined {
  for (const trun of boxesAt(moof, "traf", "trun")) {
    if (trun.byteLength < 8) return tooMany("trun", 0);
    const flags = trun.getUint32(0) & 0xffffff;
    const entryBytes = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length;
    const headerBytes = 8 + 4 * [0x1, 0x4].filter((flag) => (flags & flag) !== 0).length;
    const count = trun.getUint32(4);
    const room = entryBytes === 0 ? fileBytes : (trun.byteLength - headerBytes) / entryBytes;
    if (count > room) return tooMany("trun", count);
  }
  return undefined;
}

function tooMany(type: string, count: number): string {
  return `its "${type}" table claims ${count} entries, for which it has no room`;
}
