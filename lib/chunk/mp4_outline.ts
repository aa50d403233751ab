/** The boxes of an MP4 or MOV file, walked without loading them. */
import { type ByteSource, type ContainerOutline, MAX_PARTS } from "./container_outline.ts";

const SIZED_BOXES: ReadonlySet<string> = new Set(["ftyp", "moov", "mdat", "moof", "mfra"]);

/** Reads the outline of an MP4 or MOV file (ISO/IEC 14496-12), whose boxes are walked, not loaded. */
export async function outlineMp4(file: ByteSource): Promise<ContainerOutline> {
  const otherContents: string[] = [];
  let claimedBytes = 0;
  for await (const box of boxes(file, 0, file.sizeBytes)) {
    // What follows the last box of a file may be anything, and its "size" too.
    if (SIZED_BOXES.has(box.type)) claimedBytes = Math.max(claimedBytes, box.end);
    if (box.type !== "moov") continue;
    for await (const child of boxes(file, box.start, box.end)) {
      if (child.type === "trak") {
        const handler = await handlerOf(file, child);
        const name = HANDLERS[handler ?? ""] ?? `${handler} track`;
        if (handler !== undefined && name !== "") otherContents.push(name);
      } else if (child.type === "udta") {
        for await (const { type } of boxes(file, child.start, child.end)) {
          if (type === "chpl") otherContents.push("chapters");
        }
      }
    }
  }
  return { claimedBytes, otherContents, delaysSeconds: new Map() };
}

/** By handler type; empty for those that are handled elsewhere. */
const HANDLERS: Readonly<Record<string, string>> = {
  vide: "",
  soun: "",
  text: "text track (subtitles or chapter titles)",
  sbtl: "subtitles",
  subt: "subtitles",
  subp: "subtitles",
  clcp: "closed captions",
  tmcd: "timecode track",
  meta: "metadata track",
};

interface Box {
  readonly type: string;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

/** The boxes between two positions, as far as their sizes make sense. */
async function* boxes(file: ByteSource, from: number, to: number): AsyncGenerator<Box> {
  const until = Math.min(to, file.sizeBytes);
  for (let position = from, count = 0; position + 8 <= until && count < MAX_PARTS; count++) {
    const header = await file.read(position, Math.min(position + 16, until));
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const shortSize = view.getUint32(0);
    const isLong = shortSize === 1 && header.length === 16;
    const headerBytes = isLong ? 16 : 8;
    const sizeBytes = isLong ? Number(view.getBigUint64(8)) : shortSize === 0 ? to - position : shortSize;
    if (sizeBytes < headerBytes) return;
    const type = String.fromCharCode(...header.subarray(4, 8));
    yield { type, start: position + headerBytes, end: position + sizeBytes };
    position += sizeBytes;
  }
}

async function handlerOf(file: ByteSource, trak: Box): Promise<string | undefined> {
  for await (const mdia of boxes(file, trak.start, trak.end)) {
    if (mdia.type !== "mdia") continue;
    for await (const hdlr of boxes(file, mdia.start, mdia.end)) {
      if (hdlr.type !== "hdlr" || hdlr.start + 12 > file.sizeBytes) continue;
      return String.fromCharCode(...await file.read(hdlr.start + 8, hdlr.start + 12));
    }
  }
  return undefined;
}
