/** The one table of what callers see of an error. */
import { Metadata, status } from "@grpc/grpc-js";
import { EncodeError, EncoderCrashedError, EncoderUnavailableError } from "../encode/encoder.ts";
import { InvalidSettingError } from "../encode/settings.ts";
import { PUSHBACK_KEY } from "../rpc/rpc_error.ts";
import type { EndStatus } from "../rpc/server_call.ts";
import { InvalidKeyError } from "../store/shard_key.ts";
import { ShardPathError } from "../store/shard_path.ts";
import {
  ShardCorruptError,
  ShardNotFoundError,
  StoreFullError,
  StoreUnwritableError,
} from "../store/store_errors.ts";
import { BusyError, DrainingError } from "./admission.ts";
import { ChunkChecksumError, EmptyChunkError, StalledError } from "./checked_chunk.ts";
import { InvalidRequestError } from "./chunk_order.ts";
import { EncodeTimeoutError } from "./process_chunk.ts";
import { ShardTooLargeError } from "./shard_calls.ts";

type ErrorClass = new (...args: never[]) => Error;

/** The first class that fits decides. */
const CODES: readonly (readonly [ErrorClass, status])[] = [
  [InvalidKeyError, status.INVALID_ARGUMENT],
  [InvalidRequestError, status.INVALID_ARGUMENT],
  [InvalidSettingError, status.INVALID_ARGUMENT],
  [EmptyChunkError, status.INVALID_ARGUMENT],
  [EncoderCrashedError, status.INTERNAL],
  [EncodeError, status.INVALID_ARGUMENT],
  [EncoderUnavailableError, status.FAILED_PRECONDITION],
  [ChunkChecksumError, status.DATA_LOSS],
  [ShardCorruptError, status.DATA_LOSS],
  [ShardPathError, status.PERMISSION_DENIED],
  [ShardNotFoundError, status.NOT_FOUND],
  [ShardTooLargeError, status.RESOURCE_EXHAUSTED],
  [BusyError, status.RESOURCE_EXHAUSTED],
  [StoreFullError, status.RESOURCE_EXHAUSTED],
  [StoreUnwritableError, status.INTERNAL],
  [StalledError, status.DEADLINE_EXCEEDED],
  [EncodeTimeoutError, status.DEADLINE_EXCEEDED],
  [DrainingError, status.UNAVAILABLE],
];

/** Details travel in a trailer, whose whole size clients bound to some 8 KiB; each unit takes up to 9 bytes of it. */
const MAX_DETAILS = 800;

/** What is not in the table goes out as "Internal error" and nothing more: whoever calls this logs the error. */
export function toStatus(error: unknown): EndStatus {
  if (error instanceof DOMException && error.name === "AbortError") {
    return { code: status.CANCELLED, details: "Call is over" };
  }
  for (const [type, code] of CODES) {
    if (error instanceof type) return { code, details: detailsOf(error), metadata: pushback(error) };
  }
  return { code: status.INTERNAL, details: "Internal error" };
}

function detailsOf(error: Error): string {
  const log = error instanceof EncodeError && error.logTail.length > 0 ? `: ${error.logTail.join("; ")}` : "";
  // grpc-js would throw at half a surrogate pair, as the cut may leave
  return `${error.message}${log}`.slice(0, MAX_DETAILS).toWellFormed();
}

function pushback(error: Error): Metadata {
  const metadata = new Metadata();
  if (error instanceof BusyError) metadata.set(PUSHBACK_KEY, String(error.retryAfterMs));
  return metadata;
}
