import { createHash } from "node:crypto";

const BLOCK_BYTES = 1024 * 1024;

/** Hexadecimal. @throws A `Deno.errors` class if it cannot be read; `signal.reason` once aborted. */
export async function fileSha256(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  using file = await Deno.open(path, { read: true });
  const hash = createHash("sha256");
  const block = new Uint8Array(BLOCK_BYTES);
  for (let count = await file.read(block); count !== null; count = await file.read(block)) {
    signal?.throwIfAborted();
    hash.update(block.subarray(0, count));
  }
  return hash.digest("hex");
}
