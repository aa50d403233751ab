/** Elements of a Matroska file as bytes. @see RFC 8794 */

/** An element of what is given; numbers are unsigned. */
export function element(
  id: number,
  ...contents: readonly (Uint8Array | number | string)[]
): Uint8Array<ArrayBuffer> {
  const parts = contents.map((part) => {
    if (typeof part === "number") return unsigned(part);
    return typeof part === "string" ? new TextEncoder().encode(part) : part;
  });
  const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
  return concatenated([unsigned(id), elementSize(sizeBytes, sizeBytes < 127 ? 1 : 8), ...parts]);
}

/** The size that stands before the contents of an element, in as many bytes. */
export function elementSize(sizeBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
  const size = new Uint8Array(lengthBytes);
  for (let i = lengthBytes - 1, rest = sizeBytes; i >= 0; i--, rest = Math.floor(rest / 256)) {
    size[i] = rest % 256;
  }
  size[0]! |= 0x100 >> lengthBytes;
  return size;
}

/** An element without meaning of `sizeBytes` in all, header included: 2 or more. */
export function filler(sizeBytes: number): Uint8Array<ArrayBuffer> {
  if (sizeBytes < 2) throw new RangeError(`A filler has 2 bytes or more: ${sizeBytes}`);
  const sizeLength = sizeBytes < 128 ? 1 : 8;
  const contents = new Uint8Array(sizeBytes - 1 - sizeLength);
  return concatenated([Uint8Array.of(VOID), elementSize(contents.length, sizeLength), contents]);
}

const VOID = 0xec;

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** In as few bytes as hold it, one at least. */
function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return Uint8Array.from(bytes);
}
