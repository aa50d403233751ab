/** How far a transcode is, from what its job tells: pure, but for what it remembers. */
import type { JobEvent, PlannedChunk } from "../job/job.ts";
import { paceOf } from "../master/pace.ts";
import type { BarState } from "./bar_line.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";

export type Phase = "planning" | "encoding" | "assembling" | "checking";

export interface Figures {
  readonly phase: Phase;
  readonly chunks: number;
  /** Encoded or reused; while assembling, those that are begun. */
  readonly chunksDone: number;
  /** 0 to 1, by frames. */
  readonly share: number;
  /** Frames encoded a second; undefined: none has been yet. */
  readonly fps: number | undefined;
  /** Seconds of video encoded a second. */
  readonly speed: number | undefined;
  readonly etaSeconds: number | undefined;
  /** Of the shards so far. */
  readonly bytes: number;
}

export interface WorkerTally {
  /** What it encodes now, ascending. */
  readonly running: readonly number[];
  /** Chunks that it was the first to encode. */
  readonly done: number;
}

export class TranscodeProgress {
  #phase: Phase = "planning";
  #build: string | undefined;
  #chunks: readonly PlannedChunk[] = [];
  #frames = 0;
  #durationSeconds = 0;
  #assembled = 0;
  /** Since the first chunk went to a worker. */
  #encodingSinceMs: number | undefined;
  #encodedFrames = 0;
  /** Bytes of each shard that there is. */
  readonly #shards = new Map<number, number>();
  readonly #running = new Map<string, Set<number>>();
  readonly #done = new Map<string, number>();

  apply(event: JobEvent, nowMs: number): void {
    switch (event.kind) {
      case "planned":
        this.#phase = "encoding";
        this.#build = event.build;
        this.#chunks = event.chunks;
        this.#frames = event.frames;
        this.#durationSeconds = event.durationSeconds;
        return;
      case "reused":
        this.#shards.set(event.chunk, event.shardBytes);
        return;
      case "started":
        this.#phase = "encoding";
        this.#encodingSinceMs ??= nowMs;
        this.#shards.delete(event.chunk); // which did not fit in the end
        this.#running.set(event.worker, (this.#running.get(event.worker) ?? new Set()).add(event.chunk));
        return;
      case "refused":
      case "failed":
        this.#running.get(event.worker)?.delete(event.chunk);
        return;
      case "encoded":
        for (const chunks of this.#running.values()) chunks.delete(event.chunk);
        this.#shards.set(event.chunk, event.shardBytes);
        this.#encodedFrames += this.#chunks[event.chunk]?.frames ?? 0;
        this.#done.set(event.worker, (this.#done.get(event.worker) ?? 0) + 1);
        return;
      case "assembling":
        this.#phase = "assembling";
        this.#assembled = event.chunk + 1;
        return;
      case "checking":
        this.#phase = "checking";
        return;
    }
  }

  /** That the job keeps to; undefined: it has not been planned yet. */
  get build(): string | undefined {
    return this.#build;
  }

  figures(nowMs: number): Figures {
    const framesDone = this.#shards.keys().reduce(
      (sum, chunk) => sum + (this.#chunks[chunk]?.frames ?? 0),
      0,
    );
    const pace = this.#encodingSinceMs === undefined ? undefined : paceOf(
      { frames: this.#frames, framesDone, durationSeconds: this.#durationSeconds },
      { encodedFrames: this.#encodedFrames, elapsedMs: nowMs - this.#encodingSinceMs },
    );
    const chunks = this.#chunks.length;
    const isAssembling = this.#phase === "assembling";
    const share = isAssembling ? this.#assembled / chunks : framesDone / this.#frames;
    return {
      phase: this.#phase,
      chunks,
      chunksDone: isAssembling ? this.#assembled : this.#shards.size,
      share: Number.isFinite(share) ? share : 0,
      fps: pace?.fps,
      speed: pace?.speed,
      etaSeconds: pace?.etaSeconds,
      bytes: this.#shards.values().reduce((sum, bytes) => sum + bytes, 0),
    };
  }

  worker(address: string): WorkerTally {
    const running = [...this.#running.get(address) ?? []].sort((a, b) => a - b);
    return { running, done: this.#done.get(address) ?? 0 };
  }
}

const LABELS: Readonly<Record<Phase, string>> = {
  planning: "Planning",
  encoding: "Encoding",
  assembling: "Putting together",
  checking: "Checking every frame",
};

export function phaseLabel(phase: Phase): string {
  return LABELS[phase];
}

/** Such as `12 of 28 chunks | 153 fps | 5.1 x | 1 m 02 s left | 12.3 MiB`, as far as it is known. */
export function figuresText(figures: Figures, separator = " | "): string {
  const { chunks, fps, speed, left, size } = figureTexts(figures);
  return [chunks, fps, speed, left, size].filter((text) => text !== undefined).join(separator);
}

/** What a bar shows: that which a person would miss least comes last, and is left out where there is no room. */
export function barState(figures: Figures): BarState {
  const { chunks, fps, speed, left, size } = figureTexts(figures);
  return {
    label: phaseLabel(figures.phase),
    share: figures.share,
    figures: [left, speed, fps, size, chunks].filter((text) => text !== undefined),
  };
}

interface FigureTexts {
  readonly chunks: string;
  readonly fps?: string | undefined;
  readonly speed?: string | undefined;
  readonly left?: string | undefined;
  readonly size?: string | undefined;
}

function figureTexts({ phase, chunks, chunksDone, fps, speed, etaSeconds, bytes }: Figures): FigureTexts {
  const isEncoding = phase === "encoding";
  const isLeft = isEncoding && etaSeconds !== undefined && chunksDone < chunks;
  return {
    chunks: `${formatCount(chunksDone)} of ${formatCount(chunks, "chunk")}`,
    fps: isEncoding && fps !== undefined ? `${rateText(fps)} fps` : undefined,
    speed: isEncoding && speed !== undefined ? `${rateText(speed)} x` : undefined,
    left: isLeft ? `${formatSeconds(Math.max(1, Math.round(etaSeconds)))} left` : undefined,
    size: bytes > 0 ? formatBytes(bytes) : undefined,
  };
}

/** With a digit after the point below 100. */
export function rateText(rate: number): string {
  if (!Number.isFinite(rate)) return "?";
  return rate < 99.95 ? rate.toFixed(1) : formatCount(rate);
}
