/** Ctrl-C at a real terminal, which signals every process in the foreground. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SAME_SIGNAL_MS } from "../../lib/cli/interrupt.ts";
import { fileNames } from "./assemble_fixture.ts";
import { childrenOf, commandOf, isAlive } from "./child_processes.ts";
import { wholeChunk } from "./encode_media.ts";
import { longChunk } from "./long_chunk.ts";
import { HAS_TERMINAL, startAtTerminal, WITHOUT_TERMINAL } from "./pseudo_terminal.ts";
import { rawClient } from "./raw_client.ts";
import { PROJECT } from "./run_script.ts";
import { HAS_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

const CTRL_C = "\x03";

function testAtTerminal(name: string, fn: () => Promise<void>, { ignore = false } = {}): void {
  Deno.test({ name: `${name} ${WITHOUT_TERMINAL}`, ignore: ignore || !HAS_TERMINAL, fn });
}

/** As a user types it. */
function denoTask(name: string, ...args: string[]): string[] {
  return [Deno.execPath(), "task", `--config=${PROJECT}deno.json`, name, ...args];
}

/** All that a process has started, and what those have. */
async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid).catch(() => []); // it has ended meanwhile
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

/** Those of them with such a command. */
async function startedBy(pid: number, command: RegExp): Promise<number[]> {
  const pids = await descendantsOf(pid);
  const commands = await Promise.all(pids.map(commandOf));
  return pids.filter((_, index) => command.test(commands[index]!));
}

const ENCODER = /libav_child\.ts \{|-i pipe:0 /;

testAtTerminal("Ctrl-C under deno task lets a command come to its end", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await Deno.writeTextFile(
    join(cwd, "command.ts"),
    `import { defineCommand } from "${PROJECT}lib/cli/command.ts";
    import { exitWith } from "${PROJECT}lib/cli/exit.ts";
    import { writeOut } from "${PROJECT}lib/cli/output.ts";
    const COMMAND = defineCommand({ name: "sample", summary: "", usage: "sample", flags: {} });
    await exitWith(COMMAND, async (_, signal) => {
      const timer = setInterval(() => {}, 1000);
      await new Promise((resolve) => {
        signal.addEventListener("abort", () => setTimeout(resolve, 300));
        writeOut("ready");
      });
      clearInterval(timer);
      throw signal.reason;
    });`,
  );
  const run = `deno run --no-check --no-prompt --config=${PROJECT}deno.json command.ts`;
  await Deno.writeTextFile(join(cwd, "deno.json"), JSON.stringify({ tasks: { sample: run } }));
  for (let press = 0; press < 4; press++) { // the two signals may be too close to each other to be told apart
    await using terminal = startAtTerminal([Deno.execPath(), "task", "sample"], { cwd });
    await terminal.untilWritten(/ready/);
    await terminal.press(CTRL_C);
    const { code, stdout } = await terminal.result;
    assertEquals(code, 130);
    assertStringIncludes(stdout, "interrupted");
  }
});

/** A worker that has half of a chunk, and its encoder the same. */
async function busyWorker(cwd: string, encoder: string) {
  const flags = ["--port", "0", "--shards_dir", join(cwd, "shards"), "--encoder", encoder];
  const terminal = startAtTerminal(denoTask("worker", ...flags), { cwd });
  const address = await terminal.until(() => /listening on (localhost:\d+)/.exec(terminal.stdout())?.[1]);
  const { bytes, segment: { timescale, frameCount } } = await wholeChunk();
  const header = {
    videoId: "v",
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    segment: { timescale, frameCount },
  } as const;
  const half = Math.ceil(bytes.length / 2);
  const raw = rawClient(address);
  const { call, answer } = raw.open([{ header }, { data: bytes.subarray(0, half) }]);
  const encoders = () => startedBy(terminal.child.pid, ENCODER);
  await until(async () => (await encoders()).length > 0);
  return {
    terminal,
    encoders: await encoders(),
    answer,
    sendRest: () => void call.end({ data: bytes.subarray(half) }),
    async [Symbol.asyncDispose]() {
      raw[Symbol.dispose]();
      await terminal[Symbol.asyncDispose]();
    },
  };
}

for (const encoder of ["libav", "ffmpeg"]) {
  const ignore = encoder === "ffmpeg" && !HAS_FFMPEG;
  testAtTerminal(`Ctrl-C at a worker's terminal lets it finish its encodes with ${encoder}`, async () => {
    await using folder = await temporaryFolder();
    await using worker = await busyWorker(folder.path, encoder);
    await worker.terminal.press(CTRL_C);
    await worker.terminal.untilWritten(/Draining/);
    worker.sendRest();
    assertEquals((await worker.answer).message, "Chunk 0 processed successfully");
    const { code, stdout } = await worker.terminal.result;
    assertEquals(code, 0);
    assertMatch(stdout, /Drained/);
  }, { ignore });

  testAtTerminal(`Ctrl-C again ends a worker at once, and its encodes with ${encoder}`, async () => {
    await using folder = await temporaryFolder();
    await using worker = await busyWorker(folder.path, encoder);
    await worker.terminal.press(CTRL_C);
    await worker.terminal.untilWritten(/Draining/);
    await setTimeout(SAME_SIGNAL_MS);
    await worker.terminal.press(CTRL_C);
    const { code, stdout } = await within(2_000, worker.terminal.result);
    assertEquals(code, 130, stdout);
    await within(2_000, until(async () => !await anyAlive(worker.encoders)));
  }, { ignore });
}

testAtTerminal(
  "Ctrl-C does not end a program that is asked something: that is for the asker to do",
  async () => {
    await using folder = await temporaryFolder();
    const script = `import { askProgram } from "${PROJECT}lib/encode/ask_program.ts";
    Deno.addSignalListener("SIGINT", () => {});
    const told = await askProgram("sh", ["-c", "until [ -e gate ]; do sleep 0.1; done; echo answer"]);
    console.log(told);
    Deno.exit();`;
    await Deno.writeTextFile(join(folder.path, "ask.ts"), script);
    const run = ["run", "-A", "--no-check", `--config=${PROJECT}deno.json`, "ask.ts"];
    await using terminal = startAtTerminal([Deno.execPath(), ...run], { cwd: folder.path });
    await until(async () => (await startedBy(terminal.child.pid, /\bsh -c until/)).length > 0);
    await terminal.press(CTRL_C);
    await terminal.untilWritten(/\^C/); // the terminal's echo: they have been signalled
    await Deno.writeTextFile(join(folder.path, "gate"), "");
    assertMatch((await terminal.result).stdout, /answer/);
  },
);

/** A transcode that has hours to go, its encoders running. */
async function longTranscode(cwd: string) {
  await longChunk(cwd);
  const flags = ["--no-resume", "--local_workers", "2", "--chunk_seconds", "20", "--preset", "veryslow"];
  const command = denoTask("transcode", join(cwd, "long.mp4"), "-o", join(cwd, "out.mp4"), ...flags);
  const terminal = startAtTerminal(command, { cwd });
  await until(async () => (await startedBy(terminal.child.pid, ENCODER)).length === 2);
  return { terminal, pids: await descendantsOf(terminal.child.pid) };
}

async function anyAlive(pids: readonly number[]): Promise<boolean> {
  return (await Promise.all(pids.map(isAlive))).includes(true);
}

testAtTerminal(
  "Ctrl-C ends a transcode within 2 s and leaves nothing, neither running nor on the disk",
  async () => {
    await using folder = await temporaryFolder();
    const { terminal, pids } = await longTranscode(folder.path);
    await using _ = terminal;
    const startMs = performance.now();
    await terminal.press(CTRL_C);
    const { code, stdout } = await terminal.result;
    assertLess((performance.now() - startMs) / 1000, 2);
    assertEquals(code, 130);
    assertMatch(stdout, /^interrupted\r$/m);
    assert(!/error|failed/i.test(stdout), stdout);
    assertEquals(await anyAlive(pids), false);
    assertEquals(await fileNames(folder.path), ["long.mp4"]);
  },
);

testAtTerminal("a transcode leaves nothing running where its terminal is closed", async () => {
  await using folder = await temporaryFolder();
  const { terminal, pids } = await longTranscode(folder.path);
  await using _ = terminal;
  terminal.child.kill("SIGKILL");
  await until(async () => !await anyAlive(pids));
});
