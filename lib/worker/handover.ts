/** Shards on their way to whoever had them made, which a worker that is to stop waits for a little. */
import { createReadOut } from "../rpc/read_out.ts";
import type { CallContext } from "../rpc/server_call.ts";
import { createUnderWay } from "../under_way.ts";

/**
 * How long after its answer a shard is waited for. Whoever had it made begins to fetch it within milliseconds, a
 * master on a machine without a free moment within seconds. One who wants nothing of it must not hold up the end.
 */
const FETCHED_WITHIN_MS = 3_000;

export interface HandoverLimits {
  /** How long after its answer a shard is waited for. Default 3 s. */
  readonly fetchedWithinMs: number;
  /** How long after its last byte was sent a shard may take to be read. Default 500 ms. */
  readonly readWithinMs: number;
}

/** Disposing of it ends all waits. */
export interface Handover extends Disposable {
  /** Fetches that run. */
  readonly fetches: number;
  /** A chunk is being done: it counts until it is disposed of, so that there is no gap before its shard does. */
  expect(): Disposable;
  /** Somebody has been told of a shard, and has yet to fetch it. @param connection Aborts once they have gone. */
  answered(location: string, connection: AbortSignal): void;
  /** A call that fetches a shard has begun. */
  fetching(location: string, call: CallContext): void;
  /** Whoever hangs up from now on may come back for shards that are made from now on. */
  startDraining(): void;
  /** Resolves as soon as nothing is waited for. */
  idle(): Promise<void>;
}

export function createHandover(
  { fetchedWithinMs = FETCHED_WITHIN_MS, readWithinMs }: Partial<HandoverLimits> = {},
): Handover {
  const waits = createUnderWay();
  const fetches = createReadOut(readWithinMs);
  const timed = new Set<TimedWait>();
  let isDraining = false;

  function end(one: TimedWait): void {
    clearTimeout(one.timer);
    timed.delete(one);
    one.wait[Symbol.dispose]();
  }

  return {
    get fetches() {
      return fetches.calls;
    },
    expect: () => waits.begin(),
    answered(location, connection) {
      const wait = waits.begin(isDraining ? undefined : connection);
      const timer = setTimeout(() => end(one), fetchedWithinMs);
      const one: TimedWait = { wait, timer, location };
      timed.add(one);
    },
    fetching(location, call) {
      if (call.signal.aborted) return;
      fetches.follow(call);
      for (const one of timed) if (one.location === location) end(one);
    },
    startDraining() {
      isDraining = true;
    },
    async idle() {
      while (waits.count + fetches.count > 0) await Promise.all([waits.idle(), fetches.idle()]);
    },
    [Symbol.dispose]() {
      for (const one of timed) end(one);
      fetches[Symbol.dispose]();
    },
  };
}

/** For the fetch of a shard; ends by itself. */
interface TimedWait {
  readonly wait: Disposable;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly location: string;
}
