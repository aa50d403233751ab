/** Whoever asks for pages and reads none keeps no server from its end. */
import { assertEquals } from "@std/assert";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { fakeDashboardMaster } from "./fake_dashboard_master.ts";
import { startInProcess } from "./in_process_worker.ts";
import { connectRaw, type RawConnection } from "./raw_http2.ts";
import { within } from "./within.ts";

// a connection whose answers nobody reads ends some time after that one has gone, which nothing tells
Deno.test.sanitizer({ ops: false, resources: false });

/** Without an end to what nobody reads, a server would wait for ever. */
const STOP_MS = 30_000;

/** Asks for a page again and again, until the server waits for somebody who reads its answers. */
async function askAndReadNothing(address: string, path: string): Promise<RawConnection> {
  const connection = await connectRaw(address);
  const asked = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(1_000);
  while (await connection.write(new TextEncoder().encode(asked)));
  return connection;
}

Deno.test("a worker stops although somebody asks for its metrics and reads no answer", async () => {
  await using t = await startInProcess({ metricsPort: 0 });
  using _greedy = await askAndReadNothing(t.worker.metricsAddress!, "/metrics");
  assertEquals(await within(STOP_MS, t.worker.drain(0)), true);
});

Deno.test("the dashboard stops although somebody asks for its page and reads no answer", async () => {
  await using master = fakeDashboardMaster();
  const stop = new AbortController();
  const dashboard = serveDashboard(master, { host: "127.0.0.1", port: 0, signal: stop.signal });
  using _greedy = await askAndReadNothing(dashboard.address, "/");
  stop.abort();
  await within(STOP_MS, dashboard.finished);
});
