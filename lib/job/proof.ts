/** What is known of how an output came to be: the form of the file beside it. */
import * as v from "valibot";
import type { AudioMode } from "../assemble/audio_plan.ts";
import { OUTPUT_STARTS } from "../assemble/output_start.ts";
import {
  checkSettings,
  CODECS,
  type EncodeSettings,
  InvalidSettingError,
  PIXEL_FORMATS,
  PRESETS,
} from "../encode/settings.ts";
import type { FrameRate } from "../frame_grid.ts";

/** Of the form of the file; a reader refuses what it does not know. */
export const PROOF_VERSION = 2;
/** A proof's name is the output's with this at its end. */
export const PROOF_SUFFIX = ".proof.json";
/** A proof of a hundred thousand chunks is not as large. */
const MAX_PROOF_BYTES = 256 * 1024 * 1024;

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Ticks = v.pipe(v.number(), v.safeInteger());
const Rate = v.object({ num: v.pipe(Count, v.minValue(1)), den: v.pipe(Count, v.minValue(1)) });

const SegmentSchema = v.object({
  /** Of the chunk that was cut out of the source. */
  chunk_sha256: Sha256,
  /** Of the settings and of where the frames lie in the chunk. */
  task_sha256: Sha256,
  /** Of what the encoder made of it. */
  shard_sha256: Sha256,
  frames: v.pipe(Count, v.minValue(1)),
  /** When its first and last frame are shown in the output, in ticks of `output.timescale`. */
  first_ticks: Ticks,
  last_ticks: Ticks,
  /** Over the data of its packets in the output, in decode order. */
  packets_sha256: Sha256,
});

const SettingsSchema = v.object({
  codec: v.picklist(CODECS),
  crf: v.optional(v.number()),
  bitrate: v.optional(v.number()),
  preset: v.picklist(PRESETS),
  width: Count,
  height: Count,
  pixel_format: v.picklist(["source", ...PIXEL_FORMATS]),
  keyframe_interval: Count,
  deinterlace: v.boolean(),
  frame_rate: v.union([v.literal("source"), Rate]),
  threads: Count,
});

const ProofSchema = v.object({
  proof_version: v.literal(PROOF_VERSION),
  source: v.object({ sha256: Sha256, size_bytes: Count }),
  encoding: v.object({
    build: v.string(),
    settings: v.looseObject({ frame_rate: v.union([v.literal("source"), Rate]) }),
    audio: v.string(),
    /** Absent: "source", that times are the source's. */
    start: v.optional(v.picklist(OUTPUT_STARTS)),
    chunk_seconds: v.pipe(v.number(), v.gtValue(0)),
  }),
  segments: v.array(SegmentSchema),
  output: v.object({
    container: v.string(),
    sha256: Sha256,
    size_bytes: Count,
    frames: Count,
    timescale: v.pipe(Count, v.minValue(1)),
    audio_tracks: v.array(v.string()),
    not_carried: v.array(v.string()),
  }),
  /** What differs from run to run, whereas all the rest is the same for the same source, settings and build. */
  run: v.object({
    finished_at: v.string(),
    seconds: v.number(),
    chunks: v.array(v.object({
      reused: v.boolean(),
      worker: v.string(),
      attempt: Count,
      encode_seconds: v.number(),
    })),
  }),
});

export type Proof = v.InferOutput<typeof ProofSchema>;
export type ProofSegment = Proof["segments"][number];

/** There is no proof, or it cannot be understood. */
export class ProofError extends Error {
  override readonly name = "ProofError";
}

export function proofPathOf(outputPath: string): string {
  return `${outputPath}${PROOF_SUFFIX}`;
}

/** @throws {ProofError} */
export function parseProof(text: string): Proof {
  try {
    const value: unknown = JSON.parse(text);
    const version = v.safeParse(v.object({ proof_version: v.number() }), value);
    if (version.success && version.output.proof_version !== PROOF_VERSION) {
      throw new ProofError(
        `it has version ${version.output.proof_version}, and ${PROOF_VERSION} is known here`,
      );
    }
    return v.parse(ProofSchema, value);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ProofError("it is not JSON", { cause: error });
    if (!(error instanceof v.ValiError)) throw error;
    const [issue] = (error as v.ValiError<typeof ProofSchema>).issues;
    throw new ProofError(`${v.getDotPath(issue) ?? "it"}: ${issue.message}`, { cause: error });
  }
}

/** @throws {ProofError} */
export async function readProof(path: string): Promise<Proof> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_PROOF_BYTES) throw new ProofError(`it has ${size} bytes`);
    return parseProof(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ProofError(`Cannot find the proof "${path}"`, { cause: error });
    }
    if (!(error instanceof ProofError)) throw error;
    throw new ProofError(`Cannot use the proof "${path}": ${error.message}`, { cause: error });
  }
}

export function proofText(proof: Proof): string {
  return `${JSON.stringify(proof, null, 2)}\n`;
}

/** Spelled as on the wire. Width and height are those of the picture as it is shown. */
export function settingsJson(settings: EncodeSettings): Proof["encoding"]["settings"] {
  const { rate } = settings;
  return {
    codec: settings.codec,
    ...(rate.kind === "crf" ? { crf: rate.crf } : { bitrate: rate.bitsPerSecond }),
    preset: settings.preset,
    width: settings.width,
    height: settings.height,
    pixel_format: settings.pixelFormat,
    keyframe_interval: settings.keyframeInterval,
    deinterlace: settings.deinterlace,
    frame_rate: frameRateJson(settings.frameRate),
    threads: settings.threads,
  };
}

/** What {@link settingsJson} was made of; undefined: it was made of no settings that there are. */
export function parseSettings(json: Proof["encoding"]["settings"]): EncodeSettings | undefined {
  const { success, output } = v.safeParse(SettingsSchema, json);
  if (!success || (output.crf === undefined) === (output.bitrate === undefined)) return undefined;
  const settings: EncodeSettings = {
    codec: output.codec,
    rate: output.crf === undefined
      ? { kind: "bitrate", bitsPerSecond: output.bitrate! }
      : { kind: "crf", crf: output.crf },
    preset: output.preset,
    width: output.width,
    height: output.height,
    pixelFormat: output.pixel_format,
    keyframeInterval: output.keyframe_interval,
    deinterlace: output.deinterlace,
    frameRate: output.frame_rate,
    threads: output.threads,
  };
  try {
    checkSettings(settings);
    return settings;
  } catch (error) {
    if (error instanceof InvalidSettingError) return undefined;
    throw error;
  }
}

function frameRateJson(rate: FrameRate | "source"): FrameRate | "source" {
  return rate === "source" ? rate : { num: rate.num, den: rate.den };
}

/** Such as `copy`, `none` or `aac:128000`. */
export function audioText(audio: AudioMode): string {
  if (typeof audio === "string") return audio;
  return audio.bitsPerSecond === undefined ? audio.codec : `${audio.codec}:${audio.bitsPerSecond}`;
}
