/** What an encoder is called where it matters that another one writes other bytes. */
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import type { EncoderName } from "./encoder.ts";
import type { Codec } from "./settings.ts";

/**
 * Of the way in which encoders carry settings out, and of what `taskSha256()` is made from: to be raised with every
 * change of either by which a chunk gives another shard. Then nothing that was remembered is found, and workers that
 * are still of the version before are of another build. Proofs hold both: `PROOF_VERSION` is to be raised with it.
 */
export const FORM = 2;

/**
 * @param version Of the library or program.
 * @returns Such as `libav/libx264 8.1 form 2`.
 */
export function encoderBuild(name: Exclude<EncoderName, "simulated">, codec: Codec, version: string): string {
  return `${name}/${CODEC_ENCODERS[codec].name} ${version} form ${FORM}`;
}
