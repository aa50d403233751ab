/** What a master sends: the chunks of a file, with what their headers say. */
import { createHash } from "node:crypto";
import { byteChunks } from "../chunk/byte_chunks.ts";
import { encodePlan } from "../chunk/converted_plan.ts";
import { type SegmentChunk, segmentChunks, type VideoPlan } from "../chunk/keyframe_segments.ts";
import type { Segment } from "../chunk/plan_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { type RequestedSettings, toWireSettings } from "../rpc/wire_settings.ts";
import type { ChunkHeader } from "../rpc/worker_client.ts";
import { averageFrameRate } from "./frame_rate.ts";

export interface OutgoingChunk {
  readonly index: number;
  /** All but the video_id. */
  readonly header: Omit<ChunkHeader, "videoId">;
  readonly bytes: Uint8Array;
}

/** Slices of a file; whoever gets them knows nothing of what they are. */
export function opaqueChunks(
  file: ReadableStream<Uint8Array>,
  { sizeBytes }: { sizeBytes: number },
): ReadableStream<OutgoingChunk> {
  let index = 0;
  return blocksOf(file, sizeBytes).pipeThrough(
    new TransformStream<Uint8Array, OutgoingChunk>({
      transform(bytes, controller) {
        const header = { chunkIndex: index, sha256: sha256(bytes) };
        controller.enqueue({ index: index++, header, bytes });
      },
    }, ...ONE_AT_A_TIME),
  );
}

/** Past this a block is not made before it is known how much of it there is to fill. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/** Blocks of one size, the last one shorter; read right into their places where the stream can do that. */
function blocksOf(file: ReadableStream<Uint8Array>, sizeBytes: number): ReadableStream<Uint8Array> {
  const reader = sizeBytes <= MAX_BLOCK_BYTES ? byobReader(file) : undefined;
  if (!reader) return file.pipeThrough(byteChunks(sizeBytes));
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await reader.read(new Uint8Array(sizeBytes), { min: sizeBytes });
      if (value !== undefined && value.length > 0) controller.enqueue(value);
      if (done) controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Undefined of a stream that brings buffers of its own; those of files do not. */
function byobReader(file: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return file.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !file.locked) return undefined;
    throw error;
  }
}

/**
 * The segments of a planned video, to be encoded as asked: those of `encodePlan(plan, settings.frameRate).chunks`.
 */
export function mediaChunks(
  source: SourceFile,
  plan: VideoPlan,
  settings: RequestedSettings,
  options: { signal?: AbortSignal } = {},
): ReadableStream<OutgoingChunk> {
  const wireSettings = toWireSettings(settings);
  const { chunks, frames, grid } = encodePlan(plan, settings.frameRate);
  const rate = grid?.rate ?? frameRateOf(plan);
  return segmentChunks(source, chunks, { ...options, toEncode: true }).pipeThrough(
    new TransformStream<SegmentChunk, OutgoingChunk>({
      transform({ segment, bytes }, controller) {
        const header = {
          chunkIndex: segment.index,
          kind: "CHUNK_KIND_MEDIA_SEGMENT",
          sha256: sha256(bytes),
          settings: wireSettings,
          segment: {
            ...toWireSegment(segment),
            frameCount: frames.segments[segment.index]!.frameCount,
            ...(grid && { originTicks: grid.originTicks, sourceFrameCount: segment.frameCount }),
            ...(rate && { frameRateNum: rate.num, frameRateDen: rate.den }),
          },
        } as const;
        controller.enqueue({ index: segment.index, header, bytes });
      },
    }, ...ONE_AT_A_TIME),
  );
}

/** Chunks are large: none is made before it is asked for. */
const ONE_AT_A_TIME = [{ highWaterMark: 1 }, { highWaterMark: 0 }] as const;

function toWireSegment({ timescale, startTicks, endTicks, hasLeadOut }: Segment) {
  return { timescale, startTicks, ...(hasLeadOut && endTicks !== undefined && { endTicks }) };
}

function frameRateOf({ shownTicks, endTicks, timescale }: VideoPlan) {
  const [startTicks = 0] = shownTicks;
  return averageFrameRate({ frameCount: shownTicks.length, durationTicks: endTicks - startTicks, timescale });
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
