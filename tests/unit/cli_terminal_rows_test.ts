import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { brokenLines, cutLine, rowCount } from "../../lib/cli/terminal_lines.ts";
import { terminalRows } from "../../lib/cli/terminal_rows.ts";

const NOTE = "Chunk 17 failed on studio.local:50061 (attempt 1): INVALID_ARGUMENT: Cannot decode the chunk";

Deno.test("brokenLines() breaks at words, and inside of a word only where it is longer than a line", () => {
  assertEquals(brokenLines(NOTE, 80), [
    "Chunk 17 failed on studio.local:50061 (attempt 1): INVALID_ARGUMENT: Cannot",
    "decode the chunk",
  ]);
  assertEquals(brokenLines(NOTE, 20), [
    "Chunk 17 failed on",
    "studio.local:50061",
    "(attempt 1):",
    "INVALID_ARGUMENT:",
    "Cannot decode the",
    "chunk",
  ]);
  assertEquals(brokenLines("a".repeat(45), 20).map(({ length }) => length), [20, 20, 5]);
  assertEquals(brokenLines("", 20), [""]);
});

Deno.test("lines are measured in columns, of which a wide character takes two", () => {
  assertEquals(brokenLines("漢字漢字漢字", 9), ["漢字漢字", "漢字"]);
  assertEquals(cutLine("  漢字漢字", 7), "  漢字");
  assertEquals(cutLine("  a b  c", 20), "  a b  c");
  assertEquals([rowCount("", 4), rowCount("abcd", 4), rowCount("abcde", 4), rowCount("漢字", 3)], [
    1,
    1,
    2,
    2,
  ]);
});

/** A terminal whose size can be changed. */
function fakeTerminal(columns: number) {
  let text = "";
  let heard = Promise.withResolvers<void>();
  const write = (part: string) => {
    text += part;
    heard.resolve();
    return true;
  };
  const stream = { isTTY: true, columns, rows: 24, write };
  return {
    /** Once more is written. */
    async nextWrite() {
      heard = Promise.withResolvers();
      await heard.promise;
    },
    stream: stream as unknown as NodeJS.WriteStream,
    resize: (to: number) => stream.columns = to,
    /** What was written since this was asked last. */
    written() {
      const now = text;
      text = "";
      return now;
    },
  };
}

Deno.test("terminalRows() prints a note whole, each of its lines on a row that is clear", () => {
  const terminal = fakeTerminal(80);
  const rows = terminalRows(terminal.stream);
  rows.add(() => "x".repeat(200));
  rows.note(NOTE);
  const [first, ...others] = brokenLines(NOTE, 80);
  assertStringIncludes(
    terminal.written(),
    `\x1b[2K${first}\n${others.map((line) => `\x1b[2K${line}\n`).join("")}`,
  );
  rows.stop();
});

Deno.test("terminalRows() draws rows that leave the last column free, in the terminal's size at the time", () => {
  const terminal = fakeTerminal(80);
  const rows = terminalRows(terminal.stream);
  rows.add((columns) => "x".repeat(columns + 1));
  rows.note("first");
  assertEquals(/x+/.exec(terminal.written())?.[0].length, 79);
  terminal.resize(100);
  rows.note("second");
  assertEquals(/x+/.exec(terminal.written())?.[0].length, 99);
  rows.stop();
});

Deno.test("terminalRows() clears all that its rows have become where the window got narrower", () => {
  const terminal = fakeTerminal(80);
  const rows = terminalRows(terminal.stream);
  rows.add((columns) => "x".repeat(columns)); // three rows of 30 columns
  rows.add(() => "short");
  rows.note("before");
  terminal.written();
  terminal.resize(30);
  rows.note("after");
  const narrower = terminal.written();
  // by two for the first row's breaks, and by one for the second row
  assertStringIncludes(narrower, "\x1b[2A\x1b[1A\x1b[1G\x1b[J");
  rows.note("again");
  assertEquals(terminal.written().includes("\x1b[2A"), false);
  rows.stop();
});

Deno.test("terminalRows() draws nothing while a window is dragged, which breaks rows before it says how wide it is", async () => {
  const terminal = fakeTerminal(80);
  const rows = terminalRows(terminal.stream);
  rows.add((columns) => "x".repeat(columns));
  await terminal.nextWrite();
  terminal.written();
  terminal.resize(60);
  const draggedMs = performance.now();
  const drawn = terminal.nextWrite();
  const timer = setTimeout(() => terminal.resize(30), 200);
  await drawn;
  assert(performance.now() - draggedMs >= 500, `${performance.now() - draggedMs} ms`);
  clearTimeout(timer);
  rows.stop();
  const text = terminal.written();
  assertStringIncludes(text, "\x1b[2A"); // by as many as the 79 columns have become
  assert(!text.includes("x".repeat(59)), text);
});

Deno.test("terminalRows() clears each row that a narrower window has broken, and no more", () => {
  const terminal = fakeTerminal(80);
  const rows = terminalRows(terminal.stream);
  rows.add((columns) => "x".repeat(columns)); // three rows of 30 columns
  rows.add(() => "short");
  rows.note("before");
  terminal.written();
  terminal.resize(30);
  rows.stop();
  assertStringIncludes(
    terminal.written(),
    "\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[3B\x1b[2A",
  );
});
