/** Tracks of text in a Matroska or WebM file. */
import { EncodedPacket, type Output } from "mediabunny";
import { MATROSKA_ROLES } from "../chunk/track_roles.ts";
import { concatenated, element } from "./ebml_bytes.ts";
import { addBlockTrack, type BlockTrack } from "./matroska_blocks.ts";
import type { OutputSubtitles } from "./output_subtitles.ts";

/** RFC 9559, 5.1.4.1. */
const ID = {
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  FlagEnabled: 0xb9,
  FlagDefault: 0x88,
  FlagForced: 0x55aa,
  FlagLacing: 0x9c,
  Language: 0x22b59c,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  Name: 0x536e,
} as const;
const SUBTITLE_TYPE = 17;

/** Adds a track to an output that has not started. */
export function addMatroskaSubtitles(output: Output, subtitles: OutputSubtitles): BlockTrack {
  return addBlockTrack(output, (number) => trackElements(number, subtitles), cuePackets(subtitles));
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
    ...(track.isSwitchedOff ? [element(ID.FlagEnabled, 0)] : []),
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
