/** More connections than a process may have files open, on the ports that need no login. */
import { assert, assertEquals } from "@std/assert";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { byNumber } from "./by_number.ts";
import { RPC } from "./in_process_master.ts";
import { type RunningScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** What the process may have open, of which it needs about 50; and what is more than that. */
const MAX_FILES = 150;
const CONNECTIONS = 300;

const LIMITED = ["sh", "-c", `ulimit -n ${MAX_FILES}; exec "$@"`, "sh"];

async function startMasterOfFewFiles(folder: string) {
  const flags = ["--port", "0", "--http_port", "0", "--metrics_port", "0", "--data_dir", folder];
  const script = startScript("master.ts", [...flags, "--log_format", "json"], {
    cwd: folder,
    through: LIMITED,
  });
  const found = (pattern: RegExp) => script.until(() => pattern.exec(script.stderr())?.[1]);
  const [grpc, metrics, dashboard] = await Promise.all([
    found(/"address":"([^"]+)"/),
    found(/"metrics":"([^"]+)"/),
    found(/Dashboard on http:\/\/([\w.:]+\d)/),
  ]);
  return { script, grpc, pages: { dashboard: byNumber(dashboard), metrics: `${byNumber(metrics)}/metrics` } };
}

/** Connections that say nothing; disposing of it closes them. */
async function flood(address: string): Promise<AsyncDisposable> {
  const [hostname, port] = address.split(/[:/]/);
  const tried = Array.from(
    { length: CONNECTIONS },
    () => Deno.connect({ hostname: hostname!, port: Number(port) }),
  );
  const opened = await Promise.allSettled(tried);
  return {
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      for (const result of opened) if (result.status === "fulfilled") result.value.close();
    },
  };
}

const statusOf = (page: string): Promise<number> =>
  fetch(`http://${page}`).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  }, () => 0);

const troubles = (script: RunningScript): number =>
  script.stderr().split("Cannot take connections").length - 1;

for (const page of ["dashboard", "metrics"] as const) {
  Deno.test(`too many connections to the ${page} end nothing, and it answers once they are gone`, async () => {
    await using folder = await temporaryFolder();
    const { script, grpc, pages } = await startMasterOfFewFiles(folder.path);
    await using _script = script;
    using client = connectMaster(byNumber(grpc));
    assertEquals(await client.jobs(RPC), []);
    const startedMs = performance.now();
    {
      await using _flood = await flood(pages[page]);
      await script.until(() => troubles(script) > 0 || undefined);
      assertEquals(await client.jobs(RPC), []);
    }
    await until(async () => await statusOf(pages[page]) === 200);
    assertEquals(await client.jobs(RPC), []);
    const seconds = (performance.now() - startedMs) / 1000; // one of which is between two tries
    assert(troubles(script) <= 1 + seconds, script.stderr());
    script.child.kill("SIGTERM");
    assertEquals((await script.result).code, 0, script.stderr());
  });
}
