/**
 * Chunks of a video that is still coming in, encoded into the memory where its job will look for them. What it guesses
 * wrong, such as a frame rate that changes later, costs work and nothing else: the job does not find it.
 */
import { AssembleError } from "../assemble/assemble_error.ts";
import { readSegment } from "../chunk/keyframe_segments.ts";
import { SourceError } from "../chunk/source_error.ts";
import { openSource, type SourceFile } from "../chunk/source_file.ts";
import type { Fleet, Place } from "../fleet/fleet.ts";
import type { GrowingFile } from "../store/write_file.ts";
import { encodeIn, type ReadyChunk, readyChunk } from "./encode_chunks.ts";
import { type Ending, endingWith } from "./ending.ts";
import type { ChunkAhead, EncodeEvent, JobSpec } from "./job.ts";
import type { JobUnderWay } from "./job_under_way.ts";
import { prepareJob } from "./prepare_job.ts";
import type { ShardKey, ShardMemory } from "./shard_memory.ts";

/** What the job will be; its jobId is another than the job's own, under which workers have its shards. */
export type AheadSpec = Omit<JobSpec, "sourcePath" | "sourceSha256">;

export interface AheadTools {
  readonly fleet: Fleet;
  /** Called once there is something to plan. */
  readonly openMemory: () => Promise<ShardMemory & AsyncDisposable>;
  readonly onEvent: (event: EncodeEvent) => void;
  /** Told once of what has ended it early, if anything has. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Disposing of it ends what is under way. */
export interface EncodingAhead extends AsyncDisposable {
  /** Chunks that have been encoded, or are being. */
  readonly begunChunks: number;
  /** There is more of the video now. */
  grew(part: GrowingFile): void;
  /** The video is whole, or its file gone: nothing new is begun, what is under way goes on. */
  finish(): void;
  /** As {@link JobTools.ahead}; complete once {@link finish} was called. */
  chunk(key: ShardKey): ChunkAhead | undefined;
}

/** The first look is taken with so much of a video. */
const FIRST_LOOK_BYTES = 64 * 1024;
/** The next one once there is so many times as much, so that all together read five times the video at most. */
const GROWTH = 1.25;
/** The end of what has come is not where a segment ends, and frames of the one before may follow. */
const UNSETTLED_SEGMENTS = 2;
/** What forgetting the shards at their workers may take. */
const FORGET_MS = 2_000;

export function encodeAhead(spec: AheadSpec, tools: AheadTools): EncodingAhead {
  return new Ahead(spec, tools);
}

class Ahead implements EncodingAhead {
  readonly #spec: AheadSpec;
  readonly #tools: AheadTools;
  /** Nothing new is begun. */
  readonly #over = new AbortController();
  /** Nothing goes on. */
  readonly #stop = new AbortController();
  /** All that were begun, by {@link nameOf} their key. */
  readonly #chunks = new Map<string, BegunChunk>();
  readonly #done: Promise<void>;
  #memory: (ShardMemory & AsyncDisposable) | undefined;
  #part: GrowingFile = { path: "", sizeBytes: 0 };
  #nextLookBytes = FIRST_LOOK_BYTES;
  #isEnough = Promise.withResolvers<void>();
  #hasFailed = false;

  constructor(spec: AheadSpec, tools: AheadTools) {
    this.#spec = spec;
    this.#tools = tools;
    this.#done = this.#run();
  }

  get begunChunks(): number {
    return this.#chunks.size;
  }

  grew(part: GrowingFile): void {
    this.#part = part;
    if (part.sizeBytes >= this.#nextLookBytes) this.#isEnough.resolve();
  }

  finish(): void {
    this.#over.abort();
    this.#isEnough.resolve();
    for (const chunk of this.#chunks.values()) chunk.endUnlessRunning(this.#over.signal.reason);
  }

  chunk(key: ShardKey): ChunkAhead | undefined {
    return this.#chunks.get(nameOf(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish();
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    try {
      await using opened = new AsyncDisposableStack();
      opened.defer(async () => await this.#memory?.[Symbol.asyncDispose]());
      opened.defer(async () => void await Promise.all(this.#chunks.values().map(({ over }) => over)));
      for (let from = 0; await this.#hasMore();) from = await this.#look(from);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#chunks.size > 0) await this.#forget();
  }

  async #hasMore(): Promise<boolean> {
    await this.#isEnough.promise;
    this.#isEnough = Promise.withResolvers();
    this.#nextLookBytes = this.#part.sizeBytes * GROWTH;
    return !this.#over.signal.aborted;
  }

  /** @returns The first segment of the next look. */
  async #look(from: number): Promise<number> {
    try {
      using source = await openSource(this.#part.path, { isGrowing: true });
      return await this.#encodeSettled(source, from);
    } catch (error) {
      if (error instanceof SourceError || error instanceof AssembleError) return from; // not yet to be read
      throw error;
    }
  }

  async #encodeSettled(source: SourceFile, from: number): Promise<number> {
    const { fleet, openMemory } = this.#tools;
    const { signal } = this.#over;
    const memory = this.#memory ??= await openMemory();
    const spec = { ...this.#spec, sourcePath: source.path };
    const job = await prepareJob(spec, { fleet, memory, signal }, source);
    const end = job.plan.chunks.segments.length - UNSETTLED_SEGMENTS;
    for (let index = from; index < end; index++) {
      const ready = readyChunk(
        job,
        await readSegment(source, job.plan.chunks, index, { toEncode: true, signal }),
      );
      if (!await memory.find(ready.key, { signal })) await this.#begin(job, ready);
    }
    return Math.max(from, end);
  }

  /** Resolves once the chunk has a place. */
  async #begin(job: JobUnderWay, ready: ReadyChunk): Promise<void> {
    const name = nameOf(ready.key);
    if (this.#chunks.has(name)) return;
    using waiting = new DisposableStack();
    const ended = waiting.use(endingWith(this.#stop.signal));
    const place = waiting.use(await this.#placeFor(job, ended));
    this.#over.signal.throwIfAborted(); // in the same moment, perhaps
    const held = waiting.move();
    const { now, onEvent } = this.#tools;
    const begun = new BegunChunk(ended.end, (told) => {
      const emit = (event: EncodeEvent) => {
        told({ ...event, aheadMs: now() });
        if (this.#over.signal.aborted) begun.endUnlessRunning(this.#over.signal.reason);
      };
      return encodeIn(place, job, ready, ended, emit)
        .then(() => true, (error) => {
          this.#fail(error);
          return false;
        })
        .finally(() => held.dispose());
    });
    this.#chunks.set(name, begun);
    void begun.follow(ready.task.chunkIndex, onEvent);
  }

  /** The place is lost with {@link finish} as long as it is waited for, and not any more once it is there. */
  async #placeFor({ build }: JobUnderWay, { signal, end }: Ending): Promise<Place> {
    const { jobId, priority } = this.#spec;
    const over = this.#over.signal;
    over.throwIfAborted();
    const giveUp = () => end(over.reason);
    over.addEventListener("abort", giveUp);
    try {
      return await this.#tools.fleet.place({ jobId, priority, build, signal });
    } finally {
      over.removeEventListener("abort", giveUp);
    }
  }

  /** Whoever cannot be reached keeps them, unless the fleet asks again. */
  async #forget(): Promise<void> {
    const signal = AbortSignal.timeout(FORGET_MS);
    await this.#tools.fleet.forget(this.#spec.jobId, { signal }).catch(() => {});
  }

  #fail(error: unknown): void {
    const isAsked = this.#stop.signal.aborted || error === this.#over.signal.reason;
    if (isAsked || this.#hasFailed) return;
    this.#hasFailed = true;
    this.finish();
    this.#tools.onFailure(error);
  }
}

/** Keeps what happens to a chunk for the job to come. */
class BegunChunk implements ChunkAhead {
  /** Whether it was encoded; never rejects. */
  readonly over: Promise<boolean>;
  isOver = false;
  readonly #end: (reason: unknown) => void;
  readonly #events: EncodeEvent[] = [];
  readonly #followers = new Set<(event: EncodeEvent) => void>();
  readonly #attempts = new Set<number>();

  /** @param encode Begins at once. @param end Ends it. */
  constructor(
    end: (reason: unknown) => void,
    encode: (onEvent: (event: EncodeEvent) => void) => Promise<boolean>,
  ) {
    this.#end = end;
    // in a moment of its own, so that what it tells finds this chunk made
    this.over = Promise.resolve().then(() => encode((event) => this.#note(event))).finally(() =>
      this.isOver = true
    );
  }

  async follow(chunk: number, onEvent: (event: EncodeEvent) => void): Promise<boolean> {
    const tell = (event: EncodeEvent) => onEvent({ ...event, chunk });
    for (const event of this.#events) tell(event);
    this.#followers.add(tell);
    return await this.over;
  }

  /** Ends the wait for another attempt: its job has one made that is more urgent. */
  endUnlessRunning(reason: unknown): void {
    if (this.#events.length > 0 && this.#attempts.size === 0) this.#end(reason);
  }

  #note(event: EncodeEvent): void {
    if (event.kind === "started") this.#attempts.add(event.attempt);
    if (event.kind === "failed" || event.kind === "refused") this.#attempts.delete(event.attempt);
    this.#events.push(event);
    for (const tell of this.#followers) tell(event);
  }
}

/** As a key of a map. */
function nameOf({ chunkSha256, taskSha256, build }: ShardKey): string {
  return [chunkSha256, taskSha256, build].join(" ");
}
