/** The end of work that another may end, and that ends itself at its first failure. */
import { followSignal } from "../abort_signals.ts";

/** Disposing of it lets go of the signal that it follows. */
export interface Ending extends Disposable {
  /** Aborts with the one that it follows, and by {@link Ending.end}. */
  readonly signal: AbortSignal;
  /** The first reason counts. */
  readonly end: (reason?: unknown) => void;
}

export function endingWith(followed: AbortSignal): Ending {
  const own = new AbortController();
  const unfollow = followSignal(followed, own);
  return { signal: own.signal, end: (reason) => own.abort(reason), [Symbol.dispose]: unfollow };
}
