/** Boxes of an MP4 that are in memory. */

export interface Box {
  readonly type: string;
  /** Its contents. */
  readonly view: DataView;
}

/** The boxes that lie one after another in `view`, as far as their sizes make sense. */
export function* boxesIn(view: DataView): Generator<Box> {
  for (let position = 0; position + 8 <= view.byteLength;) {
    const shortSize = view.getUint32(position);
    const isLong = shortSize === 1 && position + 16 <= view.byteLength;
    const headerBytes = isLong ? 16 : 8;
    const rest = view.byteLength - position;
    const sizeBytes = isLong ? Number(view.getBigUint64(position + 8)) : shortSize === 0 ? rest : shortSize;
    if (sizeBytes < headerBytes) return;
    const end = Math.min(position + sizeBytes, view.byteLength);
    const start = position + headerBytes;
    yield { type: letters(view, position + 4), view: part(view, start, end) };
    position = end;
  }
}

/** The boxes at the end of a path, such as `mdia`, `minf`, `stbl`. */
export function* boxesAt(view: DataView, ...path: readonly string[]): Generator<DataView> {
  const [type, ...rest] = path;
  for (const box of boxesIn(view)) {
    if (box.type !== type) continue;
    if (rest.length === 0) yield box.view;
    else yield* boxesAt(box.view, ...rest);
  }
}

/** What a track is, such as `soun`; undefined: it does not say. */
export function handlerOf(trak: DataView): string | undefined {
  for (const hdlr of boxesAt(trak, "mdia", "hdlr")) {
    if (hdlr.byteLength >= 12) return letters(hdlr, 8);
  }
  return undefined;
}

/** Four letters, such as a box's type. */
export function letters(view: DataView, position: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(position + offset)));
}

function part(view: DataView, start: number, end: number): DataView {
  return new DataView(view.buffer, view.byteOffset + start, Math.max(0, end - start));
}
