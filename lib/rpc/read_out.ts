/** Downloads that a server which is to stop waits for, until whoever asked for them has read them. */
import { createUnderWay } from "../under_way.ts";
import type { CallContext } from "./server_call.ts";

/**
 * How long after its last byte was sent an answer may take to be read. A client of grpc-js that has all of it, and
 * has read not quite all, takes the call for failed when the connection ends.
 */
const READ_WITHIN_MS = 500;

/** Disposing of it ends all waits. */
export interface ReadOut extends Disposable {
  /** Calls that run. */
  readonly calls: number;
  /** How many are waited for: calls that run, and answers that may not be read yet. */
  readonly count: number;
  /** A call has begun. */
  follow(call: CallContext): void;
  /** Resolves as soon as nothing is waited for. */
  idle(): Promise<void>;
}

export function createReadOut(readWithinMs = READ_WITHIN_MS): ReadOut {
  const calls = createUnderWay();
  const waits = createUnderWay();
  const reading = new Set<() => void>();

  function waitForReader(wait: Disposable, connection: AbortSignal): void {
    const timer = setTimeout(end, readWithinMs);
    connection.addEventListener("abort", end, { once: true });
    reading.add(end);
    if (connection.aborted) end();

    function end(): void {
      clearTimeout(timer);
      connection.removeEventListener("abort", end);
      reading.delete(end);
      wait[Symbol.dispose]();
    }
  }

  return {
    get calls() {
      return calls.count;
    },
    get count() {
      return waits.count;
    },
    follow({ signal, connection }) {
      if (signal.aborted) return;
      calls.begin(signal);
      const wait = waits.begin();
      signal.addEventListener("abort", () => waitForReader(wait, connection), { once: true });
    },
    idle: () => waits.idle(),
    [Symbol.dispose]() {
      for (const end of reading) end();
    },
  };
}
