/** Tags of an MP4 or MOV that mediabunny does not write: where and with what it was recorded, and keys of any name. */
import { box, bytesOf, movieContents, words } from "../chunk/mp4_box_bytes.ts";
import { boxesIn } from "../chunk/mp4_boxes.ts";
import type { FurtherTags } from "./further_tags.ts";

/** "und" in 5 bits for each letter (ISO/IEC 14496-12, 8.4.2.3). */
const UNKNOWN_LANGUAGE = [0x55, 0xc4] as const;
/** UTF-8, in metadata items (QuickTime File Format, Well-Known Types). */
const UTF8_TYPE = 1;

/**
 * @param moov Contents of a movie box.
 * @returns Contents with the tags at the end.
 */
export function withMovieTags(moov: DataView, tags: Pick<FurtherTags, "userData" | "keys">): DataView {
  if (tags.userData.size + tags.keys.size === 0) return moov;
  const boxes = [...boxesIn(moov)];
  const others = boxes.filter(({ type }) => type !== "udta").map(({ type, view }) =>
    box(type, bytesOf(view))
  );
  const userData = boxes.filter(({ type }) => type === "udta").map(({ view }) => bytesOf(view));
  userData.push(...[...tags.userData].map(([type, text]) => internationalText(type, text)));
  return movieContents(
    ...others,
    ...(userData.length > 0 ? [box("udta", ...userData)] : []),
    ...(tags.keys.size > 0 ? [metadata([...tags.keys])] : []),
  );
}

/** QuickTime File Format, User Data Text Strings. */
function internationalText(type: string, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return box(type, Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...UNKNOWN_LANGUAGE), bytes);
}

/** QuickTime File Format, Metadata: items under keys that are in reverse domain notation, mostly. */
function metadata(texts: readonly (readonly [key: string, text: string])[]): Uint8Array {
  const encoder = new TextEncoder();
  const handler = box("hdlr", words(0, 0), encoder.encode("mdta"), words(0, 0, 0), Uint8Array.of(0));
  const keys = texts.map(([key]) => box("mdta", encoder.encode(key)));
  const items = texts.map(([, text], index) => {
    const number = String.fromCharCode(0, 0, (index + 1) >> 8, (index + 1) & 255);
    return box(number, box("data", words(UTF8_TYPE, 0), encoder.encode(text)));
  });
  return box("meta", handler, box("keys", words(0, keys.length), ...keys), box("ilst", ...items));
}
