import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createLogger } from "../../lib/cli/log.ts";
import type { LogFields } from "../../lib/log.ts";

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
