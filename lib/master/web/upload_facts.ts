/** What an upload's query says of the video. */
import * as v from "valibot";
import type { AudioMode } from "../../assemble/audio_plan.ts";
import { CONTAINERS } from "../../assemble/output_container.ts";
import { AUDIO_CODECS } from "../../encode/audio_settings.ts";
import { CODECS, DEFAULT_CRF, type EncodeSettings, PIXEL_FORMATS, PRESETS } from "../../encode/settings.ts";
import type { UploadFacts } from "../master.ts";
import { RequestError } from "./request_error.ts";

const number = v.pipe(
  v.string(),
  v.regex(/^-?\d{1,12}(\.\d{1,6})?$/, "must be a number"),
  v.transform(Number),
);
const flag = v.pipe(v.picklist(["true", "false"]), v.transform((text) => text === "true"));

const AUDIO = new RegExp(`^(copy|none|(${AUDIO_CODECS.join("|")})(:(\\d{1,4})k)?)$`);
const audio = v.pipe(
  v.string(),
  v.regex(AUDIO, "must be copy, none, or a codec such as aac or opus:96k"),
  v.transform(parseAudio),
);

/** Spelled as the flags are; ranges are the master's to check. */
const QUERY = v.strictObject({
  video_id: v.string(),
  original_filename: v.optional(v.pipe(v.string(), v.maxLength(1_000, "must have at most 1000 characters"))),
  size_bytes: v.optional(number),
  container: v.optional(v.picklist(CONTAINERS)),
  audio: v.optional(audio),
  chunk_seconds: v.optional(number),
  priority: v.optional(number),
  codec: v.optional(v.picklist(CODECS)),
  crf: v.optional(number),
  bitrate: v.optional(number),
  preset: v.optional(v.picklist(PRESETS)),
  width: v.optional(number),
  height: v.optional(number),
  pixel_format: v.optional(v.picklist(PIXEL_FORMATS)),
  keyframe_interval: v.optional(number),
  deinterlace: v.optional(flag),
});

/**
 * @throws {RequestError} Naming the field that cannot be.
 */
export function readUploadFacts(query: URLSearchParams): UploadFacts {
  const repeated = [...query.keys()].find((key) => query.getAll(key).length > 1);
  if (repeated !== undefined) throw new RequestError(`${repeated} is given twice`, repeated);
  const parsed = v.safeParse(QUERY, Object.fromEntries(query));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const field = v.getDotPath(issue) ?? "";
    throw new RequestError(`${field}: ${issue.message}`, field);
  }
  const facts = parsed.output;
  return {
    videoId: facts.video_id,
    originalFilename: facts.original_filename,
    sizeBytes: facts.size_bytes,
    container: facts.container,
    audio: facts.audio,
    chunkSeconds: facts.chunk_seconds,
    priority: facts.priority,
    encode: encodeSettings(facts),
  };
}

/** Those that are named; a quality needs its codec, since each has a scale of its own. */
function encodeSettings(facts: v.InferOutput<typeof QUERY>): Partial<EncodeSettings> {
  if (facts.crf !== undefined && facts.bitrate !== undefined) {
    throw new RequestError("crf and bitrate exclude each other", "bitrate");
  }
  const { crf, bitrate } = facts;
  return {
    ...(facts.codec !== undefined &&
      { codec: facts.codec, rate: { kind: "crf", crf: DEFAULT_CRF[facts.codec] } }),
    ...(crf !== undefined && { rate: { kind: "crf", crf } }),
    ...(bitrate !== undefined && { rate: { kind: "bitrate", bitsPerSecond: bitrate } }),
    ...(facts.preset !== undefined && { preset: facts.preset }),
    ...(facts.width !== undefined && { width: facts.width }),
    ...(facts.height !== undefined && { height: facts.height }),
    ...(facts.pixel_format !== undefined && { pixelFormat: facts.pixel_format }),
    ...(facts.keyframe_interval !== undefined && { keyframeInterval: facts.keyframe_interval }),
    ...(facts.deinterlace !== undefined && { deinterlace: facts.deinterlace }),
  };
}

function parseAudio(text: string): AudioMode {
  if (text === "copy" || text === "none") return text;
  const [, , name, , kilobits] = AUDIO.exec(text) ?? [];
  const codec = AUDIO_CODECS.find((codec) => codec === name)!;
  return kilobits === undefined ? { codec } : { codec, bitsPerSecond: Number(kilobits) * 1_000 };
}
