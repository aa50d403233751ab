/** Reads what an uploader asks for, trusting none of it: pure. */
import { type AudioMode, checkAudioFits } from "../assemble/audio_plan.ts";
import { checkVideoFits, type Container } from "../assemble/output_container.ts";
import { encodableFormats } from "../encode/codec_encoder.ts";
import {
  checkSettings,
  type Codec,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
} from "../encode/settings.ts";
import { checkVideoId } from "../store/shard_key.ts";
import type { JobSettings } from "./job_view.ts";
import type { UploadFacts } from "./master.ts";
import { InvalidUploadError } from "./master_errors.ts";

/** An upload that was understood. */
export interface UploadOrder {
  readonly videoId: string;
  readonly originalFilename: string;
  readonly settings: JobSettings;
  readonly priority: number;
  /** Undefined: not announced. */
  readonly sizeBytes: number | undefined;
}

export const UPLOAD_LIMITS = {
  originalFilenameChars: 1_000,
  priority: [-100, 100],
  chunkSeconds: [0.1, 3_600],
  audioBitsPerSecond: [6_000, 2_000_000],
} as const;

const DEFAULT_CHUNK_SECONDS = 10;

/** What a container gets of whoever names no codec. */
export const USUAL_CODEC: Readonly<Record<Container, Codec>> = {
  mp4: "h264",
  mov: "h264",
  mkv: "h264",
  webm: "vp9",
};

/** As the muxer calls them. */
const TRACK_CODECS = { h264: "avc", hevc: "hevc", vp9: "vp9", av1: "av1" } as const;

/**
 * @throws {InvalidKeyError} For video_id.
 * @throws {InvalidSettingError} For a setting out of its range.
 * @throws {AssembleError} If the container cannot hold the codec, or the sound.
 * @throws {InvalidUploadError} For any other field.
 */
export function readUpload(facts: UploadFacts): UploadOrder {
  const { videoId, originalFilename = "", container = "mp4", audio = "copy", priority = 0, sizeBytes } =
    facts;
  checkVideoId(videoId);
  if (originalFilename.length > UPLOAD_LIMITS.originalFilenameChars) {
    throw new InvalidUploadError(
      "original_filename",
      `must have at most ${UPLOAD_LIMITS.originalFilenameChars} characters`,
    );
  }
  const encode = readSettings(facts, container);
  checkVideoFits(container, TRACK_CODECS[encode.codec]);
  checkAudio(audio, container);
  const { chunkSeconds = DEFAULT_CHUNK_SECONDS } = facts;
  inRange("chunk_seconds", chunkSeconds, UPLOAD_LIMITS.chunkSeconds);
  inRange("priority", priority, UPLOAD_LIMITS.priority);
  if (!Number.isInteger(priority)) throw new InvalidUploadError("priority", "must be a whole number");
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes > 0)) {
    throw new InvalidUploadError("size_bytes", `must be a positive whole number, not ${sizeBytes}`);
  }
  return {
    videoId,
    originalFilename: originalFilename.toWellFormed(),
    settings: { encode, container, audio, chunkSeconds },
    priority,
    sizeBytes,
  };
}

function readSettings({ encode = {} }: UploadFacts, container: Container): EncodeSettings {
  const { codec = USUAL_CODEC[container] } = encode;
  const given = Object.fromEntries(Object.entries(encode).filter(([, value]) => value !== undefined));
  const settings: EncodeSettings = {
    ...DEFAULT_SETTINGS,
    rate: { kind: "crf", crf: DEFAULT_CRF[codec] },
    ...given,
    codec,
  };
  checkSettings(settings);
  if (encodableFormats(settings).length > 0) return settings;
  throw new InvalidUploadError(
    "settings.pixel_format",
    `${settings.pixelFormat} is none that ${codec} is encoded as`,
  );
}

function checkAudio(audio: AudioMode, container: Container): void {
  if (typeof audio === "string") return;
  checkAudioFits(container, audio.codec);
  if (audio.bitsPerSecond === undefined) return;
  inRange("audio_bitrate", audio.bitsPerSecond, UPLOAD_LIMITS.audioBitsPerSecond);
}

function inRange(field: string, value: number, [min, max]: readonly [number, number]): void {
  if (value >= min && value <= max) return;
  throw new InvalidUploadError(field, `must be from ${min} to ${max}, not ${value}`);
}
