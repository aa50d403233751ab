/** How the blocks of a Matroska track are made smaller by the container. */
import { inflateSync } from "node:zlib";
import { elementsIn, unsignedInt } from "./ebml.ts";

/** RFC 9559, 5.1.4.1.31. */
const ID = {
  ContentEncoding: 0x6240,
  ContentEncodingScope: 0x5032,
  ContentEncodingType: 0x5033,
  ContentEncryption: 0x5035,
  ContentCompression: 0x5034,
  ContentCompAlgo: 0x4254,
  ContentCompSettings: 0x4255,
} as const;
const [ZLIB, HEADER_STRIPPING] = [0, 3] as const;

/** By zlib, or by leaving out the first bytes, which are the same in all. */
export type Packing =
  | { readonly kind: "zlib" }
  | { readonly kind: "without start"; readonly start: Uint8Array };

/**
 * @param contents Of the element `ContentEncodings`.
 * @returns Undefined where it is another, is encrypted, or concerns more than blocks.
 */
export function packingOf(contents: Uint8Array): Packing | undefined {
  const encodings = [...elementsIn(contents)].filter(({ id }) => id === ID.ContentEncoding);
  const [encoding] = encodings;
  if (!encoding || encodings.length > 1) return undefined;
  const fields = new Map([...elementsIn(encoding.bytes)].map(({ id, bytes }) => [id, bytes]));
  const numberOf = (id: number, usual: number) => fields.has(id) ? unsignedInt(fields.get(id)!) : usual;
  const isOfBlocks = numberOf(ID.ContentEncodingScope, 1) === 1;
  if (numberOf(ID.ContentEncodingType, 0) !== 0 || !isOfBlocks) return undefined;
  const compression = new Map(
    [...elementsIn(fields.get(ID.ContentCompression) ?? new Uint8Array())].map((
      { id, bytes },
    ) => [id, bytes]),
  );
  const algorithm = compression.get(ID.ContentCompAlgo);
  switch (algorithm ? unsignedInt(algorithm) : ZLIB) {
    case ZLIB:
      return { kind: "zlib" };
    case HEADER_STRIPPING:
      return { kind: "without start", start: compression.get(ID.ContentCompSettings) ?? new Uint8Array() };
  }
  return undefined;
}

/** How that is called in words. */
export const ENCRYPTED = "encrypted";
/** By ContentCompAlgo, how it is called. */
const ALGORITHMS: readonly string[] = ["zlib", "bzlib", "LZO", "leaving out their start"];

/**
 * How the contents of a track are stored, in words, such as `compressed (zlib)`; undefined: as they are, or without a
 * start that is the same in all, which demuxers put back.
 *
 * @param contents Of the element `ContentEncodings`.
 */
export function packingName(contents: Uint8Array): string | undefined {
  for (const { id, bytes } of elementsIn(contents)) {
    if (id !== ID.ContentEncoding) continue;
    const fields = new Map([...elementsIn(bytes)].map(({ id, bytes }) => [id, bytes]));
    const type = fields.get(ID.ContentEncodingType);
    if (fields.has(ID.ContentEncryption) || type && unsignedInt(type) === 1) return ENCRYPTED;
    const compression = fields.get(ID.ContentCompression);
    const stated = [...elementsIn(compression ?? new Uint8Array())].find(({ id }) =>
      id === ID.ContentCompAlgo
    );
    const algorithm = stated ? unsignedInt(stated.bytes) : ZLIB;
    const scope = fields.get(ID.ContentEncodingScope);
    const isOfBlocks = !scope || unsignedInt(scope) === 1;
    if (algorithm === HEADER_STRIPPING && isOfBlocks) continue;
    return `compressed (${ALGORITHMS[algorithm] ?? "in an unknown way"})`;
  }
  return undefined;
}

/** The bytes of a block as they were; undefined: they are damaged, or more than `mostBytes`. */
export function unpacked(bytes: Uint8Array, packing: Packing, mostBytes: number): Uint8Array | undefined {
  if (packing.kind === "without start") {
    const { start } = packing;
    if (start.length + bytes.length > mostBytes) return undefined;
    const whole = new Uint8Array(start.length + bytes.length);
    whole.set(start);
    whole.set(bytes, start.length);
    return whole;
  }
  if (mostBytes < 1) return undefined;
  try {
    return new Uint8Array(inflateSync(bytes, { maxOutputLength: mostBytes }));
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined; // as zlib says both
    throw error;
  }
}
