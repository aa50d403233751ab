/** One worker of a fleet: what is known of it, and which chunks it has. */
import { type Codec, CODECS } from "../encode/settings.ts";
import type { CodecCapability, WorkerCapabilities } from "../rpc/worker_client.ts";
import { codecsOfBuild } from "./choose_build.ts";
import type { WorkerView } from "./fleet.ts";
import { type CheckOutcome, type HealthReport, UNKNOWN, type WorkerHealth } from "./health_state.ts";
import { FRESH, type Standing } from "./standing.ts";
import type { WorkerPort } from "./worker_port.ts";

/** A place at a worker. */
export interface Lease {
  readonly member: Member;
  /** "waiting": nothing has been sent yet. "accepting": the worker is done, its shard is being fetched. */
  phase: "waiting" | "encoding" | "accepting";
}

/** As many places as a worker may have, whatever it says. */
const MAX_TASKS = 1_024;
/** The share of the newest chunk in the frames a second that are shown. */
const NEWEST = 0.3;

export class Member {
  readonly address: string;
  readonly port: WorkerPort;
  /** Whether it stays, however long it is gone. */
  readonly isListed: boolean;
  readonly leases = new Set<Lease>();
  standing: Standing = FRESH;
  health: WorkerHealth = UNKNOWN;
  /** Checks and calls without an answer since the last answer. */
  failedChecks = 0;
  /** Whether its last answer was that it takes no such calls: see {@link RefusedError}. */
  isRefusing = false;
  /** Whether a call has failed since the last check. */
  hasFailedCall = false;
  /**
   * Whether another worker was faster with a chunk of it, or it said that it drains, and it has not answered since: it
   * may be frozen.
   */
  isDoubted = false;
  /** Whether a request to remove shards did not get through, and it has not answered since. */
  hasMissedRemoval = false;
  /** Whether it is being asked for its capabilities. */
  isAsked = false;
  /** Why it did not say what it can when it was last asked; empty: it did, or was not. */
  askProblem = "";
  /**
   * Since when, by the monotonic clock, it has not been well or has not said all that it was asked for; undefined: it
   * is, and has.
   */
  awaySinceMs: number | undefined;
  workerId = "";
  readonly #codecs = new Map<Codec, CodecCapability>();
  #maxTasks = 1;
  /** Of one of its places. */
  #framesPerSecond: number | undefined;

  constructor(address: string, port: WorkerPort, { isListed }: { readonly isListed: boolean }) {
    this.address = address;
    this.port = port;
    this.isListed = isListed;
  }

  /** @returns Whether it is another process than before: what was known of the old one counts no more. */
  noteHealth(health: WorkerHealth, outcome: CheckOutcome): boolean {
    // what it could not do while its disk was full, say, it may do now
    if (saidItCannot(this.health) && health.kind === "healthy") this.standing = FRESH;
    this.health = health;
    this.failedChecks = outcome.kind === "failure" ? this.failedChecks + 1 : 0;
    if (outcome.kind === "failure") return false;
    this.isDoubted = false;
    this.hasMissedRemoval = false;
    const { workerId } = outcome.report;
    const isOther = workerId !== this.workerId && this.workerId !== "";
    this.workerId = workerId;
    if (isOther) {
      this.standing = FRESH;
      this.askProblem = "";
      this.#codecs.clear();
    }
    return isOther;
  }

  /** Those of the codecs that it has said nothing of. */
  unknownCodecs(wanted: Iterable<Codec>): readonly Codec[] {
    return [...wanted].filter((codec) => !this.#codecs.has(codec));
  }

  /** @param asked Of which codecs; where it is complete, one that is not named is one that it cannot. */
  noteCapabilities({ codecs, maxTasks, isComplete }: WorkerCapabilities, asked: readonly Codec[]): void {
    this.askProblem = "";
    this.#maxTasks = Math.min(Math.max(1, maxTasks), MAX_TASKS); // 0 where it does not say
    for (const capability of codecs) {
      // a problem may pass for as long as it has not said all
      if (isComplete || capability.problem === "") this.#codecs.set(capability.codec, capability);
      else if (asked.includes(capability.codec)) this.askProblem = capability.problem;
    }
    if (!isComplete) return;
    for (const codec of this.unknownCodecs(asked)) {
      this.#codecs.set(codec, { codec, encoder: "", framesPerSecond: 0, pixelFormats: [], problem: "" });
    }
  }

  capability(codec: Codec): CodecCapability | undefined {
    return this.#codecs.get(codec);
  }

  /** Frames a second that it says to have encoded when it tried a codec; 0: none. To compare workers by. */
  get triedFramesPerSecond(): number {
    const figures = CODECS.map((codec) => this.#codecs.get(codec)?.framesPerSecond ?? 0);
    return figures.find((figure) => figure > 0) ?? 0; // of the same codec at all workers, as they are asked alike
  }

  /** A chunk is done. @param framesPerSecond Over the time that it took. */
  noteSpeed(framesPerSecond: number): void {
    const known = this.#framesPerSecond ?? framesPerSecond;
    this.#framesPerSecond = known + NEWEST * (framesPerSecond - known);
  }

  /** Whether it is there and can do work of this build, at some time. */
  canDo(build: string): boolean {
    return this.isThere && this.#has(build);
  }

  /** Whether it could do work of this build as far as is known, there or not. */
  mayDo(build: string): boolean {
    if (this.standing.setAside !== "") return false;
    return this.#has(build) || this.unknownCodecs(codecsOfBuild(build)).length > 0;
  }

  #has(build: string): boolean {
    return [...this.#codecs.values()].some(({ encoder }) => encoder === build);
  }

  /** Whether it answers, and may get work. */
  get isThere(): boolean {
    return this.health.kind === "healthy" && this.standing.setAside === "";
  }

  /** Whether it seems to answer whatever it is asked; it need not take work. */
  get isAnswering(): boolean {
    return this.health.kind !== "unknown" && this.failedChecks === 0 && !this.isDoubted &&
      !this.hasMissedRemoval;
  }

  /** Whether it may get another chunk now. */
  isFree(nowMs: number): boolean {
    return !this.isDoubted && nowMs >= this.standing.restUntilMs && this.tasks < this.#maxTasks;
  }

  /** Its chunks that are not encoded yet. */
  get tasks(): number {
    return [...this.leases].filter(({ phase }) => phase !== "accepting").length;
  }

  get maxTasks(): number {
    return this.#maxTasks;
  }

  get report(): HealthReport | undefined {
    return "last" in this.health ? this.health.last?.report : undefined;
  }

  view(): WorkerView {
    const { health, report } = this;
    const capabilities = [...this.#codecs.values()];
    return {
      address: this.address,
      workerId: this.workerId,
      state: this.standing.setAside === "" ? health.kind : "set-aside",
      reason: this.standing.setAside || this.#healthReason(),
      cpuPercent: report?.cpuPercent ?? 0,
      memoryBytes: report?.memoryBytes ?? 0,
      activeTasks: [...this.leases].filter(({ phase }) => phase === "encoding").length,
      maxTasks: this.#maxTasks,
      framesPerSecond: this.#framesPerSecond === undefined
        ? undefined
        : this.#framesPerSecond * this.#maxTasks,
      builds: Object.fromEntries(
        capabilities.flatMap(({ codec, encoder }) => encoder === "" ? [] : [[codec, encoder]]),
      ),
      lastSeenMs: "last" in health ? health.last?.lastSeenMs : undefined,
    };
  }

  #healthReason(): string {
    if (this.health.kind !== "healthy") return this.health.reason ?? "";
    const capabilities = [...this.#codecs.values()];
    if (capabilities.length === 0) return this.askProblem;
    const isUseless = capabilities.every(({ encoder }) => encoder === "");
    return isUseless ? capabilities[0]!.problem || "it encodes no media" : "";
  }
}

/** Whether its last answer was that it takes no work. */
function saidItCannot(health: WorkerHealth): boolean {
  return health.kind === "unhealthy" && health.last?.report.isHealthy === false;
}
