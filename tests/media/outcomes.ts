/** What becomes of each test file beyond its frames and their times, which are always the source's. */

/** A file that is not here is copied and encoded, and loses nothing. */
export interface Outcome {
  /** Not read at all, and in which words. */
  readonly refused?: RegExp;
  /** Not put together as it is, and in which words. */
  readonly notCopied?: RegExp;
  /** Not encoded, and in which words. */
  readonly notEncoded?: RegExp;
  /** Differences of a copy, by container; see {@link differences}. */
  readonly mp4?: readonly string[];
  readonly mkv?: readonly string[];
  /** Differences of a lossless H.264 encode in MP4; absent: those of a copy. */
  readonly encoded?: readonly string[];
  /** What the result names as not carried, by container; absent for an encode: as for a copy. */
  readonly named?: {
    readonly mp4?: readonly string[];
    readonly mkv?: readonly string[];
    readonly encoded?: readonly string[];
  };
}

const BOTH = (names: readonly string[]) => ({ mp4: names, mkv: names });
const undecodable = (frames: number): Outcome => ({
  named: BOTH([`${frames} frames at the start that nothing can decode`]),
});
const lost = (difference: string, named: string): Outcome => ({
  ...BOTH([difference]),
  named: BOTH([named]),
});
/** Carried as it is stored, from Matroska to Matroska. */
const lostToMp4 = (difference: string, named: string): Outcome => ({
  mp4: [difference],
  named: { mp4: [named] },
});
/** Carried as it is stored, among MP4 and MOV. */
const lostToMkv = (difference: string, named: string): Outcome => ({
  mkv: [difference],
  named: { mkv: [named] },
});
const NOT_SUPPORTED =
  /video codec \((MPEG-4 Part 2|Motion JPEG|MPEG-2 video|Theora video).*\) is not supported/;
const PARAMETERS_CHANGE: Outcome = { notCopied: /what it takes to decode it changes at frame 50/ };
const TRANSPARENT = /partly transparent/;
/** x264 takes even sides only: a pixel is cut off, and noted. */
const EVEN = ["height: 121 -> 120", "width: 161 -> 160"];
/** FFmpeg 5.1 reads none of it in H.264. */
const HDR_UNREAD = ["Content light level metadata: lost", "Mastering display metadata: lost"];
/** As FFmpeg's decoder says it: VP8 has no other (RFC 6386, 9.2). */
const VP8_MATRIX = "color_space: none -> bt470bg";

export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  "fragmented_mfra.mp4": { refused: /in an index and the others in fragments/ },
  "two_descriptions.mp4": { refused: /its video has 2 descriptions/ },
  "two_programs.ts": { refused: /2 programs/ },
  "mpeg4.mp4": { refused: NOT_SUPPORTED },
  "mpeg4.mkv": { refused: NOT_SUPPORTED },
  "open_mpeg4.mp4": { refused: NOT_SUPPORTED },
  "mjpeg.mov": { refused: NOT_SUPPORTED },
  "mjpeg.mkv": { refused: NOT_SUPPORTED },
  "mpeg2.ts": { refused: NOT_SUPPORTED },
  "theora.ogv": { refused: NOT_SUPPORTED },
  "alpha_vp9.webm": { refused: TRANSPARENT },
  "alpha_vp8.webm": { refused: TRANSPARENT },
  "alpha_prores.mov": { refused: TRANSPARENT },
  "two_edits.mp4": { refused: /edit list shows 2 parts/ },
  "joined.ts": { refused: /times go back at frame 75/ },
  "size_changes.ts": { refused: /the form of its picture changes at frame 50/ },
  "size_changes.mkv": { refused: /the form of its picture changes at frame 50/ },
  "audio_only.m4a": { refused: /no video track/ },
  "audio_only.mka": { refused: /no video track/ },
  "audio_only.ogg": { refused: /no video track/ },
  "audio_only.wav": { refused: /no video track/ },
  "audio_only.mp3": { refused: /not a video file/ },
  "video_compressed.mkv": {
    refused:
      /no video that can be read, but a video track \(V_MPEG4\/ISO\/AVC, und\), which is compressed \(zlib\)/,
  },

  "parameters_change.ts": PARAMETERS_CHANGE,
  "parameters_return.mkv": PARAMETERS_CHANGE,
  "parameters_return.mp4": PARAMETERS_CHANGE,
  "parameters_once.mkv": PARAMETERS_CHANGE,
  "sequence_changes.mkv": PARAMETERS_CHANGE,
  "edit_list_end.mp4": {
    notCopied: /hides the last 25 frames/,
    named: BOTH(["25 frames at the end that an edit list hides"]),
  },
  "starts_open_h264.mp4": undecodable(2),
  "starts_open_h264.ts": undecodable(2),
  "starts_open_hevc.mp4": undecodable(3),
  "starts_open_hevc.mkv": undecodable(3),
  "starts_late.ts": undecodable(7),
  "starts_late.mkv": undecodable(7),
  "starts_late.mp4": undecodable(7),
  "starts_late_hevc.ts": undecodable(7),

  "vp8.webm": { encoded: [VP8_MATRIX] },
  "vp8.mkv": { encoded: [VP8_MATRIX] },
  "odd_vp8.webm": { encoded: [VP8_MATRIX, ...EVEN] },
  "odd_vp9.webm": { encoded: EVEN },
  "odd_av1.mp4": { encoded: EVEN },
  "hevc_12.mkv": { encoded: ["pix_fmt: yuv420p12le -> yuv420p10le"] },
  "hdr10.mp4": { encoded: HDR_UNREAD },
  "hdr10.mkv": { encoded: HDR_UNREAD },
  "dolby_vision.mp4": {
    mkv: ["DOVI configuration record in the container: lost"],
    encoded: ["DOVI configuration record in the container: lost"],
    named: { mkv: ["Dolby Vision configuration"], encoded: ["Dolby Vision configuration"] },
  },
  "dolby_vision.mkv": {
    mkv: ["DOVI configuration record in the container: lost"],
    encoded: ["DOVI configuration record in the container: lost"],
    named: { mkv: ["Dolby Vision configuration"], encoded: ["Dolby Vision configuration"] },
  },
  // FFmpeg's muxer wrote the one, and reads the same fields as the other
  "interlaced_tff.mkv": BOTH(["field_order: tb -> tt"]),

  // FFmpeg reads no title where it is in the source
  "languages.mp4": BOTH(["sound 1: title: none -> Commentaire"]),
  // MPEG-TS has none; players need one
  "languages.ts": BOTH(["sound 0: default: false -> true"]),
  "pcm.mov": { mp4: ["sound 0: codec: pcm_s16le -> aac"] },
  "pcm_be.mov": { mp4: ["sound 0: codec: pcm_s24be -> aac"] },
  "pcm.mkv": { mp4: ["sound 0: codec: pcm_s16le -> aac"] },
  "mp2.ts": { mp4: ["sound 0: codec: mp2 -> aac"], mkv: ["sound 0: codec: mp2 -> opus"] },
  "opus.ts": lost("sound: opus -> none", "Opus audio (und), which cannot be read"),
  "aac_private.m2ts": lost("sound: aac -> none", "AAC audio (und), which cannot be read"),
  "mp2.mkv": { mp4: ["sound 0: codec: mp2 -> aac"] },
  "mp2_stripped.mkv": { mp4: ["sound 0: codec: mp2 -> aac"] },
  "alac.mkv": { mp4: ["sound 0: codec: alac -> aac"] },
  "truehd.mkv": { mp4: ["sound 0: codec: truehd -> aac"] },
  "wavpack.mkv": lostToMp4("sound: wavpack -> none", "audio track 1 (A_WAVPACK4, und)"),
  "adpcm.mkv": lostToMp4("sound: adpcm_ms -> none", "audio track 1 (A_MS/ACM, und)"),
  "alac.mov": { mp4: ["sound 0: codec: alac -> aac"], mkv: ["sound 0: codec: alac -> opus"] },

  "sound_compressed.mkv": lostToMp4(
    "sound: ac3 -> none",
    "audio track (A_AC3, und), which is compressed (zlib)",
  ),
  "sound_encrypted.mkv": lost("sound: ac3 -> none", "audio track (A_AC3, und), which is encrypted"),
  "sound_off.mkv": lostToMp4("sound: ac3 -> none", "audio track (A_AC3, und), which is switched off"),

  "pgs.mkv": lostToMp4("other tracks: subtitle -> none", "subtitles (S_HDMV/PGS, deu)"),
  "pgs_zlib.mkv": lostToMp4("other tracks: subtitle -> none", "subtitles (S_HDMV/PGS, deu)"),
  "vobsub.mkv": lostToMp4("other tracks: subtitle -> none", "subtitles (S_VOBSUB, deu)"),
  "dvbsub.mkv": lostToMp4("other tracks: subtitle -> none", "subtitles (S_DVBSUB, deu)"),

  // the track of titles that Apple's players read
  "chapters.mp4": { mkv: ["other tracks: data -> none"] },
  "chapters.mov": { mkv: ["other tracks: data -> none"] },
  "chapters.mkv": { mp4: ["other tracks: none -> data"] },
  "attachments.mkv": {
    mp4: ["other tracks: attachment, attachment -> none"],
    named: { mp4: ["attachments"] },
  },
  "cover.mkv": { named: { mp4: ["attachments"] } },
  "vobsub.mp4": lostToMkv("other tracks: subtitle -> none", "subtitles"),
  "telemetry.mp4": lostToMkv("other tracks: data -> none", "metadata track"),
  "timecode.mov": lostToMkv("other tracks: data -> none", "timecode track"),
  "timecode.mp4": lostToMkv("other tracks: data -> none", "timecode track"),
  "data.ts": lost("other tracks: data -> none", "data track"),
  "two_videos.mp4": lost("video tracks: 2 -> 1", "video track 2 (avc)"),
  "two_videos.mkv": lost("video tracks: 2 -> 1", "video track 2 (avc)"),
};
