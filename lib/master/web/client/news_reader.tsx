/** @jsxImportSource preact */
/** Says aloud, to those who do not see the page, what happens to the jobs. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JobEntry } from "./dashboard_state.ts";
import { nameOf, STATE_TEXTS } from "./job_texts.ts";

/** Not every percent: that would never be silent. */
const STEP_PERCENT = 25;

export function NewsReader({ jobs }: { readonly jobs: readonly JobEntry[] }): VNode {
  const told = useRef<ReadonlyMap<string, string> | undefined>(undefined);
  const [news, setNews] = useState("");
  useEffect(() => {
    const now = new Map(jobs.map(({ job }) => [job.id, newsOf(job)]));
    const before = told.current;
    told.current = now;
    // what was there when the page was opened is no news
    if (before === undefined || before.size === 0) return;
    const fresh = jobs.filter(({ job }) => before.get(job.id) !== now.get(job.id));
    if (fresh.length > 0) setNews(fresh.map(({ job }) => `${nameOf(job)}: ${now.get(job.id)}`).join(". "));
  }, [jobs]);
  return <p class="for-ears" aria-live="polite">{news}</p>;
}

function newsOf({ state, percent, failure }: JobEntry["job"]): string {
  if (state === "processing") return `${Math.floor(percent / STEP_PERCENT) * STEP_PERCENT} percent`;
  return [STATE_TEXTS[state], ...(failure ? [failure.message] : [])].join(". ");
}
