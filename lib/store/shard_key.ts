/** What names a shard, and which names are safe to become file names. */

/** Which chunk of which video. */
export interface ShardKey {
  readonly videoId: string;
  /** Position of the chunk in its video, from 0. */
  readonly chunkIndex: number;
}

/** The longest video_id, in bytes of UTF-8: leaves room for what the metadata's file name adds. */
export const MAX_VIDEO_ID_BYTES = 200;

/** int32 on the wire. */
export const MAX_CHUNK_INDEX = 2 ** 31 - 1;

/** A video_id or chunk_index that cannot name a shard. */
export class InvalidKeyError extends Error {
  override readonly name = "InvalidKeyError";
  /** Which of the two, as the wire spells it. */
  readonly field: "video_id" | "chunk_index";

  constructor(field: InvalidKeyError["field"], message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * Checks that a video_id is one path segment on any system and hides nothing.
 *
 * @throws {InvalidKeyError} Saying which rule it breaks.
 */
export function checkVideoId(videoId: string): void {
  const problem = videoIdProblem(videoId);
  if (problem !== null) {
    throw new InvalidKeyError("video_id", `Cannot use video_id ${quoted(videoId)}: it ${problem}`);
  }
}

/** Whether {@linkcode checkVideoId} would let it pass. */
export function isVideoId(text: string): boolean {
  return videoIdProblem(text) === null;
}

/**
 * Checks both parts of a key.
 *
 * @throws {InvalidKeyError} Saying which part is wrong, and why.
 */
export function checkKey(key: ShardKey): void {
  checkVideoId(key.videoId);
  if (!isChunkIndex(key.chunkIndex)) {
    throw new InvalidKeyError(
      "chunk_index",
      `Cannot use chunk_index ${key.chunkIndex}: it must be a whole number from 0 to ${MAX_CHUNK_INDEX}`,
    );
  }
}

/** Whether {@linkcode checkKey} would let it pass. */
export function isKey(key: ShardKey): boolean {
  return isVideoId(key.videoId) && isChunkIndex(key.chunkIndex);
}

/** The key in words, as messages have it. */
export function describeKey(key: ShardKey): string {
  return `chunk ${key.chunkIndex} of video ${quoted(key.videoId)}`;
}

/** Text from outside made fit for one line of a message: quoted, escaped, and cut past 200 characters. */
export function quoted(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isChunkIndex(index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index <= MAX_CHUNK_INDEX;
}

function videoIdProblem(videoId: string): string | null {
  if (videoId === "") return "is empty";
  // Before it is encoded: a string this long is over the limit whatever it holds.
  const tooLong = videoId.length > MAX_VIDEO_ID_BYTES ||
    new TextEncoder().encode(videoId).length > MAX_VIDEO_ID_BYTES;
  if (tooLong) return `must have at most ${MAX_VIDEO_ID_BYTES} bytes`;
  if (!videoId.isWellFormed()) return "is not well-formed Unicode";
  if (/[/\\]/.test(videoId)) return "must not contain a slash or backslash";
  if (/\p{Cc}/u.test(videoId)) return "must not contain control characters";
  if (videoId.startsWith(".")) return "must not start with a dot";
  if (videoId.toLowerCase() === "metadata") return "is the name of the store's own folder";
  return null;
}
