/** The flag by which a command says what becomes of the sound. */
import { AssembleError } from "../assemble/assemble_error.ts";
import { type AudioMode, checkAudioFits } from "../assemble/audio_plan.ts";
import { containerOf } from "../assemble/output_container.ts";
import { AUDIO_CODECS } from "../encode/audio_settings.ts";
import { UsageError } from "./usage_error.ts";

export const AUDIO_FLAG = {
  audio: {
    kind: "string",
    valueName: "HOW",
    defaultText: "copy",
    help: "Sound: copy (encoded only where the container cannot hold it), none, or all of it encoded, " +
      "such as aac:128k or opus:96k.",
  },
} as const;

/** Bits a second of a track. */
const RANGE = { min: 6_000, max: 2_000_000 } as const;
const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

/**
 * @param output The file that the sound goes into, whose extension says what it can hold.
 * @throws {UsageError} If the flag cannot be understood, has nothing to act on, or does not fit `output`.
 */
export function readAudioFlag(text: string | undefined, output: string | undefined): AudioMode {
  if (text === undefined) return "copy";
  if (output === undefined) throw new UsageError("--audio has no effect without --reconstruct");
  const mode = parseAudio(text);
  if (typeof mode === "string") return mode;
  try {
    checkAudioFits(containerOf(output), mode.codec);
  } catch (error) {
    throw error instanceof AssembleError ? new UsageError(`--audio ${text}: ${error.message}`) : error;
  }
  return mode;
}

function parseAudio(text: string): AudioMode {
  if (text === "copy" || text === "none") return text;
  const [, name, digits, multiple = ""] = /^([a-z0-9]+):(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(
      `--audio must be copy, none or CODEC:BITRATE such as aac:128k, not ${JSON.stringify(text)}`,
    );
  }
  const codec = AUDIO_CODECS.find((codec) => codec === name);
  if (!codec) {
    throw new UsageError(`--audio: the codec must be one of ${AUDIO_CODECS.join(", ")}, not ${name}`);
  }
  const bitsPerSecond = Math.round(Number(digits) * MULTIPLES[multiple]!);
  if (bitsPerSecond < RANGE.min || bitsPerSecond > RANGE.max) {
    throw new UsageError(
      `--audio: the bitrate must be from 6k to 2M bits a second, not ${digits}${multiple}`,
    );
  }
  return { codec, bitsPerSecond };
}
