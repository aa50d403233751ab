/** What can be wrong with a file that is to be split. */

/**
 * - `missing`, `directory`: there is no file of that name.
 * - `unreadable`: it may not be read, or is no regular file.
 * - `empty`: it has no bytes.
 * - `not-media`: it is no video container that is known here.
 * - `no-video`: it has no video track.
 * - `unsupported-codec`: its video cannot be cut into chunks.
 * - `unsupported`: it cannot be split and put together again as it is meant to be seen.
 * - `damaged`: it ends too early, or contradicts itself.
 */
export type SourceErrorReason =
  | "missing"
  | "directory"
  | "unreadable"
  | "empty"
  | "not-media"
  | "no-video"
  | "unsupported-codec"
  | "unsupported"
  | "damaged";

/** A file cannot be read as a video. */
export class SourceError extends Error {
  override readonly name: string = "SourceError";
  readonly reason: SourceErrorReason;
  readonly path: string;

  constructor(reason: SourceErrorReason, path: string, message: string, options?: ErrorOptions) {
    super(`Cannot read "${path}": ${message}`, options);
    this.reason = reason;
    this.path = path;
  }
}

/** The file is no video container, though it may well be cut into raw bytes. */
export class NotMediaError extends SourceError {
  override readonly name = "NotMediaError";

  constructor(path: string, options?: ErrorOptions) {
    super("not-media", path, "not a video file (MP4, MOV, MKV, WebM or MPEG-TS)", options);
  }
}
