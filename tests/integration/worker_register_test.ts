/** A worker that registers with a master, which may be late, restart, or refuse. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hostname } from "node:os";
import { join } from "node:path";
import type { ClientTls } from "../../lib/rpc/credentials.ts";
import { keepRegistered } from "../../lib/worker/register.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { createAuthority, HAS_OPENSSL, WITHOUT_OPENSSL } from "./certificates.ts";
import { startFakeMaster } from "./fake_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

// grpc-js lets the timers of connections that were refused run on
Deno.test.sanitizer({ ops: false, resources: false });

const REPEAT_MS = 50;
const WORKER = "worker.example:50061";

/** Keeps a worker registered until disposed of. */
function register(master: string, options: { tls?: ClientTls; token?: string } = {}) {
  const stop = new AbortController();
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { info: write, warn: write, error: write };
  const registration = keepRegistered({
    ...{ master, workerAddress: WORKER, repeatMs: REPEAT_MS, logger, signal: stop.signal },
    ...options,
  });
  return {
    log,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await within(30_000, registration);
    },
  };
}

Deno.test("a worker registers with its master, and again for as long as it lives, and says so once", async () => {
  await using master = await startFakeMaster();
  await using registration = register(`127.0.0.1:${master.port}`);
  await master.until(3);
  assertEquals(new Set(master.registered), new Set([WORKER]));
  assertEquals(registration.log, [`Registered with master {"master":"127.0.0.1:${master.port}"}`]);
});

Deno.test("a worker whose master is not there yet keeps trying, and registers again once it has restarted", async () => {
  const { port } = await (async () => {
    await using gone = await startFakeMaster();
    return gone;
  })();
  await using registration = register(`127.0.0.1:${port}`);
  await until(() => Promise.resolve(registration.log.length === 1));
  assertStringIncludes(registration.log[0]!, "Cannot register with master");
  for (const _start of [1, 2]) {
    await using master = await startFakeMaster({ port });
    await within(30_000, master.until(2));
  }
  const told = registration.log.map((line) => line.split(" {")[0]);
  assertEquals(told.slice(0, 2), ["Cannot register with master", "Registered with master"]);
});

Deno.test("a worker that its master does not want says why, and asks again", async () => {
  await using master = await startFakeMaster({ answer: { success: false, message: "no room for more" } });
  await using registration = register(`127.0.0.1:${master.port}`);
  await master.until(3);
  assertEquals(registration.log.length, 1);
  assertStringIncludes(registration.log[0]!, "no room for more");
});

Deno.test({
  name: HAS_OPENSSL
    ? "a worker registers over TLS, with its own certificate and its token"
    : `a worker registers over TLS ${WITHOUT_OPENSSL}`,
  ignore: !HAS_OPENSSL,
  async fn() {
    await using folder = await temporaryFolder();
    const authority = await createAuthority(folder.path, "authority");
    const own = { ...await authority.issue("master"), ca: authority.ca };
    await using master = await startFakeMaster({ tls: own, token: "secret" });
    const address = `127.0.0.1:${master.port}`;
    const { cert, key } = await authority.issue("worker");
    const tls = { ca: authority.ca, cert, key };
    {
      await using shutOut = register(address, { tls, token: "another" });
      await until(() => Promise.resolve(shutOut.log.length === 1));
      assertStringIncludes(shutOut.log[0]!, "UNAUTHENTICATED");
    }
    {
      await using shutOut = register(address, { tls: { ca: authority.ca }, token: "secret" });
      await until(() => Promise.resolve(shutOut.log.length === 1));
      assertStringIncludes(shutOut.log[0]!, "UNAVAILABLE");
    }
    assertEquals(master.registered, []);
    await using _registration = register(address, { tls, token: "secret" });
    await master.until(1);
  },
});

Deno.test("worker.ts registers the address that it is told to advertise, and never that of every network", async () => {
  await using folder = await temporaryFolder();
  await using master = await startFakeMaster();
  for (
    const [flags, expected] of [
      [["--host", "0.0.0.0", "--advertise", "worker.example:50061"], /^worker\.example:50061$/],
      [["--host", "0.0.0.0"], new RegExp(`^${RegExp.escape(hostname())}:\\d+$`)],
    ] as const
  ) {
    const before = master.registered.length;
    await using _worker = await startOurWorker({
      shardsDir: join(folder.path, "shards"),
      flags: [...flags, "--encoder", "simulated", "--master", `127.0.0.1:${master.port}`],
    });
    await until(() => Promise.resolve(master.registered.length > before));
    assertMatch(master.registered.at(-1)!, expected);
  }
});

Deno.test({
  name: HAS_OPENSSL
    ? "worker.ts --master_ca registers over TLS"
    : `worker.ts --master_ca registers over TLS ${WITHOUT_OPENSSL}`,
  ignore: !HAS_OPENSSL,
  async fn() {
    await using folder = await temporaryFolder();
    const authority = await createAuthority(folder.path, "authority");
    await using master = await startFakeMaster({ tls: await authority.issue("master") });
    const ca = join(folder.path, "ca.pem");
    await Deno.writeTextFile(ca, authority.ca);
    await using _worker = await startOurWorker({
      shardsDir: join(folder.path, "shards"),
      flags: ["--encoder", "simulated", "--master", `localhost:${master.port}`, "--master_ca", ca],
    });
    await master.until(1);
  },
});

Deno.test("worker.ts --master registers the address that it listens on, with its token, and stops with it", async () => {
  await using folder = await temporaryFolder();
  const tokenPath = join(folder.path, "token");
  await Deno.writeTextFile(tokenPath, "secret\n");
  await using master = await startFakeMaster({ token: "secret" });
  await using worker = await startOurWorker({
    shardsDir: join(folder.path, "shards"),
    flags: [
      ...["--encoder", "simulated", "--token_file", tokenPath],
      ...["--master", `127.0.0.1:${master.port}`],
    ],
  });
  await master.until(1);
  assertEquals(master.registered, [worker.address]);
  worker.child.kill("SIGTERM");
  assertEquals((await within(30_000, worker.child.status)).code, 0);
});
