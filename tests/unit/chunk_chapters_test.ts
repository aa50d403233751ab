import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { MAX_CHAPTERS } from "../../lib/chunk/chapters.ts";
import { matroskaChapters } from "../../lib/chunk/matroska_chapters.ts";
import { box, integer, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { chapterTrackIds, listedChapters, trackChapters } from "../../lib/chunk/mp4_chapters.ts";
import { MAX_TEXT_SAMPLES } from "../../lib/chunk/text_samples.ts";
import { concatenated, element } from "../../lib/assemble/ebml_bytes.ts";

const [EDITION, IS_DEFAULT, IS_HIDDEN, IS_ORDERED] = [0x45b9, 0x45db, 0x45bd, 0x45dd];
const [ATOM, START, END, HIDDEN, ENABLED, DISPLAY, TITLE] = [0xb6, 0x91, 0x92, 0x98, 0x4598, 0x80, 0x85];

function atom(seconds: number, title: string | Uint8Array, ...fields: readonly Uint8Array[]): Uint8Array {
  return element(ATOM, element(START, seconds * 1e9), element(DISPLAY, element(TITLE, title)), ...fields);
}

const titles = (contents: Uint8Array) => matroskaChapters(contents)?.chapters.map(({ title }) => title);

Deno.test("matroskaChapters() gives starts, ends and titles, in the order of the starts", () => {
  const list = matroskaChapters(
    element(EDITION, atom(90, "Zwei – ü"), atom(0, "One", element(END, 89.5e9))),
  );
  assertEquals(list, {
    chapters: [
      { startSeconds: 0, endSeconds: 89.5, title: "One" },
      { startSeconds: 90, endSeconds: undefined, title: "Zwei – ü" },
    ],
    omitted: 0,
  });
});

Deno.test("matroskaChapters() counts those that are hidden, off or parts of others, and leaves them out", () => {
  const list = matroskaChapters(element(
    EDITION,
    atom(0, "shown", atom(1, "within")),
    atom(2, "hidden", element(HIDDEN, 1)),
    atom(3, "off", element(ENABLED, 0)),
  ));
  assertEquals([list?.chapters.map(({ title }) => title), list?.omitted], [["shown"], 3]);
});

Deno.test("matroskaChapters() takes the edition that a player shows", () => {
  const first = element(EDITION, atom(0, "first"));
  const marked = element(EDITION, element(IS_DEFAULT, 1), atom(0, "default"));
  const hidden = element(EDITION, element(IS_HIDDEN, 1), atom(0, "hidden"));
  const ordered = element(EDITION, element(IS_DEFAULT, 1), element(IS_ORDERED, 1), atom(0, "ordered"));
  assertEquals(titles(concatenated([first, marked])), ["default"]);
  assertEquals(titles(concatenated([hidden, first])), ["first"]);
  assertEquals(titles(concatenated([ordered, first])), ["first"]);
  assertEquals(matroskaChapters(concatenated([first, marked]))?.omitted, 1);
  assertEquals(matroskaChapters(ordered), undefined);
});

Deno.test("matroskaChapters() takes what is no UTF-8 as far as it goes, and cuts what is no title", () => {
  const list = matroskaChapters(
    element(EDITION, atom(0, Uint8Array.of(0x41, 0xff, 0x42)), atom(1, "x".repeat(5_000))),
  );
  assertEquals(list?.chapters.map(({ title }) => title), ["A\ufffdB", "x".repeat(1_000)]);
});

Deno.test("matroskaChapters() gives none where there are more than in any film, or no times", () => {
  const many = Array.from({ length: MAX_CHAPTERS + 1 }, (_, second) => atom(second, "x"));
  assertEquals(matroskaChapters(element(EDITION, concatenated(many))), undefined);
  assertEquals(
    matroskaChapters(element(EDITION, concatenated(many.slice(1))))?.chapters.length,
    MAX_CHAPTERS,
  );
  assertEquals(matroskaChapters(element(EDITION, element(ATOM, element(DISPLAY)))), undefined);
  assertEquals(
    matroskaChapters(element(EDITION, element(ATOM, element(START, new Uint8Array(9).fill(255))))),
    undefined,
  );
});

Deno.test("matroskaChapters() takes atoms within atoms without end for one", () => {
  let nested = atom(0, "innermost");
  for (let depth = 0; depth < 1_000; depth++) nested = atom(0, "outer", nested);
  const list = matroskaChapters(element(EDITION, nested));
  assertEquals([list?.chapters.length, list?.omitted], [1, 1]);
});

Deno.test("matroskaChapters() is finished with any bytes", () => {
  const whole = element(EDITION, atom(1, "One"), atom(2, "Two", atom(3, "Three")));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      assert((matroskaChapters(bytes)?.chapters.length ?? 0) <= 5);
    }),
  );
});

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function listOf(count: number, ...entries: readonly (readonly [seconds: number, title: string])[]): DataView {
  const listed = entries.map(([seconds, title]) => {
    const bytes = new TextEncoder().encode(title);
    return Uint8Array.of(...integer(seconds * 1e7, 8), bytes.length, ...bytes);
  });
  return viewOf(box("udta", box("chpl", words(1 << 24, 0), Uint8Array.of(count), ...listed)));
}

Deno.test("listedChapters() reads the list of a movie's header, as far as it goes", () => {
  const whole = listOf(2, [0, "One"], [61.5, "Zwei ü"]);
  assertEquals(listedChapters(whole)?.chapters, [
    { startSeconds: 0, endSeconds: undefined, title: "One" },
    { startSeconds: 61.5, endSeconds: undefined, title: "Zwei ü" },
  ]);
  assertEquals(listedChapters(listOf(200, [0, "One"]))?.chapters.length, 1);
  assertEquals(listedChapters(viewOf(box("udta", box("chpl")))), undefined);
  assertEquals(listedChapters(viewOf(box("udta"))), undefined);
});

Deno.test("chapterTrackIds() gives the tracks that are referred to, as far as the box goes", () => {
  const references = box("tref", box("chap", words(3, 4), Uint8Array.of(1, 2)));
  assertEquals([...chapterTrackIds(viewOf(references))], [3, 4]);
});

Deno.test("trackChapters() reads titles of any encoding, and none where samples are not in the file", async () => {
  const samples = [
    Uint8Array.of(0, 2, 0xc3, 0xbc),
    Uint8Array.of(0, 4, 0xfe, 0xff, 0x04, 0x16),
    Uint8Array.of(0, 1, 0x9f, 0, 0),
    Uint8Array.of(0, 200, 0x41),
  ];
  const bytes = concatenated(samples);
  const file = {
    sizeBytes: bytes.length,
    read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
  };
  const positions = Float64Array.from(
    samples.map((_, i) => samples.slice(0, i).reduce((sum, { length }) => sum + length, 0)),
  );
  const index = {
    length: samples.length,
    timescale: 1_000,
    ticks: Float64Array.of(-5, 1_000, 2_000, 3_000),
    durationTicks: Float64Array.of(1_005, 1_000, 1_000, 500),
    positions,
    sizesBytes: Uint32Array.from(samples.map(({ length }) => length)),
    keys: new Uint8Array(samples.length).fill(1),
    displayOrder: undefined,
  };
  const list = await trackChapters(file, index);
  assertEquals(list?.chapters.map(({ startSeconds, title }) => [startSeconds, title]), [
    [0, "ü"],
    [1, "Ж"],
    [2, "ü"],
    [3, "A"],
  ]);
  assertEquals(
    await trackChapters(file, { ...index, positions: positions.map((at) => at + 100) }),
    undefined,
  );
});

Deno.test("trackChapters() reads nothing where samples are more, or longer, than any text", async () => {
  const file = {
    sizeBytes: 2 ** 40,
    read: () => Promise.reject(new Error("It was read")),
  };
  const indexOf = (length: number, sizeBytes: number) => ({
    length,
    timescale: 1_000,
    ticks: new Float64Array(length),
    durationTicks: new Float64Array(length),
    positions: new Float64Array(length),
    sizesBytes: new Uint32Array(length).fill(sizeBytes),
    keys: new Uint8Array(length),
    displayOrder: undefined,
  });
  assertEquals(await trackChapters(file, indexOf(MAX_TEXT_SAMPLES + 1, 2)), undefined);
  assertEquals(await trackChapters(file, indexOf(10, 2 ** 31)), undefined);
});
