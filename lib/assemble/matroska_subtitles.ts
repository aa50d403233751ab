/** Tracks of text in a Matroska or WebM file. */
import { EncodedPacket, type Output, TextSubtitleSource } from "mediabunny";
import { MATROSKA_ROLES } from "../chunk/track_roles.ts";
import { concatenated, element } from "./ebml_bytes.ts";
import type { TrackFeed } from "./interleave.ts";
import { roomName } from "./matroska_header.ts";
import type { OutputSubtitles } from "./output_subtitles.ts";

/** RFC 9559, 5.1.4.1. */
const ID = {
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  FlagDefault: 0x88,
  FlagForced: 0x55aa,
  FlagLacing: 0x9c,
  Language: 0x22b59c,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  Name: 0x536e,
} as const;
const SUBTITLE_TYPE = 17;

export interface MatroskaTextTrack {
  readonly feed: TrackFeed;
  readonly number: number;
  /** What the file is to say of it, in place of what the muxer does. */
  readonly elements: Uint8Array;
}

/** The part of mediabunny's Matroska muxer (1.61) that takes text as it is. */
interface CueMuxer {
  addSubtitleCue(
    track: unknown,
    cue: { readonly timestamp: number; readonly duration: number; readonly text: string },
    meta: { readonly config: { readonly description: string } },
  ): Promise<void>;
}

/** Adds a track to an output that has not started. */
export function addMatroskaSubtitles(output: Output, subtitles: OutputSubtitles): MatroskaTextTrack {
  const source = new TextSubtitleSource("webvtt");
  const number = output.tracks.length + 1;
  const elements = trackElements(number, subtitles);
  output.addSubtitleTrack(source, { name: roomName(elements.length) });
  const track = output.tracks.at(-1)!;
  const { _muxer: muxer } = output as unknown as { readonly _muxer: CueMuxer };
  const feed = {
    packets: cuePackets(subtitles),
    // Its own way in is for whole files of WebVTT, and leaves out spaces and blank lines.
    add: ({ timestamp, duration, data }: EncodedPacket) =>
      muxer.addSubtitleCue(track, {
        timestamp,
        duration,
        text: withInlineTimes(new TextDecoder().decode(data), timestamp),
      }, { config: { description: "" } }),
    close: () => source.close(),
  };
  return { feed, number, elements };
}

async function* cuePackets({ cues }: OutputSubtitles): AsyncGenerator<EncodedPacket, void, undefined> {
  for (const { startSeconds, endSeconds, text } of cues) {
    yield new EncodedPacket(
      new TextEncoder().encode(text),
      "key",
      startSeconds,
      endSeconds - startSeconds,
    );
  }
}

function trackElements(number: number, { track, codecId, header }: OutputSubtitles): Uint8Array {
  return concatenated([
    element(ID.TrackNumber, number),
    element(ID.TrackUID, number),
    element(ID.TrackType, SUBTITLE_TYPE),
    element(ID.FlagDefault, track.isDefault ? 1 : 0),
    element(ID.FlagForced, track.isForced ? 1 : 0),
    ...MATROSKA_ROLES.flatMap(([role, id, value]) => track.roles?.has(role) ? [element(id, value)] : []),
    element(ID.FlagLacing, 0),
    element(ID.Language, track.languageCode),
    element(ID.CodecID, codecId),
    ...(header ? [element(ID.CodecPrivate, header)] : []),
    ...(track.name === undefined ? [] : [element(ID.Name, track.name)]),
  ]);
}

/** The muxer takes the cue's own time off each that stands in the text; there they are as they are to be. */
function withInlineTimes(text: string, startSeconds: number): string {
  return text.replace(INLINE_TIME, (_, hours = "00", minutes, seconds, ms) => {
    const total = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(ms) +
      Math.round(startSeconds * 1000);
    const digits = (value: number, count: number) => String(Math.floor(value)).padStart(count, "0");
    const time = [total / 3_600_000, total / 60_000 % 60, total / 1000 % 60].map((value) => digits(value, 2));
    return `<${time.join(":")}.${digits(total % 1000, 3)}>`;
  });
}

const INLINE_TIME = /<(?:(\d{2}):)?(\d{2}):(\d{2})\.(\d{3})>/g;
