/** What the tests of the store share. */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { openShardStore, type ShardStore, type StoreOptions } from "../../lib/store/shard_store.ts";
import type { ShardKey } from "../../lib/store/shard_key.ts";
import type { ShardFacts } from "../../lib/store/shard_metadata.ts";
import { ShardNotFoundError } from "../../lib/store/store_errors.ts";

export const KEY: ShardKey = { videoId: "v", chunkIndex: 0 };

/** A folder that is removed at the end of the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "store_test_" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

export function open(root: string, options: Partial<StoreOptions> = {}): Promise<ShardStore> {
  return openShardStore(root, { workerId: "worker-1", ...options });
}

/** A stream of these bytes, in pieces. */
export function streamOf(bytes: Uint8Array, pieceBytes = 64 * 1024): ReadableStream<Uint8Array> {
  let done = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (done >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(done, done + pieceBytes));
      done += pieceBytes;
    },
  }, { highWaterMark: 0 });
}

/** Content that no other label has. */
export function contentOf(label: string, sizeBytes = 3000): Uint8Array {
  const word = new TextEncoder().encode(`${label}|`);
  return Uint8Array.from({ length: sizeBytes }, (_, index) => word[index % word.length] ?? 0);
}

/** Facts that carry the label, so that metadata which goes with other content is found out. */
export function factsOf(label: string): () => Promise<ShardFacts> {
  return () => Promise.resolve({ originalSize: 6000, encoder: label, settings: { label }, frameCount: 12 });
}

export async function putLabelled(
  store: ShardStore,
  key: ShardKey,
  label: string,
  sizeBytes?: number,
): Promise<void> {
  await store.put(key, streamOf(contentOf(label, sizeBytes)), factsOf(label));
}

/** The label of what is stored under a key, all of it and its metadata checked; null if nothing is. */
export async function labelOf(store: ShardStore, key: ShardKey): Promise<string | null> {
  try {
    const { metadata, bytes } = await store.read(key);
    const read = await collect(bytes);
    const label = metadata.encoder ?? "";
    assertEquals(sha256(read), sha256(contentOf(label, read.length)), `all of the content is of "${label}"`);
    assertEquals(metadata.encodedSize, read.length);
    assertEquals(metadata.sha256, sha256(read));
    assertEquals(metadata.settings, { label });
    return label;
  } catch (error) {
    if (error instanceof ShardNotFoundError) return null;
    throw error;
  }
}

export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Blob(await Array.fromAsync(stream) as BlobPart[]).arrayBuffer());
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Every file below a folder, and every folder that is empty, by path. */
export async function filesBelow(folder: string, root = folder): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    const inside = entry.isDirectory ? await filesBelow(path, root) : [];
    found.push(...inside);
    if (inside.length === 0) found.push(relative(root, path));
  }
  return found.sort();
}

/** {@linkcode filesBelow}, without what an open store keeps for itself. */
export async function storedFiles(root: string): Promise<string[]> {
  const own = /^metadata\/\.staging(\/lock|\/[^/]+\/lock)?$/;
  return (await filesBelow(root)).filter((path) => !own.test(path.replaceAll("\\", "/")));
}

/** The two files of a shard, as {@linkcode storedFiles} gives them. */
export function filesOf({ videoId, chunkIndex }: ShardKey): string[] {
  return [
    join("metadata", `${videoId}_chunk_${chunkIndex}_metadata.json`),
    join(videoId, `chunk_${chunkIndex}.shard`),
  ];
}
