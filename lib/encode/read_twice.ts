/** A stream that is read twice from its start: a part of it to look at, then all of it. */
import { type Bytes, EncodeError } from "./encoder.ts";

/** Of a head: it is kept in memory. One part more is taken, however large, since it is in memory already. */
export const MAX_HEAD_BYTES = 64 * 1024 * 1024;

/** The look at a chunk's start did not come to an end. */
export class HeadTooLongError extends EncodeError {
  override readonly name = "HeadTooLongError";

  constructor() {
    super(`Cannot encode the chunk: it has no picture in its first ${MAX_HEAD_BYTES / 2 ** 20} MiB`);
  }
}

export interface TwiceRead {
  /**
   * Its start; what is read of it is kept for {@link whole}. Cancelling it leaves the source alone; asked for more
   * than {@link MAX_HEAD_BYTES} it fails, and all else with it, with a {@link HeadTooLongError}.
   */
  readonly head: Bytes;
  /** Ends {@link head}. */
  readonly endHead: () => void;
  /** All of it, pull-driven; to be called once, when the head has ended. Cancelling it cancels the source. */
  readonly whole: () => Bytes;
  readonly cancel: (reason: unknown) => void;
}

/** @throws {TypeError} If another reads the source. */
export function readTwice(source: Bytes): TwiceRead {
  const reader = source.getReader();
  const kept: Uint8Array[] = [];
  let failure: HeadTooLongError | undefined;
  let reading: Promise<boolean> | undefined;
  /** Whether there was one more part, which is kept now. */
  const readPart = (): Promise<boolean> =>
    reading ??= reader.read().then(({ done, value }) => {
      reading = undefined;
      if (!done) kept.push(value);
      return !done;
    });

  let headController: ReadableStreamDefaultController<Uint8Array> | undefined;
  let given = 0;
  let givenBytes = 0;
  const cancel = (reason: unknown): void => void reader.cancel(reason).catch(() => {});
  const head = new ReadableStream<Uint8Array>({
    start: (controller) => void (headController = controller),
    async pull() {
      const hasPart = given < kept.length || await readPart();
      if (!hasPart) return endHead();
      if (!headController) return;
      if (givenBytes >= MAX_HEAD_BYTES) {
        failure = new HeadTooLongError();
        kept.length = 0;
        cancel(failure);
        throw failure;
      }
      const part = kept[given++]!;
      givenBytes += part.length;
      headController.enqueue(part);
    },
    cancel: () => void (headController = undefined),
  }, { highWaterMark: 0 });
  const endHead = (): void => {
    headController?.close();
    headController = undefined;
  };

  const whole = (): Bytes =>
    new ReadableStream({
      async pull(controller) {
        if (failure) throw failure;
        if (kept.length > 0 || await readPart()) controller.enqueue(kept.shift()!);
        else controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  return { head, endHead, whole, cancel };
}
