/** What the output says of itself: the source's tags and pictures, and who made it. */
import { AttachedFile, type AttachedImage, type MetadataTags } from "mediabunny";
import { ATTACHMENTS } from "../chunk/container_outline.ts";
import { hasCreationSeconds } from "../chunk/mp4_creation_time.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { type FurtherTags, furtherTags, omittedTags, shortFields } from "./further_tags.ts";
import { hasStereoMode, lostStereo } from "./matroska_facts.ts";
import { type Container, reservesIndex } from "./output_container.ts";

/** By container, the name of the tag for the encoder. */
const ENCODER_TAG: Readonly<Record<Container, string>> = {
  mp4: "©too",
  mov: "©swr",
  mkv: "ENCODER",
  webm: "ENCODER",
};

/** By container, the name of the tag for when something was made. */
const DATE_TAG: Readonly<Record<Container, string>> = {
  mp4: "©day",
  mov: "©day",
  mkv: "DATE",
  webm: "DATE",
};
/** Names of it that the demuxer knows, in lower case. */
const DATE_NAMES: ReadonlySet<string> = new Set(["©day", "rldt", "com.apple.quicktime.creationdate", "date"]);

/** A date and time that is kept beside the date. */
const EXACT_DATE = "com.apple.quicktime.creationdate";

export interface OutputTags {
  readonly tags: MetadataTags;
  /** Those for an MP4 or MOV that the muxer has no place for. */
  readonly movie: Pick<FurtherTags, "userData" | "keys">;
  /** When the source was made, in nanoseconds since 1970. */
  readonly createdNs?: bigint | undefined;
  /** How the video's pictures hold two for 3D: StereoMode of Matroska. */
  readonly stereoMode?: number | undefined;
  /** What of the source's could not be taken over, in words. */
  readonly notCarried: readonly string[];
  /** Which of `source.otherContents` were taken over. */
  readonly carried: readonly string[];
}

/** The tags for an output. The same source gives the same ones. */
export async function outputTags(
  source: SourceFile,
  container: Container,
  encoderTag: string | undefined,
): Promise<OutputTags> {
  const { notCarried: lostFacts, ...facts } = outputFacts(source, container);
  const texts = await textTags(source, container, encoderTag);
  return { ...texts, ...facts, notCarried: [...texts.notCarried, ...lostFacts] };
}

/** What is no tag there. */
function outputFacts(
  { createdNs, stereoMode }: SourceFile,
  container: Container,
): Pick<OutputTags, "createdNs" | "stereoMode" | "notCarried"> {
  const hasTime = createdNs !== undefined && (!reservesIndex(container) || hasCreationSeconds(createdNs));
  const hasStereo = stereoMode !== undefined && hasStereoMode(container, stereoMode);
  return {
    createdNs: hasTime ? createdNs : undefined,
    stereoMode: hasStereo ? stereoMode : undefined,
    notCarried: [
      ...(createdNs !== undefined && !hasTime ? ["the time when it was made"] : []),
      ...(stereoMode !== undefined && !hasStereo ? [lostStereo(stereoMode)] : []),
    ],
  };
}

async function textTags(
  source: SourceFile,
  container: Container,
  encoderTag: string | undefined,
): Promise<Pick<OutputTags, "tags" | "movie" | "notCarried" | "carried">> {
  const made: Record<string, string> = encoderTag === undefined
    ? {}
    : { [ENCODER_TAG[container]]: encoderTag };
  try {
    const { raw = {}, images = [], date: _, ...described } = await source.input.getMetadataTags();
    const title = described.title ?? source.title;
    const fields = shortFields({ ...described, ...(title !== undefined && { title }) });
    // As it is written: a year is not the first day of it.
    const [dateName, date] = Object.entries(raw).find(isDate) ?? [];
    if (date !== undefined) made[DATE_TAG[container]] = date;
    const used = new Set(dateName !== undefined && dateName.toLowerCase() !== EXACT_DATE ? [dateName] : []);
    const { omitted, ...further } = furtherTags(raw, { fields, used, made, container });
    const hasLongTitle = title !== undefined && fields.title === undefined && described.title === undefined;
    const lost = omittedTags([...omitted, ...(hasLongTitle ? ["TITLE"] : [])]);
    const tags = { ...fields, raw: { ...made, ...Object.fromEntries(further.raw) } };
    const attached = Object.entries(raw).filter(([, value]) => value instanceof AttachedFile);
    switch (container) {
      case "mp4":
        return { tags: { ...tags, images }, movie: further, notCarried: lost, carried: [] };
      case "mkv":
        return {
          tags: { ...tags, raw: { ...tags.raw, ...attachedFiles(attached, images) } },
          movie: further,
          notCarried: lost,
          carried: [ATTACHMENTS],
        };
      case "mov":
      case "webm": {
        const notCarried = images.length > 0 ? ["cover art", ...lost] : lost;
        return { tags, movie: further, notCarried, carried: [] };
      }
    }
  } catch {
    // However broken they are, they are no reason to be without the video.
    return { tags: { raw: made }, movie: NONE, notCarried: ["tags"], carried: [] };
  }
}

const NONE: OutputTags["movie"] = { userData: new Map(), keys: new Map() };

function isDate(tag: [name: string, value: unknown]): tag is [string, string] {
  const [name, value] = tag;
  return DATE_NAMES.has(name.toLowerCase()) && typeof value === "string" &&
    value.length <= MAX_DATE_CHARACTERS;
}

const MAX_DATE_CHARACTERS = 255;

/**
 * Matroska has pictures among its attachments. Given as `images`, each would get a random number, and no two
 * outputs would be the same.
 */
function attachedFiles(
  attached: readonly (readonly [string, unknown])[],
  images: readonly AttachedImage[],
): Record<string, AttachedFile> {
  const files = attached.flatMap(([id, file]) => file instanceof AttachedFile ? [[id, file] as const] : []);
  const pictures = images.filter(({ data }) => !files.some(([, file]) => isSame(file.data, data)));
  return Object.fromEntries([
    ...files,
    ...pictures.map(({ data, mimeType, name, kind, description }, index) => {
      const fileName = name ??
        `${kind === "coverBack" ? "back" : "cover"}.${mimeType.replace(/^.*\/(x-)?/, "")}`;
      return [
        String(FIRST_PICTURE_ID + index),
        new AttachedFile(data, mimeType, fileName, description),
      ] as const;
    }),
  ]);
}

/** Any number will do; attachments that come from a Matroska file have larger ones. */
const FIRST_PICTURE_ID = 1;

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
