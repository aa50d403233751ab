/** What the output says of itself: the source's tags and pictures, and who made it. */
import { AttachedFile, type AttachedImage, type MetadataTags } from "mediabunny";
import { ATTACHMENTS } from "../chunk/container_outline.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import type { Container } from "./output_container.ts";

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

export interface OutputTags {
  readonly tags: MetadataTags;
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
  const made: Record<string, string> = encoderTag === undefined
    ? {}
    : { [ENCODER_TAG[container]]: encoderTag };
  try {
    const { raw = {}, images = [], date: _, ...described } = await source.input.getMetadataTags();
    const title = described.title ?? source.title;
    const tags = { ...described, ...(title !== undefined && { title }) };
    // As it is written: a year is not the first day of it.
    const date = Object.entries(raw).find(([name]) => DATE_NAMES.has(name.toLowerCase()))?.[1];
    if (typeof date === "string") made[DATE_TAG[container]] = date;
    const attached = Object.entries(raw).filter(([, value]) => value instanceof AttachedFile);
    switch (container) {
      case "mp4":
        return { tags: { ...tags, images, raw: made }, notCarried: [], carried: [] };
      case "mkv":
        return {
          tags: { ...tags, raw: { ...made, ...attachedFiles(attached, images) } },
          notCarried: [],
          carried: [ATTACHMENTS],
        };
      case "mov":
      case "webm": {
        const notCarried = images.length > 0 ? ["cover art"] : [];
        return { tags: { ...tags, raw: made }, notCarried, carried: [] };
      }
    }
  } catch {
    // However broken they are, they are no reason to be without the video.
    return { tags: { raw: made }, notCarried: ["tags"], carried: [] };
  }
}

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
