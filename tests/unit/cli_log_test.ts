import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createLogger } from "../../lib/cli/log.ts";
import { OutputError } from "../../lib/cli/output.ts";
import type { LogFields } from "../../lib/log.ts";
import { withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";

function logged(format: "text" | "json", message: string, fields?: LogFields): string {
  const lines: string[] = [];
  const now = () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  createLogger({ format, write: (line) => lines.push(line), now }).info(message, fields);
  assertEquals(lines.length, 1);
  return lines.join("");
}

Deno.test("createLogger() writes time, level, message and fields as text", () => {
  assertEquals(
    logged("text", "Received chunk 3", { video_id: "v", bytes: 12, ok: true, absent: undefined }),
    "2026-01-02T03:04:05.678Z INFO Received chunk 3 video_id=v bytes=12 ok=true\n",
  );
});

Deno.test("createLogger() writes each level by its name", () => {
  const lines: string[] = [];
  const logger = createLogger({ format: "text", write: (line) => lines.push(line.split(" ")[1]!) });
  logger.info("");
  logger.warn("");
  logger.error("");
  assertEquals(lines, ["INFO", "WARN", "ERROR"]);
});

Deno.test("createLogger() quotes values in which spaces, quotes or equals signs would mislead", () => {
  const line = logged("text", "m", { a: "x y", b: 'say "hi"', c: "k=v", d: "", e: "C:\\x", f: "tab\there" });
  assertEquals(line.split(" m ")[1], 'a="x y" b="say \\"hi\\"" c="k=v" d="" e="C:\\\\x" f="tab\\there"\n');
});

Deno.test("createLogger() lets no peer forge a line or reach the terminal", () => {
  const hostile = "v\n2026-01-02T03:04:05.678Z ERROR forged\r\x1b[2J\u009b1m\u2028\u202e";
  const escaped = "v\\n2026-01-02T03:04:05.678Z ERROR forged\\r\\u001b[2J\\u009b1m\\u2028\\u202e";
  assertEquals(
    logged("text", `Received chunk 0 for video '${hostile}'`, { video_id: hostile }),
    `2026-01-02T03:04:05.678Z INFO Received chunk 0 for video '${escaped}' video_id="${escaped}"\n`,
  );
});

Deno.test("createLogger() writes one printable line, whatever it is given", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(fc.constantFrom("text", "json"), text, text, (format, message, value) => {
    const line = logged(format, message, { value });
    assert(line.endsWith("\n"));
    assert(!/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line.slice(0, -1)));
  }));
});

Deno.test("createLogger() writes JSON that gives back exactly what was logged", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, text, (message, value) => {
    assertEquals(JSON.parse(logged("json", message, { value, n: 1.5 })), {
      time: "2026-01-02T03:04:05.678Z",
      level: "info",
      message,
      value,
      n: 1.5,
    });
  }));
});

Deno.test("createLogger() lets no field pose as the time, the level or the message", () => {
  const line = JSON.parse(logged("json", "real", { level: "error", message: "forged", ratio: NaN }));
  assertEquals(line, { time: "2026-01-02T03:04:05.678Z", level: "info", message: "real", ratio: "NaN" });
});

/** A log that takes `roomBytes` more, and what is in it. */
function fullLog(format: "text" | "json" = "text") {
  const log = { text: "", roomBytes: 0 };
  const write = (line: string): void => {
    const taken = line.slice(0, log.roomBytes);
    log.text += taken;
    log.roomBytes -= taken.length;
    if (taken.length < line.length) throw new OutputError("No room", { writtenBytes: taken.length });
  };
  const logger = createLogger({ format, write, now: () => new Date(0) });
  return { log, logger, lines: () => log.text.split("\n") };
}

Deno.test("createLogger() loses lines that cannot be written, and says how many once they can", () => {
  const { log, logger, lines } = fullLog();
  logger.info("a");
  withTrace(newTrace(), () => logger.error("b"));
  assertEquals(log.text, "");
  log.roomBytes = 1_000;
  withTrace(newTrace(), () => logger.warn("c"));
  logger.info("d");
  assertEquals(lines()[0], '1970-01-01T00:00:00.000Z WARN Log lines were lost lines=2 reason="No room"');
  assertEquals(lines().slice(1).map((line) => line.split(" ")[2]), ["c", "d", undefined]);
});

Deno.test("createLogger() counts what is lost each time anew, also the line after the count", () => {
  const { log, logger, lines } = fullLog();
  logger.info("a");
  log.roomBytes = '1970-01-01T00:00:00.000Z WARN Log lines were lost lines=1 reason="No room"\n'.length;
  logger.info("b");
  log.roomBytes = 1_000;
  logger.info("c");
  assertEquals(lines().map((line) => /lines=\d/.exec(line)?.[0] ?? line.slice(25)), [
    "lines=1",
    "lines=1",
    "INFO c",
    "",
  ]);
});

Deno.test("createLogger() begins a new line after one that was cut off", () => {
  const { log, logger, lines } = fullLog("json");
  log.roomBytes = 10;
  logger.info("a");
  logger.info("b");
  log.roomBytes = 20;
  logger.info("c");
  log.roomBytes = 1_000;
  logger.info("d");
  const [first, second, ...others] = lines();
  assertEquals([first?.length, second?.length], [10, 19]);
  assertEquals(
    others.slice(0, -1).map((line) => JSON.parse(line)).map(({ message, lines }) => [message, lines]),
    [
      ["Log lines were lost", 3],
      ["d", undefined],
    ],
  );
});

Deno.test("createLogger() passes on what is no failure to write", () => {
  const write = () => {
    throw new TypeError("a bug");
  };
  assertThrows(() => createLogger({ format: "text", write }).info(""), TypeError, "a bug");
});
