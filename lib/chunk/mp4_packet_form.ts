/** How packets lie in an MP4, where some containers have them otherwise: pure. */
import { nalUnits } from "./nal_units.ts";

export type PacketForm =
  | { readonly kind: "as it is" }
  /** Start codes between the units of a picture become lengths. */
  | { readonly kind: "annex-b" }
  /** Without the header that each frame of AAC has in a stream. */
  | { readonly kind: "adts" }
  /** Uncompressed sound: one sample for each point in time, no gaps. */
  | {
    readonly kind: "pcm";
    readonly sampleBytes: number;
    readonly sampleRate: number;
    readonly silence: number;
  };

interface Coding {
  /** By the demuxer's names, such as `avc` or `pcm-s16`. */
  readonly codec: string;
  readonly description?: unknown;
  readonly sampleRate?: number;
  readonly numberOfChannels?: number;
}

/** What has its parameters apart lies in the file as it is; AAC, H.264 and HEVC else have them in the packets. */
export function packetForm({ codec, description, sampleRate = 0, numberOfChannels = 0 }: Coding): PacketForm {
  if (codec.startsWith("pcm-") || codec in PCM_SILENCE) {
    return {
      kind: "pcm",
      sampleBytes: pcmBytes(codec) * numberOfChannels,
      sampleRate,
      silence: PCM_SILENCE[codec] ?? 0,
    };
  }
  if (description) return { kind: "as it is" };
  if (codec === "avc" || codec === "hevc") return { kind: "annex-b" };
  return { kind: codec === "aac" ? "adts" : "as it is" };
}

/** Values that stand for no sound, where it is not 0. */
const PCM_SILENCE: Readonly<Record<string, number>> = { "pcm-u8": 128, ulaw: 0xff, alaw: 0xd5 };

function pcmBytes(codec: string): number {
  return Number(/\d+/.exec(codec)?.[0] ?? 8) / 8;
}

/** The data of a packet as it lies in the file. */
export function inForm({ kind }: PacketForm, data: Uint8Array): Uint8Array {
  if (kind === "annex-b") return withLengths(data);
  if (kind === "adts") return data.subarray(adtsHeaderBytes(data));
  return data;
}

/** ISO/IEC 14496-3, 1.A.2.2.1: a checksum follows the 7 bytes unless the last bit of the second says that it does not. */
function adtsHeaderBytes(data: Uint8Array): number {
  return ((data[1] ?? 1) & 1) === 1 ? 7 : 9;
}

/** ISO/IEC 14496-15, 5.3.3. */
function withLengths(data: Uint8Array): Uint8Array {
  const units = [...nalUnits(data, undefined)].map(withoutTrailingZeros);
  const bytes = new Uint8Array(units.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let position = 0;
  for (const unit of units) {
    view.setUint32(position, unit.length);
    bytes.set(unit, position + 4);
    position += 4 + unit.length;
  }
  return bytes;
}

/** Zeros before a start code belong to no unit (ITU-T H.264, B.1). */
function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end--;
  return unit.subarray(0, end);
}
