import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { outlineMpegTs } from "../../lib/chunk/mpeg_ts_outline.ts";
import { outlineOgg } from "../../lib/chunk/ogg_outline.ts";

const source = (bytes: Uint8Array) => ({
  sizeBytes: bytes.length,
  read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
});

/** A packet in which a table begins; `sizeBytes` is 188, or 192 with four bytes in front. */
function tablePacket(
  pid: number,
  tableId: number,
  body: readonly number[],
  sizeBytes: 188 | 192,
): Uint8Array {
  const packet = new Uint8Array(sizeBytes).fill(0xff);
  const lengthBytes = 5 + body.length + 4;
  const header = [0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10, 0];
  const section = [tableId, 0xb0 | (lengthBytes >> 8), lengthBytes & 0xff, 0, 1, 0xc1, 0, 0];
  packet.set([...header, ...section, ...body, 0, 0, 0, 0], sizeBytes - 188);
  return packet;
}

const stream = (type: number, pid: number, descriptors: readonly number[] = []) => [
  ...[type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, descriptors.length],
  ...descriptors,
];

function file(programs: readonly (readonly number[])[], sizeBytes: 188 | 192 = 188): Uint8Array {
  const numbered = programs.map((_, index) => [0, index + 1, 0xe1, index]);
  const packets = [
    tablePacket(0, 0, [[0, 0, 0xe0, 0x10], ...numbered].flat(), sizeBytes),
    ...programs.map((streams, index) =>
      tablePacket(0x100 + index, 2, [0xe0, 0, 0xf0, 0, ...streams], sizeBytes)
    ),
  ];
  const filler = tablePacket(0x1fff, 0xff, [], sizeBytes);
  return Uint8Array.from([...packets, filler, filler, filler].flatMap((packet) => [...packet]));
}

for (const sizeBytes of [188, 192] as const) {
  Deno.test(`outlineMpegTs() names the streams of a file of ${sizeBytes}-byte packets`, async () => {
    const streams = [
      ...stream(0x02, 0x200),
      ...stream(0x06, 0x201),
      ...stream(0x06, 0x202, [0x05, 4, ...new TextEncoder().encode("KLVA")]),
      ...stream(0x06, 0x203, [0x0a, 4, 101, 110, 103, 0, 0x59, 0]),
      ...stream(0x99, 0x204),
    ];
    const outline = await outlineMpegTs(source(file([streams], sizeBytes)));
    assertEquals([...outline.streams!], [
      [0x200, "MPEG-2 video"],
      [0x201, "data track"],
      [0x202, "data track (KLVA)"],
      [0x203, "subtitles (DVB)"],
      [0x204, "stream of type 0x99"],
    ]);
    assertEquals(outline.unsupported, undefined);
  });
}

const LANGUAGE = 0x0a;
const letters = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("outlineMpegTs() reads the language of each stream, and whom its sound is for", async () => {
  const streams = [
    ...stream(0x1b, 0x200),
    ...stream(0x0f, 0x201, [0x52, 1, 7, LANGUAGE, 4, ...letters("fra"), 0]),
    ...stream(0x0f, 0x202, [LANGUAGE, 8, ...letters("ENG"), 3, ...letters("deu"), 0]),
    ...stream(0x0f, 0x203, [LANGUAGE, 4, ...letters("jpn"), 2]),
    ...stream(0x0f, 0x204, [LANGUAGE, 4, 1, 2, 3, 0]),
    ...stream(0x0f, 0x205, [LANGUAGE, 200, ...letters("spa"), 0]),
  ];
  const { labels } = await outlineMpegTs(source(file([streams])));
  const read = [...labels!].map(([pid, { languageCode, disposition }]) => [
    pid,
    languageCode,
    disposition.hearingImpaired,
    disposition.visuallyImpaired,
  ]);
  assertEquals(read, [
    [0x200, undefined, false, false],
    [0x201, "fra", false, false],
    [0x202, "eng", false, true],
    [0x203, "jpn", true, false],
    [0x204, undefined, false, false],
    [0x205, "spa", false, false],
  ]);
});

/** A packet in which an elementary stream's data begins. */
function mediaPacket(pid: number, streamId: number, data: readonly number[]): Uint8Array {
  const packet = new Uint8Array(188);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10, 0, 0, 1, streamId, 0, 0, 0x80, 0x80, 5]);
  packet.set(data, 18);
  return packet;
}

for (
  const [name, descriptors, streamId, data] of [
    ["Opus audio", [0x05, 4, ...letters("Opus")], 0xbd, []],
    ["AAC audio", [], 0xc0, [0xff, 0xf1, 0x4c, 0x40]],
    ["AC-3 audio", [], 0xbd, [0x0b, 0x77]],
    ["audio", [], 0xc1, [0x12, 0x34]],
    ["data track", [], 0xbd, [0xff, 0xf1, 0x4c, 0x40]],
    ["data track (KLVA)", [0x05, 4, ...letters("KLVA")], 0xc0, [0xff, 0xf1]],
  ] as const
) {
  Deno.test(`outlineMpegTs() calls private data of stream ${streamId.toString(16)} with ${data} "${name}"`, async () => {
    const tables = file([stream(0x06, 0x200, descriptors)]);
    const bytes = Uint8Array.from([...tables, ...mediaPacket(0x200, streamId, data)]);
    assertEquals([...(await outlineMpegTs(source(bytes))).streams!], [[0x200, name]]);
  });
}

Deno.test("outlineMpegTs() says that there are several programs", async () => {
  const { unsupported } = await outlineMpegTs(source(file([stream(0x1b, 0x200), stream(0x1b, 0x300)])));
  assertEquals(unsupported, "it holds 2 programs, of which one has to be chosen");
});

Deno.test("outlineMpegTs() and outlineOgg() come to an end whatever the bytes", async () => {
  const whole = file([stream(0x1b, 0x200)]);
  const edit = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }));
  await fc.assert(fc.asyncProperty(fc.array(edit), async (edits) => {
    const bytes = whole.slice();
    for (const [at, value] of edits) bytes[at] = value;
    await outlineMpegTs(source(bytes));
    await outlineOgg(source(bytes));
  }));
});
