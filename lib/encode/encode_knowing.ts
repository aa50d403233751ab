/** An encode that has to know something of its chunk before it starts. */
import { type Bytes, EncodeError, EncoderCrashedError, type Encoding } from "./encoder.ts";
import { failedEncoding } from "./failed_encoding.ts";
import { HeadTooLongError, readTwice } from "./read_twice.ts";

export interface KnowingEncode {
  /**
   * Starts a look at the chunk's start, whose output means nothing; `done` says that enough has been seen. If it
   * is refused, the encode is left to say what is wrong with the chunk, unless it takes too much of it to see.
   */
  readonly look: (
    head: Bytes,
    options: { readonly done: () => void; readonly signal: AbortSignal },
  ) => Encoding;
  /** Starts the encode itself, once the look is over. */
  readonly encode: (whole: Bytes, options: { readonly signal: AbortSignal }) => Encoding;
  readonly signal?: AbortSignal | undefined;
}

/** Looks, then encodes: one encode to whoever calls it. What is read for the look is kept, up to a bound. */
export function encodeKnowing(source: Bytes, { look, encode, signal }: KnowingEncode): Encoding {
  if (signal?.aborted) return failedEncoding(source, signal.reason);
  const { head, endHead, whole, cancel } = readTwice(source);
  const stop = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;

  const looking = look(head, { done: endHead, signal: stopped });
  async function encodeAfterwards(): Promise<Encoding> {
    try {
      await looking.shard.pipeTo(new WritableStream());
    } catch (error) {
      const isFinal = error instanceof EncoderCrashedError || error instanceof HeadTooLongError;
      if (isFinal || !(error instanceof EncodeError)) {
        cancel(error);
        throw error;
      }
    }
    return encode(whole(), { signal: stopped });
  }
  const encoding = encodeAfterwards();
  const facts = encoding.then(({ facts }) => facts);
  facts.catch(() => {}); // whoever reads the shard sees it as well

  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const shard = new ReadableStream<Uint8Array>({
    async pull(controller) {
      reader ??= (await encoding).shard.getReader();
      const part = await reader.read();
      if (part.done) controller.close();
      else controller.enqueue(part.value);
    },
    async cancel(reason = new DOMException("The shard is no longer wanted", "AbortError")) {
      stop.abort(reason);
      await facts.catch(() => {}); // tells once the process is dead
    },
  }, { highWaterMark: 0 });
  return { shard, facts };
}
