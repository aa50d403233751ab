/** @jsxImportSource preact */
/** Says aloud, to those who do not see the page, what happens to the jobs. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JobEntry } from "./dashboard_state.ts";
import { nameOf, STATE_TEXTS } from "./job_texts.ts";

/** Not every percent: that would never be silent. */
const STEP_PERCENT = 25;

export interface NewsReaderProps {
  readonly jobs: readonly JobEntry[];
  /** Whether these are all; what comes after that is news. */
  readonly isKnown: boolean;
}

export function NewsReader({ jobs, isKnown }: NewsReaderProps): VNode {
  const told = useRef<ReadonlyMap<string, string> | undefined>(undefined);
  const [news, setNews] = useState("");
  useEffect(() => {
    if (!isKnown) return;
    const now = new Map(jobs.map(({ job }) => [job.id, newsOf(job)]));
    const before = told.current;
    told.current = now;
    if (before === undefined) return; // what was there when the page was opened is no news
    const fresh = jobs.filter(({ job }) => before.get(job.id) !== now.get(job.id));
    if (fresh.length > 0) setNews(fresh.map(({ job }) => `${nameOf(job)}: ${now.get(job.id)}`).join(". "));
  }, [jobs, isKnown]);
  return <p class="for-ears" aria-live="polite">{news}</p>;
}

function newsOf({ state, percent, failure }: JobEntry["job"]): string {
  if (state === "processing") return `${Math.floor(percent / STEP_PERCENT) * STEP_PERCENT} percent`;
  return [STATE_TEXTS[state], ...(failure ? [failure.message] : [])].join(". ");
}
