/** Which error is which HTTP status, and what is said of it. */
import { AssembleError } from "../../assemble/assemble_error.ts";
import { InvalidSettingError } from "../../encode/settings.ts";
import { StalledError } from "../../stalled.ts";
import { InvalidKeyError } from "../../store/shard_key.ts";
import { StoreFullError, StoreUnwritableError } from "../../store/store_errors.ts";
import {
  CatalogFullError,
  DrainingError,
  InvalidUploadError,
  JobFinalError,
  JobNotFoundError,
  NotCompletedError,
  QuotaError,
  VideoExistsError,
} from "../master_errors.ts";
import { RequestError } from "./request_error.ts";

type ErrorClass = new (...args: never[]) => Error;
type ErrorStatus = 400 | 404 | 409 | 500 | 503 | 507;

/** Their messages are made for whoever asked. */
const TOLD: readonly (readonly [ErrorClass, ErrorStatus])[] = [
  [RequestError, 400],
  [InvalidKeyError, 400],
  [InvalidUploadError, 400],
  [InvalidSettingError, 400],
  [AssembleError, 400],
  [StalledError, 400],
  [JobNotFoundError, 404],
  [VideoExistsError, 409],
  [JobFinalError, 409],
  [NotCompletedError, 409],
  [DrainingError, 503],
  [QuotaError, 507],
  [CatalogFullError, 507],
];

/** Their messages name files of the machine. */
const REWORDED: readonly (readonly [ErrorClass, ErrorStatus, string])[] = [
  [StoreFullError, 507, "The master's disk is full"],
  [StoreUnwritableError, 500, "The master cannot write to its disk"],
];

export interface ErrorAnswer {
  readonly status: ErrorStatus;
  readonly message: string;
  /** Whether nobody here expected it: the caller logs it. */
  readonly isUnexpected: boolean;
}

export function errorAnswer(error: unknown): ErrorAnswer {
  const told = TOLD.find(([type]) => error instanceof type);
  if (told) return { status: told[1], message: (error as Error).message, isUnexpected: false };
  const reworded = REWORDED.find(([type]) => error instanceof type);
  if (reworded) return { status: reworded[1], message: reworded[2], isUnexpected: true };
  return { status: 500, message: "Internal error", isUnexpected: true };
}
