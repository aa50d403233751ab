/** Elements of a Matroska file that are in memory. @see RFC 8794 */

export interface Element {
  readonly id: number;
  /** Of its contents. */
  readonly start: number;
  /** Undefined: not known, as in a live recording. */
  readonly end: number | undefined;
}

/** One element's header, its positions counted from the start of `bytes`; undefined where there is none. */
export function elementAt(bytes: Uint8Array, position: number): Element | undefined {
  const id = variableInt(bytes, position, "keep marker");
  if (!id) return undefined;
  const size = variableInt(bytes, position + id.lengthBytes, "drop marker");
  if (!size) return undefined;
  const start = position + id.lengthBytes + size.lengthBytes;
  const isUnknown = size.value === 2 ** (7 * size.lengthBytes) - 1;
  return { id: id.value, start, end: isUnknown ? undefined : start + size.value };
}

/** The elements that lie one after another in `bytes`, as far as they are whole. */
export function* elementsIn(
  bytes: Uint8Array,
): Generator<{ readonly id: number; readonly bytes: Uint8Array }> {
  for (let position = 0; position < bytes.length;) {
    const element = elementAt(bytes, position);
    if (!element || element.end === undefined || element.end > bytes.length) return;
    yield { id: element.id, bytes: bytes.subarray(element.start, element.end) };
    position = element.end;
  }
}

export function unsignedInt(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** What is before a 0; bytes that are no UTF-8 become question marks of its kind. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}

/** RFC 8794, 4: the leading zero bits of the first byte say how many bytes follow. */
function variableInt(
  bytes: Uint8Array,
  position: number,
  marker: "keep marker" | "drop marker",
): { readonly value: number; readonly lengthBytes: number } | undefined {
  const first = bytes[position];
  if (first === undefined || first === 0) return undefined;
  const lengthBytes = Math.clz32(first) - 23;
  if (position + lengthBytes > bytes.length) return undefined;
  let value = marker === "keep marker" ? first : first & (0xff >> lengthBytes);
  for (let i = 1; i < lengthBytes; i++) value = value * 256 + bytes[position + i]!;
  return { value, lengthBytes };
}
