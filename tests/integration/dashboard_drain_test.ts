/** A master that stops under its dashboard. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { JobResult } from "../../lib/job/job.ts";
import { dashboardRoutes } from "../../lib/master/web/routes.ts";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { fakeDashboardMaster } from "./fake_dashboard_master.ts";
import {
  type InProcessMasterOptions,
  RPC,
  startInProcessMaster,
  streamOf,
  untilState,
} from "./in_process_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const BYTES = new Uint8Array(100_000);
const DRAINING = { error: "Master is draining" };

/** A master with a dashboard, which are ended as master.ts does. */
async function setUp(options: Partial<InProcessMasterOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const m = stack.use(await startInProcessMaster({ dataDir: join(folder.path, "data"), ...options }));
  const end = new AbortController();
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const dashboard = serveDashboard(m.master, {
    host: "127.0.0.1",
    port: 0,
    logger: { info: () => {}, warn: write, error: write },
    signal: end.signal,
  });
  async function endOthers(reason: Error): Promise<void> {
    end.abort(reason);
    await dashboard.finished;
  }
  stack.defer(() => endOthers(new Error("the test is over")));
  const done = stack.move();
  return {
    ...m,
    address: `http://${dashboard.address}`,
    /** What the dashboard had to complain of. */
    complaints: log,
    drain: (drainMs: number) => m.running.drain(drainMs, { endOthers }),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

Deno.test("who uses the dashboard as the master stops is told so, and never that something broke", async () => {
  await using t = await setUp();
  const isOver = Promise.withResolvers<void>();
  async function* video() {
    yield BYTES;
    await isOver.promise;
  }
  const upload = fetch(`${t.address}/api/jobs?video_id=film`, {
    method: "POST",
    body: ReadableStream.from(video()),
  });
  await until(async () => (await t.videos()).length === 1);

  const { value: drained, end } = withHeldTimer(12_345_678, (ms) => t.drain(ms));
  const late = await fetch(`${t.address}/api/jobs?video_id=late`, { method: "POST", body: BYTES });
  assertEquals([late.status, await late.json()], [503, DRAINING]);
  const answers = await askUntilGone(`${t.address}/api/jobs`, end);
  const cut = await upload;
  assertEquals([cut.status, await cut.json()], [503, DRAINING]);
  isOver.resolve();
  assertEquals(await drained, false);
  assert(answers.some(([status]) => status === 200));
  for (const [status, body] of answers) {
    assert(status === 200 || (status === 503 && body === JSON.stringify(DRAINING)), `${status} ${body}`);
  }
  assertEquals(t.complaints, []);
});

/** Calls a function with a time, and has that time be over when the test says so. */
function withHeldTimer<T>(ms: number, call: (ms: number) => T): { readonly value: T; end(): void } {
  const { setTimeout } = globalThis;
  let held: (() => void) | undefined;
  const hold = (run: () => void, afterMs?: number) =>
    afterMs === ms ? (held = run, 0) : setTimeout(run, afterMs);
  globalThis.setTimeout = hold as unknown as typeof setTimeout;
  try {
    const value = call(ms);
    if (!held) throw new Error("no such time is waited for");
    return { value, end: held };
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

/** Status and body of one request after the other, until there is nobody to ask; `onAnswer` is told of each. */
async function askUntilGone(url: string, onAnswer: () => void): Promise<[status: number, body: string][]> {
  const answers: [number, string][] = [];
  for (;;) {
    try {
      const response = await fetch(url);
      answers.push([response.status, await response.text()]);
      onAnswer();
    } catch (error) {
      if (error instanceof TypeError) return answers;
      throw error;
    }
  }
}

Deno.test("a request that comes after the dashboard was told to end asks nothing of the master", async () => {
  const jobs = () => {
    throw new Error("the catalog is closed");
  };
  const master = { ...fakeDashboardMaster(), jobs };
  const answer = dashboardRoutes(master, { hosts: ["localhost"], signal: AbortSignal.abort() });
  const response = await answer(new Request("http://localhost/api/jobs", { headers: { host: "localhost" } }));
  assertEquals([response.status, await response.json()], [503, DRAINING]);
});

Deno.test("a download through the dashboard is finished before the master stops", async () => {
  const sizeBytes = 32 * 1024 * 1024;
  await using t = await setUp({
    async runJob({ outputPath }) {
      await Deno.writeFile(outputPath, new Uint8Array(sizeBytes));
      const assembled = { sizeBytes, converted: [], notCarried: [] };
      return { assembled, notes: [] } as unknown as JobResult;
    },
  });
  await t.client.upload({ videoId: "film" }, streamOf(BYTES), RPC);
  const { id } = t.master.find("film")!;
  await untilState(t.master, id, "completed");
  const reader = (await fetch(`${t.address}/api/jobs/${id}/result?download`)).body!.getReader();
  let received = (await reader.read()).value!.length;
  let isDrained: boolean | undefined;
  const drained = t.drain(60_000).then((done) => isDrained = done);
  const late = await fetch(`${t.address}/api/jobs?video_id=late`, { method: "POST", body: BYTES });
  assertEquals([late.status, await late.json(), isDrained], [503, DRAINING, undefined]);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    received += piece.value.length;
  }
  assertEquals([received, await drained], [sizeBytes, true]);
});
