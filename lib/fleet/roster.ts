/** The workers of a fleet: who belongs to it, how they are, and what they can encode. */
import type { Codec, EncodeSettings } from "../encode/settings.ts";
import type { Logger } from "../log.ts";
import { answerOf, type BuildAnswer } from "./choose_build.ts";
import type { Clock } from "./clock.ts";
import { untilAborted } from "../abort_signals.ts";
import { addressProblem } from "../rpc/address.ts";
import { quoted } from "../store/shard_key.ts";
import { type HealthWatch, watchHealth } from "./health_monitor.ts";
import type { CheckOutcome, HealthReport, WorkerHealth } from "./health_state.ts";
import { Member } from "./member.ts";
import type { News } from "./news.ts";
import { type Diagnosis, RefusedError, type WorkerPort } from "./worker_port.ts";

export interface HealthTimes {
  /** From the start of one check of a worker to the start of its next. */
  readonly intervalMs: number;
  /** How long one worker may take to answer. */
  readonly timeoutMs: number;
  /** Failures in a row that make a worker unhealthy. */
  readonly unhealthyThreshold: number;
}

export interface RosterOptions {
  readonly connect: (address: string) => WorkerPort;
  readonly health: HealthTimes;
  /** Whether none comes but those that are listed. */
  readonly isClosed: boolean;
  /** Codecs to have tried as soon as a worker is known. */
  readonly codecs: readonly Codec[];
  /** Told whatever changes. */
  readonly news: News;
  /** A worker answers no more, though it may come back. */
  readonly onGone: (member: Member, reason: string) => void;
  /** It answers, for the first time or again, or is another process than before. */
  readonly onAnswer: (member: Member) => void;
  /** More is known of what a worker can encode. */
  readonly onLearned: (member: Member) => void;
  /** What is known of a worker counts no more: it is another now, or has been forgotten. */
  readonly onForget: (address: string) => void;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** How long a worker that has registered may be gone before it is forgotten. */
const FORGET_MS = 600_000;
const MAX_WORKERS = 1_000;
/** How soon a worker that is still trying codecs is asked again; doubled up to the maximum. */
const ASK_AGAIN_MS = { first: 100, max: 1_000 };

/** Disposing of it ends all checks and calls of its own, and closes every port. */
export class Roster implements AsyncDisposable {
  readonly #options: RosterOptions;
  readonly #members = new Map<string, Member>();
  readonly #codecs: Set<Codec>;
  readonly #watch: HealthWatch;
  readonly #asking = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(options: RosterOptions) {
    const { health, logger, clock } = options;
    this.#options = options;
    this.#codecs = new Set(options.codecs);
    this.#watch = watchHealth((address, signal) => this.#check(this.#members.get(address)!, signal), {
      ...health,
      clock,
      onOutcome: (address, health, outcome) => this.#onOutcome(address, health, outcome),
    });
    this.#watch.ended.catch((error) => logger?.error("Cannot check health", { reason: String(error) }));
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  member(address: string): Member | undefined {
    return this.#members.get(address);
  }

  /** Whether nobody is to be waited for: all refuse, and no other comes. */
  get isHopeless(): boolean {
    return this.#options.isClosed && this.members.every(({ isRefusing }) => isRefusing);
  }

  /** Those that could do work of this build now, if they have a place. */
  thatCan(build: string): readonly Member[] {
    return this.members.filter((member) => member.canDo(build));
  }

  /** Those that could do work of this build now, and those that may when they are back, unless away for so long. */
  thatMay(build: string, { awayMs }: { readonly awayMs: number }): readonly Member[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.members.filter((member) =>
      member.canDo(build) || (member.mayDo(build) && nowMs < (member.awaySinceMs ?? nowMs) + awayMs)
    );
  }

  /**
   * Adds a worker; asks one that is there already how it is.
   *
   * @param options Whether it stays, however long it is gone.
   * @throws {RangeError} If it is not `host:port`, or there are too many.
   */
  add(address: string, { isListed }: { readonly isListed: boolean }): void {
    if (this.#members.has(address)) {
      if (!this.#members.get(address)!.isThere) this.#watch.askNow(address);
      return;
    }
    const problem = addressProblem(address);
    if (problem !== undefined) {
      throw new RangeError(`Cannot add worker ${quoted(address)}: it must be host:port, but is ${problem}`);
    }
    if (this.#members.size >= MAX_WORKERS) {
      throw new RangeError(`Cannot add worker "${address}": there are ${MAX_WORKERS} already`);
    }
    const { connect, logger } = this.#options;
    const member = new Member(address, connect(address), { isListed });
    this.#members.set(address, member);
    this.#noteAway(member);
    this.#watch.add(address);
    logger?.info("Worker joined", { worker: address });
  }

  /** Has all workers try these codecs, now and when they join. */
  want(codecs: readonly Codec[]): void {
    for (const codec of codecs) this.#codecs.add(codec);
    for (const member of this.#members.values()) {
      this.#noteAway(member);
      this.#learn(member);
    }
  }

  /** What each worker says to a job's settings, as far as it is known. */
  answersTo(settings: EncodeSettings): readonly BuildAnswer[] {
    return this.members.map((member) => {
      const { address: worker, health } = member;
      // one that was asked for the first time has not had the time to answer
      const isNew = health.kind === "unknown" && health.failures === 0;
      if (isNew) return { kind: "pending", worker };
      if (!member.isThere) return { kind: "silent", worker };
      const capability = member.capability(settings.codec);
      if (capability) return answerOf(worker, capability, settings);
      return { kind: member.askProblem === "" ? "pending" : "silent", worker };
    });
  }

  /**
   * A call to a worker failed: that counts as a failed check where it tells of the worker. Those that fail together
   * have one cause, and count as one.
   */
  noteFailedCall(member: Member, { kind, reason }: Diagnosis): void {
    if (kind === "draining") this.doubt(member);
    if (kind !== "lost" && kind !== "unreached") return;
    if (member.hasFailedCall) return this.#watch.askNow(member.address);
    this.#watch.callFailed(member.address, reason);
    member.hasFailedCall = true;
  }

  /** Another worker was faster, or it drains: it gets no more chunks before it has answered. */
  doubt(member: Member): void {
    member.isDoubted = true;
    this.#watch.askNow(member.address);
  }

  /** How each worker is, in words, for somebody who wonders why none does the work. */
  describe(): string {
    const workers = this.members.map((member) => {
      const { address, state, reason, builds } = member.view();
      if (member.isRefusing) return `${address} refuses (${reason})`;
      const more = reason || member.askProblem || Object.values(builds).join(", ");
      const how = state === "unknown" ? "has not answered" : `is ${state}`;
      return `${address} ${how}${more === "" ? "" : ` (${more})`}`;
    });
    return workers.length === 0 ? "none has registered" : workers.join("; ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new DOMException("The fleet is closed", "AbortError"));
    await this.#watch[Symbol.asyncDispose]();
    await Promise.all(this.#asking);
    for (const { port } of this.#members.values()) port[Symbol.dispose]();
    this.#members.clear();
  }

  async #check(member: Member, signal: AbortSignal): Promise<HealthReport> {
    try {
      const report = await member.port.checkHealth({ signal });
      member.isRefusing = false;
      return report;
    } catch (error) {
      member.isRefusing = error instanceof RefusedError;
      throw error;
    }
  }

  #onOutcome(address: string, health: WorkerHealth, outcome: CheckOutcome): void {
    const member = this.#members.get(address);
    if (!member) return;
    const before = member.health.kind;
    const wasAnswering = member.isAnswering;
    const isOther = member.noteHealth(health, outcome);
    member.hasFailedCall = false;
    this.#noteAway(member);
    if (isOther) this.#options.onForget(address);
    if (isOther || health.kind !== before) this.#logHealth(member);
    if (member.isAnswering && (isOther || !wasAnswering)) this.#options.onAnswer(member);
    if (health.kind === "healthy") this.#learn(member);
    if (health.kind === "unhealthy" && outcome.kind === "failure") {
      this.#onFailure(member, health, outcome.reason);
    }
    this.#options.news.tell();
  }

  #onFailure(member: Member, { sinceMs }: WorkerHealth & { kind: "unhealthy" }, reason: string): void {
    const { onGone, health: { unhealthyThreshold }, clock } = this.#options;
    // one that said itself that it takes no more may well finish what it has, for as long as it answers
    if (member.failedChecks >= unhealthyThreshold) onGone(member, reason);
    const isUseless = !member.isListed && member.leases.size === 0;
    if (isUseless && clock.monotonicMs() - sinceMs >= FORGET_MS) this.#remove(member);
  }

  #remove({ address, port }: Member): void {
    const { onForget, logger } = this.#options;
    this.#watch.remove(address);
    this.#members.delete(address);
    port[Symbol.dispose]();
    onForget(address);
    logger?.info("Worker forgotten", { worker: address });
  }

  #logHealth({ address, workerId, health }: Member): void {
    const { logger } = this.#options;
    const fields = { worker: address, worker_id: workerId };
    if (health.kind === "healthy") logger?.info("Worker takes work", fields);
    if (health.kind === "unhealthy") {
      logger?.warn("Worker takes no work", { ...fields, reason: health.reason });
    }
  }

  #noteAway(member: Member): void {
    const isAble = member.health.kind === "healthy" && member.unknownCodecs(this.#codecs).length === 0;
    member.awaySinceMs = isAble ? undefined : member.awaySinceMs ?? this.#options.clock.monotonicMs();
  }

  #learn(member: Member): void {
    const isNeeded = member.health.kind === "healthy" && member.unknownCodecs(this.#codecs).length > 0;
    if (!isNeeded || member.isAsked || this.#over.signal.aborted) return;
    member.isAsked = true;
    const asking = this.#askCapabilities(member)
      .catch((error) => {
        if (!this.#over.signal.aborted) this.#noteNotLearned(member, member.port.diagnose(error));
      })
      .finally(() => {
        member.isAsked = false;
        this.#asking.delete(asking);
      });
    this.#asking.add(asking);
  }

  #noteNotLearned(member: Member, diagnosis: Diagnosis): void {
    const { logger, news } = this.#options;
    const { reason } = diagnosis;
    if (reason !== member.askProblem) {
      logger?.warn("Cannot learn what a worker can", { worker: member.address, reason });
    }
    member.askProblem = reason;
    this.noteFailedCall(member, diagnosis);
    news.tell();
  }

  async #askCapabilities(member: Member): Promise<void> {
    const { clock, onLearned, news } = this.#options;
    const { signal } = this.#over;
    for (let waitMs = ASK_AGAIN_MS.first;; waitMs = Math.min(2 * waitMs, ASK_AGAIN_MS.max)) {
      const asked = member.unknownCodecs(this.#codecs);
      if (asked.length === 0 || member.health.kind !== "healthy") return;
      const known = await untilAborted(member.port.capabilities(asked, { signal }), signal);
      member.noteCapabilities(known, asked);
      this.#noteAway(member);
      onLearned(member);
      news.tell();
      if (!known.isComplete) await clock.sleep(waitMs, signal);
    }
  }
}
