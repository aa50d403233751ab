/** Tells whoever watches what is new: each at their own pace, without a pile for the slow. */
import type { MasterEvent } from "./job_view.ts";

export interface WatchRequest {
  /** What there is now; asked for once the watch has begun, so that nothing falls between. */
  readonly initial: () => Iterable<MasterEvent>;
  /** What this watcher wants to know of. */
  readonly wants: (event: MasterEvent) => boolean;
  /** Whether nothing can follow; the watch ends once the watcher has all there is. */
  readonly isLast: (event: MasterEvent) => boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface EventHub {
  readonly watchers: number;
  publish(event: MasterEvent): void;
  watch(request: WatchRequest): AsyncGenerator<MasterEvent, void, undefined>;
}

/** @param onWatchers Told when the number of watchers goes from none to one and back. */
export function createEventHub(onWatchers: (isWatched: boolean) => void = () => {}): EventHub {
  const queues = new Set<WatchQueue>();

  async function* watch({ initial, wants, isLast, signal }: WatchRequest) {
    if (signal.aborted) return;
    const queue = new WatchQueue(wants, isLast);
    const wake = () => queue.wake();
    queues.add(queue);
    if (queues.size === 1) onWatchers(true);
    signal.addEventListener("abort", wake, { once: true });
    try {
      queue.fill(initial());
      while (!signal.aborted) {
        const event = queue.take();
        if (event) yield event;
        else if (queue.isOver) return;
        else await queue.news();
      }
    } finally {
      signal.removeEventListener("abort", wake);
      queues.delete(queue);
      if (queues.size === 0) onWatchers(false);
    }
  }

  return {
    get watchers() {
      return queues.size;
    },
    publish(event) {
      for (const queue of queues) queue.put(event);
    },
    watch,
  };
}

/** The last of what is new about each thing, in the order in which it first was. */
class WatchQueue {
  readonly #wants: WatchRequest["wants"];
  readonly #isLast: WatchRequest["isLast"];
  readonly #waiting = new Map<string, MasterEvent>();
  #news = Promise.withResolvers<void>();
  isOver = false;

  constructor(wants: WatchRequest["wants"], isLast: WatchRequest["isLast"]) {
    this.#wants = wants;
    this.#isLast = isLast;
  }

  put(event: MasterEvent): void {
    if (this.isOver || !this.#wants(event)) return;
    this.#waiting.set(subjectOf(event), event);
    if (this.#isLast(event)) this.isOver = true;
    this.wake();
  }

  /** The last event may be among these, and others after it. */
  fill(events: Iterable<MasterEvent>): void {
    for (const event of events) {
      this.#waiting.set(subjectOf(event), event);
      if (this.#isLast(event)) this.isOver = true;
    }
  }

  take(): MasterEvent | undefined {
    const [next] = this.#waiting;
    if (!next) return undefined;
    const [subject, event] = next;
    this.#waiting.delete(subject);
    return event;
  }

  async news(): Promise<void> {
    await this.#news.promise;
  }

  wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

function subjectOf(event: MasterEvent): string {
  switch (event.kind) {
    case "job":
      return `job ${event.job.id}`;
    case "removed":
      return `job ${event.jobId}`;
    case "chunk":
      return `chunk ${event.jobId} ${event.chunk.index}`;
    case "workers":
      return "workers";
  }
}
