import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { boundedLines } from "../../lib/encode/bounded_lines.ts";
import { MAX_LINE_LENGTH } from "../../lib/encode/encode_in_process.ts";
import { EncodeError, EncoderCrashedError } from "../../lib/encode/encoder.ts";
import { libavFacts } from "../../lib/encode/libav_encoder.ts";
import { messageLine, parseMessageLine } from "../../lib/encode/libav_messages.ts";

const SUCCESS = { status: { success: true, code: 0, signal: null }, logTail: [] };
const FAILURE = { status: { success: false, code: 1, signal: null }, logTail: ["[h264 @ 0x1] no frame!"] };

Deno.test("parseMessageLine() reads what messageLine() writes", () => {
  const message = { kind: "done", frames: 30, notes: ["a note"] } as const;
  const lines = messageLine("token", { ...message, notes: [...message.notes] }).trim();
  assertEquals(parseMessageLine("token", lines), { ...message, notes: [...message.notes] });
});

for (const character of ["x", '"', "\n", "\0", "é", "😀"]) {
  const shown = JSON.stringify(character);
  Deno.test(`messageLine() is no longer than a line may be, of a message of 5,000 times ${shown}`, async () => {
    const token = crypto.randomUUID();
    const said = character.repeat(5_000);
    for (const kind of ["refused", "broken"] as const) {
      const source = new Blob([messageLine(token, { kind, message: said })]).stream();
      const lines = await Array.fromAsync(boundedLines(source, { maxLength: MAX_LINE_LENGTH }));
      const message = parseMessageLine(token, lines.join());
      assertEquals(message?.kind, kind);
      const heard = message && "message" in message ? message.message : "";
      assertEquals([heard.length > 150, said.startsWith(heard)], [true, true]);
    }
  });
}

Deno.test("parseMessageLine() takes no line of a log for a message", () => {
  const forged = messageLine("guess", { kind: "done", frames: 1, notes: [] }).trim();
  assertEquals(parseMessageLine("token", forged), undefined);
  assertEquals(parseMessageLine("token", "[mov @ 0x1] token of no use"), undefined);
});

Deno.test("libavFacts() gives the frames and notes of an encode that went well", () => {
  const facts = libavFacts({ kind: "done", frames: 30, notes: ["a note"] }, SUCCESS, "libav/libx264 8.1");
  assertEquals(facts, { encoder: "libav/libx264 8.1", frameCount: 30, notes: ["a note"] });
});

Deno.test("libavFacts() throws why the input was refused, with the log's tail", () => {
  const error = assertThrows(() => libavFacts({ kind: "refused", message: "it has 2 tracks" }, FAILURE, ""));
  assertInstanceOf(error, EncodeError);
  assertEquals(error.message, "Cannot encode the chunk: it has 2 tracks");
  assertEquals(error.logTail, FAILURE.logTail);
});

Deno.test("libavFacts() throws a crash for everything that says nothing of the input", () => {
  const killed = { status: { success: false, code: 137, signal: "SIGKILL" as const }, logTail: [] };
  const progress = { kind: "progress", frames: 3 } as const;
  const broken = { kind: "broken", message: "x is not a function" } as const;
  const done = { kind: "done", frames: 30, notes: [] } as const;
  const crash = (...args: Parameters<typeof libavFacts>): string =>
    String(assertThrows(() => libavFacts(...args), EncoderCrashedError));
  assertStringIncludes(crash(undefined, killed, ""), "killed by SIGKILL");
  assertStringIncludes(crash(progress, FAILURE, ""), "exit code 1");
  assertStringIncludes(crash(broken, FAILURE, ""), "x is not a function");
  assertStringIncludes(crash({ ...done, notes: [] }, FAILURE, ""), "exit code 1");
  assertStringIncludes(crash(progress, SUCCESS, ""), "exit code 0");
});
