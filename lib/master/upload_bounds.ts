/** What a video may take up, and how long it may take to come. */
import { unlessStalled } from "../stalled.ts";
import { StoreFullError } from "../store/store_errors.ts";
import { InvalidUploadError, QuotaError } from "./master_errors.ts";

/** So much stays free on the disk: the catalog, shards and results need room too. */
export const MIN_FREE_BYTES = 256 * 1024 * 1024;
/** How much may come before the disk is asked again. */
const ASK_EVERY_BYTES = 32 * 1024 * 1024;

export interface SpaceOptions {
  /** Of all sources and results together; undefined: what the disk has. */
  readonly quotaBytes: number | undefined;
  /** What sources and results of the catalog take up. */
  readonly storedBytes: () => number;
  readonly freeBytes: () => Promise<number>;
}

export interface Space {
  /** Room for one upload, which takes it up as it comes. Disposing of it gives it back. */
  reserve(announcedBytes: number | undefined): Promise<Reservation>;
}

export interface Reservation extends Disposable {
  /** @throws {QuotaError} @throws {StoreFullError} If there is no room for so many more. */
  take(bytes: number): Promise<void>;
}

export function createSpace({ quotaBytes = Infinity, storedBytes, freeBytes }: SpaceOptions): Space {
  let comingBytes = 0;

  function checkQuota(moreBytes: number): void {
    if (storedBytes() + comingBytes + moreBytes <= quotaBytes) return;
    throw new QuotaError(`Cannot take the video: all videos together may have ${quotaBytes} bytes`);
  }

  async function checkDisk(moreBytes: number): Promise<void> {
    if (await freeBytes() - moreBytes >= MIN_FREE_BYTES) return;
    throw new StoreFullError("Cannot take the video: no space left on the device");
  }

  return {
    async reserve(announcedBytes = 0) {
      checkQuota(announcedBytes);
      await checkDisk(announcedBytes);
      let taken = 0;
      let unchecked = 0;
      return {
        async take(bytes) {
          checkQuota(bytes);
          taken += bytes;
          comingBytes += bytes;
          unchecked += bytes;
          if (unchecked < ASK_EVERY_BYTES) return;
          unchecked = 0;
          await checkDisk(0);
        },
        [Symbol.dispose]() {
          comingBytes -= taken;
          taken = 0;
        },
      };
    },
  };
}

export interface BoundOptions {
  readonly room: Reservation;
  /** How many bytes must come; undefined: any number but none. */
  readonly sizeBytes: number | undefined;
  /** How long nothing may come. */
  readonly stallMs: number;
}

/** Passes a video on as long as it keeps to its bounds. */
export function boundUpload(
  video: ReadableStream<Uint8Array>,
  { room, sizeBytes, stallMs }: BoundOptions,
): ReadableStream<Uint8Array> {
  const reader = video.getReader();
  let received = 0;

  async function next(): Promise<Uint8Array | undefined> {
    const { done, value } = await unlessStalled("take the video", reader.read(), stallMs);
    received += value?.length ?? 0;
    if (done) {
      if (received === 0) throw new InvalidUploadError("data_chunk", "is empty: no byte came");
      if (sizeBytes !== undefined && received !== sizeBytes) throw wrongSize(received, sizeBytes);
      return undefined;
    }
    if (sizeBytes !== undefined && received > sizeBytes) throw wrongSize(received, sizeBytes);
    await room.take(value.length);
    return value;
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const value = await next();
        if (value) controller.enqueue(value);
        else controller.close();
      } catch (error) {
        reader.cancel(error).catch(() => {}); // it is dropped for the error that is thrown here
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function wrongSize(received: number, announced: number): InvalidUploadError {
  return new InvalidUploadError("size_bytes", `is ${announced}, but ${received} bytes came`);
}
