/** The system ffmpeg's command line for an encode. */
import { CHUNK_DEMUXER, CHUNK_LIMITS, DECODER_OPTIONS, SHARD_MOVFLAGS, SHARD_MUXER } from "./chunk_media.ts";
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import type { SegmentSpan } from "./encoder.ts";
import { shownInfo } from "./first_pictures.ts";
import type { PictureFacts } from "./picture_facts.ts";
import type { EncodeSettings } from "./settings.ts";
import { encodedTimescale, filterChain } from "./video_filters.ts";

const INPUT_ARGS = [
  ...["-protocol_whitelist", "pipe", "-f", CHUNK_DEMUXER, "-max_streams", String(CHUNK_LIMITS.tracks)],
  ...optionArgs(DECODER_OPTIONS),
  ...["-noautorotate", "-copyts", "-i", "pipe:0"],
];

const PLAIN_PICTURE = { fields: "whole", hdr: {} } as const;

/**
 * Arguments for FFmpeg 5.1 and later: chunk on stdin, shard on stdout, log and progress on stderr. Two output
 * streams in the progress say that the chunk has more than one video track.
 *
 * @param picture What comes to the encoder.
 */
export function ffmpegArgs(
  settings: EncodeSettings,
  segment: SegmentSpan,
  picture: Pick<PictureFacts, "fields" | "hdr"> = PLAIN_PICTURE,
): string[] {
  const encoder = CODEC_ENCODERS[settings.codec];
  const timescale = encodedTimescale(settings, segment);
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"],
    ...["-progress", "pipe:2", "-stats_period", "1"],
    ...["-xerror"], // a damaged frame is a failure, not a gap
    ...["-filter_threads", String(settings.threads)],
    ...INPUT_ARGS,
    ...["-map", "0:v:0", "-map", "0:v:1?"],
    ...["-filter:v", filterChain(settings, segment, { countsFrames: true })],
    ...["-fps_mode", "passthrough", "-enc_time_base", `1/${timescale}`],
    // One more than there should be: enough to tell, and no more work than that.
    ...["-frames:v", String(segment.frameCount + 1)],
    ...[
      "-c:v",
      encoder.name,
      "-threads",
      String(settings.threads),
      "-max_pixels",
      String(CHUNK_LIMITS.pixels),
    ],
    ...optionArgs(encoder.options(settings, segment, picture)),
    ...(encoder.tag ? ["-tag:v", encoder.tag] : []),
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-video_track_timescale", String(timescale), "-movflags", SHARD_MOVFLAGS],
    ...["-f", SHARD_MUXER, "pipe:1"],
  ];
}

/** Arguments for a look at the first frame: chunk on stdin, lines for {@link FirstPictures} on stderr. */
export function lookArgs(settings: EncodeSettings, segment: SegmentSpan): string[] {
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"],
    ...INPUT_ARGS,
    ...["-map", "0:v:0", "-filter:v", shownInfo(filterChain(settings, segment)), "-frames:v", "1"],
    ...["-f", "null", "-"],
  ];
}

function optionArgs(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`-${name}:v`, value]);
}
