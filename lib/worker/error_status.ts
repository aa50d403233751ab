/** The one table of what callers see of an error. */
import { Metadata, status } from "@grpc/grpc-js";
import { EncodeError, EncoderCrashedError, EncoderUnavailableError } from "../encode/encoder.ts";
import { InvalidSettingError } from "../encode/settings.ts";
import { shortened, statusFrom, type StatusTable } from "../rpc/error_status.ts";
import { DRAINING, PUSHBACK_KEY } from "../rpc/rpc_error.ts";
import type { EndStatus } from "../rpc/server_call.ts";
import { StalledError } from "../stalled.ts";
import { InvalidKeyError } from "../store/shard_key.ts";
import { ShardPathError } from "../store/shard_path.ts";
import {
  ShardCorruptError,
  ShardNotFoundError,
  StoreFullError,
  StoreUnwritableError,
} from "../store/store_errors.ts";
import { BusyError, DrainingError } from "./admission.ts";
import { ChunkChecksumError, EmptyChunkError } from "./checked_chunk.ts";
import { InvalidRequestError } from "./chunk_order.ts";
import { EncodeTimeoutError } from "./process_chunk.ts";
import { ShardTooLargeError } from "./shard_calls.ts";

const TABLE: StatusTable = [
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

/** See {@link statusFrom}. */
export function toStatus(error: unknown): EndStatus {
  const answer = statusFrom(TABLE, error);
  if (error instanceof BusyError) {
    return { ...answer, metadata: trailer(PUSHBACK_KEY, `${error.retryAfterMs}`) };
  }
  if (error instanceof DrainingError) {
    return { ...answer, metadata: trailer(DRAINING.key, DRAINING.value) };
  }
  if (!(error instanceof EncodeError) || error.logTail.length === 0) return answer;
  return { ...answer, details: shortened(`${error.message}: ${error.logTail.join("; ")}`) };
}

function trailer(key: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(key, value);
  return metadata;
}
