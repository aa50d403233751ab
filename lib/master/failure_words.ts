/** Why a job failed, in words that anybody may read. */
import { AssembleError } from "../assemble/assemble_error.ts";
import { FrameMismatchError } from "../assemble/check_frames.ts";
import { SourceError } from "../chunk/source_error.ts";
import { EncodeError, EncoderUnavailableError } from "../encode/encoder.ts";
import { InvalidSettingError } from "../encode/settings.ts";
import { PoisonChunkError, UnsupportedError, WorkersLostError } from "../fleet/fleet.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import { TransferError } from "../rpc/worker_client.ts";
import { ShardCorruptError, StoreFullError, StoreUnwritableError } from "../store/store_errors.ts";

type ErrorClass = new (...args: never[]) => Error;

/** Whose messages are for people. */
const TOLD: readonly ErrorClass[] = [
  AssembleError,
  EncodeError,
  EncoderUnavailableError,
  FrameMismatchError,
  InvalidSettingError,
  PoisonChunkError,
  RpcError,
  ShardCorruptError,
  SourceError,
  StoreFullError,
  StoreUnwritableError,
  TransferError,
  UnsupportedError,
  WorkersLostError,
];

/** Of a message; what an encoder says may be long. */
const MAX_CHARS = 2_000;

/**
 * @param names What is said instead of a path, by path; of two that begin alike, the longer first.
 * @returns Undefined for an error that nobody expected, of which only the log should say more.
 */
export function failureWords(
  error: unknown,
  names: readonly (readonly [path: string, name: string])[],
): string | undefined {
  if (!TOLD.some((type) => error instanceof type)) return undefined;
  let { message } = error as Error;
  for (const [path, name] of names) message = message.replaceAll(path, () => name);
  return message.slice(0, MAX_CHARS).toWellFormed();
}
