/** Subtitles that are pictures, as Blu-ray discs have them (Presentation Graphic Streams, in a .sup file). */
import { concatenated } from "../../lib/assemble/ebml_bytes.ts";

export interface PgsPicture {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

const [WIDTH, HEIGHT] = [160, 120] as const;
/** Of the picture, which is a bar of one colour. */
const [BAR_WIDTH, BAR_HEIGHT] = [48, 12] as const;
const SEGMENT = { palette: 0x14, object: 0x15, composition: 0x16, window: 0x17, end: 0x80 } as const;

/** @see US patent application 2009/0185789 A1, which has the syntax of the segments. */
export function pgsFile(pictures: readonly PgsPicture[]): Uint8Array<ArrayBuffer> {
  return concatenated(pictures.flatMap(({ startSeconds, endSeconds }, index) => [
    ...shown(startSeconds, 2 * index),
    ...cleared(endSeconds, 2 * index + 1),
  ]));
}

function shown(seconds: number, number: number): Uint8Array[] {
  const [x, y] = [8 + number, 100];
  const data = concatenated(
    Array.from({ length: BAR_HEIGHT }, () => Uint8Array.of(0, 0x80 | BAR_WIDTH, 1, 0, 0)),
  );
  return [
    segment(SEGMENT.composition, seconds, [
      ...composition(number, 0x80, 1),
      ...u16(0),
      0,
      0,
      ...u16(x),
      ...u16(y),
    ]),
    segment(SEGMENT.window, seconds, window(x, y)),
    segment(SEGMENT.palette, seconds, [0, 0, 1, 235, 128, 128, 255]),
    segment(SEGMENT.object, seconds, [
      ...[...u16(0), 0, 0xc0, 0, ...u16(data.length + 4)],
      ...[...u16(BAR_WIDTH), ...u16(BAR_HEIGHT), ...data],
    ]),
    segment(SEGMENT.end, seconds, []),
  ];
}

function cleared(seconds: number, number: number): Uint8Array[] {
  return [
    segment(SEGMENT.composition, seconds, composition(number, 0, 0)),
    segment(SEGMENT.window, seconds, window(8 + number, 100)),
    segment(SEGMENT.end, seconds, []),
  ];
}

/** @param state 0x80: a new epoch; 0: the same one. */
function composition(number: number, state: number, objects: number): number[] {
  return [...u16(WIDTH), ...u16(HEIGHT), 0x10, ...u16(number), state, 0, 0, objects];
}

function window(x: number, y: number): number[] {
  return [1, 0, ...u16(x), ...u16(y), ...u16(BAR_WIDTH), ...u16(BAR_HEIGHT)];
}

function segment(type: number, seconds: number, contents: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(13 + contents.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x50, 0x47]); // "PG"
  view.setUint32(2, Math.round(seconds * 90_000));
  view.setUint8(10, type);
  view.setUint16(11, contents.length);
  bytes.set(contents, 13);
  return bytes;
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
