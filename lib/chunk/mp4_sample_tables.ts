/** The sample tables of an MP4 track, collected while its samples are written: 13 bytes each. */
import { PacketTable } from "./packet_table.ts";
import { box, wordArray, words } from "./mp4_box_bytes.ts";

/** One sample, in seconds of the source's time. */
export interface Sample {
  readonly seconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  /** Whether it can be decoded without any before it. */
  readonly key: boolean;
}

/** Bits a second. */
export interface BitRates {
  readonly average: number;
  /** In the second that has most. */
  readonly highest: number;
}

/** What a movie box says of a track, once it is whole. */
export interface TrackTables {
  /** When the first sample is shown; 0 without any. */
  readonly startSeconds: number;
  /** From there to the end of the last. */
  readonly spanSeconds: number;
  readonly rates: BitRates;
  /** The boxes that follow the sample description. */
  readonly boxes: readonly Uint8Array[];
}

/** So much at most takes each sample in all tables: 8 in stts, 8 in ctts, 12 in stsc, 8 in co64, 4 in stsz and stss. */
export const MOST_BYTES_PER_SAMPLE = 44;

/** Collects the tables of one track. */
export interface TableBuilder {
  add(sample: Sample): void;
  /** The samples since the last call lie one after another at `position` in the file. */
  endChunk(position: number): void;
  /** @throws {RangeError} If two samples are 2^32 ticks or more apart. */
  finish(): TrackTables;
}

/** @param timescale Ticks a second of the track. */
export function sampleTables(timescale: number): TableBuilder {
  const samples = new PacketTable();
  const chunks = new ChunkTable();
  let startSeconds = Infinity;
  let endSeconds = -Infinity;
  let lastSeconds = -Infinity;
  let lastDurationTicks = 0;
  return {
    add({ seconds, durationSeconds, sizeBytes, key }) {
      samples.push({ ticks: seconds * timescale, key, sizeBytes });
      startSeconds = Math.min(startSeconds, seconds);
      endSeconds = Math.max(endSeconds, seconds + durationSeconds);
      if (seconds < lastSeconds) return; // decoded after one that is shown later
      lastSeconds = seconds;
      lastDurationTicks = Math.round(durationSeconds * timescale);
    },
    endChunk: (position) => chunks.end(position, samples.length),
    finish() {
      if (samples.length === 0) startSeconds = endSeconds = 0;
      const ticks = samples.ticks;
      for (let i = 0; i < ticks.length; i++) ticks[i] = Math.round(ticks[i]! - startSeconds * timescale);
      const decodeTicks = decodeTimes(ticks, samples.keys);
      const spanSeconds = endSeconds - startSeconds;
      return {
        startSeconds,
        spanSeconds,
        rates: bitRates(samples.sizesBytes, decodeTicks, { timescale, spanSeconds }),
        boxes: [
          timeToSample(decodeTicks, lastDurationTicks),
          ...compositionOffsets(ticks, decodeTicks, Math.round(spanSeconds * timescale)),
          ...chunks.boxes(),
          box("stsz", words(0, 0, samples.length), wordArray(samples.sizesBytes)),
          ...syncSamples(samples.keys),
        ],
      };
    },
  };
}

/**
 * {@link sampleTables} of uncompressed sound, which has one sample for each point in time, all of one size: what is
 * added is as many of them as it has room for.
 */
export function uniformTables(timescale: number, sampleBytes: number): TableBuilder {
  const chunks = new ChunkTable();
  let startSeconds: number | undefined;
  let samples = 0;
  return {
    add({ seconds, sizeBytes }) {
      startSeconds ??= seconds;
      samples += sizeBytes / sampleBytes;
    },
    endChunk: (position) => chunks.end(position, samples),
    finish() {
      const rate = 8 * sampleBytes * timescale;
      return {
        startSeconds: startSeconds ?? 0,
        spanSeconds: samples / timescale,
        rates: { average: rate, highest: rate },
        boxes: [
          box("stts", words(0, 1, samples, 1)),
          ...chunks.boxes(),
          box("stsz", words(0, sampleBytes, samples)),
        ],
      };
    },
  };
}

/** Where the samples are in the file, some at a time (8.7.4 and 8.7.5). */
class ChunkTable {
  readonly #positions: number[] = [];
  /** A first chunk, from 1, how many samples it and those after it have, and which description. */
  readonly #runs: number[] = [];
  #samplesBefore = 0;

  end(position: number, samplesInAll: number): void {
    const samples = samplesInAll - this.#samplesBefore;
    if (samples === 0) return;
    this.#samplesBefore = samplesInAll;
    this.#positions.push(position);
    if (this.#runs.at(-2) !== samples) this.#runs.push(this.#positions.length, samples, 1);
  }

  boxes(): Uint8Array[] {
    const count = this.#positions.length;
    const stsc = box("stsc", words(0, this.#runs.length / 3), wordArray(this.#runs));
    if ((this.#positions.at(-1) ?? 0) < 2 ** 32) {
      return [stsc, box("stco", words(0, count), wordArray(this.#positions))];
    }
    const wide = new DataView(new ArrayBuffer(8 * count));
    for (const [chunk, position] of this.#positions.entries()) wide.setBigUint64(8 * chunk, BigInt(position));
    return [stsc, box("co64", words(0, count), new Uint8Array(wide.buffer))];
  }
}

/**
 * When to decode each sample. Only presentation times are known; from one keyframe to the next those that are there,
 * in order, do for decoding too.
 */
function decodeTimes(ticks: Float64Array, keys: Uint8Array): Float64Array {
  const decode = ticks.slice();
  for (let start = 0; start < decode.length;) {
    let end = start + 1;
    while (end < decode.length && keys[end] === 0) end++;
    decode.subarray(start, end).sort();
    start = end;
  }
  for (let i = 1; i < decode.length; i++) decode[i] = Math.max(decode[i]!, decode[i - 1]!);
  return decode;
}

/** Differences between decode times, in runs (8.6.1.2). */
function timeToSample(decodeTicks: Float64Array, lastDurationTicks: number): Uint8Array {
  const deltaOf = (i: number) =>
    i + 1 < decodeTicks.length ? decodeTicks[i + 1]! - decodeTicks[i]! : lastDurationTicks;
  const { runs, length } = runsOf(decodeTicks.length, deltaOf);
  for (let i = 1; i < length; i += 2) {
    if (runs[i]! >= 2 ** 32) throw new RangeError(`A gap of ${runs[i]} ticks is longer than an MP4 can have`);
  }
  return box("stts", words(0, length / 2), wordArray(runs, length));
}

/** From decode to presentation times, in runs (8.6.1.3 and 8.6.1.4); none where they are the same. */
function compositionOffsets(ticks: Float64Array, decodeTicks: Float64Array, spanTicks: number): Uint8Array[] {
  let [least, greatest] = [0, 0];
  for (let i = 0; i < ticks.length; i++) {
    least = Math.min(least, ticks[i]! - decodeTicks[i]!);
    greatest = Math.max(greatest, ticks[i]! - decodeTicks[i]!);
  }
  if (least === 0 && greatest === 0) return [];
  const { runs, length } = runsOf(ticks.length, (i) => ticks[i]! - decodeTicks[i]!);
  const signed = 1 << 24; // version 1
  const ctts = box("ctts", words(signed, length / 2), wordArray(runs, length));
  // Where its 32 bits are too few: QuickTime reads no file with the wider kind.
  if (spanTicks >= 2 ** 31) return [ctts];
  return [ctts, box("cslg", words(0, -least, least, greatest, 0, spanTicks))];
}

/** Pairs of a count and a value that as many in a row have. */
function runsOf(
  count: number,
  valueOf: (index: number) => number,
): { readonly runs: Float64Array; readonly length: number } {
  const runs = new Float64Array(2 * count);
  let length = 0;
  for (let i = 0; i < count; i++) {
    const value = valueOf(i);
    if (length > 0 && runs[length - 1] === value) runs[length - 2]!++;
    else {
      runs[length++] = 1;
      runs[length++] = value;
    }
  }
  return { runs, length };
}

/** Which samples are keyframes (8.6.2); without a table, all are. */
function syncSamples(keys: Uint8Array): Uint8Array[] {
  const numbers: number[] = [];
  for (let i = 0; i < keys.length; i++) if (keys[i] === 1) numbers.push(i + 1);
  if (numbers.length === keys.length) return [];
  return [box("stss", words(0, numbers.length), wordArray(numbers))];
}

function bitRates(
  sizesBytes: Uint32Array,
  decodeTicks: Float64Array,
  { timescale, spanSeconds }: { readonly timescale: number; readonly spanSeconds: number },
): BitRates {
  let [bytes, windowBytes, mostBytes, windowStart] = [0, 0, 0, 0];
  for (let i = 0; i < sizesBytes.length; i++) {
    bytes += sizesBytes[i]!;
    windowBytes += sizesBytes[i]!;
    while (decodeTicks[i]! - decodeTicks[windowStart]! >= timescale) {
      windowBytes -= sizesBytes[windowStart++]!;
    }
    mostBytes = Math.max(mostBytes, windowBytes);
  }
  return { average: spanSeconds > 0 ? Math.round(8 * bytes / spanSeconds) : 0, highest: 8 * mostBytes };
}
