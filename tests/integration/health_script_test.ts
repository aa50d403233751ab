/** The health script as a process, watching workers that are well, killed, frozen and draining. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { startFakeWorker } from "./fake_worker.ts";
import { rawClient } from "./raw_client.ts";
import { PROJECT, type RunningScript, runScript, startCommand, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { within } from "./within.ts";
import { portOf, startWorkerOnPort, type WorkerOnPort } from "./worker_on_port.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

const HEALTH = "test_health_check.ts";
/** An answer has all the time that it needs. */
const PATIENT = ["--timeout", "60"];
const OFTEN = ["--interval", "0.2"];

/** So many workers, each with its store. */
async function setUp(count: number) {
  await using stack = new AsyncDisposableStack();
  const { path: cwd } = stack.use(await temporaryFolder());
  const workers: WorkerOnPort[] = [];
  for (let i = 0; i < count; i++) {
    workers.push(stack.use(await startWorkerOnPort({ shardsDir: join(cwd, `shards-${i}`) })));
  }
  const done = stack.move();
  return {
    cwd,
    workers,
    addresses: workers.map(({ address }) => address),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

interface Row {
  readonly address: string;
  readonly status: string;
  readonly last_seen: string | null;
  readonly message: string | null;
}

/** Every row that --json has written so far for one worker. */
function rowsOf(script: RunningScript, address: string): Row[] {
  const lines = script.stdout().split("\n").slice(0, -1);
  return lines.map((line) =>
    (JSON.parse(line) as { workers: Row[] }).workers.find((row) => row.address === address)!
  );
}

/** Resolves with the first row of a worker after the `from`-th that is as wanted. */
async function rowAfter(
  script: RunningScript,
  address: string,
  from: number,
  isSo: (row: Row) => boolean,
): Promise<Row> {
  return await within(60_000, script.until(() => rowsOf(script, address).slice(from).find(isSo)));
}

/** A word a status, repetitions left out. */
function statuses(rows: readonly Row[]): string[] {
  return rows.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1]);
}

Deno.test("--once shows a row a worker under the columns of old, and exits 0 when all are healthy", async () => {
  await using t = await setUp(2);
  const { code, stdout, stderr } = await runScript(
    HEALTH,
    ["--workers", t.addresses.join(","), "--once", ...PATIENT],
    { cwd: t.cwd },
  );
  assertEquals([code, stderr], [0, ""]);
  const [head, ...rows] = stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(head, ["WORKER ADDRESS", "STATUS", "CPU %", "MEMORY", "TASKS", "LATENCY", "LAST SEEN"]);
  assertEquals(rows.map(([address, status]) => [address, status]), [
    [t.addresses[0], "HEALTHY"],
    [t.addresses[1], "HEALTHY"],
  ]);
  for (const [, , cpu, memory, tasks, latency, seen] of rows) {
    assertMatch(cpu!, /^\d+\.\d %$/);
    assertMatch(memory!, /^\d+\.\d MiB$/);
    assertMatch(latency!, /^\d+ ms$|^\d+\.\d s$/);
    assertEquals(tasks, "0");
    assertMatch(seen!, /^now$|^\d+\.\d s ago$/); // the other one may have kept it waiting
  }
});

Deno.test("--once exits 1 unless all are healthy, says why, and gives one line of JSON when asked", async () => {
  await using folder = await temporaryFolder();
  using worker = await startFakeWorker();
  const args = ["--workers", `${worker.address},localhost:1`, "--once", ...PATIENT];
  const table = await runScript(HEALTH, args, { cwd: folder.path });
  assertEquals(table.code, 1);
  assertMatch(table.stdout, /^localhost:1 +UNHEALTHY +- +- +- +- +never$/m);
  assertMatch(table.stdout, /^localhost:1: UNAVAILABLE: .*ECONNREFUSED/m);
  const json = await runScript(HEALTH, [...args, "--json"], { cwd: folder.path });
  assertEquals(json.code, 1);
  assertMatch(json.stdout, /^[^\n]*\n$/);
  const { time, workers: [well, absent] } = JSON.parse(json.stdout);
  assertEquals(new Date(time).toISOString(), time);
  assertEquals([well.address, well.status, well.worker_id], [worker.address, "healthy", "fake"]);
  assertEquals(absent, {
    ...{ address: "localhost:1", status: "unhealthy", worker_id: null, cpu_utilization: null },
    ...{ memory_usage_bytes: null, active_tasks: null, latency_ms: null, last_seen: null },
    message: absent.message,
  });
  assertMatch(absent.message, /UNAVAILABLE/);
});

Deno.test("a worker that is killed is suspect, then unhealthy, and healthy again once it is back on its port", async () => {
  await using t = await setUp(2);
  const [killed, well] = t.workers;
  const flags = [
    "--workers",
    t.addresses.join(","),
    "--json",
    "--unhealthy_threshold",
    "2",
    ...OFTEN,
    ...PATIENT,
  ];
  await using health = startScript(HEALTH, flags, { cwd: t.cwd });
  await rowAfter(health, killed!.address, 0, ({ status }) => status === "healthy");
  killed!.child.kill("SIGKILL");
  await killed!.child.status;
  const down = rowsOf(health, killed!.address).length;
  const suspect = await rowAfter(health, killed!.address, down, ({ status }) => status !== "healthy");
  assertEquals(suspect.status, "suspect");
  assertMatch(suspect.message!, /UNAVAILABLE/);
  assert(suspect.last_seen !== null);
  await rowAfter(health, killed!.address, down, ({ status }) => status === "unhealthy");
  const back = rowsOf(health, killed!.address).length;
  await using _back = await startWorkerOnPort({
    shardsDir: join(t.cwd, "shards-0"),
    port: portOf(killed!.address),
  });
  await rowAfter(health, killed!.address, back, ({ status }) => status === "healthy");
  assertEquals(statuses(rowsOf(health, killed!.address)), [
    "unknown",
    "healthy",
    "suspect",
    "unhealthy",
    "healthy",
  ]);
  assertEquals(statuses(rowsOf(health, well!.address)), ["unknown", "healthy"]);
});

Deno.test("a worker that is frozen times out and delays no other row", async () => {
  await using t = await setUp(2);
  const [frozen, well] = t.workers;
  // what is not frozen answers within this on a machine that is slow, too
  const flags = ["--workers", t.addresses.join(","), "--json", ...OFTEN, "--timeout", "2"];
  await using health = startScript(HEALTH, flags, { cwd: t.cwd });
  await rowAfter(health, frozen!.address, 0, ({ status }) => status === "healthy");
  frozen!.child.kill("SIGSTOP");
  try {
    const from = rowsOf(health, frozen!.address).length;
    const down = await rowAfter(health, frozen!.address, from, ({ status }) => status === "unhealthy");
    assertMatch(down.message!, /no answer within 2 s|DEADLINE_EXCEEDED/);
    // two timeouts of 2 s at least, and a check every 0.2 s in the meantime
    const seen = new Set(rowsOf(health, well!.address).slice(from).map(({ last_seen }) => last_seen));
    assert(seen.size >= 4, `${seen.size} answers of the other worker`);
  } finally {
    frozen!.child.kill("SIGCONT");
  }
  const thawed = rowsOf(health, frozen!.address).length;
  await rowAfter(health, frozen!.address, thawed, ({ status }) => status === "healthy");
  assertEquals(statuses(rowsOf(health, well!.address)), ["unknown", "healthy"]);
});

Deno.test("a worker that drains is unhealthy with its reason below the table", async () => {
  await using t = await setUp(1);
  const [worker] = t.workers;
  using raw = rawClient(worker!.address);
  const running = raw.open([{ header: { videoId: "v" } }, { data: new Uint8Array(100) }]);
  await raw.until(({ activeTasks }) => activeTasks === 1);
  worker!.child.kill("SIGTERM");
  await raw.until(({ isHealthy }) => !isHealthy);
  const { code, stdout } = await runScript(HEALTH, ["--workers", worker!.address, "--once", ...PATIENT], {
    cwd: t.cwd,
  });
  assertEquals(code, 1);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines[1]!.split(/ {2,}/).slice(0, 2), [worker!.address, "UNHEALTHY"]);
  assertEquals(lines.slice(2), ["", `${worker!.address}: draining`]);
  running.call.end();
  await running.answer;
});

Deno.test("the health script answers what is typed wrongly by exit code 2", async () => {
  await using folder = await temporaryFolder();
  const wrong: [string[], RegExp][] = [
    [[], /--workers is required/],
    [["--workers", "localhost"], /--workers.*without a port/],
    [["--workers", "a:1,a:1"], /twice/],
    [["--workers", "a:1", "--interval", "0"], /--interval.*"0"/],
    [["--workers", "a:1", "--unhealthy_threshold", "0"], /--unhealthy_threshold/],
    [["--workers", "a:1", "--intervall", "1"], /did you mean --interval\?/],
  ];
  for (const [args, says] of wrong) {
    const { code, stdout, stderr } = await runScript(HEALTH, args, { cwd: folder.path });
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
  }
});

Deno.test("what a worker says of itself reaches the terminal without control characters, and an impossible size is a failed check", async () => {
  await using folder = await temporaryFolder();
  using liar = await startFakeWorker({ health: { isHealthy: false, message: "\x1b[2Jgone\nfake" } });
  using giant = await startFakeWorker({ health: { memoryUsageBytes: "9007199254740993" } });
  const args = ["--workers", `${liar.address},${giant.address}`, "--once", ...PATIENT];
  const { stdout } = await runScript(HEALTH, args, { cwd: folder.path });
  assertStringIncludes(stdout, `${liar.address}: \\u001b[2Jgone\\nfake\n`);
  assertMatch(stdout, new RegExp(`^${giant.address}: Cannot read memory_usage_bytes 9007199254740993`, "m"));
});

Deno.test("SIGINT ends the health script with 130", async () => {
  await using folder = await temporaryFolder();
  await using health = startScript(HEALTH, ["--workers", "localhost:1", ...OFTEN], { cwd: folder.path });
  await health.untilWritten(/UNHEALTHY/);
  health.child.kill("SIGINT");
  assertEquals((await within(30_000, health.result)).code, 130);
});

const hasScript = await isThere("script");

Deno.test({
  name: "on a terminal the health table is drawn again in its own place (needs script: apt install bsdutils)",
  ignore: !hasScript,
  fn: async () => {
    await using folder = await temporaryFolder();
    using worker = await startFakeWorker();
    const deno = [Deno.execPath(), "run", "-A", "--no-prompt", `${PROJECT}${HEALTH}`];
    const command = [...deno, "--workers", worker.address, ...OFTEN, ...PATIENT].join(" ");
    await using terminal = startCommand(["script", "-qefc", command, "/dev/null"], { cwd: folder.path });
    const begun = () => terminal.stdout().split("\x1b[?7l").slice(1);
    await terminal.until(() => begun().length > 4 || undefined); // of the last one not all may have come
    const drawings = begun().slice(0, 4);
    assertEquals(drawings.map((drawing) => drawing.includes("WORKER ADDRESS")), [true, true, true, true]);
    // heading and row: every drawing but the first goes up by these two lines
    assertEquals(drawings.map((drawing) => drawing.startsWith("\r\x1b[2A")), [false, true, true, true]);
  },
});

async function isThere(command: string): Promise<boolean> {
  try {
    await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
