/** Whether an MP4's tables can be true: a few bytes can claim more samples than there is memory for. */
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { LEAST_BYTES_PER_SAMPLE } from "./mp4_sample_index.ts";
import { MAX_SAMPLES as MAX_FRAMES } from "./sample_index.ts";

/** Bytes before the entries of a table, and those of an entry. */
const TABLES: Readonly<Record<string, readonly [header: number, entry: number]>> = {
  stts: [8, 8],
  ctts: [8, 8],
  stss: [8, 4],
  stsc: [8, 12],
  stco: [8, 4],
  co64: [8, 8],
};

/** A fragment with more of any kind is refused: three hours of 60 frames a second and sound, all in one. */
const MAX_FRAGMENT_SAMPLES = 2_000_000;
/** Fewer, where they take no room in a table: 20 s of uncompressed sound at 48 kHz. */
const MAX_ALIKE_SAMPLES = 1_000_000;

/** More samples than this are in no track; 100 days of sound, or 10 of video at 60 frames a second. */
const MAX_SAMPLES = 500_000_000;

export interface TableFacts {
  readonly fileBytes: number;
  /** Whether the movie is to go on in fragments: then the demuxer reads the tables, if there is anything in them. */
  readonly isFragmented: boolean;
  /** Whether the samples are sound: points in time of uncompressed sound the demuxer joins, at their own times. */
  readonly isSound: boolean;
}

/** What is wrong with a track's sample tables (ISO/IEC 14496-12, 8.6 and 8.7), in words; undefined: nothing. */
export function sampleTableFault(
  trak: DataView,
  { fileBytes, isFragmented, isSound }: TableFacts,
): string | undefined {
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
    const isJoined = isSound && !tables.has("ctts");
    if (isFragmented && !isJoined && samples > MAX_FRAGMENT_SAMPLES) return tooMany("stsz", samples);
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

/** Adds up what the movie fragments of a file claim (8.8), for whose samples the demuxer makes objects. */
export class FragmentClaims {
  readonly #fileBytes: number;
  /** In all fragments so far. */
  #frames = 0;
  #soundSamples = 0;

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  /**
   * What is wrong with the next fragment, in words; undefined: nothing.
   *
   * @param soundTracks Numbers of tracks whose samples may be points in time of uncompressed sound.
   */
  fault(moof: DataView, soundTracks: ReadonlySet<number>): string | undefined {
    let [samples, alikeSamples] = [0, 0];
    for (const traf of boxesAt(moof, "traf")) {
      const isSound = soundTracks.has(trackIdOf(traf));
      for (const trun of boxesAt(traf, "trun")) {
        const run = sampleRun(trun);
        if (!run) return tooMany("trun", 0);
        const { count } = run;
        if (count > (run.entryBytes === 0 ? this.#fileBytes : run.tableBytes / run.entryBytes)) {
          return tooMany("trun", count);
        }
        samples += count;
        if (run.entryBytes === 0) alikeSamples += count;
        if (isSound) this.#soundSamples += count;
        else this.#frames += count;
      }
    }
    if (samples > MAX_FRAGMENT_SAMPLES || alikeSamples > MAX_ALIKE_SAMPLES) return tooMany("moof", samples);
    const mostFrames = Math.min(MAX_FRAMES, this.#fileBytes / LEAST_BYTES_PER_SAMPLE);
    if (this.#frames > mostFrames) return tooMany("trun", this.#frames);
    const mostSound = Math.min(MAX_SAMPLES, this.#fileBytes);
    return this.#soundSamples > mostSound ? tooMany("trun", this.#soundSamples) : undefined;
  }
}

interface SampleRun {
  readonly count: number;
  /** What is said of each sample by itself; 0: they are all alike. */
  readonly entryBytes: number;
  readonly tableBytes: number;
}

/** Of a `trun` (8.8.8); undefined: it is too short for one. */
function sampleRun(trun: DataView): SampleRun | undefined {
  if (trun.byteLength < 8) return undefined;
  const flags = trun.getUint32(0) & 0xffffff;
  const numbers = (...bits: readonly number[]) => 4 * bits.filter((bit) => (flags & bit) !== 0).length;
  return {
    count: trun.getUint32(4),
    entryBytes: numbers(0x100, 0x200, 0x400, 0x800),
    tableBytes: trun.byteLength - 8 - numbers(0x1, 0x4),
  };
}

/** Of a `traf`; 0 where it has none. */
function trackIdOf(traf: DataView): number {
  for (const tfhd of boxesAt(traf, "tfhd")) {
    if (tfhd.byteLength >= 8) return tfhd.getUint32(4);
  }
  return 0;
}

function tooMany(type: string, count: number): string {
  return `its "${type}" table claims ${count} entries, for which it has no room`;
}
