/** Videos of which chunks are encoded while they are still being uploaded. */
import type { Clock } from "../fleet/clock.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { encodeAhead, type EncodingAhead } from "../job/encode_ahead.ts";
import type { ShardMemory } from "../job/shard_memory.ts";
import type { Logger } from "../log.ts";
import { logJobEvent, withFields } from "./job_log.ts";
import type { UploadOrder } from "./upload_order.ts";

export interface UploadsAheadOptions {
  readonly fleet: Fleet;
  /** One for each upload. */
  readonly openMemory: () => Promise<ShardMemory & AsyncDisposable>;
  /** Uploads at a time of which chunks are encoded. */
  readonly maxUploads: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Disposing of it ends all. */
export interface UploadsAhead extends AsyncDisposable {
  /** Begins with an upload; undefined: there are as many as may be. To be ended, whatever becomes of the upload. */
  begin(jobId: string, order: UploadOrder): EncodingAhead | undefined;
  of(jobId: string): EncodingAhead | undefined;
  /** The upload is whole: what is under way goes on. */
  finish(jobId: string): void;
  /** Resolves once nothing of it goes on. */
  end(jobId: string): Promise<void>;
}

/** From the priority of any job: workers have nothing else to do then. */
const LESS_URGENT = 1_000;

export function createUploadsAhead(options: UploadsAheadOptions): UploadsAhead {
  const { fleet, openMemory, maxUploads, clock } = options;
  const all = new Map<string, EncodingAhead>();
  const coming = new Set<string>();

  async function end(jobId: string): Promise<void> {
    const ahead = all.get(jobId);
    all.delete(jobId);
    coming.delete(jobId);
    await ahead?.[Symbol.asyncDispose]();
  }

  return {
    begin(jobId, { videoId, settings, priority }) {
      if (coming.size >= maxUploads) return undefined;
      const logger = withFields(options.logger, { job_id: jobId, video_id: videoId });
      const { encode, audio, chunkSeconds, container } = settings;
      const ahead = encodeAhead({
        jobId: `ahead-${jobId}`,
        outputPath: `result.${container}`,
        settings: encode,
        audio,
        chunkSeconds,
        priority: priority - LESS_URGENT,
      }, {
        fleet,
        openMemory,
        onEvent: (event) => logJobEvent(logger, event),
        onFailure: (error) =>
          logger.info("No more chunks are encoded before the video is whole", { reason: String(error) }),
        now: () => clock.now(),
      });
      all.set(jobId, ahead);
      coming.add(jobId);
      return ahead;
    },
    of: (jobId) => all.get(jobId),
    finish(jobId) {
      coming.delete(jobId);
      all.get(jobId)?.finish();
    },
    end,
    async [Symbol.asyncDispose]() {
      await Promise.all([...all.keys()].map(end));
    },
  };
}
