/** What a master tells those who watch it, as server-sent events. */
import type { Master } from "../master.ts";
import { isFinal, type JobView, type MasterEvent } from "../job_view.ts";
import { JobNotFoundError } from "../master_errors.ts";

type Watched = Pick<Master, "watch" | "jobs" | "job">;

export interface EventStreamOptions {
  readonly signal: AbortSignal;
  /** After so long without news, a comment shows that the connection is alive. */
  readonly heartbeatMs: number;
}

/** Begins each stream: which jobs there are, so that a page which comes back forgets those that are gone. */
export interface HelloEvent {
  readonly kind: "hello";
  readonly jobIds: readonly string[];
  /** The master's clock, in milliseconds since 1970: it may differ from that of the page. */
  readonly nowMs: number;
}

export type DashboardEvent = HelloEvent | MasterEvent;

/** How soon a browser tries again. */
const RETRY_MS = 1_000;
/** What may wait for a slow reader here; what is past that waits in the master, which keeps only the last. */
const BUFFER_BYTES = 64 * 1024;

/**
 * All jobs, all workers, and the chunks of the jobs that are not over; then what changes. Ends with the signal.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventStream(
  master: Watched,
  { signal, heartbeatMs }: EventStreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const over = new AbortController();
  const encoder = new TextEncoder();
  const frames = eventFrames(master, { signal: AbortSignal.any([signal, over.signal]), heartbeatMs });
  return new ReadableStream({
    async pull(controller) {
      const next = await frames.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      over.abort(new DOMException("The reader has left", "AbortError"));
      // it may stand between two events, where no signal reaches it
      await frames.return(undefined);
    },
  }, { highWaterMark: BUFFER_BYTES, size: (frame) => frame?.byteLength ?? 0 });
}

async function* eventFrames(
  master: Watched,
  { signal, heartbeatMs }: EventStreamOptions,
): AsyncGenerator<string> {
  const events = master.watch({ signal })[Symbol.asyncIterator]();
  const introduced = new Set<string>();
  try {
    // asked for before the jobs are listed: one that goes in between is then told of as removed
    let next = events.next();
    const hello: HelloEvent = { kind: "hello", jobIds: master.jobs().map(({ id }) => id), nowMs: Date.now() };
    yield `retry: ${RETRY_MS}\n${frameOf(hello)}`;
    while (true) {
      const event = await orHeartbeat(next, heartbeatMs);
      if (event === "heartbeat") {
        yield ":\n\n";
        continue;
      }
      if (event.done) return;
      yield frameOf(event.value);
      if (event.value.kind === "job" && !introduced.has(event.value.job.id)) {
        introduced.add(event.value.job.id);
        for (const chunk of chunksSoFar(master, event.value.job)) yield frameOf(chunk);
      }
      // not earlier: what is told of a chunk must not be older than what was just said of it
      next = events.next();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await events.return?.();
  }
}

/** None of a job that is over: they may be thousands, and a page asks for them when somebody wants to see them. */
function chunksSoFar(master: Watched, { id, state }: JobView): MasterEvent[] {
  if (isFinal(state)) return [];
  try {
    return master.job(id).chunks.map((chunk) => ({ kind: "chunk", jobId: id, chunk }));
  } catch (error) {
    if (error instanceof JobNotFoundError) return []; // it has just been removed, and the next event says so
    throw error;
  }
}

const frameOf = (event: DashboardEvent): string => `data: ${JSON.stringify(event)}\n\n`;

async function orHeartbeat<T>(next: Promise<T>, heartbeatMs: number): Promise<T | "heartbeat"> {
  const quiet = Promise.withResolvers<"heartbeat">();
  const timer = setTimeout(() => quiet.resolve("heartbeat"), heartbeatMs);
  try {
    return await Promise.race([next, quiet.promise]);
  } finally {
    clearTimeout(timer);
  }
}
