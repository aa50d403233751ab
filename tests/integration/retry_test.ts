import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { assertEquals, assertRejects } from "@std/assert";
import { type RetryOptions, withRetries } from "../../lib/fleet/retry.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { TransferError } from "../../lib/rpc/worker_client.ts";
import { FakeClock } from "../unit/fake_clock.ts";

function rpcError(code: status, { pushbackMs }: { pushbackMs?: number } = {}): RpcError {
  const metadata = new Metadata();
  if (pushbackMs !== undefined) metadata.set("grpc-retry-pushback-ms", String(pushbackMs));
  return new RpcError("w:1", Object.assign(new Error(), { code, details: "said", metadata }) as ServiceError);
}

const busy = (pushbackMs = 100): RpcError => rpcError(status.RESOURCE_EXHAUSTED, { pushbackMs });

/** Runs a call that fails with each of `errors` in turn and then succeeds, in a time of its own. */
async function run(errors: readonly Error[], options: Partial<RetryOptions> = {}) {
  const clock = new FakeClock();
  const waits: number[] = [];
  const callsMs: number[] = [];
  const call = () => {
    callsMs.push(clock.monotonicMs());
    clock.setBy(3_600_000); // nothing here goes by it
    const error = errors[callsMs.length - 1];
    return error ? Promise.reject(error) : Promise.resolve("done");
  };
  const onRetry = (_: Error, waitMs: number) => waits.push(waitMs);
  const result = withRetries(call, { attempts: 3, busyMs: 10_000, onRetry, clock, ...options })
    .catch((error) => error);
  await clock.advance(3_600_000);
  return { result: await result, waits, callsMs };
}

for (const code of ["INTERNAL", "UNAVAILABLE", "DATA_LOSS", "DEADLINE_EXCEEDED"] as const) {
  Deno.test(`withRetries() calls three times in all when the answer stays ${code}, and throws the last`, async () => {
    const errors = [1, 2, 3, 4].map(() => rpcError(status[code]));
    const { result, waits } = await run(errors);
    assertEquals(result, errors[2]);
    assertEquals(waits, [1_000, 2_000]);
  });
}

Deno.test("withRetries() gives what a later call gives", async () => {
  const { result, callsMs } = await run([rpcError(status.UNAVAILABLE), new TransferError("wrong bytes")]);
  assertEquals([result, callsMs], ["done", [0, 1_000, 3_000]]);
});

for (const code of ["INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"] as const) {
  Deno.test(`withRetries() does not call again after ${code} without a pushback`, async () => {
    const error = rpcError(status[code]);
    const { result, callsMs } = await run([error]);
    assertEquals([result, callsMs], [error, [0]]);
  });
}

Deno.test("withRetries() does not call again after an error that is not the worker's", async () => {
  const error = new TypeError("a bug");
  assertEquals((await run([error])).result, error);
});

Deno.test("withRetries() waits as long as a busy worker asks, tells it once, and uses up no try", async () => {
  const errors = [...Array.from({ length: 10 }, () => busy(250)), rpcError(status.INTERNAL)];
  const { result, waits, callsMs } = await run(errors);
  assertEquals(result, "done");
  assertEquals(waits, [250, 1_000]);
  assertEquals(callsMs.slice(0, 4), [0, 250, 500, 750]);
});

Deno.test("withRetries() gives a worker up that is busy for too long", async () => {
  const { result, callsMs } = await run(Array.from({ length: 1_000 }, () => busy(1_000)));
  assertEquals((result as RpcError).code, "RESOURCE_EXHAUSTED");
  assertEquals(callsMs.at(-1), 10_000);
});

Deno.test("withRetries() neither asks without a pause nor waits for ever, whatever the worker asks for", async () => {
  const { callsMs } = await run([busy(0), busy(2 ** 40)], { busyMs: 1_000_000 });
  assertEquals(callsMs, [0, 20, 60_020]);
});

Deno.test("withRetries() ends a wait with the signal's reason", async () => {
  const stop = new AbortController();
  const call = () => Promise.reject(busy(60_000));
  const result = withRetries(call, {
    attempts: 3,
    busyMs: 1e6,
    onRetry: () => stop.abort(new DOMException("stop", "AbortError")),
    signal: stop.signal,
  });
  await assertRejects(() => result, DOMException, "stop");
});
