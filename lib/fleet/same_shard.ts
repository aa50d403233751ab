import { createHash } from "node:crypto";
import { TransferError } from "../rpc/worker_client.ts";

/** Passes bytes on and fails at the end unless they are those that were stored: another shard may have their place. */
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
      if (receivedBytes === sizeBytes && hash.digest("hex") === sha256) return;
      throw new TransferError("Cannot read shard: it is not the one that was stored");
    },
  });
}
