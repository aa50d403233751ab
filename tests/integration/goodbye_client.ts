/**
 * A client that fetches a shard many times over, and then finds its worker gone. Arguments: the worker's address,
 * the shard's location. Prints "fetched" when it has; told by SIGUSR1 that the worker is gone, how a call fails.
 */
import { writeOut } from "../../lib/cli/output.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";

const FETCHES = 40;
const AT_ONCE = 3;

if (import.meta.main) {
  const [address, shardLocation] = Deno.args;
  using client = connectWorker(address!);
  let left = FETCHES;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const shard = await client.getShard(shardLocation!, { timeoutMs: 30_000 });
      await shard.pipeTo(new WritableStream());
    }
  }));
  const told = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR1", told.resolve);
  writeOut("fetched\n");
  await told.promise; // no call is under way when the worker goes
  Deno.removeSignalListener("SIGUSR1", told.resolve);
  try {
    await client.checkHealth("client", { timeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    writeOut(`${error.code}\n`);
  }
}
