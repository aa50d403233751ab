/** The streams that an MPEG transport stream lists, whether or not the demuxer knows them. */
import type { ByteSource, ContainerOutline, StreamLabels } from "./container_outline.ts";
import { PACKET_BYTES, SYNC_BYTE } from "./mpeg_ts_packets.ts";

/** The tables are repeated many times a second. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads the first program tables of a transport stream (ISO/IEC 13818-1, 2.4.4), and what begins in streams of which
 * these say nothing.
 */
export async function outlineMpegTs(file: ByteSource): Promise<ContainerOutline> {
  const bytes = await file.read(0, Math.min(MAX_BYTES, file.sizeBytes));
  const streams = new Map<number, string>();
  const labels = new Map<number, StreamLabels>();
  const unnamed = new Set<number>();
  const programs = new Set<number>();
  let programCount = 0;
  for (const { pid, payload } of packetStarts(bytes)) {
    if (unnamed.has(pid)) {
      const name = soundIn(payload);
      if (name !== undefined) streams.set(pid, name);
      if (name !== undefined || isPes(payload)) unnamed.delete(pid);
    }
    const section = pid === 0 || programs.has(pid) ? sectionOf(payload) : undefined;
    if (section && pid === 0 && programCount === 0) {
      for (const program of programsOf(section)) programs.add(program);
      programCount = programs.size;
    } else if (section && programs.delete(pid)) {
      for (const stream of streamsOf(section)) {
        const name = streamName(stream);
        streams.set(stream.pid, name ?? DATA);
        labels.set(stream.pid, labelsOf(stream.descriptors));
        if (name === undefined) unnamed.add(stream.pid);
      }
    }
    if (programCount > 0 && programs.size === 0 && unnamed.size === 0) break;
  }
  const unsupported = programCount > 1
    ? `it holds ${programCount} programs, of which one has to be chosen`
    : undefined;
  return { claimedBytes: 0, otherContents: [], delaysSeconds: new Map(), streams, labels, unsupported };
}

const DATA = "data track";

/** Packets in which something begins. Those of 192 or 204 bytes have as many more around each. */
function* packetStarts(
  bytes: Uint8Array,
): Generator<{ readonly pid: number; readonly payload: Uint8Array }> {
  const strideBytes = [188, 192, 204].find((stride) => firstSync(bytes, stride) !== undefined);
  if (strideBytes === undefined) return;
  for (let at = firstSync(bytes, strideBytes)!; at + PACKET_BYTES <= bytes.length; at += strideBytes) {
    const [sync, first, second, flags] = bytes.subarray(at, at + 4);
    if (sync !== SYNC_BYTE || (first! & 0x40) === 0 || (flags! & 0x10) === 0) continue;
    const adaptationBytes = (flags! & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!;
    if (4 + adaptationBytes >= PACKET_BYTES) continue;
    const payload = bytes.subarray(at + 4 + adaptationBytes, at + PACKET_BYTES);
    yield { pid: (first! & 0x1f) * 256 + second!, payload };
  }
}

function firstSync(bytes: Uint8Array, strideBytes: number): number | undefined {
  for (let at = 0; at < strideBytes && at + 3 * strideBytes < bytes.length; at++) {
    if ([0, 1, 2, 3].every((packet) => bytes[at + packet * strideBytes] === SYNC_BYTE)) return at;
  }
  return undefined;
}

/** What follows the header of a table's first section, as far as it lies in this packet, without its checksum. */
function sectionOf(payload: Uint8Array): Uint8Array | undefined {
  const start = 1 + payload[0]!;
  if (start + 8 > payload.length) return undefined;
  const lengthBytes = (payload[start + 1]! & 0x0f) * 256 + payload[start + 2]!;
  return payload.subarray(start + 8, Math.max(start + 8, start + 3 + lengthBytes - 4));
}

function* programsOf(section: Uint8Array): Generator<number> {
  for (let at = 0; at + 4 <= section.length; at += 4) {
    const isProgram = section[at] !== 0 || section[at + 1] !== 0;
    if (isProgram) yield (section[at + 2]! & 0x1f) * 256 + section[at + 3]!;
  }
}

interface Stream {
  readonly pid: number;
  readonly type: number;
  readonly descriptors: readonly Descriptor[];
}

interface Descriptor {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

function* streamsOf(section: Uint8Array): Generator<Stream> {
  if (section.length < 4) return;
  let at = 4 + (section[2]! & 0x0f) * 256 + section[3]!;
  while (at + 5 <= section.length) {
    const pid = (section[at + 1]! & 0x1f) * 256 + section[at + 2]!;
    const end = at + 5 + (section[at + 3]! & 0x0f) * 256 + section[at + 4]!;
    yield { pid, type: section[at]!, descriptors: [...descriptorsOf(section.subarray(at + 5, end))] };
    at = end;
  }
}

function* descriptorsOf(bytes: Uint8Array): Generator<Descriptor> {
  for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes[at + 1]!) {
    yield { tag: bytes[at]!, bytes: bytes.subarray(at + 2, at + 2 + bytes[at + 1]!) };
  }
}

/** ISO/IEC 13818-1, 2.6.18: the first language, and whom the sound is for. */
function labelsOf(descriptors: readonly Descriptor[]): StreamLabels {
  const bytes = descriptors.find(({ tag }) => tag === 0x0a)?.bytes ?? new Uint8Array();
  const code = text(bytes.subarray(0, 3)).toLowerCase();
  return {
    languageCode: /^[a-z]{3}$/.test(code) ? code : undefined,
    disposition: { hearingImpaired: bytes[3] === 2, visuallyImpaired: bytes[3] === 3 },
  };
}

/** ISO/IEC 13818-1, table 2-34, and what ATSC, Blu-ray and DVB have added. */
const STREAM_TYPES: Readonly<Record<number, string>> = {
  0x01: "MPEG-1 video",
  0x02: "MPEG-2 video",
  0x03: "MPEG-1 audio",
  0x04: "MPEG-2 audio",
  0x05: "private sections",
  0x0f: "AAC audio",
  0x10: "MPEG-4 Part 2 video",
  0x11: "LATM AAC audio",
  0x15: "metadata",
  0x1b: "H.264 video",
  0x20: "H.264 video (MVC)",
  0x21: "JPEG 2000 video",
  0x24: "HEVC video",
  0x33: "VVC video",
  0x42: "AVS video",
  0x80: "PCM audio",
  0x81: "AC-3 audio",
  0x82: "DTS audio",
  0x83: "TrueHD audio",
  0x84: "E-AC-3 audio",
  0x85: "DTS-HD audio",
  0x86: "splice information (SCTE-35)",
  0x87: "E-AC-3 audio",
  0x90: "subtitles (PGS)",
  0xd1: "Dirac video",
  0xea: "VC-1 video",
};

/** By descriptor tag (ETSI EN 300 468, 6.1), of private data. */
const PRIVATE_DATA: Readonly<Record<number, string>> = {
  0x56: "teletext",
  0x59: "subtitles (DVB)",
  0x6a: "AC-3 audio",
  0x7a: "E-AC-3 audio",
  0x7b: "DTS audio",
  0x7c: "AAC audio",
};

/** By format identifier (registered with SMPTE), of private data. */
const REGISTERED: Readonly<Record<string, string>> = {
  "AC-3": "AC-3 audio",
  BSSD: "SMPTE 302M audio",
  DTS1: "DTS audio",
  DTS2: "DTS audio",
  DTS3: "DTS audio",
  EAC3: "E-AC-3 audio",
  HEVC: "HEVC video",
  Opus: "Opus audio",
  "VC-1": "VC-1 video",
};

/** Undefined: private data of which nothing is said. */
function streamName({ type, descriptors }: Stream): string | undefined {
  if (type !== 0x06) return STREAM_TYPES[type] ?? `stream of type 0x${type.toString(16).padStart(2, "0")}`;
  for (const { tag } of descriptors) {
    if (PRIVATE_DATA[tag] !== undefined) return PRIVATE_DATA[tag];
  }
  const registration = descriptors.find(({ tag }) => tag === 0x05);
  if (!registration) return undefined;
  const format = text(registration.bytes.subarray(0, 4));
  return REGISTERED[format] ?? `${DATA} (${format})`;
}

function isPes(payload: Uint8Array): boolean {
  return payload.length > 9 && payload[0] === 0 && payload[1] === 0 && payload[2] === 1;
}

/** What sound begins in a packet of an elementary stream (ISO/IEC 13818-1, 2.4.3.6); undefined: none that is known. */
function soundIn(payload: Uint8Array): string | undefined {
  if (!isPes(payload)) return undefined;
  const [first, second] = payload.subarray(9 + payload[8]!);
  if (first === 0x0b && second === 0x77) return "AC-3 audio";
  // What is announced as MPEG audio may be of any codec.
  if (payload[3]! < 0xc0 || payload[3]! > 0xdf) return undefined;
  return first === 0xff && (second! & 0xf6) === 0xf0 ? "AAC audio" : "audio";
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes).replace(/[^ -~]/g, "?");
}
