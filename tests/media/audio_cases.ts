/** Sound of every kind beside one video. */
import { AAC, h264, picture, tone } from "./ffmpeg_args.ts";
import { lacedTrack, type Lacing } from "./laced_blocks.ts";
import { type MediaCase, oneRun } from "./media_case.ts";
import { compressedTrack, disableTrack, encryptedTrack, strippedTrack } from "./stored_blocks.ts";

const FRAMES = { frames: 75 };
const ONE_OF_EACH = ["-map", "0:v", "-map", "1:a"];

/** A video beside sound of one codec. */
function withCodec(name: string, file: string, codec: readonly string[]): MediaCase {
  return oneRun(name, file, FRAMES, [...picture(), ...tone(), ...h264(), ...codec]);
}

/** A video beside sound, of which the container stores one track in another way. */
function stored(
  name: string,
  file: string,
  join: (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer>,
  codec: readonly string[] = ["-c:a", "ac3"],
): MediaCase {
  const make = (path: string) => {
    const plain = `${path}.plain.mkv`;
    return [[...picture(), ...tone(), ...h264(), ...codec, plain], { path, parts: [plain], join }];
  };
  return { name, file, expect: FRAMES, make };
}

/** Its sound has four frames in a block, and there are several clusters. */
function laced(name: string, file: string, codec: readonly string[], lacing: Lacing): MediaCase {
  return stored(name, file, lacedTrack(2, lacing), [...codec, "-cluster_time_limit", "900"]);
}

export const AUDIO_CASES: readonly MediaCase[] = [
  oneRun("no sound", "silent.mp4", FRAMES, [...picture(), ...h264()]),
  oneRun("several sound tracks with languages, MP4", "languages.mp4", {
    frames: 75,
    notes: ["sound in eng, fra and jpn, the second the default"],
  }, severalTracks()),
  oneRun("several sound tracks with languages, MKV", "languages.mkv", {
    frames: 75,
    notes: ["sound in eng, fra and jpn, the second the default"],
  }, severalTracks()),
  oneRun("several sound tracks with languages, MPEG-TS", "languages.ts", {
    frames: 75,
    notes: ["sound in eng, fra and jpn"],
  }, severalTracks()),
  oneRun("sound starts later, MP4", "audio_late.mp4", FRAMES, [
    ...[...picture(), "-itsoffset", "0.53", ...tone({ seconds: 2 }), ...ONE_OF_EACH],
    ...[...h264(), ...AAC],
  ]),
  oneRun("sound starts later, MKV", "audio_late.mkv", FRAMES, [
    ...[...picture(), "-itsoffset", "0.53", ...tone({ seconds: 2 }), ...ONE_OF_EACH],
    ...[...h264(), ...AAC],
  ]),
  oneRun("sound starts later, MPEG-TS", "audio_late.ts", FRAMES, [
    ...[...picture(), "-itsoffset", "0.53", ...tone({ seconds: 2 }), ...ONE_OF_EACH],
    ...[...h264(), ...AAC],
  ]),
  oneRun("sound starts later, fragmented MP4", "audio_late_fragmented.mp4", FRAMES, [
    ...[...picture(), "-itsoffset", "0.53", ...tone({ seconds: 2 }), ...ONE_OF_EACH],
    ...[...h264(), ...AAC, "-movflags", "+frag_keyframe+empty_moov+default_base_moof"],
  ]),
  oneRun("sound longer than the video, MP4", "audio_long.mp4", FRAMES, [
    ...[...picture(), ...tone({ seconds: 5 })],
    ...[...h264(), ...AAC],
  ]),
  oneRun("sound shorter than the video, MP4", "audio_short.mp4", FRAMES, [
    ...[...picture(), ...tone({ seconds: 1 })],
    ...[...h264(), ...AAC],
  ]),
  oneRun("sound with a gap, MKV", "audio_gap.mkv", FRAMES, [
    ...[...picture(), ...tone(), "-af", "aselect='not(between(t\\,1\\,2))'"],
    ...[...h264(), ...AAC],
  ]),
  oneRun("5.1 sound, MP4", "audio_5.1.mp4", FRAMES, [
    ...[...picture(), ...tone(), "-ac", "6"],
    ...[...h264(), ...AAC],
  ]),
  withCodec("PCM in MOV", "pcm.mov", ["-c:a", "pcm_s16le"]),
  withCodec("PCM, big-endian, 24 bits, in MOV", "pcm_be.mov", ["-c:a", "pcm_s24be"]),
  withCodec("PCM in MKV", "pcm.mkv", ["-c:a", "pcm_s16le"]),
  withCodec("Vorbis in MKV", "vorbis.mkv", ["-c:a", "libvorbis"]),
  withCodec("Opus in MP4", "opus.mp4", ["-c:a", "libopus"]),
  withCodec("Opus in MKV", "opus.mkv", ["-c:a", "libopus"]),
  withCodec("Opus in MPEG-TS", "opus.ts", ["-c:a", "libopus"]),
  oneRun("AAC in MPEG-TS as private data", "aac_private.m2ts", FRAMES, [
    ...[...picture(), ...tone(), ...h264(), ...AAC],
    ...["-mpegts_m2ts_mode", "1", "-f", "mpegts"],
  ]),
  withCodec("AC-3 in MP4", "ac3.mp4", ["-c:a", "ac3"]),
  withCodec("AC-3 in MKV", "ac3.mkv", ["-c:a", "ac3"]),
  withCodec("AC-3 in MPEG-TS", "ac3.ts", ["-c:a", "ac3"]),
  withCodec("E-AC-3 in MPEG-TS", "eac3.ts", ["-c:a", "eac3"]),
  withCodec("FLAC in MKV", "flac.mkv", ["-c:a", "flac"]),
  withCodec("FLAC in MP4", "flac.mp4", ["-c:a", "flac", "-strict", "-2"]),
  withCodec("MP3 in MP4", "mp3.mp4", ["-c:a", "libmp3lame"]),
  withCodec("MP3 in MKV", "mp3.mkv", ["-c:a", "libmp3lame"]),
  withCodec("MP2 in MPEG-TS", "mp2.ts", ["-c:a", "mp2"]),
  withCodec("MP2 in MKV", "mp2.mkv", ["-c:a", "mp2"]),
  withCodec("ALAC in MOV", "alac.mov", ["-c:a", "alac"]),
  withCodec("ALAC in MKV", "alac.mkv", ["-c:a", "alac"]),
  withCodec("TrueHD in MKV", "truehd.mkv", ["-ar", "48000", "-c:a", "truehd", "-strict", "-2"]),
  withCodec("WavPack in MKV", "wavpack.mkv", ["-c:a", "wavpack"]),
  withCodec("ADPCM in MKV, as in a WAV file", "adpcm.mkv", ["-c:a", "adpcm_ms"]),
  withCodec("DTS in MKV", "dts.mkv", ["-c:a", "dca", "-strict", "-2"]),
  stored("sound compressed by the container, MKV", "sound_compressed.mkv", compressedTrack(2)),
  stored(
    "MP2 without the start of its frames, MKV",
    "mp2_stripped.mkv",
    strippedTrack(2, Uint8Array.of(0xff, 0xfd)),
    ["-c:a", "mp2"],
  ),
  stored("sound encrypted by the container, MKV", "sound_encrypted.mkv", encryptedTrack(2)),
  stored("sound switched off, MKV", "sound_off.mkv", disableTrack(2)),
  stored("video compressed by the container, MKV", "video_compressed.mkv", compressedTrack(1)),
  laced("AC-3, several frames in a block (Xiph), MKV", "laced_ac3.mkv", ["-c:a", "ac3"], "xiph"),
  laced("AAC, several frames in a block (EBML), MKV", "laced_aac.mkv", AAC, "ebml"),
  laced("MP3, several frames in a block (Xiph), MKV", "laced_mp3.mkv", ["-c:a", "libmp3lame"], "xiph"),
  laced("Opus, several frames in a block (EBML), MKV", "laced_opus.mkv", ["-c:a", "libopus"], "ebml"),
  laced("Vorbis, several frames in a block (Xiph), MKV", "laced_vorbis.mkv", ["-c:a", "libvorbis"], "xiph"),
  oneRun("sound alone, MP4", "audio_only.m4a", { frames: 0 }, [...tone(), ...AAC]),
  oneRun("sound alone, MKV", "audio_only.mka", { frames: 0 }, [...tone(), "-c:a", "libopus"]),
  oneRun("sound alone, Ogg", "audio_only.ogg", { frames: 0 }, [...tone(), "-c:a", "libvorbis"]),
  oneRun("sound alone, WAV", "audio_only.wav", { frames: 0 }, tone()),
  oneRun("sound alone, MP3", "audio_only.mp3", { frames: 0 }, [...tone(), "-c:a", "libmp3lame"]),
];

function severalTracks(): string[] {
  const languages = ["eng", "fra", "jpn"].flatMap((
    language,
    i,
  ) => [`-metadata:s:a:${i}`, `language=${language}`]);
  return [
    ...[...picture(), ...tone(), ...tone({ hertz: 660 }), ...tone({ hertz: 880 })],
    ...["-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:a"],
    ...[...h264(), ...AAC, ...languages, "-metadata:s:a:1", "title=Commentaire"],
    ...["-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "0"],
  ];
}
