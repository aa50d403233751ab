import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { defineCommand } from "../../lib/cli/command.ts";
import { type Main, runCommand } from "../../lib/cli/exit.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const COMMAND = defineCommand({
  name: "sample",
  summary: "Does nothing.",
  usage: "sample [flags]",
  flags: { port: { kind: "integer", default: 1, help: "Port." } },
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  main: Main<typeof COMMAND>,
  { args = [], signal = new AbortController().signal }: { args?: string[]; signal?: AbortSignal } = {},
): Promise<Run> {
  let out = "";
  let err = "";
  const code = await runCommand(COMMAND, main, {
    args,
    signal,
    columns: 80,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (err += text),
  });
  return { code, out, err };
}

const failsWith = (error: unknown): Main<typeof COMMAND> => () => Promise.reject(error);
const nothing = (): Promise<void> => Promise.resolve();

Deno.test("runCommand() gives 0 where the command returns nothing, otherwise its own code", async () => {
  assertEquals(await run(nothing), { code: 0, out: "", err: "" });
  assertEquals((await run(() => Promise.resolve(1))).code, 1);
});

Deno.test("runCommand() hands over the values that were typed", async () => {
  const { code } = await run(({ flags }) => Promise.resolve(flags.port), { args: ["--port", "7"] });
  assertEquals(code, 7);
});

Deno.test("runCommand() prints help and version without running the command, whatever else is typed", async () => {
  for (const args of [["--help"], ["-h"], ["--port", "abc", "--help"]]) {
    const { code, out, err } = await run(failsWith(new Error("ran")), { args });
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, "Usage: sample [flags]");
  }
  const { code, out } = await run(failsWith(new Error("ran")), { args: ["--version"] });
  assertEquals(code, 0);
  assertMatch(out, /^sample \d+\.\d+\.\d+\n$/);
});

Deno.test("runCommand() gives 2 for a wrong command line, with one line on standard error", async () => {
  assertEquals(await run(nothing, { args: ["--prot=1"] }), {
    code: 2,
    out: "",
    err: "error: unknown flag --prot: did you mean --port? (see --help)\n",
  });
  assertEquals(await run(failsWith(new UsageError("--a needs --b"))), {
    code: 2,
    out: "",
    err: "error: --a needs --b (see --help)\n",
  });
});

Deno.test("runCommand() gives 1 for an error, with its message on one safe line", async () => {
  const errors: [unknown, string][] = [
    [new Error("Cannot reach localhost:1"), "error: Cannot reach localhost:1\n"],
    [new Error("two\nlines\x1b[2J\n"), "error: two\\nlines\\u001b[2J\n"],
    [new Deno.errors.AddrInUse("Address in use"), "error: Address in use\n"],
    [new DOMException("", "AbortError"), "error: AbortError\n"],
    ["text", "error: text\n"],
  ];
  for (const [error, err] of errors) assertEquals(await run(failsWith(error)), { code: 1, out: "", err });
});

Deno.test("runCommand() shows where a bug is, but not where an error of our own comes from", async () => {
  class OwnRangeError extends RangeError {}
  const bug = await run(failsWith(new TypeError("x is undefined")));
  assertEquals(bug.code, 1);
  assertMatch(bug.err, /^error: this is a bug: TypeError: x is undefined\n +at /);
  assertEquals((await run(failsWith(new OwnRangeError("too large")))).err, "error: too large\n");
});

Deno.test("runCommand() gives 130 once interrupted, but 1 where the work failed for another reason", async () => {
  const abort = new AbortController();
  abort.abort(new DOMException("Interrupted", "AbortError"));
  const { signal } = abort;
  const calledOff = [
    signal.reason,
    new DOMException("stop", "AbortError"),
    new Error("call failed", { cause: signal.reason }),
  ];
  for (const error of calledOff) {
    assertEquals(await run(failsWith(error), { signal }), { code: 130, out: "", err: "interrupted\n" });
  }
  assertEquals((await run(failsWith(new Error("disk full")), { signal })).code, 1);
  assertEquals((await run(nothing, { signal })).code, 0); // a server that drained
});
