/** Workers that were named and do not work: what `transcode` says of them, and when it gives up. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { createServer, listen } from "../../lib/rpc/server.ts";
import { buildOf } from "./build_of.ts";
import { startFakeWorker } from "./fake_worker.ts";
import { startInProcess } from "./in_process_worker.ts";
import { sourceIn } from "./job_fixture.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, LIMIT_MS } from "./transcode_events.ts";
import { startWorkerOnPort } from "./worker_on_port.ts";

const TRANSCODE = ["source.mp4", "-o", "out.mp4", "--chunk_seconds", "1", "--preset", "ultrafast"] as const;
const TOKEN = "a-token-of-sixteen-characters-or-more";

/** A gRPC server that has not the calls of a worker, as that of a master has not. */
async function startStranger(): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer({ maxChunkBytes: 1 });
  const address = await listen(server, { host: "127.0.0.1", port: 0 });
  return {
    address,
    [Symbol.asyncDispose]: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

Deno.test("transcode gives up at once where every worker refuses its calls, and says what each answered", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  await using guarded = await startInProcess({ token: TOKEN });
  await using stranger = await startStranger();
  const workers = ["--workers", `${guarded.worker.address},${stranger.address}`];
  const { code, stdout, stderr } = await runScript("transcode.ts", [...TRANSCODE, ...workers, "--json"], {
    cwd,
  });
  assertEquals(code, 1);
  assertMatch(stderr, /^error: No worker for h264: /m);
  for (
    const said of [
      `${guarded.worker.address} refuses (UNAUTHENTICATED: `,
      `${stranger.address} refuses (UNIMPLEMENTED: `,
    ]
  ) {
    assertStringIncludes(stderr, said);
  }
  const told = eventsIn(stdout);
  assertEquals(told.map(({ event, takes_work }) => [event, takes_work]), [
    ["worker", false],
    ["worker", false],
    ["error", undefined],
  ]);
});

Deno.test("transcode says once that a worker cannot be reached, and waits for it", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const args = [...TRANSCODE, "--workers", "localhost:1", "--json", "--give_up_after", "8"];
  const { code, stdout, stderr } = await runScript("transcode.ts", args, { cwd }); // two checks or more
  assertEquals(code, 1);
  const [line, last, ...others] = stderr.split("\n");
  assertMatch(line!, /^Worker localhost:1 takes no work: UNAVAILABLE: no connection/);
  assertMatch(last!, /^error: No worker for h264 in 8 s: localhost:1 is unhealthy/);
  assertEquals(others, [""]);
  const [told, error, ...more] = eventsIn(stdout);
  assertEquals([told!.event, told!.worker, told!.takes_work], ["worker", "localhost:1", false]);
  assertEquals([error!.event, more], ["error", []]);
});

Deno.test("transcode names workers that took no part and why, in events, lines and the end's notes", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  await using worker = await startWorkerOnPort({ shardsDir: join(cwd, "shards") });
  await using guarded = await startInProcess({ token: TOKEN });
  using other = await startFakeWorker({ build: "other/libx264 1" });
  // of two builds with a vote each, the first by name: a job waits only so long for a worker that is still trying
  await buildOf(worker.address);
  const workers = ["--workers", [worker.address, guarded.worker.address, other.address].join(",")];
  const { code, stdout, stderr } = await runScript("transcode.ts", [...TRANSCODE, ...workers, "--json"], {
    cwd,
    limitMs: LIMIT_MS,
  });
  assertEquals(code, 0, stderr);
  const events = eventsIn(stdout);
  const told = events.filter(({ event }) => event === "worker");
  assertEquals(new Set(told.map((event) => event.worker)), new Set([guarded.worker.address, other.address]));
  assertEquals(told.length, 2, stdout);
  const { notes, event } = events.at(-1)!;
  assertEquals(event, "done");
  assertEquals((notes as string[]).length, 2);
  for (const { worker, reason } of told) {
    assert((notes as string[]).includes(`Worker ${worker} took no part: ${reason}`), stdout);
    assertStringIncludes(stderr, `Worker ${worker} takes no work: ${reason}\n`);
  }
  const reasonOf = (address: string) => told.find(({ worker }) => worker === address)!.reason as string;
  assertMatch(reasonOf(guarded.worker.address), /^UNAUTHENTICATED: /);
  assertMatch(
    reasonOf(other.address),
    /^it encodes with other\/libx264 1, and the job keeps to libav\/libx264 /,
  );
});

Deno.test("transcode says that a worker is gone, and that it is back", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const shardsDir = join(cwd, "shards");
  let port: number;
  {
    await using worker = await startWorkerOnPort({ shardsDir });
    port = Number(worker.address.split(":")[1]);
  }
  const args = [...TRANSCODE, "--workers", `localhost:${port}`];
  await using run = startScript("transcode.ts", args, { cwd, limitMs: LIMIT_MS });
  await run.untilWritten(/takes no work/);
  await using _worker = await startWorkerOnPort({ shardsDir, port });
  const { code, stdout, stderr } = await run.result;
  assertEquals(code, 0, stderr);
  assertMatch(
    stderr,
    new RegExp(`^Worker localhost:${port} takes no work: .*\nWorker localhost:${port} takes work\n`),
  );
  assert(!stdout.includes("took no part"), stdout);
});
