/** Reads what a master asks of a worker, trusting none of it. */
import type { EncodeTask, FrameRate, SegmentSpan } from "../encode/encoder.ts";
import {
  checkSettings,
  type Codec,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  type RateControl,
} from "../encode/settings.ts";
import type { EncodeSettings__Output } from "../rpc/generated/replication/EncodeSettings.ts";
import type { ProcessChunkRequest__Output } from "../rpc/generated/replication/ProcessChunkRequest.ts";
import type { Segment__Output } from "../rpc/generated/replication/Segment.ts";
import { fromInt64 } from "../rpc/int64.ts";
import { nameOnWire, WIRE_CODECS, WIRE_PIXEL_FORMATS, WIRE_PRESETS } from "../rpc/wire_settings.ts";
import { checkKey, type ShardKey } from "../store/shard_key.ts";

/** A request that was understood. */
export interface ChunkOrder {
  readonly key: ShardKey;
  readonly task: EncodeTask;
  /** Of the chunk, 32 bytes; undefined: not given, so not checked. */
  readonly sha256: Uint8Array | undefined;
}

/** A field of a request that cannot be. */
export class InvalidRequestError extends Error {
  override readonly name = "InvalidRequestError";
  /** As the wire spells it. */
  readonly field: string;

  constructor(field: string, reason: string) {
    super(`Cannot process chunk: ${field} ${reason}`);
    this.field = field;
  }
}

/** Beyond these nobody's chunk goes; they bound what a lie can cost. */
const MAX_FRAMES = 1_000_000;
const MAX_FRAME_RATE = 10_000;
const SHA256_BYTES = 32;

/**
 * @param threads What a request that names no number of encoder threads gets.
 * @throws {InvalidKeyError} For video_id and chunk_index.
 * @throws {InvalidSettingError} For a setting out of its range.
 * @throws {InvalidRequestError} For any other field.
 */
export function readChunkOrder(
  request: Omit<ProcessChunkRequest__Output, "chunkData">,
  { threads }: { threads: number },
): ChunkOrder {
  const key: ShardKey = { videoId: request.videoId, chunkIndex: request.chunkIndex };
  checkKey(key);
  return { key, sha256: readSha256(request.sha256), task: readTask(request, threads) };
}

function readSha256(sha256: Uint8Array): Uint8Array | undefined {
  if (sha256.length === 0) return undefined;
  if (sha256.length === SHA256_BYTES) return sha256;
  throw new InvalidRequestError("sha256", `must be ${SHA256_BYTES} bytes, not ${sha256.length}`);
}

function readTask(
  { kind, settings, segment }: Omit<ProcessChunkRequest__Output, "chunkData">,
  threads: number,
): EncodeTask {
  switch (kind) {
    case "CHUNK_KIND_OPAQUE":
      if (settings) throw new InvalidRequestError("settings", "must be absent from an opaque chunk");
      if (segment) throw new InvalidRequestError("segment", "must be absent from an opaque chunk");
      return { settings: DEFAULT_SETTINGS };
    case "CHUNK_KIND_MEDIA_SEGMENT":
      if (!segment) throw new InvalidRequestError("segment", "is needed with a media segment");
      return { settings: readSettings(settings, threads), segment: readSegment(segment) };
    default:
      throw new InvalidRequestError("kind", `${kind} is not known`);
  }
}

function readSettings(wire: EncodeSettings__Output | null, threads: number): EncodeSettings {
  if (!wire) return { ...DEFAULT_SETTINGS, threads };
  const codec = readEnum("settings.codec", WIRE_CODECS, wire.codec, DEFAULT_SETTINGS.codec);
  const settings: EncodeSettings = {
    codec,
    rate: readRate(wire, codec),
    preset: readEnum("settings.preset", WIRE_PRESETS, wire.preset, DEFAULT_SETTINGS.preset),
    width: wire.width,
    height: wire.height,
    pixelFormat: readEnum("settings.pixel_format", WIRE_PIXEL_FORMATS, wire.pixelFormat, "source"),
    keyframeInterval: wire.keyframeInterval,
    deinterlace: wire.deinterlace,
    threads: wire.threads === 0 ? threads : wire.threads,
  };
  checkSettings(settings);
  return settings;
}

/** An unspecified value is the default's; one that the proto does not have arrives as its number. */
function readEnum<Name extends string>(
  field: string,
  table: Readonly<Record<Name, string>>,
  wire: string,
  unspecified: Name,
): Name {
  if (String(wire).endsWith("_UNSPECIFIED")) return unspecified;
  const name = nameOnWire(table, String(wire));
  if (name !== undefined) return name;
  throw new InvalidRequestError(field, `${wire} is not known`);
}

function readRate(wire: EncodeSettings__Output, codec: Codec): RateControl {
  switch (wire.rateControl) {
    case "crf":
      return { kind: "crf", crf: wire.crf ?? NaN };
    case "bitrate":
      return { kind: "bitrate", bitsPerSecond: ticks("settings.bitrate", wire.bitrate ?? "") };
    default:
      return { kind: "crf", crf: DEFAULT_CRF[codec] };
  }
}

function readSegment(wire: Segment__Output): SegmentSpan {
  const { timescale, frameCount } = wire;
  if (timescale < 1) throw new InvalidRequestError("segment.timescale", `must be positive, not ${timescale}`);
  if (frameCount < 1 || frameCount > MAX_FRAMES) {
    throw new InvalidRequestError(
      "segment.frame_count",
      `must be from 1 to ${MAX_FRAMES}, not ${frameCount}`,
    );
  }
  const startTicks = ticks("segment.start_ticks", wire.startTicks);
  const endTicks = wire.endTicks === undefined ? undefined : ticks("segment.end_ticks", wire.endTicks);
  if (endTicks !== undefined && endTicks <= startTicks) {
    throw new InvalidRequestError(
      "segment.end_ticks",
      `must be past start_ticks ${startTicks}, not ${endTicks}`,
    );
  }
  return { timescale, startTicks, endTicks, frameCount, frameRate: readFrameRate(wire) };
}

function readFrameRate({ frameRateNum: num, frameRateDen: den }: Segment__Output): FrameRate | undefined {
  if (num === 0 && den === 0) return undefined;
  if (num > 0 && den > 0 && num / den <= MAX_FRAME_RATE) return { num, den };
  throw new InvalidRequestError(
    "segment.frame_rate",
    `must be a fraction from 0 to ${MAX_FRAME_RATE}, not ${num}/${den}`,
  );
}

function ticks(field: string, value: string | number): number {
  try {
    return fromInt64(value, field);
  } catch {
    throw new InvalidRequestError(field, `${value} is past 2^53 - 1`);
  }
}
