/** What a client of a worker takes from others: where to connect, and what the worker says. */
import { assertEquals } from "@std/assert";
import { Client } from "@grpc/grpc-js";
import { channelTo } from "../../lib/rpc/channel.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startFakeWorker } from "./fake_worker.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 10_000 };
const LONG = "x".repeat(100_000);
const CUT = `${"x".repeat(499)}…`;

Deno.test("of what a worker says of itself, the beginning is kept", async () => {
  using worker = await startFakeWorker({ health: { workerId: LONG, message: LONG }, build: LONG });
  using client = connectWorker(worker.address);
  const { workerId, message } = await client.checkHealth("master", RPC);
  const { codecs } = await client.getCapabilities([], RPC);
  const header = { videoId: "film", chunkIndex: 0, totalChunks: 1 };
  const { encoder } = await client.processChunk(header, new Uint8Array(10), RPC);
  // what it encoded with is still what it said it would
  assertEquals([workerId, message, codecs[0]!.encoder, encoder], [CUT, CUT, CUT, CUT]);
});

for (const address of ["unix:1", "dns:1", "ipv4:1", "localhost:1", "10.0.0.1:1", "[::1]:1"]) {
  Deno.test(`${address} is a host and its port, and no other kind of address`, () => {
    const client = new Client(...channelTo(address, undefined));
    const target = client.getChannel().getTarget();
    client.close();
    assertEquals(target, `dns:${address}`);
  });
}
