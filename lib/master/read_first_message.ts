/** The first message of an upload as what it says of the video: pure. */
import type { AudioMode } from "../assemble/audio_plan.ts";
import { type Container, CONTAINERS } from "../assemble/output_container.ts";
import { DEFAULT_SETTINGS } from "../encode/settings.ts";
import type { UploadVideoChunk__Output } from "../rpc/generated/replication/UploadVideoChunk.ts";
import { fromInt64 } from "../rpc/int64.ts";
import { readWireSettings } from "../rpc/read_wire_settings.ts";
import { quoted } from "../store/shard_key.ts";
import type { UploadFacts } from "./master.ts";
import { InvalidUploadError } from "./master_errors.ts";
import { USUAL_CODEC } from "./upload_order.ts";

/** @throws {InvalidUploadError} @throws {InvalidSettingError} For what the wire can hold and an upload cannot. */
export function readFirstMessage(message: UploadVideoChunk__Output): UploadFacts {
  const container = readContainer(message.outputFormat);
  const settings = readWireSettings(message.settings, {
    codec: USUAL_CODEC[container],
    threads: DEFAULT_SETTINGS.threads,
    refuse: (field, reason) => new InvalidUploadError(field, reason),
  });
  return {
    videoId: message.videoId,
    originalFilename: message.originalFilename,
    encode: { ...settings, ...readSize(message) },
    container,
    audio: readAudio(message),
    ...(message.chunkSeconds !== 0 && { chunkSeconds: message.chunkSeconds }),
    priority: message.priority,
    sizeBytes: readSizeBytes(message.sizeBytes),
  };
}

function readContainer(format: string): Container {
  if (format === "") return "mp4";
  const container = CONTAINERS.find((name) => name === format.toLowerCase());
  if (container) return container;
  throw new InvalidUploadError(
    "output_format",
    `must be one of ${CONTAINERS.join(", ")}, not ${quoted(format)}`,
  );
}

/** The settings' own, else those to scale up to, else the target; each pair by itself. */
function readSize({ settings, ...message }: UploadVideoChunk__Output): { width: number; height: number } {
  const pairs = [
    { width: settings?.width ?? 0, height: settings?.height ?? 0 },
    { width: message.upscaleWidth, height: message.upscaleHeight },
    { width: message.targetWidth, height: message.targetHeight },
  ];
  return pairs.find(({ width, height }) => width !== 0 || height !== 0) ?? { width: 0, height: 0 };
}

function readAudio({ audio, audioBitrate }: UploadVideoChunk__Output): AudioMode {
  switch (audio) {
    case "AUDIO_MODE_COPY":
    case "AUDIO_MODE_NONE":
      if (audioBitrate !== 0) {
        throw new InvalidUploadError("audio_bitrate", "must be absent where no sound is encoded");
      }
      return audio === "AUDIO_MODE_COPY" ? "copy" : "none";
    case "AUDIO_MODE_AAC":
    case "AUDIO_MODE_OPUS": {
      const codec = audio === "AUDIO_MODE_AAC" ? "aac" : "opus";
      return audioBitrate === 0 ? { codec } : { codec, bitsPerSecond: audioBitrate };
    }
    default:
      throw new InvalidUploadError("audio", `${audio} is not known`);
  }
}

function readSizeBytes(value: string): number | undefined {
  if (value === "0") return undefined;
  try {
    return fromInt64(value, "size_bytes");
  } catch {
    throw new InvalidUploadError("size_bytes", `${value} is past 2^53 - 1`);
  }
}
