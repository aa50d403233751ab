/** The movie box of an MP4 whose tables and times are known: what a muxer wrote of it, with these put in. */
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { withBitRates } from "./mp4_bit_rates.ts";
import { box, bytesOf, integer, words } from "./mp4_box_bytes.ts";
import type { TrackTables } from "./mp4_sample_tables.ts";

/** What mediabunny gives a movie. A finer one, where a track has one, keeps the tick that a track starts at. */
export const MOVIE_TIMESCALE = 57_600;
/** Where a handler's name begins (8.4.3), which FFmpeg takes for the track's: it reads no other there. */
const HANDLER_NAME_AT = 24;
/** A rate of 1 in edit lists. */
const NORMAL_RATE = 0x10000;

/**
 * @param moov Contents of a movie box as mediabunny writes it, with all headers and sample descriptions.
 * @param tables By track id. Tracks without any are left out.
 * @param movieTimescale Ticks a second of the movie's own clock, which edit lists are in.
 * @returns The box, header included. It says nothing of when it was made, so that the same samples give the same bytes.
 * @see ISO/IEC 14496-12, 8.2 (moov), 8.3 (trak), 8.4 (mdia), 8.5 (stbl) and 8.6.6 (elst).
 */
export function movieBox(
  moov: DataView,
  tables: ReadonlyMap<number, TrackTables>,
  movieTimescale: number,
): Uint8Array {
  const durations = [...tables.values()].map((track) => shownTicks(track, movieTimescale));
  return box(
    "moov",
    ...boxesWith(moov, (type, view) => {
      if (type === "mvhd") {
        return [box(type, timeHeader(view, Math.max(0, ...durations), integer(movieTimescale, 4)))];
      }
      if (type !== "trak") return undefined;
      const track = tables.get(trackId(view));
      return track ? [trackBox(view, track, movieTimescale)] : [];
    }),
  );
}

/** The contents of a movie header whose next track is to have that number. */
export function withNextId(mvhd: DataView, id: number): Uint8Array {
  const bytes = bytesOf(mvhd);
  return Uint8Array.of(...bytes.subarray(0, bytes.length - 4), ...words(id));
}

/** Of a track box; 0 where there is none. */
export function trackId(trak: DataView): number {
  for (const tkhd of boxesAt(trak, "tkhd")) return tkhd.getUint32(4 + 2 * timeBytes(tkhd));
  return 0;
}

/** Ticks a second of a track's own clock; 0 where there is none. */
export function trackTimescale(trak: DataView): number {
  for (const mdhd of boxesAt(trak, "mdia", "mdhd")) return mdhd.getUint32(4 + 2 * timeBytes(mdhd));
  return 0;
}

function trackBox(trak: DataView, track: TrackTables, movieTimescale: number): Uint8Array {
  const timescale = trackTimescale(trak);
  const [name] = boxesAt(trak, "udta", "name");
  return box(
    "trak",
    ...boxesWith(trak, (type, view) => {
      switch (type) {
        case "tkhd":
          return [
            box(type, timeHeader(view, shownTicks(track, movieTimescale), numbersBeforeDuration(view, 2))),
            ...edits(track, timescale, movieTimescale),
          ];
        case "edts":
          return [];
        case "mdia":
          return [
            box(type, ...boxesWith(view, (type, view) => mediaBox(type, view, track, { timescale, name }))),
          ];
      }
    }),
  );
}

function mediaBox(
  type: string,
  view: DataView,
  track: TrackTables,
  labels: { readonly timescale: number; readonly name: DataView | undefined },
): Uint8Array[] | undefined {
  const { timescale, name } = labels;
  switch (type) {
    case "hdlr":
      return name
        ? [box(type, bytesOf(view).subarray(0, HANDLER_NAME_AT), bytesOf(name), Uint8Array.of(0))]
        : undefined;
    case "mdhd":
      return [
        box(
          type,
          timeHeader(view, Math.round(track.spanSeconds * timescale), numbersBeforeDuration(view, 1)),
        ),
      ];
    case "minf":
      return [box(type, ...boxesWith(view, (type, view) => mediaBox(type, view, track, labels)))];
    case "stbl": {
      const descriptions = [...boxesAt(view, "stsd")].map((stsd) =>
        box("stsd", withBitRates(stsd, track.rates))
      );
      return [box(type, ...descriptions, ...track.boxes)];
    }
  }
  return undefined;
}

/** The boxes of a view, each as it is, or what `replaced` gives for it. */
function boxesWith(
  view: DataView,
  replaced: (type: string, view: DataView) => readonly Uint8Array[] | undefined,
): Uint8Array[] {
  return [...boxesIn(view)].flatMap(({ type, view }) => replaced(type, view) ?? [box(type, bytesOf(view))]);
}

/** Until when a track is shown, in ticks of the movie from its start. Rounded as edit lists are, apart. */
function shownTicks({ startSeconds, spanSeconds }: TrackTables, movieTimescale: number): number {
  return Math.max(0, Math.round(spanSeconds * movieTimescale) + Math.round(startSeconds * movieTimescale));
}

/**
 * The contents of a movie, track or media header: all begin with flags and two times on the wall clock, and have
 * the duration behind some other numbers.
 */
function timeHeader(view: DataView, durationTicks: number, beforeDuration: Uint8Array): Uint8Array {
  const bytes = bytesOf(view);
  const oldBytes = timeBytes(view);
  const newBytes = durationTicks < 2 ** 32 ? 4 : 8;
  const rest = bytes.subarray(4 + 3 * oldBytes + beforeDuration.length);
  return Uint8Array.of(
    newBytes === 8 ? 1 : 0,
    ...bytes.subarray(1, 4),
    ...new Uint8Array(2 * newBytes), // unknown
    ...beforeDuration,
    ...integer(durationTicks, newBytes),
    ...rest,
  );
}

function numbersBeforeDuration(view: DataView, count: number): Uint8Array {
  const start = 4 + 2 * timeBytes(view);
  return bytesOf(view).subarray(start, start + 4 * count);
}

/** How wide the times of a full box are: 8 bytes in version 1. */
function timeBytes(view: DataView): 4 | 8 {
  return view.getUint8(0) === 1 ? 8 : 4;
}

/** What is before 0 is hidden, and a track that starts later has a pause in front. */
function edits(
  { startSeconds, spanSeconds }: TrackTables,
  timescale: number,
  movieTimescale: number,
): Uint8Array[] {
  if (startSeconds === 0) return [];
  const startTicks = Math.round(startSeconds * movieTimescale);
  const spanTicks = Math.round(spanSeconds * movieTimescale);
  const list = startSeconds > 0
    ? [[startTicks, -1], [spanTicks, 0]] as const
    : [[Math.max(0, spanTicks + startTicks), Math.round(-startSeconds * timescale)]] as const;
  const isWide = list.some(([duration, media]) => duration >= 2 ** 32 || media >= 2 ** 31);
  const bytes = isWide ? 8 : 4;
  const entries = list.flatMap(([duration, media]) => [
    integer(duration, bytes),
    integer(media, bytes),
    words(NORMAL_RATE),
  ]);
  return [box("edts", box("elst", words(isWide ? 1 << 24 : 0, list.length), ...entries))];
}
