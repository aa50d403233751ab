/** Which of a fleet's workers take no work, and why: told once a change. */
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";

/** A worker takes no work from now on, or does again. */
export interface WorkerEvent {
  readonly kind: "worker";
  readonly worker: string;
  readonly takesWork: boolean;
  /** Why it takes none; empty where it does. */
  readonly reason: string;
}

/**
 * Why a worker gets no chunks; empty: it does, or is not known well enough.
 *
 * @param build That the job keeps to; undefined: not known yet.
 */
export function whyNoWork({ state, reason, builds }: WorkerView, build: string | undefined): string {
  if (reason !== "") return reason;
  if (state === "unhealthy" || state === "set-aside") return state;
  const own = Object.values(builds);
  if (build === undefined || own.length === 0 || own.includes(build)) return "";
  return `it encodes with ${own.join(", ")}, and the job keeps to ${build}`;
}

/** Pure, but for what it remembers. */
export class WorkerNews {
  #build: string | undefined;
  /** What has been told of each worker, of those that do not or did not take work. */
  readonly #told = new Map<string, Standing>();
  readonly #reasons = new Map<string, string>();
  /** Those that have been given a chunk. */
  readonly #used = new Set<string>();

  note(event: JobEvent): void {
    if (event.kind === "planned") this.#build = event.build;
    if (event.kind === "started") this.#used.add(event.worker);
  }

  /** What is to be told, now that the workers are so. */
  changes(workers: readonly WorkerView[]): WorkerEvent[] {
    return workers.flatMap((view): WorkerEvent[] => {
      const { address: worker } = view;
      const reason = whyNoWork(view, this.#build);
      if (reason !== "") this.#reasons.set(worker, reason);
      const before = this.#told.get(worker) ?? "well";
      const now = standingOf(view, reason) ?? before;
      if (now === before) return [];
      this.#told.set(worker, now);
      if (now === "well") this.#reasons.delete(worker);
      return [{ kind: "worker", worker, takesWork: now === "well", reason: now === "well" ? "" : reason }];
    });
  }

  /** Of each worker that had no chunk, though it would have been given some: a sentence with the last reason. */
  absences(workers: readonly WorkerView[]): string[] {
    this.changes(workers);
    return workers.flatMap(({ address }) => {
      const reason = this.#reasons.get(address);
      if (reason === undefined || this.#used.has(address)) return [];
      return [`Worker ${address} took no part: ${reason}`];
    });
  }
}

/** "away": it cannot be reached, refuses, or says that it takes no work. "unfit": it has not the build. */
type Standing = "well" | "away" | "set-aside" | "unfit";

/** @returns Undefined where it is not known yet, or may pass with the next check: it stays as it was. */
function standingOf({ state, builds }: WorkerView, reason: string): Standing | undefined {
  switch (state) {
    case "set-aside":
      return "set-aside";
    case "unhealthy":
      return "away";
    case "suspect":
      return undefined;
    case "unknown":
      return reason === "" ? undefined : "away";
    case "healthy":
      if (reason !== "") return "unfit";
      return Object.keys(builds).length === 0 ? undefined : "well";
  }
}

/** What a fleet has to tell of its workers. */
export interface WatchedFleet {
  workers(): readonly WorkerView[];
  onChange(tell: () => void): Disposable;
}

export interface WorkerWatch extends Disposable {
  /** Of the job: what it keeps to, and who works for it. */
  note(event: JobEvent): void;
  /** See {@link WorkerNews.absences}. */
  absences(): string[];
  /** Aborts when `options.signal` does, and when something could not be told. */
  readonly signal: AbortSignal;
}

/** Tells how workers are, from the first change on, until it is disposed of or the signal aborts. */
export function watchWorkers(
  fleet: WatchedFleet,
  tell: (event: WorkerEvent) => void,
  options: { readonly signal: AbortSignal },
): WorkerWatch {
  const news = new WorkerNews();
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const look = (): void => {
    if (signal.aborted) return;
    try {
      for (const event of news.changes(fleet.workers())) tell(event);
    } catch (error) {
      failed.abort(error); // the fleet, which has called, can do nothing about it
    }
  };
  const watch = fleet.onChange(look);
  look();
  return {
    note(event) {
      news.note(event);
      if (event.kind === "planned") look();
    },
    absences: () => news.absences(fleet.workers()),
    signal,
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}
