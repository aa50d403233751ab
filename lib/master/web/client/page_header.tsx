/** @jsxImportSource preact */
/// <reference lib="dom" />
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FACTS } from "./facts.ts";
import { type Connection, logOut } from "./server.ts";

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
      {FACTS.hasLogin && <button type="button" class="quiet" onClick={() => logOut()}>Log out</button>}
    </header>
  );
}

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Follows the system until it is used. */
function ThemeSwitch(): VNode {
  const [chosen, setChosen] = useState(localStorage.getItem("theme"));
  const [systemIsDark, setSystemIsDark] = useState(DARK.matches);
  useEffect(() => {
    const follow = () => setSystemIsDark(DARK.matches);
    DARK.addEventListener("change", follow);
    follow(); // it may have changed since it was drawn
    return () => DARK.removeEventListener("change", follow);
  }, []);
  const isDark = chosen === null ? systemIsDark : chosen === "dark";

  function toggle(): void {
    const next = isDark ? "light" : "dark";
    localStorage.setItem("theme", next);
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
