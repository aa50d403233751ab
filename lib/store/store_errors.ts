/** What can go wrong with files, as classes that a caller can tell apart. */
import { whyNotCapable } from "../not_capable.ts";

/** There is no such shard. */
export class ShardNotFoundError extends Error {
  override readonly name = "ShardNotFoundError";
}

/** The shard or its metadata is not what was stored: wrong length, wrong checksum, unreadable record. */
export class ShardCorruptError extends Error {
  override readonly name = "ShardCorruptError";
}

/** There is no room for what was to be written. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}

/** Files cannot be written there at all: permissions, a missing folder, a broken disk. */
export class StoreUnwritableError extends Error {
  override readonly name = "StoreUnwritableError";
}

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large for the file system",
};

const UNWRITABLE: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOENT: "no such file or folder",
  ENOTDIR: "not a folder",
  EISDIR: "it is a folder",
};

/**
 * Runs what writes files, and gives its failures a class.
 *
 * @param attempted What the task is, as in "Cannot <attempted>: <why>".
 * @throws {StoreFullError} If there is no room left.
 * @throws {StoreUnwritableError} For any other refusal of the operating system or of Deno's permissions.
 * @throws Whatever else the task throws, untouched.
 */
export async function attempting<T>(attempted: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    throw typedError(attempted, cause);
  }
}

/** Such as "ENOSPC"; undefined if it is not the operating system's error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  // Capitals only, unlike the codes of errors that Node's modules make up.
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  return WITHOUT_CODE.find(([text]) => text.test(error.message))?.[1];
}

/** What Deno gives without a code, by the system's own words. */
const WITHOUT_CODE: readonly (readonly [RegExp, string])[] = [
  [/^File too large \(os error/, "EFBIG"],
  [/^Disk quota exceeded \(os error/, "EDQUOT"],
];

function typedError(attempted: string, cause: unknown): unknown {
  const code = systemCode(cause) ?? "";
  if (code === "" && !(cause instanceof Deno.errors.NotCapable)) return cause;
  const full = FULL[code];
  if (full !== undefined) return new StoreFullError(`Cannot ${attempted}: ${full}`, { cause });
  const why = cause instanceof Deno.errors.NotCapable
    ? whyNotCapable(cause)
    : UNWRITABLE[code] ?? (cause as Error).message;
  return new StoreUnwritableError(`Cannot ${attempted}: ${why}`, { cause });
}
