/** @jsxImportSource preact */
/// <reference lib="dom" />
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FACTS } from "./facts.ts";
import type { Connection } from "./server.ts";

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting…",
  open: "Live",
  lost: "Reconnecting…",
};

export function PageHeader({ connection }: { readonly connection: Connection }): VNode {
  return (
    <header class="page-header">
      <h1>
        <img src="/assets/icon.svg" alt="" width="28" height="28" />
        Transcoder
      </h1>
      <span class={`connection ${connection}`} role="status">{CONNECTIONS[connection]}</span>
      <ThemeSwitch />
      {FACTS.hasLogin && (
        // leaves the page as a link does, so that it can first be asked whether an upload is to end
        <form method="post" action="/logout">
          <button type="submit" class="quiet">Log out</button>
        </form>
      )}
    </header>
  );
}

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Follows the system until it is used. */
function ThemeSwitch(): VNode {
  const [chosen, setChosen] = useState(document.documentElement.dataset["theme"]); // by theme.ts
  const [systemIsDark, setSystemIsDark] = useState(DARK.matches);
  useEffect(() => {
    const follow = () => setSystemIsDark(DARK.matches);
    DARK.addEventListener("change", follow);
    follow(); // it may have changed since it was drawn
    return () => DARK.removeEventListener("change", follow);
  }, []);
  const isDark = chosen === undefined ? systemIsDark : chosen === "dark";

  function toggle(): void {
    const next = isDark ? "light" : "dark";
    remember(next);
    document.documentElement.dataset["theme"] = next;
    setChosen(next);
  }

  return (
    <button type="button" class="quiet theme" aria-pressed={isDark} onClick={toggle}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
      <span>Dark</span>
    </button>
  );
}

function remember(theme: string): void {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // the browser lets nothing be stored: it holds until the page is left
  }
}
