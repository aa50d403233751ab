/** How a container says that a video is Dolby Vision, which its pictures do not. */

export interface DolbyVision {
  /** Of the box in an MP4, which Matroska has too. */
  readonly type: "dvcC" | "dvvC" | "dvwC";
  /** DOVIDecoderConfigurationRecord (Dolby Vision Streams Within the ISO Base Media File Format, 3.2). */
  readonly record: Uint8Array;
}

/** How it is called among other contents. */
export const DOLBY_VISION = "Dolby Vision configuration";

export function isDolbyVision(type: string): type is DolbyVision["type"] {
  return type === "dvcC" || type === "dvvC" || type === "dvwC";
}
