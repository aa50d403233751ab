/** The blocks of a Matroska or WebM file, found in one pass over its clusters. */
import type { ByteSource } from "./container_outline.ts";
import { PacketTable } from "./packet_table.ts";
import { durationsShown, MAX_SAMPLES, orderShown, type SampleIndex } from "./sample_index.ts";

/** RFC 9559, 5.1. */
const ID = {
  EBML: 0x1a45dfa3,
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackType: 0x83,
  DefaultDuration: 0x23e383,
  ContentEncodings: 0x6d80,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
  BlockDuration: 0x9b,
  ReferenceBlock: 0xfb,
  ReferencePriority: 0xfa,
  Void: 0xec,
  Crc32: 0xbf,
} as const;

/** The whole file, as it were. */
const FILE = 0;
/** Elements whose contents are looked at, and within which they stand. */
const ENTERED: ReadonlyMap<number, number> = new Map<number, number>([
  [ID.Segment, FILE],
  [ID.Info, ID.Segment],
  [ID.Tracks, ID.Segment],
  [ID.TrackEntry, ID.Tracks],
  [ID.Cluster, ID.Segment],
  [ID.BlockGroup, ID.Cluster],
]);
/** Where anything may stand that is not known here. */
const OPEN: ReadonlySet<number> = new Set([ID.Info, ID.Tracks, ID.TrackEntry, ID.BlockGroup]);
/** What else may stand in a segment or a cluster. */
const SKIPPED: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  // SeekHead, Cues, Chapters, Tags, Attachments
  [ID.Segment, new Set([0xec, 0xbf, 0x114d9b74, 0x1c53bb6b, 0x1043a770, 0x1254c367, 0x1941a469])],
  // Void, CRC-32, Position, PrevSize, SilentTracks
  [ID.Cluster, new Set([0xec, 0xbf, 0xa7, 0xab, 0x5854])],
  [FILE, new Set([0xec])],
]);
/** By element, in which others numbers are read. */
const NUMBERS: ReadonlyMap<number, number> = new Map<number, number>([
  [ID.TimestampScale, ID.Info],
  [ID.Timestamp, ID.Cluster],
  [ID.BlockDuration, ID.BlockGroup],
  [ID.TrackNumber, ID.TrackEntry],
  [ID.TrackType, ID.TrackEntry],
  [ID.DefaultDuration, ID.TrackEntry],
]);

/** All of a block group that a block is written again with; others are facts about it. */
const KEPT_OF_GROUP: ReadonlySet<number> = new Set<number>([
  ID.Block,
  ID.BlockDuration,
  ID.ReferenceBlock,
  ID.ReferencePriority,
  ID.Void,
  ID.Crc32,
]);

const READ_BYTES = 256 * 1024;
/** An element's header, and the track, time and flags of a block. */
const HEADER_BYTES = 32;
/** RFC 9559, 5.1.4.1.3. */
const VIDEO_TYPE = 1;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;

interface TrackBlocks {
  /** Whether each of its blocks has a picture, stored as it is. */
  readonly isVideo: boolean;
  /** Undefined: not stated. */
  readonly defaultDurationNs: number | undefined;
  readonly packets: PacketTable;
  readonly positions: Positions;
  /** Of each block, NaN: not stated; undefined: they do not count. */
  readonly statedTicks: number[] | undefined;
  latestTicks: number;
  /** Of the block that is shown last; undefined: not stated. */
  latestDurationTicks: number | undefined;
}

/** What the tracks are whose blocks are not those of a video; others are taken as they come. */
export interface BlockKinds {
  /** Their packets are keyframes all, whatever their flags say. */
  readonly sound?: Iterable<number>;
  /** Their packets are shown for as long as they say, and else until the next. */
  readonly text?: Iterable<number>;
  /** Whose blocks are wanted as they are stored, too. */
  readonly stored?: Iterable<number>;
}

export interface BlockIndexes {
  /**
   * Without tracks that are left to the demuxer: those that the container compresses, where they are not text, or that
   * have several frames in a block (lacing).
   */
  readonly samples: ReadonlyMap<number, SampleIndex>;
  /**
   * Blocks as they are stored, compressed or not; they last as long as they say, and else for 0 ticks. Without tracks
   * that have several frames in a block, or facts of single blocks.
   */
  readonly stored: ReadonlyMap<number, SampleIndex>;
}

/**
 * Reads the headers of all blocks.
 *
 * @param kinds By track number.
 * @param options.mostBlocks Of all tracks together: for each there are some bytes in memory.
 * @returns By track number; of a file that is damaged or was recorded live, none.
 * @throws {Error} If there are more blocks, or a picture has no data.
 */
export async function readMatroskaSamples(
  file: ByteSource,
  kinds: BlockKinds,
  { mostBlocks = MAX_SAMPLES }: { readonly mostBlocks?: number } = {},
): Promise<BlockIndexes> {
  const pass = new BlockPass(file, kinds, mostBlocks);
  return await pass.run() ? pass.indexes() : { samples: new Map(), stored: new Map() };
}

class BlockPass {
  readonly #file: ByteSource;
  readonly #soundTracks: ReadonlySet<number>;
  readonly #textTracks: ReadonlySet<number>;
  readonly #storedTracks: ReadonlySet<number>;
  readonly #mostBlocks: number;
  #blocksLeft: number;
  readonly #tracks = new Map<number, TrackBlocks>();
  /** Those that are left to the demuxer. */
  readonly #others = new Set<number>();
  /** Those whose blocks are more than what is in them, or several in one. */
  readonly #notStorable = new Set<number>();
  /** Of what stands only once. */
  readonly #seen = new Set<number>();
  readonly #window = new Uint8Array(READ_BYTES);
  #bytes: Uint8Array = this.#window.subarray(0, 0);
  #start = 0;
  #timestampScale = DEFAULT_TIMESTAMP_SCALE;
  #clusterTicks: number | undefined;
  #entry: { number: number; type: number; durationNs: number | undefined; isEncoded: boolean } | undefined;
  #group:
    | {
      block: Block | undefined;
      durationTicks: number | undefined;
      isKey: boolean;
      hasFacts: boolean;
      end: number;
    }
    | undefined;

  constructor(file: ByteSource, { sound, text, stored }: BlockKinds, mostBlocks: number) {
    this.#file = file;
    this.#soundTracks = new Set(sound);
    this.#textTracks = new Set(text);
    this.#storedTracks = new Set(stored);
    this.#mostBlocks = this.#blocksLeft = mostBlocks;
  }

  /** Whether all was as it should be. */
  async run(): Promise<boolean> {
    const { sizeBytes } = this.#file;
    const within = [{ id: FILE, end: sizeBytes }];
    for (let position = 0; position < sizeBytes;) {
      if (!this.#holds(position, HEADER_BYTES)) await this.#load(position);
      while (position >= within.at(-1)!.end) within.pop();
      const element = this.#elementAt(position);
      const parent = within.at(-1)!;
      if (!element || element.end > parent.end) return false;
      if (this.#group && position >= this.#group.end) this.#endGroup();
      if (ENTERED.get(element.id) === parent.id) {
        if (!this.#enter(element)) return false;
        within.push(element);
        position = element.start;
      } else {
        if (!this.#read(element, parent.id)) return false;
        position = element.end;
      }
    }
    this.#endGroup();
    return true;
  }

  indexes(): BlockIndexes {
    const samples = new Map<number, SampleIndex>();
    const stored = new Map<number, SampleIndex>();
    for (const [number, track] of this.#tracks) {
      const isOther = this.#others.has(number);
      const isStored = this.#storedTracks.has(number) && !this.#notStorable.has(number);
      if (isOther && !isStored) continue;
      const { packets, positions, statedTicks, defaultDurationNs = 0 } = track;
      const ticks = packets.ticks.slice();
      const displayOrder = orderShown(ticks);
      const lastStated = new Float64Array(ticks.length);
      const last = displayOrder?.at(-1) ?? ticks.length - 1;
      if (last >= 0) lastStated[last] = track.latestDurationTicks ?? defaultDurationNs / this.#timestampScale;
      const index = {
        length: packets.length,
        timescale: 1e9 / this.#timestampScale,
        ticks,
        positions: positions.all(),
        sizesBytes: packets.sizesBytes.slice(),
        keys: packets.keys.slice(),
        displayOrder,
      };
      if (!isOther) {
        const durationTicks = durationsShown(ticks, displayOrder, lastStated);
        if (this.#textTracks.has(number)) setStated(durationTicks, statedTicks);
        samples.set(number, { ...index, durationTicks });
      }
      if (isStored) {
        const durationTicks = new Float64Array(ticks.length);
        setStated(durationTicks, statedTicks);
        stored.set(number, { ...index, durationTicks });
      }
    }
    return { samples, stored };
  }

  #holds(position: number, bytes: number): boolean {
    const end = Math.min(position + bytes, this.#file.sizeBytes);
    return position >= this.#start && end <= this.#start + this.#bytes.length;
  }

  async #load(position: number): Promise<void> {
    const end = Math.min(position + READ_BYTES, this.#file.sizeBytes);
    this.#bytes = await this.#file.read(position, end, this.#window);
    this.#start = position;
  }

  /** Undefined: it has no size, or none that makes sense. Of a segment, its size may be unknown. */
  #elementAt(position: number): Element | undefined {
    const id = this.#variableInt(position, "keep marker");
    if (!id) return undefined;
    const size = this.#variableInt(position + id.lengthBytes, "drop marker");
    if (!size) return undefined;
    const start = position + id.lengthBytes + size.lengthBytes;
    if (size.value < 2 ** (7 * size.lengthBytes) - 1) return { id: id.value, start, end: start + size.value };
    return id.value === ID.Segment ? { id: id.value, start, end: this.#file.sizeBytes } : undefined;
  }

  /** RFC 8794, 4: the leading zero bits of the first byte say how many bytes follow. */
  #variableInt(
    position: number,
    marker: "keep marker" | "drop marker",
  ): { readonly value: number; readonly lengthBytes: number } | undefined {
    const at = position - this.#start;
    const first = this.#bytes[at];
    if (first === undefined || first === 0) return undefined;
    const lengthBytes = Math.clz32(first) - 23;
    if (at + lengthBytes > this.#bytes.length) return undefined;
    let value = marker === "keep marker" ? first : first & (0xff >> lengthBytes);
    for (let i = 1; i < lengthBytes; i++) value = value * 256 + this.#bytes[at + i]!;
    return { value, lengthBytes };
  }

  /** Whether it may stand here. */
  #enter({ id, end }: Element): boolean {
    switch (id) {
      case ID.Segment:
      case ID.Tracks: {
        const isFirst = !this.#seen.has(id);
        this.#seen.add(id);
        return isFirst;
      }
      case ID.TrackEntry:
        this.#endEntry();
        this.#entry = { number: 0, type: 0, durationNs: undefined, isEncoded: false };
        return true;
      case ID.Cluster:
        this.#endGroup();
        this.#endEntry();
        this.#clusterTicks = undefined;
        return this.#seen.has(ID.Tracks);
      case ID.BlockGroup:
        this.#endGroup();
        this.#group = { block: undefined, durationTicks: undefined, isKey: true, hasFacts: false, end };
        return this.#clusterTicks !== undefined;
    }
    return true;
  }

  /** Whether it may stand here. */
  #read(element: Element, parent: number): boolean {
    const { id, start, end } = element;
    if (id === ID.EBML && parent === FILE) return !this.#seen.has(ID.Segment); // no second file behind the first
    if (id === ID.SimpleBlock && parent === ID.Cluster) {
      const block = this.#blockAt(element);
      if (block) this.#add(block, { isKey: block.isKey, durationTicks: undefined });
      return block !== undefined;
    }
    if (this.#group && parent === ID.BlockGroup) {
      if (id === ID.Block) return (this.#group.block = this.#blockAt(element)) !== undefined;
      if (id === ID.ReferenceBlock) this.#group.isKey = false;
      if (!KEPT_OF_GROUP.has(id)) this.#group.hasFacts = true;
    }
    if (this.#entry && id === ID.ContentEncodings) this.#entry.isEncoded = true;
    if (NUMBERS.get(id) !== parent) return OPEN.has(parent) || (SKIPPED.get(parent)?.has(id) ?? false);
    if (end - start > 8) return false;
    this.#readNumber(id, this.#unsignedInt(start, end));
    return true;
  }

  #readNumber(id: number, value: number): void {
    if (id === ID.TimestampScale) this.#timestampScale = value;
    if (id === ID.Timestamp) this.#clusterTicks = value;
    if (id === ID.BlockDuration && this.#group) this.#group.durationTicks = value;
    if (id === ID.TrackNumber && this.#entry) this.#entry.number = value;
    if (id === ID.TrackType && this.#entry) this.#entry.type = value;
    if (id === ID.DefaultDuration && this.#entry) this.#entry.durationNs = value;
  }

  #unsignedInt(start: number, end: number): number {
    let value = 0;
    for (let at = start; at < end; at++) value = value * 256 + this.#bytes[at - this.#start]!;
    return value;
  }

  #blockAt({ start, end }: Element): Block | undefined {
    const track = this.#variableInt(start, "drop marker");
    if (!track || this.#clusterTicks === undefined || start + track.lengthBytes + 3 > end) return undefined;
    const at = start + track.lengthBytes - this.#start;
    const flags = this.#bytes[at + 2]!;
    const ticks = (((this.#bytes[at]! << 8) | this.#bytes[at + 1]!) << 16) >> 16;
    if ((flags & 0x06) !== 0) {
      this.#others.add(track.value);
      this.#notStorable.add(track.value);
    }
    const position = start + track.lengthBytes + 3;
    return {
      track: track.value,
      ticks: this.#clusterTicks + ticks,
      isKey: (flags & 0x80) !== 0 || this.#soundTracks.has(track.value),
      position,
      sizeBytes: end - position,
    };
  }

  #endGroup(): void {
    const group = this.#group;
    this.#group = undefined;
    if (!group?.block) return;
    if (group.hasFacts) this.#notStorable.add(group.block.track);
    this.#add(group.block, group);
  }

  #endEntry(): void {
    const entry = this.#entry;
    this.#entry = undefined;
    if (!entry) return;
    // Whoever reads text undoes that.
    const isText = this.#textTracks.has(entry.number);
    if (entry.isEncoded && !isText) this.#others.add(entry.number);
    this.#tracks.set(entry.number, {
      isVideo: entry.type === VIDEO_TYPE && !entry.isEncoded,
      defaultDurationNs: entry.durationNs,
      packets: new PacketTable(),
      positions: new Positions(),
      statedTicks: isText || this.#storedTracks.has(entry.number) ? [] : undefined,
      latestTicks: -Infinity,
      latestDurationTicks: undefined,
    });
  }

  #add(
    { track: number, ticks, position, sizeBytes }: Block,
    { isKey, durationTicks }: { readonly isKey: boolean; readonly durationTicks: number | undefined },
  ): void {
    const track = this.#tracks.get(number);
    if (!track) return;
    if (track.isVideo && sizeBytes === 0) {
      throw new Error(`its video track ${number} has no data in the block at byte ${position}`);
    }
    if (this.#blocksLeft-- === 0) throw new Error(`it has more than ${this.#mostBlocks} blocks`);
    track.packets.push({ ticks, key: isKey, sizeBytes });
    track.positions.push(position);
    track.statedTicks?.push(durationTicks ?? NaN);
    if (ticks < track.latestTicks) return;
    track.latestTicks = ticks;
    track.latestDurationTicks = durationTicks;
  }
}

function setStated(durationTicks: Float64Array, stated: readonly number[] | undefined): void {
  for (const [index, ticks] of stated?.entries() ?? []) {
    if (!Number.isNaN(ticks)) durationTicks[index] = ticks;
  }
}

interface Element {
  readonly id: number;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

interface Block {
  readonly track: number;
  readonly ticks: number;
  readonly isKey: boolean;
  /** Of its data. */
  readonly position: number;
  readonly sizeBytes: number;
}

/** A list of positions in a file, 8 bytes each. */
class Positions {
  #positions = new Float64Array(1024);
  #length = 0;

  push(position: number): void {
    if (this.#length === this.#positions.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#positions);
      this.#positions = larger;
    }
    this.#positions[this.#length++] = position;
  }

  all(): Float64Array {
    return this.#positions.slice(0, this.#length);
  }
}
