/** What can be wrong with what is asked of a master. */
import type { JobState } from "./job_view.ts";

/** A field of an upload that cannot be. */
export class InvalidUploadError extends Error {
  override readonly name = "InvalidUploadError";
  /** As the wire spells it. */
  readonly field: string;

  constructor(field: string, reason: string) {
    super(`Cannot take the video: ${field} ${reason}`);
    this.field = field;
  }
}

/** There is a video of that name, and it stays. */
export class VideoExistsError extends Error {
  override readonly name = "VideoExistsError";
}

/** The videos would take up more than they may. */
export class QuotaError extends Error {
  override readonly name = "QuotaError";
}

export class JobNotFoundError extends Error {
  override readonly name = "JobNotFoundError";
}

/** The job is over, and cannot be ended any more. */
export class JobFinalError extends Error {
  override readonly name = "JobFinalError";

  constructor(state: JobState) {
    super(`Cannot cancel the job: it is ${state}`);
  }
}

/** There is no result yet, or there will be none. */
export class NotCompletedError extends Error {
  override readonly name = "NotCompletedError";
}

/** The master takes no new work since it is about to stop. */
export class DrainingError extends Error {
  override readonly name = "DrainingError";

  constructor() {
    super("Master is draining");
  }
}

/** Another run of the job has begun, or the job was ended: what this one says counts no more. */
export class StaleRunError extends Error {
  override readonly name = "StaleRunError";
}

/** What was to be written into the catalog was not: there is no room for it. */
export class CatalogFullError extends Error {
  override readonly name = "CatalogFullError";

  constructor(options?: ErrorOptions) {
    super("Cannot write the catalog: no space left on the device", options);
  }
}

/** The catalog cannot be used: another master has it, it is of a later version, or it is damaged. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
}
