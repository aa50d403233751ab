/** Which job is next: those of a higher priority first, and of the same the one that came first. */

export interface QueuedJob {
  readonly id: string;
  readonly priority: number;
}

export interface JobQueue {
  add(job: QueuedJob): void;
  /** The next one, which leaves the queue; undefined: there is none. */
  take(): QueuedJob | undefined;
  remove(id: string): void;
}

export function createJobQueue(): JobQueue {
  let waiting: QueuedJob[] = [];
  return {
    add(job) {
      const at = waiting.findIndex(({ priority }) => priority < job.priority);
      waiting.splice(at < 0 ? waiting.length : at, 0, job);
    },
    take: () => waiting.shift(),
    remove(id) {
      waiting = waiting.filter((job) => job.id !== id);
    },
  };
}
