/** The units that an H.264 or HEVC packet is made of. */

/**
 * The units of a packet, headers included, without their start codes or lengths; what is cut off is left out.
 *
 * @param lengthBytes How wide the length before each unit is; undefined: units begin with start codes (Annex B).
 * @see ISO/IEC 14496-15, 5.3.3 and 8.3.3, and ITU-T H.264, Annex B.
 */
export function* nalUnits(data: Uint8Array, lengthBytes: number | undefined): Generator<Uint8Array> {
  if (lengthBytes === undefined) return yield* afterStartCodes(data);
  for (let position = 0; position + lengthBytes < data.length;) {
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + data[position + i]!;
    position += lengthBytes;
    if (length === 0 || position + length > data.length) return;
    yield data.subarray(position, position + length);
    position += length;
  }
}

function* afterStartCodes(data: Uint8Array): Generator<Uint8Array> {
  let start = nextStartCode(data, 0);
  while (start < data.length) {
    const next = nextStartCode(data, start + 3);
    if (start + 3 < next) yield data.subarray(start + 3, next);
    start = next;
  }
}

/** Where the next 00 00 01 begins; the end where there is none. */
function nextStartCode(data: Uint8Array, from: number): number {
  for (let one = data.indexOf(1, from + 2); one >= 0; one = data.indexOf(1, one + 1)) {
    if (data[one - 1] === 0 && data[one - 2] === 0) return one - 2;
  }
  return data.length;
}
