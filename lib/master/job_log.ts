/** What the log says of a job. */
import type { JobEvent } from "../job/job.ts";
import type { LogFields, Logger } from "../log.ts";

/** A logger whose every line has these fields too. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    info: (message, more) => logger.info(message, { ...fields, ...more }),
    warn: (message, more) => logger.warn(message, { ...fields, ...more }),
    error: (message, more) => logger.error(message, { ...fields, ...more }),
  };
}

export function logJobEvent(logger: Logger, event: JobEvent): void {
  switch (event.kind) {
    case "planned": {
      const { frames, build } = event;
      return logger.info("Job planned", { chunks: event.chunks.length, frames, build });
    }
    case "reused":
      return logger.info(`Chunk ${event.chunk} was encoded before`, { chunk_index: event.chunk });
    case "started": {
      const { chunk, worker, attempt, isHedge } = event;
      const message = `Encoding chunk ${chunk}${isHedge ? " a second time, since it is slow" : ""}`;
      return logger.info(message, { chunk_index: chunk, worker, attempt });
    }
    case "refused": {
      const { chunk, worker, attempt } = event;
      return logger.info(`No place for chunk ${chunk}`, { chunk_index: chunk, worker, attempt });
    }
    case "failed": {
      const { chunk, worker, attempt, reason } = event;
      return logger.warn(`Chunk ${chunk} failed`, { chunk_index: chunk, worker, attempt, reason });
    }
    case "encoded": {
      const { chunk, worker, attempt, shardBytes: bytes, encodeSeconds } = event;
      const seconds = Math.round(encodeSeconds * 1000) / 1000;
      return logger.info(`Chunk ${chunk} encoded`, { chunk_index: chunk, worker, attempt, bytes, seconds });
    }
    case "assembling":
      return; // once a chunk, and of no interest to anybody by itself
    case "checking":
      return logger.info("Checking every frame of the result");
  }
}
