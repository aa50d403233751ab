/** One chunk, from its first attempt to the shard that was accepted. */
import { StoreFullError, StoreUnwritableError } from "../store/store_errors.ts";
import { currentTrace, withSpan, withTrace } from "../trace.ts";
import { type Failure, isPoison } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import { type ChunkTask, PoisonChunkError, type ShardRef, type TaskEvent } from "./fleet.ts";
import { followSignal, untilAborted } from "../abort_signals.ts";
import type { Lease, Member } from "./member.ts";
import type { Diagnosis } from "./worker_port.ts";

export type Accept<T> = (shard: ShardRef, signal: AbortSignal) => Promise<T>;

/** What a run needs of its fleet. */
export interface ChunkRunTools {
  readonly clock: Clock;
  /**
   * A place for the next attempt, in its turn.
   *
   * @param failedMs When the chunk last failed, by the monotonic clock; -Infinity: it has not.
   * @throws {WorkersLostError} @throws The signal's reason.
   */
  acquire(failures: readonly Failure[], failedMs: number): Promise<Lease>;
  release(lease: Lease): void;
  /** Addresses of the workers that could do the chunk, now or when they are back. */
  able(): readonly string[];
  /** A worker has encoded the chunk, whatever its shard is worth. */
  onEncoded(member: Member, seconds: number): void;
  onAccepted(member: Member): void;
  onFailed(member: Member, diagnosis: Diagnosis): void;
  /** Another worker was faster. */
  onSuperseded(member: Member): void;
  /** It failed at a chunk that another worker has done. */
  onBlamed(member: Member, reason: string): void;
}

/** An attempt that runs. */
export interface RunningAttempt {
  readonly number: number;
  readonly lease: Lease;
  /** By the monotonic clock. */
  readonly startedMs: number;
  /** Since when its shard is fetched and checked; undefined: it is not made yet. */
  acceptingSinceMs: number | undefined;
  readonly stop: AbortController;
}

/** Why an attempt is ended from here: its worker has gone. */
class AbandonedError extends Error {
  override readonly name = "AbandonedError";
}

/** What became of an attempt. `superseded`: another one's shard was accepted. */
type Outcome =
  | { readonly kind: "accepted" | "superseded" | "cancelled" }
  | { readonly kind: Diagnosis["kind"] | "broken"; readonly reason: string };

/** The end of a round: all attempts of it failed, or one was accepted, or the chunk cannot go on. */
type RoundEnd<T> =
  | { readonly kind: "failed" }
  | { readonly kind: "accepted"; readonly value: T }
  | { readonly kind: "broken"; readonly error: unknown };

export class ChunkRun<T> {
  readonly task: ChunkTask;
  readonly #chunk: Uint8Array;
  readonly #accept: Accept<T>;
  readonly #onEvent: (event: TaskEvent) => void;
  readonly #tools: ChunkRunTools;
  readonly #signal: AbortSignal;
  readonly #running = new Map<number, RunningAttempt>();
  readonly #failures: (Failure & { readonly member: Member })[] = [];
  #failedMs = -Infinity;
  /** One after another, as long as the first is not late: two that keep the same shard do it in vain. */
  #accepting: Promise<unknown> = Promise.resolve();
  #attempts = 0;
  readonly #trace = currentTrace();
  #round = Promise.withResolvers<RoundEnd<T>>();
  /** The attempts of this round. */
  #started: Promise<void>[] = [];
  #isOver = false;

  constructor(
    { task, chunk, accept, onEvent, tools, signal }: {
      readonly task: ChunkTask;
      readonly chunk: Uint8Array;
      readonly accept: Accept<T>;
      readonly onEvent: (event: TaskEvent) => void;
      readonly tools: ChunkRunTools;
      readonly signal: AbortSignal;
    },
  ) {
    this.task = task;
    this.#chunk = chunk;
    this.#accept = accept;
    this.#onEvent = onEvent;
    this.#tools = tools;
    this.#signal = signal;
  }

  /**
   * @param first A place for the first attempt; undefined: there is none yet.
   * @throws {PoisonChunkError} @throws {WorkersLostError} @throws `signal.reason` once aborted.
   * @throws {StoreFullError} @throws {StoreUnwritableError} If `accept` does: that is no worker's fault.
   */
  async run(first: Lease | undefined): Promise<T> {
    let lease = first ?? await this.#tools.acquire(this.#failures, this.#failedMs);
    for (;;) {
      this.#round = Promise.withResolvers();
      this.#started = [this.#attempt(lease, { isHedge: false })];
      const end = await this.#round.promise;
      this.#isOver = end.kind !== "failed";
      for (const { stop } of this.#running.values()) stop.abort(LOST_THE_RACE);
      await Promise.all(this.#started);
      this.#signal.throwIfAborted();
      if (end.kind === "broken") throw end.error;
      if (end.kind === "accepted") return end.value;
      if (isPoison(this.#failures, this.#tools.able())) {
        throw new PoisonChunkError(this.task.chunkIndex, this.#failures.map(plainFailure));
      }
      lease = await this.#tools.acquire(this.#failures, this.#failedMs);
    }
  }

  /** The attempt that runs, where it is the only one and may be helped by a second. */
  get single(): RunningAttempt | undefined {
    const [attempt, ...others] = this.#running.values();
    if (!attempt || others.length > 0 || this.#isOver) return undefined;
    return attempt.lease.phase === "waiting" ? undefined : attempt;
  }

  /** Workers that have failed at the chunk, by address. */
  get failedOn(): ReadonlySet<string> {
    return new Set(this.#failures.flatMap(({ worker, kind }) => kind === "failed" ? [worker] : []));
  }

  /** Runs the chunk a second time, at another worker; the first shard that is accepted counts. */
  hedge(lease: Lease): void {
    const run = () => this.#attempt(lease, { isHedge: true });
    this.#started.push(withTrace(this.#trace, run)); // whoever calls this does it for all jobs
  }

  /** Waits for that worker no longer: what it still answers comes too late. */
  abandon(member: Member, reason: string): void {
    for (const { lease, stop } of this.#running.values()) {
      if (lease.member === member) stop.abort(new AbandonedError(reason));
    }
  }

  #attempt(lease: Lease, { isHedge }: { readonly isHedge: boolean }): Promise<void> {
    const { member } = lease;
    const { clock } = this.#tools;
    const attempt: RunningAttempt = {
      number: ++this.#attempts,
      lease,
      startedMs: clock.monotonicMs(),
      acceptingSinceMs: undefined,
      stop: new AbortController(),
    };
    this.#running.set(attempt.number, attempt);
    const facts = {
      "transcoder.chunk.index": this.task.chunkIndex,
      "transcoder.worker": member.address,
      "transcoder.attempt": attempt.number,
      "transcoder.hedge": isHedge,
    };
    return withSpan({ name: "encode attempt", facts }, async (span) => {
      const outcome = await this.#runAttempt(attempt, isHedge);
      span.note({ "transcoder.outcome": outcome.kind });
      if ("reason" in outcome) span.fail(outcome.reason);
    });
  }

  async #runAttempt(attempt: RunningAttempt, isHedge: boolean): Promise<Outcome> {
    const { lease, lease: { member } } = attempt;
    const unlink = followSignal(this.#signal, attempt.stop);
    try {
      this.#onEvent({ kind: "started", worker: member.address, attempt: attempt.number, isHedge });
      return await this.#outcomeOf(attempt);
    } catch (error) {
      return this.#breakOff(error); // whoever is told of it fails: no worker's fault
    } finally {
      unlink();
      this.#running.delete(attempt.number);
      this.#tools.release(lease);
      if (this.#running.size === 0) this.#round.resolve({ kind: "failed" });
    }
  }

  async #outcomeOf(attempt: RunningAttempt): Promise<Outcome> {
    const { member } = attempt.lease;
    try {
      const value = await this.#encodeAndAccept(attempt);
      this.#round.resolve({ kind: "accepted", value });
      this.#tools.onAccepted(member);
      for (const failure of this.#failures) {
        if (failure.kind === "failed" && failure.member !== member) {
          this.#tools.onBlamed(failure.member, failure.reason);
        }
      }
      return { kind: "accepted" };
    } catch (error) {
      return this.#noteEnd(attempt, error);
    }
  }

  /** Ends the chunk: it cannot go on. */
  #breakOff(error: unknown): Outcome {
    this.#isOver = true;
    this.#round.resolve({ kind: "broken", error });
    return { kind: "broken", reason: error instanceof Error ? error.message : String(error) };
  }

  async #encodeAndAccept(attempt: RunningAttempt): Promise<T> {
    const { number, lease, startedMs, stop: { signal } } = attempt;
    const { member } = lease;
    lease.phase = "encoding";
    const encoding = member.port.encode(this.task, this.#chunk, { signal });
    encoding.catch(() => {}); // what comes once it has been abandoned is of no interest
    const made = await untilAborted(encoding, signal);
    lease.phase = "accepting";
    attempt.acceptingSinceMs = this.#tools.clock.monotonicMs();
    this.#tools.onEncoded(member, (attempt.acceptingSinceMs - startedMs) / 1000);
    if (made.build !== this.task.build) {
      throw new Error(`it encoded with "${made.build}", not with "${this.task.build}"`);
    }
    return await this.#inTurn(
      attempt,
      () => this.#accept({ ...made, worker: member.address, attempt: number }, signal),
    );
  }

  /** The first shard that is accepted ends the race. One that was slow to come is not waited for by the second. */
  async #inTurn(attempt: RunningAttempt, task: () => Promise<T>): Promise<T> {
    const before = this.#accepting;
    const done = Promise.withResolvers<void>();
    this.#accepting = done.promise;
    try {
      if (!this.#isHelping(attempt)) await before;
      attempt.stop.signal.throwIfAborted();
      if (this.#isOver) throw LOST_THE_RACE;
      const value = await task();
      if (this.#isOver) throw LOST_THE_RACE;
      this.#isOver = true; // before the next one's turn
      return value;
    } finally {
      done.resolve();
    }
  }

  /** Whether it was begun because another one's shard did not come. */
  #isHelping({ startedMs }: RunningAttempt): boolean {
    return this.#running.values().some(({ acceptingSinceMs }) => (acceptingSinceMs ?? Infinity) < startedMs);
  }

  #noteEnd({ number, lease: { member }, stop }: RunningAttempt, error: unknown): Outcome {
    if (this.#signal.aborted) return { kind: "cancelled" };
    if (this.#isOver) {
      this.#tools.onSuperseded(member);
      return { kind: "superseded" };
    }
    if (error instanceof StoreFullError || error instanceof StoreUnwritableError) {
      return this.#breakOff(error);
    }
    const abandoned = stop.signal.reason;
    const diagnosis: Diagnosis = abandoned instanceof AbandonedError
      ? { kind: "lost", reason: abandoned.message }
      : member.port.diagnose(error);
    this.#tools.onFailed(member, diagnosis);
    const { kind, reason } = diagnosis;
    if (kind === "busy") {
      this.#onEvent({ kind: "refused", worker: member.address, attempt: number });
      return diagnosis;
    }
    if (kind === "failed" || kind === "lost") {
      this.#failures.push({ member, worker: member.address, reason, kind });
    }
    if (kind === "failed") this.#failedMs = this.#tools.clock.monotonicMs();
    this.#onEvent({ kind: "failed", worker: member.address, attempt: number, reason });
    return diagnosis;
  }
}

/** Another attempt was accepted first. */
const LOST_THE_RACE = new DOMException("Another worker was faster", "AbortError");

const plainFailure = ({ worker, reason }: Failure) => ({ worker, reason });
