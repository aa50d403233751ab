/** A stream that is read twice from its start: a part of it to look at, then all of it. */
import type { Bytes } from "./encoder.ts";

export interface TwiceRead {
  /** Its start; what is read of it is kept for {@link whole}. Cancelling it leaves the source alone. */
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
  const head = new ReadableStream<Uint8Array>({
    start: (controller) => void (headController = controller),
    async pull() {
      const hasPart = given < kept.length || await readPart();
      if (hasPart) headController?.enqueue(kept[given++]!);
      else endHead();
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
        if (kept.length > 0 || await readPart()) controller.enqueue(kept.shift()!);
        else controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  return { head, endHead, whole, cancel: (reason) => void reader.cancel(reason).catch(() => {}) };
}
