/** What decoders of Apple Lossless have to know. @see Apple's "ALAC Magic Cookie Description" */
import { bytesOf } from "./mp4_box_bytes.ts";
import { boxesAt } from "./mp4_boxes.ts";

export interface AlacConfig {
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  /** As FFmpeg takes it: the box of an MP4 that has the configuration, header included. */
  readonly description: Uint8Array;
}

/** A size of 36 bytes, and its name. */
const BOX_HEADER = Uint8Array.of(0, 0, 0, 36, 0x61, 0x6c, 0x61, 0x63);
/** Its header, and its version and flags. */
const BEFORE_CONFIG_BYTES = 12;
const CONFIG_BYTES = 24;
/** Behind the header of the first sample description, which has the same name. */
const IN_ENTRY = 16;
/** Within the configuration. */
const [CHANNELS_AT, SAMPLE_RATE_AT] = [9, 20] as const;

/**
 * @param config Of 24 bytes, or more.
 * @returns Undefined: it is no such thing.
 */
export function alacConfig(config: Uint8Array | undefined): AlacConfig | undefined {
  if (!config || config.length < CONFIG_BYTES) return undefined;
  const view = new DataView(config.buffer, config.byteOffset);
  const [numberOfChannels, sampleRate] = [view.getUint8(CHANNELS_AT), view.getUint32(SAMPLE_RATE_AT)];
  if (numberOfChannels === 0 || sampleRate === 0) return undefined;
  const description = new Uint8Array(BEFORE_CONFIG_BYTES + CONFIG_BYTES);
  description.set(BOX_HEADER);
  description.set(config.subarray(0, CONFIG_BYTES), BEFORE_CONFIG_BYTES);
  return { sampleRate, numberOfChannels, description };
}

/** How many samples a packet has, but for the last one. */
export function alacPacketSamples(description: Uint8Array): number | undefined {
  if (description.length < BEFORE_CONFIG_BYTES + CONFIG_BYTES) return undefined;
  return new DataView(description.buffer, description.byteOffset).getUint32(BEFORE_CONFIG_BYTES);
}

/** The configuration of a track of an MP4 or MOV; undefined: it has none. */
export function mp4AlacConfig(trak: DataView): Uint8Array | undefined {
  const [stsd] = boxesAt(trak, "mdia", "minf", "stbl", "stsd");
  if (!stsd) return undefined;
  const bytes = bytesOf(stsd);
  // QuickTime has it within another box ("wave"), which may stand anywhere.
  for (let at = bytes.indexOf(0x61, IN_ENTRY); at >= 0; at = bytes.indexOf(0x61, at + 1)) {
    const start = at - 4;
    if (!BOX_HEADER.every((byte, index) => bytes[start + index] === byte)) continue;
    return bytes.slice(start + BEFORE_CONFIG_BYTES, start + BEFORE_CONFIG_BYTES + CONFIG_BYTES);
  }
  return undefined;
}
