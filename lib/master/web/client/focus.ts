/// <reference lib="dom" />
/** Where the focus goes when what had it goes: the browser would take it to the top of the page. */
import { useLayoutEffect } from "preact/hooks";

type ElementRef = { readonly current: HTMLElement | null };

/**
 * Once a change has taken away what had the focus, what is left of its surroundings gets it. Where several of those
 * are one within the other, it is the innermost.
 *
 * @param refuge Gets the focus; it can have it by `tabIndex={-1}`.
 * @param home Where the focus must have been; absent: anywhere on the page.
 */
export function useFocusRefuge(refuge: ElementRef, home?: ElementRef): void {
  const focused = document.activeElement; // drawing comes before the change
  const wasAtHome = home === undefined || (home.current?.contains(focused) ?? false);
  useLayoutEffect(() => {
    if (focused?.isConnected || document.activeElement !== document.body) return;
    if (wasAtHome) refuge.current?.focus();
  });
}
