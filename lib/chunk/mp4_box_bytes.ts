/** Boxes of an MP4 as bytes. */

/** A box of what is given. */
export function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = contents.reduce((sum, { length }) => sum + length, 8);
  const bytes = new Uint8Array(sizeBytes);
  new DataView(bytes.buffer).setUint32(0, sizeBytes);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  let position = 8;
  for (const part of contents) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** What a movie box has in it, of boxes, in the form in which it is read. */
export function movieContents(...boxes: readonly Uint8Array[]): DataView {
  const movie = box("moov", ...boxes);
  return new DataView(movie.buffer, movie.byteOffset + 8, movie.byteLength - 8);
}

/** Numbers of 32 bits; those below 0 as two's complement. */
export function words(...numbers: readonly number[]): Uint8Array {
  return wordArray(numbers);
}

/** {@link words} of a list that is too long for arguments, up to `length`. */
export function wordArray(numbers: ArrayLike<number>, length = numbers.length): Uint8Array {
  const bytes = new Uint8Array(4 * length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < length; i++) view.setInt32(4 * i, numbers[i]!);
  return bytes;
}

/** A number of 4 or 8 bytes. */
export function integer(value: number, bytes: 4 | 8): Uint8Array {
  if (bytes === 4) return words(value);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}

export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
