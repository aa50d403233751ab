import { toWireSettings } from "../rpc/wire_settings.ts";
import type { ChunkHeader } from "../rpc/worker_client.ts";
import type { ChunkTask } from "./fleet.ts";

/** A task as a worker is asked to do it. */
export function taskHeader({ jobId, chunkIndex, sha256, settings, segment }: ChunkTask): ChunkHeader {
  const { timescale, startTicks, endTicks, frameCount, converted, frameRate } = segment;
  return {
    videoId: jobId,
    chunkIndex,
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    sha256: Uint8Array.fromHex(sha256),
    settings: toWireSettings(settings),
    segment: {
      timescale,
      startTicks,
      ...(endTicks !== undefined && { endTicks }),
      frameCount,
      ...converted,
      ...(frameRate && { frameRateNum: frameRate.num, frameRateDen: frameRate.den }),
    },
  };
}
