/** What keeps a worker from starting: one clear line, exit 1, and nothing left behind. */
import { assertEquals, assertMatch } from "@std/assert";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import { FileLock } from "../../lib/store/_file_lock.ts";
import { openShardStore } from "../../lib/store/shard_store.ts";
import { storeLockPath } from "../../lib/store/_staging.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const USUAL_FLAGS = { "--port": "0", "--encoder": "simulated", "--shards_dir": "shards" };

/** Runs a worker that is to fail, and checks that it says so in one line that is like `problem`. */
async function assertRefused(
  flags: readonly string[],
  problem: RegExp,
  { cwd, env = {} }: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<void> {
  const given = new Set(flags);
  const others = Object.entries(USUAL_FLAGS).filter(([flag]) => !given.has(flag));
  const args = [...others.flat(), ...flags];
  const { code, stdout, stderr } = await runScript("worker.ts", args, { cwd, env });
  assertMatch(stderr, /^error: [^\n]+\n$/, "one line");
  assertMatch(stderr, problem);
  assertEquals([code, stdout], [1, ""]);
}

/** A port that something else listens on, at every address that `localhost` has. */
async function takenPort(): Promise<Disposable & { readonly port: number }> {
  using stack = new DisposableStack();
  const addresses = new Set((await lookup("localhost", { all: true })).map(({ address }) => address));
  let port = 0;
  for (const hostname of addresses) {
    port = (stack.use(Deno.listen({ hostname, port })).addr as Deno.NetAddr).port;
  }
  const listeners = stack.move();
  return { port, [Symbol.dispose]: () => listeners.dispose() };
}

Deno.test("a worker whose store is a file says so and exits 1", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "taken"), "a file");
  for (const path of ["taken", join("taken", "below")]) {
    await assertRefused(["--shards_dir", path], /"taken/, { cwd: folder.path });
  }
  assertEquals(await Deno.readTextFile(join(folder.path, "taken")), "a file");
});

Deno.test("a worker whose port is in use says so and exits 1, leaving its store clean", async () => {
  await using folder = await temporaryFolder();
  using taken = await takenPort();
  const problem = new RegExp(`localhost:${taken.port}: the port is in use`);
  await assertRefused(["--port", `${taken.port}`], problem, { cwd: folder.path });
  const staging = Deno.readDir(join(folder.path, "shards", "metadata", ".staging"));
  assertEquals((await Array.fromAsync(staging)).map(({ name }) => name), ["lock"]);
});

Deno.test("a worker whose metrics port is in use says which one and exits 1", async () => {
  await using folder = await temporaryFolder();
  using taken = await takenPort();
  const problem = new RegExp(`metrics on localhost:${taken.port}: the port is in use`);
  await assertRefused(["--metrics_port", `${taken.port}`], problem, { cwd: folder.path });
});

Deno.test("a worker told to listen on an address that this machine has not says so and exits 1", async () => {
  await using folder = await temporaryFolder();
  const { path: cwd } = folder;
  // an address for documentation only (RFC 5737), and a name that never resolves (RFC 6761)
  await assertRefused(["--host", "203.0.113.9"], /203\.0\.113\.9:0: this machine has no such address/, {
    cwd,
  });
  await assertRefused(["--host", "nosuch.invalid"], /nosuch\.invalid:0: no such host/, { cwd });
});

Deno.test("a worker told to use an ffmpeg that is not there says so and exits 1", async () => {
  await using folder = await temporaryFolder();
  const env = { PATH: folder.path };
  await assertRefused(["--encoder", "ffmpeg"], /ffmpeg/, { cwd: folder.path, env });
});

Deno.test("a worker without the files of its TLS and token flags exits 2 with the flag's name", async () => {
  await using folder = await temporaryFolder();
  const missing = ["--tls_cert", "none.pem", "--tls_key", "none.pem"];
  for (
    const [flags, problem] of [
      [missing, /^error: --tls_cert none\.pem: [^\n]+\n$/],
      [["--tls_cert", "none.pem"], /^error: --tls_cert and --tls_key [^\n]+\n$/],
      [["--tls_ca", "none.pem"], /^error: --tls_ca [^\n]+\n$/],
      [["--token_file", "none"], /^error: --token_file none: [^\n]+\n$/],
    ] as const
  ) {
    const { code, stderr } = await runScript("worker.ts", [...flags], { cwd: folder.path });
    assertMatch(stderr, problem);
    assertEquals(code, 2);
  }
});

Deno.test("a worker whose certificate and key are no PEM, or not of one pair, says so and exits 1", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "junk.pem"), "junk");
  const flags = ["--tls_cert", "junk.pem", "--tls_key", "junk.pem"];
  await assertRefused(flags, /certificate|--tls_cert/i, { cwd: folder.path });
});

Deno.test("a worker whose --master_ca is no certificate says so and exits 1 before it listens", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "junk.pem"), "junk");
  const flags = ["--master", "localhost:1", "--master_ca", "junk.pem"];
  await assertRefused(flags, /authority \(CA\) is no certificate in PEM/, { cwd: folder.path });
});

Deno.test("a worker told how to register and not with whom says so and exits 2", async () => {
  await using folder = await temporaryFolder();
  for (const [flag, value] of [["--advertise", "worker.example:50061"], ["--master_ca", "ca.pem"]] as const) {
    const { code, stdout, stderr } = await runScript("worker.ts", [flag, value], { cwd: folder.path });
    assertMatch(stderr, new RegExp(`^error: ${flag} has no effect without --master: [^\\n]+\\n$`));
    assertEquals([code, stdout], [2, ""]);
  }
});

/** @see proc(5), /proc/locks: those that wait have an arrow. */
async function untilLockIsAsked(pid: number): Promise<void> {
  await until(async () => new RegExp(`-> FLOCK .* ${pid} `).test(await Deno.readTextFile("/proc/locks")));
}

Deno.test({
  name: "a worker that waits for its store while it starts ends when told to",
  ignore: Deno.build.os !== "linux",
  fn: whileStoreIsLocked,
});

async function whileStoreIsLocked(): Promise<void> {
  await using folder = await temporaryFolder();
  const shardsDir = join(folder.path, "shards");
  await (await openShardStore(shardsDir, { workerId: "another" })).close();
  const lock = await FileLock.open(storeLockPath(shardsDir));
  await lock.run(async () => {
    await using worker = startScript("worker.ts", Object.entries(USUAL_FLAGS).flat(), { cwd: folder.path });
    await untilLockIsAsked(worker.child.pid);
    worker.child.kill("SIGTERM");
    const { code, stdout, stderr } = await within(30_000, worker.result);
    assertEquals([code, stdout, stderr], [130, "", "interrupted\n"]);
  });
  await lock.close();
}
