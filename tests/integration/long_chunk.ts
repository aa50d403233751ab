import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import type { ChunkHeader } from "../../lib/rpc/worker_client.ts";

/** A chunk whose encode takes far longer than any test waits. */
export async function longChunk(folder: string): Promise<{ header: ChunkHeader; data: Uint8Array }> {
  const path = join(folder, "long.mp4");
  const picture = { seconds: 60, width: 640, height: 480, tone: null } as const;
  await makeVideo(path, { ...picture, layout: "fragmented", preset: "ultrafast" });
  return {
    data: await Deno.readFile(path),
    header: {
      videoId: "long",
      chunkIndex: 0,
      kind: "CHUNK_KIND_MEDIA_SEGMENT",
      segment: { timescale: 15, frameCount: 900 },
      settings: { preset: "PRESET_VERYSLOW" },
    },
  };
}
