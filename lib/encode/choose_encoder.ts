/** Which encoders a worker works with. */
import { type Encoder, EncoderUnavailableError } from "./encoder.ts";
import { createFfmpegEncoder } from "./ffmpeg_encoder.ts";
import { createLibavEncoder } from "./libav_encoder.ts";
import { createSimulatedEncoder } from "./simulated_encoder.ts";

export const ENCODER_CHOICES = ["auto", "libav", "ffmpeg", "simulated"] as const;
/** "auto": libav where it loads, else ffmpeg. "simulated": no media at all. */
export type EncoderChoice = typeof ENCODER_CHOICES[number];

export interface ChosenEncoders {
  /** For media segments; null: they are not taken. */
  readonly media: Encoder | null;
  /** For chunks of any kind. */
  readonly opaque: Encoder;
}

type CreateEncoder = (options: { readonly signal?: AbortSignal }) => Promise<Encoder>;

export interface ChooseEncodersOptions {
  /** How the media encoders are made; only what the choice needs is called. */
  readonly create?: { readonly libav: CreateEncoder; readonly ffmpeg: CreateEncoder };
  readonly signal?: AbortSignal;
}

/**
 * Makes the encoders that `choice` names.
 *
 * @throws {EncoderUnavailableError} If the one that is asked for cannot run here; for "auto" if neither can,
 * with both reasons.
 * @throws `options.signal.reason` once aborted.
 */
export async function chooseEncoders(
  choice: EncoderChoice,
  options: ChooseEncodersOptions = {},
): Promise<ChosenEncoders> {
  const opaque = createSimulatedEncoder();
  const { create = { libav: createLibavEncoder, ffmpeg: createFfmpegEncoder }, signal } = options;
  const signalOption = signal ? { signal } : {};
  if (choice === "simulated") return { media: null, opaque };
  if (choice !== "auto") return { media: await create[choice](signalOption), opaque };
  return { media: await firstAvailable([create.libav, create.ffmpeg], signalOption), opaque };
}

async function firstAvailable(
  creators: readonly CreateEncoder[],
  options: { readonly signal?: AbortSignal },
): Promise<Encoder> {
  const reasons: string[] = [];
  for (const create of creators) {
    try {
      return await create(options);
    } catch (error) {
      if (!(error instanceof EncoderUnavailableError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new EncoderUnavailableError(`No encoder can run here. ${reasons.join(". ")}`);
}
