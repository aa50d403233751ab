/** The one table of what callers see of an error. */
import { status } from "@grpc/grpc-js";
import { AssembleError } from "../assemble/assemble_error.ts";
import { InvalidSettingError } from "../encode/settings.ts";
import type { EndStatus } from "../rpc/server_call.ts";
import { InvalidKeyError } from "../store/shard_key.ts";
import { StoreFullError } from "../store/store_errors.ts";
import {
  DrainingError,
  InvalidUploadError,
  JobFinalError,
  JobNotFoundError,
  NotCompletedError,
  QuotaError,
  StalledError,
  VideoExistsError,
} from "./master_errors.ts";

type ErrorClass = new (...args: never[]) => Error;

/** The first class that fits decides. */
const CODES: readonly (readonly [ErrorClass, status])[] = [
  [InvalidKeyError, status.INVALID_ARGUMENT],
  [InvalidUploadError, status.INVALID_ARGUMENT],
  [InvalidSettingError, status.INVALID_ARGUMENT],
  [AssembleError, status.INVALID_ARGUMENT],
  [VideoExistsError, status.ALREADY_EXISTS],
  [JobNotFoundError, status.NOT_FOUND],
  [NotCompletedError, status.FAILED_PRECONDITION],
  [JobFinalError, status.FAILED_PRECONDITION],
  [QuotaError, status.RESOURCE_EXHAUSTED],
  [StalledError, status.DEADLINE_EXCEEDED],
  [DrainingError, status.UNAVAILABLE],
];

/** Details travel in a trailer, whose whole size clients bound to some 8 KiB; each unit takes up to 9 bytes of it. */
const MAX_DETAILS = 800;

/** What is not in the table goes out as "Internal error" and nothing more: whoever calls this logs the error. */
export function toStatus(error: unknown): EndStatus {
  if (error instanceof DOMException && error.name === "AbortError") {
    return { code: status.CANCELLED, details: "Call is over" };
  }
  // its own words have a path
  if (error instanceof StoreFullError) {
    return { code: status.RESOURCE_EXHAUSTED, details: "Cannot take the video: no space left on the device" };
  }
  for (const [type, code] of CODES) {
    // grpc-js would throw at half a surrogate pair, as the cut may leave
    if (error instanceof type) return { code, details: error.message.slice(0, MAX_DETAILS).toWellFormed() };
  }
  return { code: status.INTERNAL, details: "Internal error" };
}
