/** How fast workers are beside each other, whatever the jobs are that they are measured by. */

/** The share of the newest chunk in what is known. */
const NEWEST = 0.3;
/** Jobs whose pace is remembered; the one not heard of for longest goes first. */
const MAX_JOBS = 100;

/**
 * Frames a second say little by themselves: a chunk of 2160p takes twenty times that of 360p. So each worker has a
 * speed relative to the others, each job a pace in units of that, and a chunk's frames a second are the product.
 */
export class Speeds {
  readonly #workers = new Map<string, number>();
  readonly #paces = new Map<string, number>();

  /** A worker's own figure, from before it has encoded anything here. */
  propose(worker: string, framesPerSecond: number): void {
    const isSane = framesPerSecond > 0 && framesPerSecond < Infinity; // it comes from the network
    if (isSane && !this.#workers.has(worker)) this.#workers.set(worker, framesPerSecond);
  }

  /** A chunk is done. @param framesPerSecond Of this one chunk, over the time that it took. */
  observe(worker: string, jobId: string, framesPerSecond: number): void {
    const speed = this.#workers.get(worker) ?? this.#typicalSpeed();
    const pace = this.#paces.get(jobId) ?? framesPerSecond / speed;
    this.#workers.set(worker, blend(speed, framesPerSecond / pace));
    this.#paces.delete(jobId); // so that it becomes the newest
    this.#paces.set(jobId, blend(pace, framesPerSecond / speed));
    for (const oldest of this.#paces.keys()) {
      if (this.#paces.size <= MAX_JOBS) break;
      this.#paces.delete(oldest);
    }
  }

  /** Beside other workers; a worker of which nothing is known counts as a usual one. */
  of(worker: string): number {
    return this.#workers.get(worker) ?? this.#typicalSpeed();
  }

  /** How long a chunk should take; undefined where no chunk of its job is done. */
  secondsFor(worker: string, jobId: string, frames: number): number | undefined {
    const pace = this.#paces.get(jobId);
    return pace === undefined ? undefined : frames / (pace * this.of(worker));
  }

  forgetWorker(worker: string): void {
    this.#workers.delete(worker);
  }

  forgetJob(jobId: string): void {
    this.#paces.delete(jobId);
  }

  #typicalSpeed(): number {
    const speeds = [...this.#workers.values()].sort((a, b) => a - b);
    return speeds[Math.floor(speeds.length / 2)] ?? 1;
  }
}

/** In proportion, so that a chunk that took half as long and one that took twice as long cancel out. */
function blend(known: number, newest: number): number {
  return known ** (1 - NEWEST) * newest ** NEWEST;
}
