import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { barLine } from "../../lib/cli/bar_line.ts";
import { barState, type Figures } from "../../lib/cli/transcode_progress.ts";

const FIGURES: Figures = {
  phase: "encoding",
  chunks: 6,
  chunksDone: 2,
  share: 0.334,
  fps: 65.9,
  speed: 2.2,
  etaSeconds: 62,
  bytes: 12.3 * 2 ** 20,
};
/** As large as figures get, short of days. */
const LARGE: Figures = {
  phase: "encoding",
  chunks: 120,
  chunksDone: 119,
  share: 0.991,
  fps: 9_999,
  speed: 333.3,
  etaSeconds: 13 * 3600,
  bytes: 1023.9 * 2 ** 20,
};

Deno.test("barLine() has all figures, what matters most first, where there is room", () => {
  assertEquals(
    barLine(barState(FIGURES), 100),
    "Encoding [====--------] 33 % | 1 m 02 s left | 2.2 x | 65.9 fps | 12.3 MiB | 2 of 6 chunks",
  );
});

Deno.test("barLine() has bar, percent, time left, speed, fps and size on 80 columns, however large", () => {
  assertEquals(
    barLine(barState(FIGURES), 79),
    "Encoding [===------] 33 % | 1 m 02 s left | 2.2 x | 65.9 fps | 12.3 MiB",
  );
  assertEquals(
    barLine(barState(LARGE), 79),
    "Encoding [========-] 99 % | 13 h 00 m left | 333 x | 9,999 fps | 1023.9 MiB",
  );
});

Deno.test("barLine() leaves figures out whole, the least important first, and then the bar", () => {
  assertEquals(barLine(barState(LARGE), 60), "Encoding [======-] 99 % | 13 h 00 m left | 333 x | 9,999 fps");
  assertEquals(barLine(barState(FIGURES), 39), "Encoding [=----] 33 % | 1 m 02 s left");
  assertEquals(barLine(barState(FIGURES), 22), "Encoding [=----] 33 %");
  assertEquals(barLine(barState(FIGURES), 20), "Encoding 33 %");
  assertEquals(barLine(barState(FIGURES), 5), "Encod");
});

Deno.test("barLine() is never wider than the terminal, and its bar is as long whatever the figures", () => {
  for (let columns = 1; columns <= 250; columns++) {
    const lines = [FIGURES, LARGE].map((figures) => barLine(barState(figures), columns));
    for (const line of lines) assert(line.length <= columns, line);
    const [bar, other] = lines.map((line) => /\[.*\]/.exec(line)?.[0].length);
    assertEquals(bar, other);
  }
});

Deno.test("barLine() fills its bar at the end, and not before", () => {
  const bar = (share: number) => barLine({ label: "Sending", share, figures: [] }, 80);
  assertStringIncludes(bar(0), "[----------] 0 %");
  assertStringIncludes(bar(0.999), "[=========-] 99 %");
  assertStringIncludes(bar(1), "[==========] 100 %");
});
