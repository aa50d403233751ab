/** What a video that is dropped on the page is called. Pure. */

/** UTF-8; what a video_id may have, less room for a number behind it. */
const MAX_BYTES = 190;

/**
 * A video_id that is like the file's name, is allowed, and is not taken: with a number behind it if it must be.
 */
export function freeVideoId(fileName: string, isTaken: (videoId: string) => boolean): string {
  const tidy = fileName.toWellFormed().replace(/[/\\\p{Cc}]/gu, "_").replace(/^\.+/, "").trim();
  const name = shortened(tidy === "" ? "video" : tidy);
  // the name of the store's own folder
  const isFree = (candidate: string) => candidate.toLowerCase() !== "metadata" && !isTaken(candidate);
  for (let number = 1;; number++) {
    const candidate = number === 1 ? name : numbered(name, number);
    if (isFree(candidate)) return candidate;
  }
}

/** Before the extension. */
function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}-${number}${name.slice(dot)}` : `${name}-${number}`;
}

function shortened(name: string): string {
  const encoder = new TextEncoder();
  let short = name;
  while (encoder.encode(short).length > MAX_BYTES) short = [...short].slice(0, -1).join("");
  return short;
}
