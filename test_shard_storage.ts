#!/usr/bin/env -S deno run --allow-all
/** Lists the shards of a worker, shows a video's metadata, fetches one shard, or removes a video's. */
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { CLIENT_FLAGS, readClientFlags } from "./lib/cli/connection_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { formatBytes, formatCount } from "./lib/cli/format.ts";
import { jsonText } from "./lib/cli/json.ts";
import { writeError, writeOut } from "./lib/cli/output.ts";
import { textTable } from "./lib/cli/table.ts";
import { UsageError } from "./lib/cli/usage_error.ts";
import { visible } from "./lib/cli/visible.ts";
import { connectWorker, type WorkerClient } from "./lib/rpc/worker_client.ts";
import { writeWhole } from "./lib/store/write_file.ts";

const COMMAND = defineCommand({
  name: "shards",
  summary:
    "With an address alone, lists the shards of a worker; with a video_id, shows its chunks' metadata; " +
    "with a shard_location as well, fetches that shard. With --delete, removes all that it has of a video.",
  usage: "deno task shards HOST:PORT [VIDEO_ID] [SHARD_LOCATION] [flags]",
  positionals: {
    worker: { kind: "address", required: true, help: "The worker." },
    video_id: { kind: "string", help: "A video." },
    shard_location: { kind: "string", help: "A shard of it, as the worker gives its location." },
  },
  flags: {
    output: {
      kind: "string",
      short: "o",
      valueName: "FILE",
      help: "Where a fetched shard goes (its own name).",
    },
    delete: { kind: "boolean", help: "Remove the shards of VIDEO_ID from the worker, for good." },
    json: { kind: "boolean", help: "JSON instead of tables." },
    timeout: { kind: "number", min: 0.1, max: 86_400, default: 60, help: "Seconds that a call may take." },
    ...CLIENT_FLAGS,
  },
  examples: [
    "deno task shards localhost:50061",
    "deno task shards localhost:50061 my_video",
    "deno task shards localhost:50061 my_video --delete",
  ],
});

interface View {
  readonly worker: WorkerClient;
  readonly isJson: boolean;
  readonly rpc: { readonly timeoutMs: number; readonly signal: AbortSignal };
}

async function main({ flags, positionals }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<number> {
  const { video_id, shard_location } = positionals;
  if (flags.output !== undefined && shard_location === undefined) {
    throw new UsageError("--output needs a SHARD_LOCATION to fetch");
  }
  if (flags.delete && (video_id === undefined || shard_location !== undefined)) {
    throw new UsageError("--delete needs a VIDEO_ID, and takes no SHARD_LOCATION: a video goes as a whole");
  }
  using worker = connectWorker(positionals.worker, await readClientFlags(flags));
  const view: View = { worker, isJson: flags.json, rpc: { timeoutMs: flags.timeout * 1000, signal } };
  if (video_id === undefined) return await showShards(view);
  if (flags.delete) return await deleteVideo(view, video_id);
  if (shard_location === undefined) return await showMetadata(view, video_id);
  return await fetchShard(view, video_id, shard_location, flags.output);
}

async function showShards({ worker, isJson, rpc }: View): Promise<number> {
  const { found, workerId, message, entries } = await worker.listShards("", rpc);
  if (!found) return notFound(message);
  if (isJson) {
    const videos = entries.map(({ videoId, chunks }) => ({
      video_id: videoId,
      chunks: chunks.map(({ chunkIndex, shardLocation, sizeBytes }) => ({
        chunk_index: chunkIndex,
        shard_location: shardLocation,
        size_bytes: sizeBytes,
      })),
    }));
    writeOut(`${jsonText({ worker_id: workerId, videos })}\n`);
    return 0;
  }
  const chunkCount = entries.reduce((sum, { chunks }) => sum + chunks.length, 0);
  const counts = `${formatCount(entries.length, "video")}, ${formatCount(chunkCount, "shard")}`;
  writeOut(`Worker ${visible(workerId)}: ${counts}\n`);
  if (chunkCount === 0) return 0;
  const rows = entries.flatMap(({ videoId, chunks }) =>
    chunks.map((chunk) => [videoId, chunk.chunkIndex, formatBytes(chunk.sizeBytes), chunk.shardLocation])
  );
  const columns = [
    { title: "VIDEO ID" },
    { title: "CHUNK", align: "right" },
    { title: "SIZE", align: "right" },
    { title: "SHARD LOCATION" },
  ] as const;
  writeOut(`\n${textTable(columns, rows)}\n`);
  return 0;
}

async function showMetadata({ worker, isJson, rpc }: View, videoId: string): Promise<number> {
  const { found, workerId, message, entries } = await worker.getVideoMetadata(videoId, rpc);
  if (!found) return notFound(message);
  if (isJson) {
    const chunks = entries.map((chunk) => ({
      chunk_index: chunk.chunkIndex,
      original_size: chunk.originalBytes,
      encoded_size: chunk.sizeBytes,
      compression_ratio: chunk.compressionRatio,
      shard_location: chunk.shardLocation,
      timestamp: chunk.timestamp,
      sha256: chunk.sha256 || null,
      encoder: chunk.encoder || null,
      frame_count: chunk.frameCount,
    }));
    writeOut(`${jsonText({ worker_id: workerId, video_id: videoId, chunks })}\n`);
    return 0;
  }
  const columns = [
    { title: "CHUNK", align: "right" },
    { title: "ORIGINAL", align: "right" },
    { title: "ENCODED", align: "right" },
    { title: "RATIO", align: "right" },
    { title: "FRAMES", align: "right" },
    { title: "ENCODER" },
    { title: "TIMESTAMP" },
    { title: "SHARD LOCATION" },
  ] as const;
  const rows = entries.map((chunk) => [
    chunk.chunkIndex,
    formatBytes(chunk.originalBytes),
    formatBytes(chunk.sizeBytes),
    chunk.compressionRatio.toFixed(3),
    chunk.frameCount,
    chunk.encoder || "-",
    chunk.timestamp,
    chunk.shardLocation,
  ]);
  const title = `Video '${videoId}' on worker ${workerId}: ${formatCount(entries.length, "chunk")}`;
  writeOut(`${visible(title)}\n\n`);
  writeOut(`${textTable(columns, rows)}\n`);
  return 0;
}

async function fetchShard(
  { worker, isJson, rpc }: View,
  videoId: string,
  location: string,
  output: string | undefined,
): Promise<number> {
  const path = output ?? `${videoId}_${location.split(/[/\\]/).at(-1)}`.replaceAll(/[/\\]/g, "_");
  const shard = await worker.getShard(location, rpc);
  const { sizeBytes, sha256 } = await writeWhole(path, shard, { signal: rpc.signal });
  if (isJson) writeOut(`${jsonText({ path, size_bytes: sizeBytes, sha256 })}\n`);
  else writeOut(`Successfully retrieved and saved shard data to '${visible(path)}' (${sizeBytes} bytes)\n`);
  return 0;
}

async function deleteVideo({ worker, isJson, rpc }: View, videoId: string): Promise<number> {
  const deleted = await worker.deleteVideo(videoId, rpc);
  if (deleted === 0) return notFound(`The worker has no shards of video '${videoId}'`);
  if (isJson) writeOut(`${jsonText({ video_id: videoId, deleted_chunks: deleted })}\n`);
  else writeOut(`Deleted ${formatCount(deleted, "shard")} of video '${visible(videoId)}'\n`);
  return 0;
}

function notFound(message: string): number {
  writeError(`error: ${visible(message)}\n`);
  return 1;
}

if (import.meta.main) await exitWith(COMMAND, main);
