/** Signals that ask the process to end. */
import { isScreen, RESTORE_TERMINAL } from "./terminal.ts";

/** The exit code of a command that was interrupted. */
export const INTERRUPTED = 130;

/**
 * A signal that comes again within this, in milliseconds, is the same one: a terminal sends SIGINT to all of its
 * foreground processes, and `deno task`, being one of them, hands it on to the command, which so gets it twice.
 */
export const SAME_SIGNAL_MS = 500;

export interface Interrupt extends Disposable {
  /** Aborted, with an `AbortError`, by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Turns SIGINT and SIGTERM into an abort. A second one ends the process at once, unless it is the first that came
 * twice (see {@link SAME_SIGNAL_MS}). Disposing it leaves signals to their defaults again.
 */
export function interruptSignal(): Interrupt {
  const interrupted = new AbortController();
  let first: { readonly name: Deno.Signal; readonly atMs: number } | undefined;
  const onSignal = (name: Deno.Signal): void => {
    const nowMs = performance.now();
    if (!first) {
      first = { name, atMs: nowMs };
      return interrupted.abort(new DOMException("Interrupted", "AbortError"));
    }
    if (name !== first.name || nowMs - first.atMs >= SAME_SIGNAL_MS) exitNow();
  };
  const names: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const listeners = names.map((name) => [name, () => onSignal(name)] as const);
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    signal: interrupted.signal,
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

function exitNow(): never {
  const isHidden = isScreen(Deno.stderr.isTerminal());
  if (isHidden) Deno.stderr.writeSync(new TextEncoder().encode(RESTORE_TERMINAL));
  Deno.exit(INTERRUPTED);
}
