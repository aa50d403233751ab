/** Subtitles of an MP4 or MOV file. */
import { box, bytesOf } from "./mp4_box_bytes.ts";
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { sampleIndexOf, type SampleIndexOptions } from "./mp4_sample_index.ts";
import { sampleFormat } from "./mp4_text.ts";
import { mp4Roles } from "./track_roles.ts";
import type { SubtitleOutline } from "./subtitle_track.ts";

/**
 * The outline of a track of text, of whose tables nothing is wrong.
 *
 * @returns Undefined where it is in another format, such as pictures.
 */
export function mp4Subtitles(
  trak: DataView,
  { id, title, ...options }: SampleIndexOptions & { readonly id: number; readonly title: string },
): SubtitleOutline | undefined {
  const codecId = sampleFormat(trak);
  if (codecId !== "tx3g" && codecId !== "text") return undefined;
  const samples = sampleIndexOf(trak, { ...options, isText: true });
  if (typeof samples === "string" || !samples) return undefined;
  const { roles } = mp4Roles(trak);
  return {
    ...{ id, title, format: "tx3g", codecId, samples, packing: undefined },
    header: codecId === "tx3g" ? onlyDescription(trak) : undefined,
    languageCode: languageOf(trak),
    name: nameOf(trak),
    isDefault: isEnabled(trak),
    isForced: codecId === "tx3g" && isForced(trak) || roles.has("forced"),
    roles: roles.difference(new Set(["forced"])),
  };
}

/** The box that describes all samples; undefined where there are several. */
function onlyDescription(trak: DataView): Uint8Array | undefined {
  for (const stsd of boxesAt(trak, "mdia", "minf", "stbl", "stsd")) {
    const view = new DataView(stsd.buffer, stsd.byteOffset + 8, stsd.byteLength - 8);
    const boxes = [...boxesIn(view)];
    return boxes.length === 1 ? box(boxes[0]!.type, bytesOf(boxes[0]!.view)) : undefined;
  }
  return undefined;
}

/** Three letters in 5 bits each, from 0x60 on (ISO/IEC 14496-12, 8.4.2); what is less is a Macintosh's number. */
function languageOf(trak: DataView): string {
  for (const mdhd of boxesAt(trak, "mdia", "mdhd")) {
    const at = mdhd.byteLength > 0 && mdhd.getUint8(0) === 1 ? 32 : 20;
    const packed = at + 2 <= mdhd.byteLength ? mdhd.getUint16(at) : 0;
    const letters = String.fromCharCode(...[10, 5, 0].map((shift) => 0x60 + ((packed >> shift) & 31)));
    if (/^[a-z]{3}$/.test(letters)) return letters;
  }
  return "und";
}

function nameOf(trak: DataView): string | undefined {
  for (const name of boxesAt(trak, "udta", "name")) {
    const text = new TextDecoder().decode(new Uint8Array(name.buffer, name.byteOffset, name.byteLength));
    if (text.replace(/\0.*$/s, "") !== "") return text.replace(/\0.*$/s, "");
  }
  return undefined;
}

/** Players turn on the first of a group that is enabled. */
function isEnabled(trak: DataView): boolean {
  for (const tkhd of boxesAt(trak, "tkhd")) return tkhd.byteLength >= 4 && (tkhd.getUint8(3) & 1) !== 0;
  return false;
}

/** By flags of the sample description: all of it is to be shown. */
function isForced(trak: DataView): boolean {
  for (const stsd of boxesAt(trak, "mdia", "minf", "stbl", "stsd")) {
    return stsd.byteLength >= 28 && (stsd.getUint32(24) & ALL_FORCED) !== 0;
  }
  return false;
}

/** QuickTime File Format, Subtitle Sample Data. */
export const ALL_FORCED = 0x80000000;
