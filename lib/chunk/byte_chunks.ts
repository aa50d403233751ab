/** A stream of bytes, cut into blocks of one size. */

const FIRST_BLOCK_BYTES = 64 * 1024;

/**
 * Cuts bytes into blocks of exactly `sizeBytes` (the last one may be shorter), however they arrive. Pull-driven:
 * a slow reader stops the source. Blocks share no memory with the input.
 *
 * @throws {RangeError} If `sizeBytes` is not a positive integer.
 */
export function byteChunks(sizeBytes: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
    throw new RangeError(`Cannot cut bytes into blocks of ${sizeBytes}: the size must be a positive integer`);
  }
  // Grown by doubling, so that a size larger than the file costs no more than the file.
  let block = new Uint8Array(Math.min(sizeBytes, FIRST_BLOCK_BYTES));
  let filled = 0;
  const emit = (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    controller.enqueue(filled === block.length ? block : block.slice(0, filled));
    block = new Uint8Array(block.length);
    filled = 0;
  };
  return new TransformStream({
    transform(bytes, controller) {
      while (bytes.length > 0) {
        const part = bytes.subarray(0, sizeBytes - filled);
        block = withRoom(block, filled, filled + part.length, sizeBytes);
        block.set(part, filled);
        filled += part.length;
        bytes = bytes.subarray(part.length);
        if (filled === sizeBytes) emit(controller);
      }
    },
    flush(controller) {
      if (filled > 0) emit(controller);
    },
  });
}

function withRoom(
  block: Uint8Array<ArrayBuffer>,
  filled: number,
  neededBytes: number,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  if (neededBytes <= block.length) return block;
  const larger = new Uint8Array(Math.min(maxBytes, Math.max(neededBytes, 2 * block.length)));
  larger.set(block.subarray(0, filled));
  return larger;
}
