/** Reads what a master asks of a worker, trusting none of it. */
import type { EncodeTask, SegmentSpan } from "../encode/encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../encode/settings.ts";
import type { FrameRate } from "../frame_grid.ts";
import type { EncodeSettings__Output } from "../rpc/generated/replication/EncodeSettings.ts";
import type { ProcessChunkRequest__Output } from "../rpc/generated/replication/ProcessChunkRequest.ts";
import type { Segment__Output } from "../rpc/generated/replication/Segment.ts";
import { fromInt64 } from "../rpc/int64.ts";
import { readWireSettings } from "../rpc/read_wire_settings.ts";
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
      return readMediaTask(settings, segment, threads);
    default:
      throw new InvalidRequestError("kind", `${kind} is not known`);
  }
}

function readMediaTask(
  wireSettings: EncodeSettings__Output | null,
  wireSegment: Segment__Output,
  threads: number,
): EncodeTask {
  const settings = readSettings(wireSettings, threads);
  const segment = readSegment(wireSegment);
  if (settings.frameRate === "source") return { settings, segment };
  const converted = {
    originTicks: ticks("segment.origin_ticks", wireSegment.originTicks),
    sourceFrameCount: frameCount("segment.source_frame_count", wireSegment.sourceFrameCount),
  };
  return { settings, segment: { ...segment, converted } };
}

function readSettings(wire: EncodeSettings__Output | null, threads: number): EncodeSettings {
  const refuse = (field: string, reason: string) => new InvalidRequestError(field, reason);
  return readWireSettings(wire, { threads, refuse });
}

function readSegment(wire: Segment__Output): SegmentSpan {
  const { timescale } = wire;
  if (timescale < 1) throw new InvalidRequestError("segment.timescale", `must be positive, not ${timescale}`);
  const startTicks = ticks("segment.start_ticks", wire.startTicks);
  const endTicks = wire.endTicks === undefined ? undefined : ticks("segment.end_ticks", wire.endTicks);
  if (endTicks !== undefined && endTicks <= startTicks) {
    throw new InvalidRequestError(
      "segment.end_ticks",
      `must be past start_ticks ${startTicks}, not ${endTicks}`,
    );
  }
  return {
    timescale,
    startTicks,
    endTicks,
    frameCount: frameCount("segment.frame_count", wire.frameCount),
    frameRate: readFrameRate(wire),
  };
}

function frameCount(field: string, frames: number): number {
  if (frames >= 1 && frames <= MAX_FRAMES) return frames;
  throw new InvalidRequestError(field, `must be from 1 to ${MAX_FRAMES}, not ${frames}`);
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
