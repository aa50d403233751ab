import { createHash } from "node:crypto";
import { TransferError } from "../rpc/worker_client.ts";

/**
 * Passes bytes on and fails at the end unless they are those that were stored: another shard may have their place.
 *
 * @param shard.sha256 Hexadecimal; empty where the worker did not state it.
 */
export function sameShard(
  { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string },
): TransformStream<Uint8Array, Uint8Array> {
  const hash = createHash("sha256");
  let receivedBytes = 0;
  return new TransformStream({
    transform(bytes, controller) {
      receivedBytes += bytes.length;
      hash.update(bytes);
      controller.enqueue(bytes);
    },
    flush() {
      const isSame = receivedBytes === sizeBytes && (sha256 === "" || hash.digest("hex") === sha256);
      if (!isSame) throw new TransferError("Cannot read shard: it is not the one that was stored");
    },
  });
}
