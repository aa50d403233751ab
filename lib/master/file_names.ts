/** What the copies that people download are called, and what they are: pure. */
import type { Container } from "../assemble/output_container.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  mkv: "video/x-matroska",
  webm: "video/webm",
  ts: "video/mp2t",
};

/** By the extension of a name. */
export function mediaTypeOf(fileName: string): string {
  const extension = /\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? "";
  return MEDIA_TYPES[extension] ?? "application/octet-stream";
}

/** Of the name without its extension, in code points: with four bytes each it still fits any file system. */
const MAX_STEM = 50;

/** A name for a source that is one path segment on any system, whatever the uploader called it. */
export function sourceFileName(
  { originalFilename, videoId }: { readonly originalFilename: string; readonly videoId: string },
): string {
  const last = originalFilename.split(/[/\\]/).at(-1) ?? "";
  const [, stem = "", extension = ""] = /^(.*?)(\.[a-z0-9]{1,10})?$/isu.exec(last) ?? [];
  return `${safeStem(stem) || safeStem(videoId) || "video"}${extension}`;
}

export function resultFileName(
  names: { readonly originalFilename: string; readonly videoId: string },
  container: Container,
): string {
  return `${sourceFileName(names).replace(/\.[a-z0-9]{1,10}$/i, "")}.${container}`;
}

/** Without what Windows or a shell has another use for. */
function safeStem(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*/\\]/gu, "_").replace(/^[.\s]+|[.\s]+$/g, "");
  return Array.from(plain).slice(0, MAX_STEM).join("");
}
