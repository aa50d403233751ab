/** What both encoders say to FFmpeg of the containers that go in and come out. */

/** The demuxer is forced: what a chunk claims to be decides nothing. */
export const CHUNK_DEMUXER = "mov";
export const SHARD_MUXER = "mp4";

/** Movie fragments, so that a shard needs no seeking; the edit list puts its first frame at 0. */
export const SHARD_MOVFLAGS = "+frag_keyframe+delay_moov+default_base_moof";

/** Bounds on what a chunk, which comes from the network, may make an encoder do. */
export const CHUNK_LIMITS = {
  /** Of a picture, coming in or going out: 8192 by 8192, twice the pixels of 8K television. */
  pixels: 8_192 * 8_192,
  /** Of a picture's side. */
  sidePixels: 16_384,
  /** Tracks of every kind. */
  tracks: 16,
} as const;

/** For the decoder, by FFmpeg's names; what it cannot decode whole is refused, not patched up. */
export const DECODER_OPTIONS = {
  max_pixels: String(CHUNK_LIMITS.pixels),
  // More threads find less of the damage: 48 to 70 % of flipped bits instead of 96 % (H.264, FFmpeg 5.1).
  threads: "1",
  // Damaged frames come out marked as such, and are refused. FFmpeg 5.1 takes sound ones of H.264 for damaged where a
  // chunk starts with an open group and has no more frames than the decoder holds back.
  flags: "+output_corrupt",
  // Holds back as many frames as the codec allows, rather than drop one that is found out of order.
  strict: "1",
} as const;
