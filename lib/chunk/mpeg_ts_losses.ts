/** Packets that are missing from an MPEG transport stream, found as the file is read through for something else. */
import type { ByteSource } from "./container_outline.ts";
import { PACKET_BYTES, type PacketGrid, SYNC_BYTE } from "./mpeg_ts_packets.ts";

/** Where packets of a stream are missing. */
export interface Loss {
  /** In the file: of the first packet after them. */
  readonly positionBytes: number;
  /** When what they belong to is shown, as the stream's clock has it; undefined: it does not say. */
  readonly ticks: number | undefined;
}

/** More are counted no further. */
const MOST_LOSSES = 10_000;
const PIDS = 0x2000;
/** Its packets have counters of any value. */
const NULL_PID = 0x1fff;

/**
 * A file that is looked at as it is read: the counters of its packets (ISO/IEC 13818-1, 2.4.3.3), as far as it has
 * been read from its start without leaving anything out.
 *
 * Only losses within a PES packet are told: what begins with the next packet may be whole, as where the segments of a
 * live stream, each with counters of its own, have been put together.
 */
export class WatchedTransport implements ByteSource {
  readonly sizeBytes: number;
  readonly #file: ByteSource;
  readonly #grid: PacketGrid;
  readonly #counters = new Int8Array(PIDS).fill(-1);
  readonly #ticks = new Map<number, number | undefined>();
  readonly #losses = new Map<number, Loss[]>();
  /** The packet to look at next, and as much of it as has been read. */
  #position: number;
  #rest = new Uint8Array();
  #lossCount = 0;

  constructor(file: ByteSource, grid: PacketGrid) {
    this.sizeBytes = file.sizeBytes;
    this.#file = file;
    this.#grid = grid;
    this.#position = grid.startBytes;
  }

  async read(start: number, end: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const bytes = await this.#file.read(start, end, into);
    const next = this.#position + this.#rest.length;
    if (start <= next && end > next) this.#look(bytes.subarray(next - start));
    return bytes;
  }

  /** Of the stream `pid`, in the file's order. */
  lossesOf(pid: number): readonly Loss[] {
    return this.#losses.get(pid) ?? [];
  }

  /** @param bytes What follows the rest. */
  #look(bytes: Uint8Array): void {
    const { strideBytes, headerBytes } = this.#grid;
    let at = 0;
    if (this.#rest.length > 0) {
      at = Math.min(strideBytes - this.#rest.length, bytes.length);
      const joined = new Uint8Array(this.#rest.length + at);
      joined.set(this.#rest);
      joined.set(bytes.subarray(0, at), this.#rest.length);
      this.#rest = joined;
      if (joined.length < strideBytes) return;
      this.#packet(joined, headerBytes);
      this.#rest = new Uint8Array();
    }
    for (; at + strideBytes <= bytes.length; at += strideBytes) this.#packet(bytes, at + headerBytes);
    this.#rest = bytes.slice(at);
  }

  #packet(bytes: Uint8Array, at: number): void {
    const position = this.#position;
    this.#position += this.#grid.strideBytes;
    const flags = bytes[at + 3]!;
    const hasPayload = (flags & 0x10) !== 0;
    if (bytes[at] !== SYNC_BYTE) return;
    const pid = (bytes[at + 1]! & 0x1f) * 256 + bytes[at + 2]!;
    if (pid === NULL_PID || !hasPayload) return;
    const counter = flags & 0x0f;
    const last = this.#counters[pid]!;
    this.#counters[pid] = counter;
    const hasAdaptation = (flags & 0x20) !== 0 && bytes[at + 4]! > 0;
    const mayJump = hasAdaptation && (bytes[at + 5]! & 0x80) !== 0;
    const isStart = (bytes[at + 1]! & 0x40) !== 0;
    if (isStart) {
      const adaptationBytes = (flags & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!;
      this.#ticks.set(pid, shownAt(bytes.subarray(at + 4 + adaptationBytes, at + PACKET_BYTES)));
    }
    // The same once more is a packet that was sent twice.
    const follows = last < 0 || counter === last || counter === ((last + 1) & 0x0f);
    if (follows || mayJump || isStart || this.#lossCount >= MOST_LOSSES) return;
    this.#lossCount++;
    const losses = this.#losses.get(pid);
    const loss = { positionBytes: position, ticks: this.#ticks.get(pid) };
    if (losses) losses.push(loss);
    else this.#losses.set(pid, [loss]);
  }
}

/** Of the PES packet that begins there (2.4.3.6). */
function shownAt(payload: Uint8Array): number | undefined {
  const [zero, alsoZero, one, , , , , flags] = payload;
  if (payload.length < 14 || zero !== 0 || alsoZero !== 0 || one !== 1 || (flags! & 0x80) === 0) {
    return undefined;
  }
  const [a, b, c, d, e] = payload.subarray(9, 14) as unknown as [number, number, number, number, number];
  return (a >> 1 & 0x07) * 2 ** 30 + (b << 22 | (c >> 1) << 15 | d << 7 | e >> 1);
}
