import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { SAME_SIGNAL_MS } from "../../lib/cli/interrupt.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const LIB = new URL("../../lib/cli/", import.meta.url);

/** Starts a command whose `main` is the given source; it prints `ready` where the source says so. */
async function start(folder: string, main: string): Promise<Deno.ChildProcess> {
  const script = `${folder}/command.ts`;
  await Deno.writeTextFile(
    script,
    `import { defineCommand } from "${LIB}command.ts";
    import { exitWith } from "${LIB}exit.ts";
    import { writeOut } from "${LIB}output.ts";
    const COMMAND = defineCommand({ name: "sample", summary: "", usage: "sample", flags: {} });
    await exitWith(COMMAND, async (_, signal) => { ${main} });`,
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", `--config=${CONFIG}`, script],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function withCommand(main: string, use: (child: Deno.ChildProcess) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(await start(folder, main));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads standard output up to the word `ready`; the reader goes on from there. */
async function untilReady(child: Deno.ChildProcess): Promise<ReadableStreamDefaultReader<string>> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("ready")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended before it was ready: ${await new Response(child.stderr).text()}`);
    text += value;
  }
  return reader;
}

const UNTIL_ABORTED = `await new Promise((_, reject) => {
  const timer = setInterval(() => {}, 1000);
  signal.addEventListener("abort", () => { clearInterval(timer); reject(signal.reason); });
  writeOut("ready");
});`;

/** A clock that stands still until `nowMs` is set: how long a signal is under way has no part in a test then. */
const CLOCK = `let nowMs = 0;
performance.now = () => nowMs;`;

/** Work that heeds no signal, and whose clock goes on by so many milliseconds at the first. */
const stubborn = (goesOnMs: number): string => `
${CLOCK}
signal.addEventListener("abort", () => { nowMs = ${goesOnMs}; writeOut("aborted"); });
setInterval(() => {}, 1000);
writeOut("ready");
await new Promise(() => {});`;

async function endOf(
  child: Deno.ChildProcess,
  output: ReadableStreamDefaultReader<string>,
): Promise<[code: number, said: string]> {
  const [{ code }, said] = await Promise.all([child.status, new Response(child.stderr).text()]);
  await output.cancel();
  return [code, said];
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`exitWith() ends with 130 after ${name}, once the work has stopped`, async () => {
    await withCommand(UNTIL_ABORTED, async (child) => {
      const reader = await untilReady(child);
      child.kill(name);
      assertEquals(await endOf(child, reader), [130, "interrupted\n"]);
    });
  });
}

Deno.test("exitWith() ends at once at the second signal, whatever the work does", async () => {
  await withCommand(stubborn(0), async (child) => {
    const reader = await untilReady(child);
    child.kill("SIGINT");
    assertStringIncludes((await reader.read()).value ?? "", "aborted");
    child.kill("SIGTERM");
    assertEquals(await endOf(child, reader), [130, ""]);
  });
});

Deno.test("exitWith() takes a signal that comes twice at once for one, and lets the work come to its end", async () => {
  // it ends only once the second one has come
  const orderly = (name: Deno.Signal) =>
    `${CLOCK}
    await new Promise((resolve) => {
      let count = 0;
      Deno.addSignalListener("${name}", () => ++count === 2 && setTimeout(resolve, 0));
      signal.addEventListener("abort", () => { nowMs = ${SAME_SIGNAL_MS - 1}; writeOut("aborted"); });
      writeOut("ready");
    });
    throw signal.reason;`;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    await withCommand(orderly(name), async (child) => {
      const reader = await untilReady(child);
      child.kill(name);
      assertStringIncludes((await reader.read()).value ?? "", "aborted");
      child.kill(name);
      assertEquals(await endOf(child, reader), [130, "interrupted\n"]);
    });
  }
});

Deno.test("exitWith() ends at once at the same signal again where some time has passed", async () => {
  await withCommand(stubborn(SAME_SIGNAL_MS), async (child) => {
    const reader = await untilReady(child);
    child.kill("SIGINT");
    assertStringIncludes((await reader.read()).value ?? "", "aborted");
    child.kill("SIGINT");
    assertEquals(await endOf(child, reader), [130, ""]);
  });
});

Deno.test("exitWith() ends with 1 where standard output cannot take the text", async () => {
  const endless = `for (;;) writeOut("x".repeat(65536));`;
  await withCommand(endless, async (child) => {
    await child.stdout.cancel();
    const [status, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assertEquals(status.code, 1);
    assertStringIncludes(err, "error: Cannot write to standard output: Broken pipe");
  });
});
