/** Gives out the places that workers have. */
import { type Failure, leastFailed, PATIENCE_MS, retryWaitMs } from "./attempts.ts";
import { type Candidate, chooseHedge, chooseWorker } from "./choose_worker.ts";
import type { ChunkRun } from "./chunk_run.ts";
import type { Clock } from "./clock.ts";
import { WorkersLostError } from "./fleet.ts";
import { untilAborted } from "../abort_signals.ts";
import type { Lease, Member } from "./member.ts";
import type { News } from "./news.ts";
import { inTurn, type JobShare, type Turn } from "./place_queue.ts";
import type { Roster } from "./roster.ts";
import type { Speeds } from "./speeds.ts";

export interface DispatcherOptions {
  readonly roster: Roster;
  readonly speeds: Speeds;
  readonly news: News;
  /** How long to wait where there is no worker at all. */
  readonly giveUpMs: number;
  /** Whether slow chunks are run a second time. */
  readonly hedging: boolean;
  readonly clock: Clock;
}

/** Who wants a place. */
export interface PlaceRequest extends Turn {
  readonly build: string;
  /** Of the chunk, so far. */
  readonly failures: readonly Failure[];
  /** When it last failed, by the monotonic clock; -Infinity: it has not. */
  readonly failedMs: number;
}

interface Waiter extends PlaceRequest {
  readonly notBeforeMs: number;
  readonly granted: PromiseWithResolvers<Lease>;
  /** Since when there has been no worker for it. */
  lonelySinceMs: number | undefined;
}

/** How often it is looked whether a chunk takes too long. */
const STRAGGLER_MS = 1_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #waiting = new Set<Waiter>();
  readonly #shares = new Map<string, JobShare>();
  readonly #runs = new Set<ChunkRun<unknown>>();
  /** Places that jobs have, by build. */
  readonly #held = new Map<string, number>();
  #turns = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Chunks under way. */
  get runs(): ReadonlySet<ChunkRun<unknown>> {
    return this.#runs;
  }

  /** Looks who can get what whenever something has changed or a pause is over, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, news } = this.#options;
    while (!signal.aborted) {
      const againMs = this.#dispatch(clock.monotonicMs());
      await news.wait(againMs, { clock, signal }).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  /**
   * Waits for a place. One for a new chunk counts as its job's until {@link giveBack}.
   *
   * @throws {WorkersLostError} If there was no worker for too long. @throws `signal.reason` once aborted.
   */
  async acquire(request: PlaceRequest, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    const { clock, news } = this.#options;
    const waiter: Waiter = {
      ...request,
      notBeforeMs: clock.monotonicMs() + retryWaitMs(request.failures),
      granted: Promise.withResolvers(),
      lonelySinceMs: undefined,
    };
    this.#waiting.add(waiter);
    news.tell();
    try {
      return await untilAborted(waiter.granted.promise, signal);
    } catch (error) {
      // it may have been granted in the same moment
      if (!this.#waiting.delete(waiter)) {
        waiter.granted.promise.then((lease) => this.#undo(waiter, lease), () => {});
      }
      this.#dropShare(waiter.jobId);
      throw error;
    }
  }

  /** Lets another chunk have the worker's place. */
  release(lease: Lease): void {
    lease.member.leases.delete(lease);
    this.#options.news.tell();
  }

  /** A job needs one of its places no more. */
  giveBack(jobId: string, build: string): void {
    this.#changeHeld({ jobId, build }, -1);
    this.#dropShare(jobId);
    this.#options.news.tell();
  }

  /** The best place there is by now, in exchange for one that was given before; none, if its worker has gone. */
  renew(lease: Lease, build: string): Lease | undefined {
    const { clock, roster } = this.#options;
    lease.member.leases.delete(lease);
    const best = this.#choose(roster.thatCan(build).filter((member) => member.isFree(clock.monotonicMs())));
    if (!best) this.#options.news.tell();
    return best && reserve(best);
  }

  /** Watches a chunk, to run it a second time if it takes too long. */
  async follow<T>(run: ChunkRun<T>, work: Promise<T>): Promise<T> {
    this.#runs.add(run as ChunkRun<unknown>);
    try {
      return await work;
    } finally {
      this.#runs.delete(run as ChunkRun<unknown>);
    }
  }

  /** @param wanted What the worker had to encode with. */
  workersLost(wanted: string): WorkersLostError {
    const { roster, giveUpMs } = this.#options;
    const waited = roster.isHopeless ? "" : ` in ${giveUpMs / 1000} s`;
    return new WorkersLostError(`No worker for ${wanted}${waited}: ${roster.describe()}`);
  }

  /** @returns When to look again, though nothing should have changed. */
  #dispatch(nowMs: number): number {
    this.#refuseLonely(nowMs);
    while (this.#grantNext(nowMs)); // as long as there is somebody and something
    const mayHedge = this.#options.hedging && this.#waiting.size === 0 && this.#runs.size > 0;
    while (mayHedge && this.#hedgeOne(nowMs));
    return Math.min(this.#nextPauseEndMs(nowMs), mayHedge ? nowMs + STRAGGLER_MS : Infinity);
  }

  #nextPauseEndMs(nowMs: number): number {
    const { roster, giveUpMs } = this.#options;
    const ends = [
      ...[...this.#waiting].flatMap(({ notBeforeMs, failedMs }) => [notBeforeMs, failedMs + PATIENCE_MS]),
      ...[...this.#waiting].map(({ lonelySinceMs }) => (lonelySinceMs ?? Infinity) + giveUpMs),
      ...roster.members.map(({ standing }) => standing.restUntilMs),
    ];
    return Math.min(Infinity, ...ends.filter((endMs) => endMs > nowMs));
  }

  #refuseLonely(nowMs: number): void {
    const { roster, giveUpMs } = this.#options;
    for (const waiter of this.#waiting) {
      const isLonely = roster.thatCan(waiter.build).length === 0;
      waiter.lonelySinceMs = isLonely ? waiter.lonelySinceMs ?? nowMs : undefined;
      const isPatient = nowMs < (waiter.lonelySinceMs ?? Infinity) + giveUpMs;
      if (isPatient && !(isLonely && roster.isHopeless)) continue;
      this.#waiting.delete(waiter);
      waiter.granted.reject(this.workersLost(waiter.build));
    }
  }

  #grantNext(nowMs: number): boolean {
    const { roster } = this.#options;
    for (const waiter of inTurn([...this.#waiting], this.#shares)) {
      if (waiter.notBeforeMs > nowMs || !(waiter.isRetry || this.#mayHold(waiter.build))) continue;
      const isFree = (member: Member): boolean => member.isFree(nowMs);
      const able = roster.thatCan(waiter.build);
      const member = this.#choose(
        nowMs < waiter.failedMs + PATIENCE_MS
          ? leastFailed(able, waiter.failures).filter(isFree)
          : leastFailed(able.filter(isFree), waiter.failures),
      );
      if (!member) continue;
      this.#waiting.delete(waiter);
      if (!waiter.isRetry) this.#changeHeld(waiter, 1);
      waiter.granted.resolve(reserve(member));
      return true;
    }
    return false;
  }

  /**
   * Whether a job of this build may have another place. Chunks are in memory, too, while they wait for another attempt
   * or their shards are fetched, and need no place at a worker then: so places are not given without end. Those that
   * wait for workers that have gone take nothing from the builds of others.
   */
  #mayHold(build: string): boolean {
    const { roster } = this.#options;
    const most = (members: readonly Member[]): number => members.reduce((sum, m) => sum + 2 * m.maxTasks, 0);
    if ((this.#held.get(build) ?? 0) >= most(roster.thatCan(build))) return false;
    const counted = [...this.#held].map(([other, held]) => Math.min(held, most(roster.thatCan(other))));
    const mostOfAll = most(roster.members.filter(({ isThere }) => isThere));
    return counted.reduce((sum, held) => sum + held, 0) < mostOfAll;
  }

  #changeHeld({ jobId, build }: Pick<PlaceRequest, "jobId" | "build">, change: 1 | -1): void {
    const { held, lastTurn } = this.#shares.get(jobId) ?? { held: 0, lastTurn: 0 };
    const heldOfBuild = (this.#held.get(build) ?? 0) + change;
    if (heldOfBuild > 0) this.#held.set(build, heldOfBuild);
    else this.#held.delete(build);
    this.#shares.set(jobId, { held: held + change, lastTurn: change > 0 ? ++this.#turns : lastTurn });
  }

  /** Forgets when a job had its turn once it neither has nor wants anything. */
  #dropShare(jobId: string): void {
    const isIdle = (this.#shares.get(jobId)?.held ?? 0) === 0 &&
      ![...this.#waiting].some((waiter) => waiter.jobId === jobId);
    if (isIdle) this.#shares.delete(jobId);
  }

  #undo({ isRetry, jobId, build }: Waiter, lease: Lease): void {
    this.release(lease);
    if (!isRetry) this.giveBack(jobId, build);
  }

  #hedgeOne(nowMs: number): boolean {
    const { roster, speeds } = this.#options;
    const singles = [...this.#runs].flatMap((run) => {
      const attempt = run.single;
      if (!attempt) return [];
      const { address } = attempt.lease.member;
      const { jobId, build, segment } = run.task;
      const { startedMs, acceptingSinceMs = startedMs } = attempt;
      const elapsedSeconds = (nowMs - acceptingSinceMs) / 1000;
      const expectedSeconds = speeds.secondsFor(address, jobId, segment.frameCount);
      // a shard is not waited for as its encode was, but for once as long
      const isMade = attempt.acceptingSinceMs !== undefined;
      if (isMade && !(elapsedSeconds > (expectedSeconds ?? Infinity))) return [];
      const mayHave = (member: Member) =>
        member.address !== address && !run.failedOn.has(member.address) && member.isFree(nowMs);
      return [{
        run,
        worker: this.#candidate(attempt.lease.member),
        elapsedSeconds,
        expectedSeconds,
        free: roster.thatCan(build).filter(mayHave).map((member) => this.#candidate(member)),
      }];
    });
    const hedge = chooseHedge(singles);
    hedge?.chunk.run.hedge(reserve(hedge.worker.member));
    return hedge !== undefined;
  }

  #choose(members: readonly Member[]): Member | undefined {
    return chooseWorker(members.map((member) => this.#candidate(member)))?.member;
  }

  #candidate(member: Member): Candidate & { readonly member: Member } {
    const { address, tasks, maxTasks, report } = member;
    const speed = this.#options.speeds.of(address);
    return { member, address, speed, tasks, maxTasks, cpuPercent: report?.cpuPercent ?? 0 };
  }
}

function reserve(member: Member): Lease {
  const lease: Lease = { member, phase: "waiting" };
  member.leases.add(lease);
  return lease;
}
