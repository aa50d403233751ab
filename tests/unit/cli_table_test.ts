import { assertEquals } from "@std/assert";
import { liveRegion, textTable } from "../../lib/cli/table.ts";
import { styles } from "../../lib/cli/terminal.ts";

const COLUMNS = [{ title: "WORKER ADDRESS" }, { title: "STATUS" }, {
  title: "CPU %",
  align: "right",
}] as const;

Deno.test("textTable() has no borders, two spaces between columns and numbers on the right", () => {
  assertEquals(
    textTable(COLUMNS, [["localhost:50061", "healthy", 7.5], ["[::1]:1", "down", "-"]]),
    [
      "WORKER ADDRESS   STATUS   CPU %",
      "localhost:50061  healthy    7.5",
      "[::1]:1          down         -",
    ].join("\n"),
  );
});

Deno.test("textTable() without rows is its titles", () => {
  assertEquals(textTable(COLUMNS, []), "WORKER ADDRESS  STATUS  CPU %");
});

Deno.test("textTable() measures what is seen: no colour codes, and wide characters as two", () => {
  const { red } = styles(true);
  const rows = [["日本:1", { text: "down", paint: red }, 1], ["localhost:50061", "healthy", 2]];
  assertEquals(textTable(COLUMNS, rows).split("\n").slice(1), [
    "日本:1           \x1b[31mdown\x1b[39m         1",
    "localhost:50061  healthy      2",
  ]);
});

Deno.test("textTable() escapes control characters in its cells", () => {
  const rows = [["a\x1b[2J\nb", { text: "c\rd", paint: (text: string) => text }, 1]];
  assertEquals(textTable(COLUMNS, rows).split("\n")[1], "a\\u001b[2J\\nb   c\\rd        1");
});

Deno.test("styles() paints only where there is colour", () => {
  assertEquals(styles(true).green("ok"), "\x1b[32mok\x1b[39m");
  for (const paint of Object.values(styles(false))) assertEquals(paint("ok"), "ok");
});

Deno.test("liveRegion() draws anew where there is no terminal", () => {
  const written: string[] = [];
  const draw = liveRegion({ write: (text) => written.push(text), isTerminal: false, rows: () => 2 });
  draw("a\nb\nc");
  draw("d");
  assertEquals(written, ["a\nb\nc\n", "\nd\n"]);
});

Deno.test("liveRegion() leaves on the screen only what it drew last", () => {
  const screen = new Screen();
  const draw = liveRegion({ write: (text) => screen.write(text), isTerminal: true, rows: () => 24 });
  screen.write("before\n");
  draw("one\ntwo\nthree");
  assertEquals(screen.lines, ["before", "one", "two", "three", ""]);
  draw("a longer one\n2");
  assertEquals(screen.lines, ["before", "a longer one", "2", ""]);
  draw("1\n2\n3\n4");
  assertEquals(screen.lines, ["before", "1", "2", "3", "4", ""]);
});

Deno.test("liveRegion() says how many lines the terminal has no room for", () => {
  const screen = new Screen();
  const draw = liveRegion({ write: (text) => screen.write(text), isTerminal: true, rows: () => 4 });
  draw("1\n2\n3\n4\n5");
  draw("1\n2\n3\n4\n5\n6");
  assertEquals(screen.lines, ["1", "2", "... 4 more lines", ""]);
  draw("1\n2\n3");
  assertEquals(screen.lines, ["1", "2", "3", ""]);
});

Deno.test("liveRegion() turns wrapping off only while it draws", () => {
  const written: string[] = [];
  liveRegion({ write: (text) => written.push(text), isTerminal: true, rows: () => 9 })("a");
  assertEquals([written[0]!.startsWith("\x1b[?7l"), written[0]!.endsWith("\x1b[?7h")], [true, true]);
});

/** As much of a terminal as a redraw needs. */
class Screen {
  lines: string[] = [""];
  #row = 0;
  #column = 0;

  write(text: string): void {
    for (const [token, up] of text.matchAll(/\p{Cc}\[(\d+)A|\p{Cc}\[\??\w+|[^]/gu)) {
      if (up !== undefined) this.#row -= Number(up);
      else if (token === "\x1b[K") this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column);
      else if (token === "\x1b[J") this.lines.length = this.#row + 1;
      else if (token === "\r") this.#column = 0;
      else if (token === "\n") this.#down();
      else if (!token.startsWith("\x1b")) this.#put(token);
    }
    if (this.#column === 0 && this.#row === this.lines.length - 1) this.lines[this.#row] = "";
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    this.lines[this.#row] ??= "";
  }

  #put(char: string): void {
    const line = this.lines[this.#row]!;
    this.lines[this.#row] = line.slice(0, this.#column) + char + line.slice(this.#column + 1);
    this.#column++;
  }
}
