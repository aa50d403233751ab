/** What a worker can encode and how fast, shown by doing it. */
import { fileURLToPath } from "node:url";
import { EncodeError, type Encoder, EncoderCrashedError, type EncodeTask } from "../encode/encoder.ts";
import {
  type Codec,
  CODECS,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  PIXEL_FORMATS,
} from "../encode/settings.ts";
import type { Logger } from "../log.ts";

/** What came of trying a codec. */
export type CodecTrial =
  | {
    readonly kind: "proven";
    readonly codec: Codec;
    /** As its shards will say, such as `libav/libx264 8.1 form 2`. */
    readonly encoder: string;
    /** Of the test second, on one thread, from the start of the encoder's process to its last byte. */
    readonly framesPerSecond: number;
    /** Which it takes. */
    readonly pixelFormats: readonly EncodeSettings["pixelFormat"][];
  }
  | {
    readonly kind: "failed";
    readonly codec: Codec;
    readonly problem: string;
    /** Whether it says nothing sure of the codec, which is tried again. */
    readonly isPassing: boolean;
  };

export interface KnownCapabilities {
  /** In the order in which they were tried. */
  readonly trials: readonly CodecTrial[];
  /** Whether all that were asked for are among them, and none of those is passing. */
  readonly isComplete: boolean;
}

/** Disposing of it ends the encode that runs. */
export interface Capabilities extends AsyncDisposable {
  /**
   * Has those codecs tried that have not been, one after another in the background, and tells what is known now. A
   * try that failed without a refusal is made again when it is asked for a minute later.
   *
   * @param codecs None: all.
   */
  ask(codecs: readonly Codec[]): KnownCapabilities;
}

export interface CapabilitiesOptions {
  readonly logger: Logger;
  /** How long one codec may take. Default 30 s. */
  readonly trialMs?: number;
  /** Milliseconds, from whenever. Default the time since the start. */
  readonly now?: () => number;
}

const TRIAL_MS = 30_000;
/** How long the problem of a try that may pass is told before the codec is tried again. */
const TRY_AGAIN_MS = 60_000;

/**
 * Nothing is tried before it is asked for: a worker that only stores, or whose master needs one codec, spends
 * nothing on the others.
 *
 * @param media Null: no codec at all.
 */
export function createCapabilities(
  media: Encoder | null,
  { logger, trialMs = TRIAL_MS, now = () => performance.now() }: CapabilitiesOptions,
): Capabilities {
  const over = new AbortController();
  const trials = new Map<Codec, CodecTrial>();
  /** Those that need no further try, before the time given. */
  const quietUntilMs = new Map<Codec, number>();
  let running = Promise.resolve();

  async function tryNext(encoder: Encoder, codec: Codec): Promise<void> {
    if (over.signal.aborted) return;
    const trial = await tryCodec(encoder, codec, { signal: over.signal, trialMs });
    if (over.signal.aborted) return;
    trials.delete(codec);
    trials.set(codec, trial); // as the last
    if (isPassing(trial)) quietUntilMs.set(codec, now() + TRY_AGAIN_MS);
    if (trial.kind === "failed") {
      logger.warn("Cannot encode with codec", { codec: trial.codec, reason: trial.problem });
    } else {
      const { encoder, framesPerSecond } = trial;
      logger.info("Codec works", { codec, encoder, frames_per_second: Math.round(framesPerSecond) });
    }
  }

  return {
    ask(codecs) {
      if (!media) return { trials: [], isComplete: true };
      const wanted = codecs.length === 0 ? CODECS : codecs;
      for (const codec of wanted) {
        if (now() < (quietUntilMs.get(codec) ?? -Infinity)) continue;
        quietUntilMs.set(codec, Infinity);
        running = running.then(() => tryNext(media, codec));
      }
      const isComplete = wanted.every((codec) => trials.has(codec) && !isPassing(trials.get(codec)!));
      return { trials: [...trials.values()], isComplete };
    },
    async [Symbol.asyncDispose]() {
      over.abort(new DOMException("The worker ends", "AbortError"));
      await running;
    },
  };
}

const isPassing = (trial: CodecTrial): boolean => trial.kind === "failed" && trial.isPassing;

async function tryCodec(
  encoder: Encoder,
  codec: Codec,
  { signal, trialMs }: { readonly signal: AbortSignal; readonly trialMs: number },
): Promise<CodecTrial> {
  const settings = trialSettings(codec);
  const pixelFormats = (["source", ...PIXEL_FORMATS] as const).filter((pixelFormat) =>
    encoder.supports({ ...settings, pixelFormat })
  );
  if (pixelFormats.length === 0) {
    return {
      kind: "failed",
      codec,
      problem: `${encoder.name} ${encoder.version} has no ${codec} encoder here`,
      isPassing: false,
    };
  }
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`not done after ${trialMs / 1000} s`)), trialMs);
  try {
    const made = await encodeTestSecond(encoder, settings, AbortSignal.any([signal, late.signal]));
    return { kind: "proven", codec, ...made, pixelFormats };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isRefusal = error instanceof EncodeError && !(error instanceof EncoderCrashedError);
    const problem = isRefusal ? reason : `${reason}; it will be tried again`;
    return { kind: "failed", codec, problem, isPassing: !isRefusal };
  } finally {
    clearTimeout(timer);
  }
}

/** The same everywhere, and quick: the figure is for comparing workers. */
function trialSettings(codec: Codec): EncodeSettings {
  return {
    ...DEFAULT_SETTINGS,
    codec,
    rate: { kind: "crf", crf: DEFAULT_CRF[codec] },
    preset: "veryfast",
    threads: 1,
  };
}

/**
 * A second of `makeVideo()`: 320x240, 25 frames a second, one keyframe, CRF 30, preset slow, no sound. A file, so
 * that a worker with the system's ffmpeg needs nothing else to make it.
 */
const TEST_SECOND = { path: fileURLToPath(new URL("test_second.mp4", import.meta.url)), frames: 25 };
/** Ticks a second of its track. */
const TEST_TIMESCALE = 12_800;

async function encodeTestSecond(
  encoder: Encoder,
  settings: EncodeSettings,
  signal: AbortSignal,
): Promise<{ readonly encoder: string; readonly framesPerSecond: number }> {
  const chunk = await Deno.readFile(TEST_SECOND.path, { signal });
  const task: EncodeTask = {
    settings,
    segment: { timescale: TEST_TIMESCALE, startTicks: 0, frameCount: TEST_SECOND.frames },
  };
  const startMs = performance.now();
  const encoding = encoder.encode(ReadableStream.from([chunk]), task, { signal });
  for await (const _ of encoding.shard); // nobody wants it
  const facts = await encoding.facts;
  const seconds = (performance.now() - startMs) / 1000;
  return { encoder: facts.encoder, framesPerSecond: facts.frameCount / seconds };
}
