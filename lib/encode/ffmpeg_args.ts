/** The system ffmpeg's command line for an encode. */
import { CHUNK_DEMUXER, CHUNK_LIMITS, DECODER_OPTIONS, SHARD_MOVFLAGS, SHARD_MUXER } from "./chunk_media.ts";
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import type { SegmentSpan } from "./encoder.ts";
import type { EncodeSettings } from "./settings.ts";
import { filterChain } from "./video_filters.ts";

const INPUT_ARGS = [
  ...["-protocol_whitelist", "pipe", "-f", CHUNK_DEMUXER, "-max_streams", String(CHUNK_LIMITS.tracks)],
  ...optionArgs(DECODER_OPTIONS),
  ...["-noautorotate", "-copyts", "-i", "pipe:0"],
];

/**
 * Arguments for FFmpeg 5.1 and later: chunk on stdin, shard on stdout, log and progress on stderr. Two output
 * streams in the progress say that the chunk has more than one video track.
 */
export function ffmpegArgs(settings: EncodeSettings, segment: SegmentSpan): string[] {
  const encoder = CODEC_ENCODERS[settings.codec];
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"],
    ...["-progress", "pipe:2", "-stats_period", "1"],
    ...["-xerror"], // a damaged frame is a failure, not a gap
    ...["-filter_threads", String(settings.threads)],
    ...INPUT_ARGS,
    ...["-map", "0:v:0", "-map", "0:v:1?"],
    ...["-filter:v", filterChain(settings, segment)],
    ...["-fps_mode", "passthrough", "-enc_time_base", `1/${segment.timescale}`],
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
    ...optionArgs(encoder.options(settings, segment)),
    ...(encoder.tag ? ["-tag:v", encoder.tag] : []),
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-video_track_timescale", String(segment.timescale), "-movflags", SHARD_MOVFLAGS],
    ...["-f", SHARD_MUXER, "pipe:1"],
  ];
}

function optionArgs(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`-${name}:v`, value]);
}
