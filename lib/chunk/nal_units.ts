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

/**
 * The units, mostly parameter sets, in a decoder configuration record.
 *
 * @see ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1.
 */
export function* recordUnits(codec: "avc" | "hevc", record: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  let at = codec === "avc" ? 5 : 22;
  const lists = codec === "avc" ? 2 : view.byteLength > at ? view.getUint8(at++) : 0;
  const headerBytes = codec === "avc" ? 1 : 3;
  for (let list = 0; list < lists && at + headerBytes <= view.byteLength; list++) {
    let count = codec === "hevc" ? view.getUint16(at + 1) : view.getUint8(at) & (list === 0 ? 0x1f : 0xff);
    at += headerBytes;
    for (; count > 0 && at + 2 <= view.byteLength; count--) {
      const sizeBytes = view.getUint16(at);
      if (sizeBytes > 0) yield record.subarray(at + 2, at + 2 + sizeBytes);
      at += 2 + sizeBytes;
    }
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
