/** The one table of what callers see of an error. */
import { status } from "@grpc/grpc-js";
import { AssembleError } from "../assemble/assemble_error.ts";
import { InvalidSettingError } from "../encode/settings.ts";
import { statusFrom, type StatusTable } from "../rpc/error_status.ts";
import type { EndStatus } from "../rpc/server_call.ts";
import { StalledError } from "../stalled.ts";
import { InvalidKeyError } from "../store/shard_key.ts";
import { StoreFullError } from "../store/store_errors.ts";
import {
  CatalogFullError,
  DrainingError,
  InvalidUploadError,
  JobFinalError,
  JobNotFoundError,
  NotCompletedError,
  QuotaError,
  VideoExistsError,
} from "./master_errors.ts";

const TABLE: StatusTable = [
  [InvalidKeyError, status.INVALID_ARGUMENT],
  [InvalidUploadError, status.INVALID_ARGUMENT],
  [InvalidSettingError, status.INVALID_ARGUMENT],
  [AssembleError, status.INVALID_ARGUMENT],
  [VideoExistsError, status.ALREADY_EXISTS],
  [JobNotFoundError, status.NOT_FOUND],
  [NotCompletedError, status.FAILED_PRECONDITION],
  [JobFinalError, status.FAILED_PRECONDITION],
  [QuotaError, status.RESOURCE_EXHAUSTED],
  [CatalogFullError, status.RESOURCE_EXHAUSTED],
  [StalledError, status.DEADLINE_EXCEEDED],
  [DrainingError, status.UNAVAILABLE],
];

/** See {@link statusFrom}. */
export function toStatus(error: unknown): EndStatus {
  // its own words have a path
  if (error instanceof StoreFullError) {
    return { code: status.RESOURCE_EXHAUSTED, details: "Cannot take the video: no space left on the device" };
  }
  return statusFrom(TABLE, error);
}
