/** A fleet of workers that are reached by ports: who gets which chunk, and what happens when one of them fails. */
import type { Codec, EncodeSettings } from "../encode/settings.ts";
import type { Logger } from "../log.ts";
import { chooseBuild, codecsOfBuild } from "./choose_build.ts";
import { ChunkRun, type ChunkRunTools } from "./chunk_run.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { Dispatcher } from "./dispatcher.ts";
import {
  type ChunkTask,
  type Fleet,
  type FleetOptions,
  type Place,
  type PlaceOptions,
  type ShardRef,
  type TaskEvent,
  UnsupportedError,
  type WorkerView,
} from "./fleet.ts";
import { firstOf } from "../abort_signals.ts";
import type { Lease, Member } from "./member.ts";
import { News } from "./news.ts";
import { type HealthTimes, Roster } from "./roster.ts";
import { Speeds } from "./speeds.ts";
import { afterAccepted, afterBlame, afterBusy, afterFailure } from "./standing.ts";
import type { Diagnosis, WorkerPort } from "./worker_port.ts";

export interface WorkerFleetOptions {
  /** `host:port` of workers that belong to it from the start and stay, however long they are gone. Default none. */
  readonly workers?: readonly string[] | undefined;
  readonly connect: (address: string) => WorkerPort;
  /** How long to wait where there is no worker at all. Default 10 minutes; Infinity: for ever. */
  readonly giveUpMs?: number | undefined;
  /** Codecs that workers are to try as soon as they are known; others they try when a job asks. Default none. */
  readonly codecs?: readonly Codec[] | undefined;
  /** Whether a slow chunk is run a second time where a worker has nothing to do. Default true. */
  readonly hedging?: boolean | undefined;
  /**
   * Whether no worker is to come but those listed, so that nobody need wait where all of them refuse: see
   * {@link RefusedError}. Default false.
   */
  readonly isClosed?: boolean | undefined;
  /** By default every 5 s, with 3 s to answer, down after 2 failures. */
  readonly health?: Partial<HealthTimes> | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

/** A fleet whose workers may come while it works. Disposing of it ends all that it does. */
export interface WorkerFleet extends Fleet {
  /**
   * A worker that is to belong to it. One that does already is left as it is, but asked how it is where it seems
   * gone. It is forgotten when it has been gone for ten minutes.
   *
   * @throws {RangeError} If it is not `host:port`, or there are too many.
   */
  register(address: string): void;
  /** Has somebody told of whatever changes that `workers()` may show. It must not throw. */
  onChange(tell: () => void): Disposable;
}

const GIVE_UP_MS = 600_000;
const HEALTH: HealthTimes = { intervalMs: 5_000, timeoutMs: 3_000, unhealthyThreshold: 2 };
/** How long a job waits for the last workers to try its codec, where another can do it already. */
const PENDING_MS = 10_000;
/** How long it waits at least for workers that try it, where none can yet: one takes up to 30 s for each codec. */
const TRYING_MS = 120_000;

/** @throws {RangeError} If one of the workers is not `host:port`. @throws What `connect` does. */
export function createWorkerFleet(options: WorkerFleetOptions): WorkerFleet {
  const { connect, logger, clock = SYSTEM_CLOCK, giveUpMs = GIVE_UP_MS, codecs = [], hedging = true } =
    options;
  const over = new AbortController();
  const news = new News();
  const speeds = new Speeds();
  const listeners = new Set<(worker: string) => void>();
  const roster: Roster = new Roster({
    connect,
    codecs,
    health: { ...HEALTH, ...options.health },
    isClosed: options.isClosed ?? false,
    news,
    onGone(member, reason) {
      for (const run of dispatcher.runs) run.abandon(member, `it is gone: ${reason}`);
    },
    onAnswer({ address }) {
      for (const tell of listeners) tell(address);
    },
    onLearned: ({ address, triedFramesPerSecond }) => speeds.propose(address, triedFramesPerSecond),
    onForget: (address) => speeds.forgetWorker(address),
    logger,
    clock,
  });
  const dispatcher = new Dispatcher({ roster, speeds, news, giveUpMs, hedging, clock });
  try {
    for (const address of options.workers ?? []) roster.add(address, { isListed: true });
  } catch (error) {
    void roster[Symbol.asyncDispose](); // those that were added before
    throw error;
  }
  const running = new Set<Promise<unknown>>([dispatcher.run(over.signal)]);

  /** What has to end before the fleet has. */
  async function tracked<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  function setStanding(member: Member, next: Member["standing"]): void {
    const isNews = member.standing.setAside !== next.setAside;
    member.standing = next;
    if (isNews) logger?.warn("Worker is set aside", { worker: member.address, reason: next.setAside });
    news.tell();
  }

  function toolsFor(
    { jobId, build, segment }: ChunkTask,
    { priority }: PlaceOptions,
    signal: AbortSignal,
  ): ChunkRunTools {
    return {
      clock,
      acquire: (failures, failedMs) =>
        dispatcher.acquire({ jobId, priority, build, isRetry: true, failures, failedMs }, signal),
      release: (lease) => dispatcher.release(lease),
      able: () => roster.thatMay(build, { awayMs: giveUpMs }).map(({ address }) => address),
      onEncoded(member, seconds) {
        const framesPerSecond = segment.frameCount / Math.max(seconds, 0.001);
        member.noteSpeed(framesPerSecond);
        speeds.observe(member.address, jobId, framesPerSecond);
        news.tell();
      },
      onAccepted: (member) => setStanding(member, afterAccepted(member.standing)),
      onFailed: (member, diagnosis) => onFailed(member, diagnosis),
      onSuperseded: (member) => roster.doubt(member),
      onBlamed: (member, reason) => setStanding(member, afterBlame(member.standing, reason)),
    };
  }

  function onFailed(member: Member, diagnosis: Diagnosis): void {
    const nowMs = clock.monotonicMs();
    setStanding(
      member,
      diagnosis.kind === "busy"
        ? afterBusy(member.standing, nowMs + diagnosis.waitMs)
        : afterFailure(member.standing, nowMs),
    );
    roster.noteFailedCall(member, diagnosis);
  }

  function createPlace(given: Lease, options: PlaceOptions): Place {
    const { jobId, build, signal } = options;
    let lease: Lease | undefined = given;
    let isHeld = true;

    async function encode<T>(...[task, chunk, accept, onEvent]: EncodeArgs<T>): Promise<T> {
      using either = firstOf(signal, over.signal);
      either.signal.throwIfAborted();
      const first = lease && dispatcher.renew(lease, task.build);
      lease = undefined;
      const tools = toolsFor(task, options, either.signal);
      const run = new ChunkRun({ task, chunk, accept, onEvent, tools, signal: either.signal });
      return await dispatcher.follow(run, run.run(first));
    }

    return {
      encode: (task, chunk, accept, onEvent = () => {}) => tracked(encode(task, chunk, accept, onEvent)),
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        if (lease) dispatcher.release(lease);
        dispatcher.giveBack(jobId, build);
      },
    };
  }

  async function pickBuild(settings: EncodeSettings, signal: AbortSignal): Promise<string> {
    let lonelySinceMs: number | undefined;
    let knownSinceMs: number | undefined;
    for (;;) {
      const nowMs = clock.monotonicMs();
      const answers = roster.answersTo(settings);
      const kinds = new Set(answers.map(({ kind }) => kind));
      if (kinds.has("can")) knownSinceMs ??= nowMs;
      const pendingUntilMs = (knownSinceMs ?? Infinity) + PENDING_MS;
      const choice = chooseBuild(answers, { waitForPending: nowMs < pendingUntilMs });
      if (choice.kind === "chosen") return choice.build;
      if (choice.kind === "none") {
        throw new UnsupportedError(`No worker can encode ${settings.codec} so: ${choice.reasons.join("; ")}`);
      }
      lonelySinceMs = kinds.has("can") ? undefined : lonelySinceMs ?? nowMs;
      const patienceMs = kinds.has("pending") ? Math.max(giveUpMs, TRYING_MS) : giveUpMs;
      const giveUpAtMs = (lonelySinceMs ?? Infinity) + patienceMs;
      if (nowMs >= giveUpAtMs || roster.isHopeless) throw dispatcher.workersLost(settings.codec);
      await news.wait(kinds.has("can") ? pendingUntilMs : giveUpAtMs, { clock, signal });
    }
  }

  return {
    register: (address) => roster.add(address, { isListed: false }),
    async chooseBuild(settings, { signal }) {
      using either = firstOf(signal, over.signal);
      either.signal.throwIfAborted();
      roster.want([settings.codec]);
      return await pickBuild(settings, either.signal);
    },
    async place(options) {
      const { jobId, priority, build, signal } = options;
      using either = firstOf(signal, over.signal);
      roster.want(codecsOfBuild(build));
      const request = { jobId, priority, build, isRetry: false, failures: [], failedMs: -Infinity };
      return createPlace(await dispatcher.acquire(request, either.signal), options);
    },
    async open(shard, { signal }) {
      signal.throwIfAborted();
      const member = roster.member(shard.worker);
      if (!member) return await openElsewhere(shard, { signal }, connect);
      try {
        return await member.port.open(shard, { signal });
      } catch (error) {
        if (!signal.aborted) roster.noteFailedCall(member, member.port.diagnose(error));
        throw error;
      }
    },
    async forget(jobId, { workers, signal }) {
      speeds.forgetJob(jobId);
      using either = firstOf(signal, over.signal);
      const asked = roster.members.filter(({ address, isAnswering }) =>
        isAnswering && (workers?.includes(address) ?? true)
      );
      const done: string[] = [];
      await tracked(Promise.all(asked.map(async (member) => {
        const { address, port } = member;
        try {
          await port.deleteVideo(jobId, { signal: either.signal });
          done.push(address);
        } catch (error) {
          if (either.signal.aborted) return;
          const { kind } = port.diagnose(error);
          member.hasMissedRemoval = kind !== "failed"; // who answers with a no is not asked again and again
          logger?.warn("Cannot remove shards", { worker: address, job_id: jobId, ...reasonOf(error) });
        }
      })));
      either.signal.throwIfAborted();
      return done;
    },
    onAnswer(tell) {
      const listener = (worker: string) => tell(worker);
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    onChange: (tell) => news.follow(tell),
    workers(): readonly WorkerView[] {
      return roster.members.map((member) => member.view()).sort((a, b) => a.address < b.address ? -1 : 1);
    },
    async [Symbol.asyncDispose]() {
      over.abort(new DOMException("The fleet is closed", "AbortError"));
      await Promise.allSettled(running);
      await roster[Symbol.asyncDispose]();
    },
  };
}

type EncodeArgs<T> = [
  task: ChunkTask,
  chunk: Uint8Array,
  accept: (shard: ShardRef, signal: AbortSignal) => Promise<T>,
  onEvent: (event: TaskEvent) => void,
];

/** From a worker that belongs to the fleet no more. */
async function openElsewhere(
  shard: ShardRef,
  options: FleetOptions,
  connect: (address: string) => WorkerPort,
): Promise<ReadableStream<Uint8Array>> {
  using opening = new DisposableStack();
  const port = opening.use(connect(shard.worker));
  const bytes = await port.open(shard, options);
  const closing = opening.move();
  return bytes.pipeThrough(
    new TransformStream({ flush: () => closing.dispose(), cancel: () => closing.dispose() }),
  );
}

const reasonOf = (error: unknown) => ({ reason: error instanceof Error ? error.message : String(error) });
