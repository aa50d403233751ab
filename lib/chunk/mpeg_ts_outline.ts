/** The streams that an MPEG transport stream lists, whether or not the demuxer knows them. */
import type { ByteSource, ContainerOutline } from "./container_outline.ts";

/** The tables are repeated many times a second. */
const MAX_BYTES = 4 * 1024 * 1024;
const SYNC_BYTE = 0x47;
const PACKET_BYTES = 188;

/** Reads the first program tables of a transport stream (ISO/IEC 13818-1, 2.4.4). */
export async function outlineMpegTs(file: ByteSource): Promise<ContainerOutline> {
  const bytes = await file.read(0, Math.min(MAX_BYTES, file.sizeBytes));
  const streams = new Map<number, string>();
  const programs = new Set<number>();
  let programCount = 0;
  for (const { pid, payload } of sectionStarts(bytes)) {
    const section = sectionOf(payload);
    if (!section) continue;
    if (pid === 0) {
      for (const program of programsOf(section)) programs.add(program);
      programCount = Math.max(programCount, programs.size);
    } else if (programs.delete(pid)) {
      for (const [stream, name] of streamsOf(section)) streams.set(stream, name);
      if (programs.size === 0) break;
    }
  }
  const unsupported = programCount > 1
    ? `it holds ${programCount} programs, of which one has to be chosen`
    : undefined;
  return { claimedBytes: 0, otherContents: [], delaysSeconds: new Map(), streams, unsupported };
}

/** Packets in which something begins. Those of 192 or 204 bytes have as many more around each. */
function* sectionStarts(
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

function* streamsOf(section: Uint8Array): Generator<[pid: number, name: string]> {
  if (section.length < 4) return;
  let at = 4 + (section[2]! & 0x0f) * 256 + section[3]!;
  while (at + 5 <= section.length) {
    const pid = (section[at + 1]! & 0x1f) * 256 + section[at + 2]!;
    const descriptorBytes = (section[at + 3]! & 0x0f) * 256 + section[at + 4]!;
    yield [pid, streamName(section[at]!, section.subarray(at + 5, at + 5 + descriptorBytes))];
    at += 5 + descriptorBytes;
  }
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
  0x11: "AAC audio (LATM)",
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

function streamName(type: number, descriptors: Uint8Array): string {
  if (type !== 0x06) return STREAM_TYPES[type] ?? `stream of type 0x${type.toString(16).padStart(2, "0")}`;
  let name = "data track";
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    const known = PRIVATE_DATA[descriptors[at]!];
    if (known !== undefined) return known;
    if (descriptors[at] === 0x05) name = `data track (${text(descriptors.subarray(at + 2, at + 6))})`;
  }
  return name;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes).replace(/[^ -~]/g, "?");
}
