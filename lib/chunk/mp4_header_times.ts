/** The times in an MP4's movie header, set right after the fact, in place. */

export interface HeaderTimes {
  /** Ticks a second of the movie's own clock, which edit lists are in; left as it is where it would overflow. */
  readonly movieTimescale?: number;
  /** By track id, in seconds: when its first frame is shown. */
  readonly startSeconds?: ReadonlyMap<number, number>;
}

/**
 * Sets creation and modification times to 0 ("unknown"), so that the same frames give the same bytes whenever
 * they are written, and moves durations and edit lists to a movie clock that is fine enough for the tracks'
 * start times: a reader rounds them to the track's own clock.
 *
 * @param moov The movie box, header included, as mediabunny writes it.
 * @see ISO/IEC 14496-12, 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.2 (mdhd) and 8.6.6 (elst).
 */
export function setHeaderTimes(moov: Uint8Array, { movieTimescale, startSeconds }: HeaderTimes = {}): void {
  const view = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
  const fields = [...timeFields(view)];
  for (const { position, bytes } of fields.flatMap((field) => field.kind === "wall clock" ? [field] : [])) {
    writeUint(view, position, bytes, 0);
  }
  const timescale = fields.find((field) => field.kind === "movie timescale");
  if (movieTimescale === undefined || timescale === undefined) return;
  const ratio = movieTimescale / readUint(view, timescale.position, timescale.bytes);
  const durations = fields.flatMap((field) => {
    if (field.kind !== "duration" && field.kind !== "empty edit") return [];
    const start = field.kind === "empty edit" ? startSeconds?.get(field.trackId) : undefined;
    const ticks = start === undefined
      ? readUint(view, field.position, field.bytes) * ratio
      : start * movieTimescale;
    return [{ ...field, ticks: Math.round(ticks) }];
  });
  if (durations.some(({ ticks, bytes }) => ticks >= 2 ** (8 * bytes))) return;
  writeUint(view, timescale.position, timescale.bytes, movieTimescale);
  for (const { position, bytes, ticks } of durations) writeUint(view, position, bytes, ticks);
}

type Field =
  & { readonly position: number; readonly bytes: 4 | 8 }
  & (
    | { readonly kind: "wall clock" | "movie timescale" | "duration" }
    | { readonly kind: "empty edit"; readonly trackId: number }
  );

/** Every field of the movie header that is a time on the wall clock or on the movie's clock. */
function* timeFields(view: DataView): Generator<Field> {
  for (const moov of boxes(view, 0, view.byteLength)) {
    for (const box of boxes(view, moov.start, moov.end)) {
      if (box.type === "mvhd") {
        const bytes = wide(view, box.start);
        yield* wallClocks(view, box.start);
        yield { kind: "movie timescale", position: box.start + 4 + 2 * bytes, bytes: 4 };
        yield { kind: "duration", position: box.start + 8 + 2 * bytes, bytes };
      } else if (box.type === "trak") {
        yield* trackFields(view, box);
      }
    }
  }
}

function* trackFields(view: DataView, trak: Box): Generator<Field> {
  let trackId = 0;
  for (const box of boxes(view, trak.start, trak.end)) {
    if (box.type === "tkhd") {
      const bytes = wide(view, box.start);
      trackId = view.getUint32(box.start + 4 + 2 * bytes);
      yield* wallClocks(view, box.start);
      yield { kind: "duration", position: box.start + 12 + 2 * bytes, bytes };
    }
    const children = box.type === "mdia" || box.type === "edts" ? boxes(view, box.start, box.end) : [];
    for (const child of children) {
      if (child.type === "mdhd") yield* wallClocks(view, child.start);
      if (child.type === "elst") yield* edits(view, child, trackId);
    }
  }
}

function* wallClocks(view: DataView, start: number): Generator<Field> {
  const bytes = wide(view, start);
  yield { kind: "wall clock", position: start + 4, bytes };
  yield { kind: "wall clock", position: start + 4 + bytes, bytes };
}

function* edits(view: DataView, { start, end }: Box, trackId: number): Generator<Field> {
  const bytes = wide(view, start);
  const entryBytes = 2 * bytes + 4;
  for (let position = start + 8; position + entryBytes <= end; position += entryBytes) {
    // A media time of -1 stands for nothing being shown; its sign bit is enough to tell.
    const isEmpty = view.getInt32(position + bytes) < 0;
    yield isEmpty ? { kind: "empty edit", position, bytes, trackId } : { kind: "duration", position, bytes };
  }
}

/** How wide the times of a full box are: 8 bytes in version 1. */
function wide(view: DataView, start: number): 4 | 8 {
  return view.getUint8(start) === 1 ? 8 : 4;
}

interface Box {
  readonly type: string;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

function* boxes(view: DataView, from: number, to: number): Generator<Box> {
  for (let position = from; position + 8 <= to;) {
    const sizeBytes = view.getUint32(position);
    if (sizeBytes < 8 || position + sizeBytes > to) return;
    const letters = [4, 5, 6, 7].map((offset) => view.getUint8(position + offset));
    yield { type: String.fromCharCode(...letters), start: position + 8, end: position + sizeBytes };
    position += sizeBytes;
  }
}

function readUint(view: DataView, position: number, bytes: 4 | 8): number {
  return bytes === 4 ? view.getUint32(position) : Number(view.getBigUint64(position));
}

function writeUint(view: DataView, position: number, bytes: 4 | 8, value: number): void {
  if (bytes === 4) view.setUint32(position, value);
  else view.setBigUint64(position, BigInt(value));
}
