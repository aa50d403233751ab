/** What a Matroska or WebM file says of itself besides tags: its title, when it was made, and whether it is 3D. */
import { MATROSKA_EPOCH_NS } from "../chunk/matroska_outline.ts";
import { concatenated, element } from "./ebml_bytes.ts";
import type { Container } from "./output_container.ts";

/** RFC 9559, 5.1.2 and 5.1.4.1.28. */
const ID = { DateUTC: 0x4461, Title: 0x7ba9, StereoMode: 0x53b8 } as const;

/** By StereoMode (RFC 9559, 5.1.4.1.28.3), how it is called. */
const LAYOUTS: readonly string[] = [
  ...[
    "",
    "side by side",
    "bottom over top",
    "top over bottom",
    "checkerboard",
    "checkerboard",
    "rows",
    "rows",
  ],
  ...["columns", "columns", "anaglyph", "side by side", "anaglyph", "eye after eye", "eye after eye"],
];
/** Those that WebM has. */
const IN_WEBM: ReadonlySet<number> = new Set([1, 2, 3, 11]);

/** Elements that are added to `Info`. */
export function infoElements(title: string | undefined, createdNs: bigint | undefined): Uint8Array {
  return concatenated([
    ...(title === undefined || title === "" ? [] : [element(ID.Title, title)]),
    ...(createdNs === undefined ? [] : [element(ID.DateUTC, signedInt(createdNs - MATROSKA_EPOCH_NS))]),
  ]);
}

/** Elements that are added to `Video`. */
export function stereoElements(mode: number | undefined): Uint8Array {
  return mode === undefined ? new Uint8Array() : element(ID.StereoMode, mode);
}

export function hasStereoMode(container: Container, mode: number): boolean {
  return LAYOUTS[mode] !== undefined && (container === "mkv" || container === "webm" && IN_WEBM.has(mode));
}

/** That a video is 3D and is so no more, in words. */
export function lostStereo(mode: number): string {
  return `the 3D layout of the video (${LAYOUTS[mode] ?? "unknown"})`;
}

function signedInt(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}
