/** A file that is still being written, as one that ends where its last whole part does. */
import { type ByteSource, MAX_PARTS } from "./container_outline.ts";
import { elementAt } from "./ebml.ts";
import { letters } from "./mp4_boxes.ts";

const SEGMENT = 0x18538067;
/** The header of an element: an id of up to 4 bytes, a size of up to 8. */
const ELEMENT_HEADER_BYTES = 12;
const SEGMENT_ID_BYTES = 4;

/**
 * What has come of a Matroska or WebM file (RFC 9559), up to the end of its last whole cluster. Its segment has no
 * size, as that of a live recording, so that nothing is missing.
 */
export async function arrivedMatroska(file: ByteSource): Promise<ByteSource> {
  const ebml = await headerAt(file, 0);
  const segment = ebml?.end === undefined ? undefined : await headerAt(file, ebml.end);
  if (ebml?.end === undefined || segment?.id !== SEGMENT) return file;
  let position = segment.start;
  for (let count = 0; count < MAX_PARTS; count++) {
    const child = await headerAt(file, position);
    if (child?.end === undefined || child.end > file.sizeBytes) break;
    position = child.end;
  }
  const sizeField = new Uint8Array(segment.start - ebml.end - SEGMENT_ID_BYTES).fill(0xff);
  sizeField[0] = 0xff >> (sizeField.length - 1);
  return replacing(cutAt(file, position), ebml.end + SEGMENT_ID_BYTES, sizeField);
}

/** An element's header, its positions counted from the start of the file. */
async function headerAt(file: ByteSource, position: number): Promise<ReturnType<typeof elementAt>> {
  if (position >= file.sizeBytes) return undefined;
  const end = Math.min(position + ELEMENT_HEADER_BYTES, file.sizeBytes);
  const element = elementAt(await file.read(position, end), 0);
  return element && {
    id: element.id,
    start: position + element.start,
    end: element.end === undefined ? undefined : position + element.end,
  };
}

/**
 * What has come of an MP4 or MOV file (ISO/IEC 14496-12): of a fragmented one up to the end of its last whole
 * fragment; else all, since its index says what is where.
 */
export async function arrivedMp4(file: ByteSource): Promise<ByteSource> {
  let isFragmented = false;
  let wholeEnd = 0;
  for (let position = 0, count = 0; position + 8 <= file.sizeBytes && count < MAX_PARTS; count++) {
    const header = await file.read(position, Math.min(position + 16, file.sizeBytes));
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const type = letters(view, 4);
    const shortBytes = view.getUint32(0);
    const sizeBytes = shortBytes === 1 && header.length === 16 ? Number(view.getBigUint64(8)) : shortBytes;
    isFragmented ||= type === "moof";
    // One of no size goes to the end of the file.
    if (sizeBytes < 8 || position + sizeBytes > file.sizeBytes) break;
    position += sizeBytes;
    // What describes a fragment comes before its data.
    if (!isFragmented || type === "mdat") wholeEnd = position;
  }
  return isFragmented ? cutAt(file, wholeEnd) : file;
}

function cutAt(file: ByteSource, sizeBytes: number): ByteSource {
  return { sizeBytes, read: (start, end, into) => file.read(start, end, into) };
}

/** A file that reads with other bytes in one place. */
function replacing(file: ByteSource, position: number, replacement: Uint8Array): ByteSource {
  return {
    sizeBytes: file.sizeBytes,
    async read(start, end, into) {
      const read = await file.read(start, end, into);
      if (start >= position + replacement.length || end <= position) return read;
      const bytes = read.slice(); // the file may be in memory
      for (const [i, byte] of replacement.entries()) {
        if (position + i >= start && position + i < end) bytes[position + i - start] = byte;
      }
      return bytes;
    },
  };
}
