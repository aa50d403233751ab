import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { progressBar } from "../../lib/cli/progress.ts";

/** Keeps what is written; `isTTY` as given. */
function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = "";
  const stream = { isTTY, columns: 100, write: (part: string) => (text += part, true) };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

Deno.test("progressBar() writes a line every tenth where there is no terminal", () => {
  const { stream, text } = fakeStream(false);
  using progress = progressBar({ label: "Encoding", total: 40, unit: "chunks", stream });
  for (let i = 0; i < 40; i++) progress.advance();
  const lines = text().trimEnd().split("\n");
  assertEquals(lines.length, 10);
  assertEquals(lines[0], "Encoding: 10 % (4 of 40 chunks)");
  assertEquals(lines[9], "Encoding: 100 % (40 of 40 chunks)");
});

Deno.test("progressBar() writes bytes as bytes, and steps that are skipped not at all", () => {
  const { stream, text } = fakeStream(false);
  using progress = progressBar({ label: "Sending", total: 2 * 1024 * 1024, unit: "bytes", stream });
  progress.advance(1024 * 1024);
  assertEquals(text(), "Sending: 50 % (1.0 MiB of 2.0 MiB)\n");
});

Deno.test("progressBar() draws a bar on a terminal and gives the cursor back, once", () => {
  const { stream, text } = fakeStream(true);
  const progress = progressBar({ label: "Encoding", total: 4, unit: "chunks", stream });
  progress.advance(3);
  progress.stop();
  progress.stop();
  progress.advance();
  assertStringIncludes(text(), HIDE_CURSOR);
  assertStringIncludes(text(), "75 % | 3 of 4 chunks");
  assertEquals(text().split(SHOW_CURSOR).length, 2);
  assert(text().lastIndexOf(SHOW_CURSOR) > text().lastIndexOf(HIDE_CURSOR));
  assert(text().endsWith("\n"));
});

for (const isTTY of [true, false]) {
  Deno.test(`progressBar() prints every note, escaped, ${isTTY ? "above the bar" : "between the lines"}`, () => {
    const { stream, text } = fakeStream(isTTY);
    const progress = progressBar({ label: "Encoding", total: 4, unit: "chunks", stream });
    progress.note("chunk 1 failed: \x1b[2J");
    progress.stop();
    progress.note("over");
    assertStringIncludes(text(), "chunk 1 failed: \\u001b[2J\n");
    assert(text().endsWith("over\n"));
  });
}

Deno.test("progressBar() draws the bar again below a note, also where it has not moved", () => {
  const { stream, text } = fakeStream(true);
  using progress = progressBar({ label: "Encoding", total: 4, unit: "chunks", stream });
  progress.note("first");
  progress.note("second");
  assertStringIncludes(text().slice(text().indexOf("second\n")), "0 of 4 chunks");
});

Deno.test("progressBar() stops when its signal aborts, also where it had before", () => {
  for (const isLate of [true, false]) {
    const { stream, text } = fakeStream(true);
    const abort = new AbortController();
    if (!isLate) abort.abort();
    progressBar({ label: "Encoding", total: 4, unit: "chunks", stream, signal: abort.signal });
    abort.abort();
    assertStringIncludes(text(), SHOW_CURSOR); // and the sanitizer finds no timer left
  }
});

Deno.test("progressBar() of nothing is done from the start", () => {
  const { stream, text } = fakeStream(true);
  progressBar({ label: "Encoding", total: 0, unit: "chunks", stream }).stop();
  assertStringIncludes(text(), "0 of 0 chunks");
});
