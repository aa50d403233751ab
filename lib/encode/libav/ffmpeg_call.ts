/** How FFmpeg's return codes become errors. */
import { FFmpegError } from "node-av/lib";

/** FFmpeg does not take the input, or it is not what the task says. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/**
 * Returns `code`, which is no error.
 *
 * @param attempt What was attempted, as in "could not <attempt>".
 * @throws {RefusedError} If the code is an error. "Cannot allocate memory" is one of them: it is what comes of
 * sizes that a damaged chunk claims, while a machine that is out of memory kills.
 */
export function check(code: number, attempt: string): number {
  if (code >= 0) return code;
  throw new RefusedError(`could not ${attempt}: ${FFmpegError.strerror(code)}`);
}
