/** An encode that failed before it began. */
import type { Bytes, Encoding } from "./encoder.ts";

/** Tells `error` by stream and facts, as a started encode would; the source is cancelled. */
export function failedEncoding(source: Bytes, error: unknown): Encoding {
  source.cancel(error).catch(() => {}); // the error to tell is the one that is given
  const facts = Promise.reject(error);
  facts.catch(() => {});
  return {
    shard: new ReadableStream({ start: (controller) => controller.error(error) }),
    facts,
  };
}
