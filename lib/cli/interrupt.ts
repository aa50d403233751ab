/** Signals that ask the process to end. */
import { RESTORE_TERMINAL } from "./terminal.ts";

/** The exit code of a command that was interrupted. */
export const INTERRUPTED = 130;

export interface Interrupt extends Disposable {
  /** Aborted, with an `AbortError`, by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Turns SIGINT and SIGTERM into an abort. A second one ends the process at once. Disposing it leaves signals
 * to their defaults again.
 */
export function interruptSignal(): Interrupt {
  const interrupted = new AbortController();
  const onSignal = (): void => {
    if (interrupted.signal.aborted) exitNow();
    interrupted.abort(new DOMException("Interrupted", "AbortError"));
  };
  const names: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  for (const name of names) Deno.addSignalListener(name, onSignal);
  return {
    signal: interrupted.signal,
    [Symbol.dispose]() {
      for (const name of names) Deno.removeSignalListener(name, onSignal);
    },
  };
}

function exitNow(): never {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(RESTORE_TERMINAL));
  Deno.exit(INTERRUPTED);
}
