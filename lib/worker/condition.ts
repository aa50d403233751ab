/** Keeps what a worker knows of itself up to date, so that CheckHealth only reads it. */
import type { ShardStore } from "../store/shard_store.ts";
import { assessCondition, type Verdict } from "./health.ts";

export interface ConditionWatch extends AsyncDisposable {
  verdict(): Verdict;
  startDraining(): void;
  /** Looks again now, as after a shard that could not be stored. */
  refresh(): Promise<void>;
}

/** How long a store may be broken before health says so, where no chunk found out first. */
const PROBE_INTERVAL_MS = 10_000;

/** @param onChange Told whenever healthy turns unhealthy or back. */
export function watchCondition(
  store: Pick<ShardStore, "checkWritable" | "freeBytes">,
  { onChange }: { onChange: (verdict: Verdict) => void },
): ConditionWatch {
  let isDraining = false;
  let storeProblem: string | undefined;
  let freeBytes: number | undefined;
  let wasHealthy = true;
  let probing: Promise<void> | undefined;

  const verdict = () => assessCondition({ isDraining, storeProblem, freeBytes });

  function tell(): void {
    const now = verdict();
    if (now.isHealthy !== wasHealthy) onChange(now);
    wasHealthy = now.isHealthy;
  }

  async function probe(): Promise<void> {
    freeBytes = await store.freeBytes().catch(() => undefined);
    storeProblem = await store.checkWritable().then(() => undefined, reasonOf);
    tell();
  }

  const refresh = () => probing ??= probe().finally(() => probing = undefined);
  const timer = setInterval(refresh, PROBE_INTERVAL_MS);

  return {
    verdict,
    refresh,
    startDraining() {
      isDraining = true;
      tell();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await probing;
    },
  };
}

const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);
