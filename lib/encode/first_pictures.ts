/** What ffmpeg's `showinfo` filter says of the first frame, before and after all other filters: pure. */
import type { HdrMetadata } from "./hdr_metadata.ts";
import type { Fields, PictureFacts } from "./picture_facts.ts";

/** The chain between two of the filters whose lines {@link FirstPictures} reads. */
export function shownInfo(chain: string): string {
  return `showinfo@decoded=checksum=0,${chain},showinfo@encoded=checksum=0`;
}

type Stage = "decoded" | "encoded";

const LINE = /^\[showinfo@(decoded|encoded) @ \w+\] (.*)$/;
const FIRST_FRAME = /^n: *0 .* fmt:(\w+) .*\bs:(\d+)x(\d+) i:([PTB])\b/;
const FIELDS: Readonly<Record<string, Fields>> = { P: "whole", T: "top first", B: "bottom first" };
const MASTERING_DISPLAY = new RegExp(
  String
    .raw`has_primaries:1 has_luminance:1 r\(N,N\) g\(N,N\) b\(N,N\) wp\(N,N\) min_luminance=N, max_luminance=N`
    .replaceAll("N,N", "N[ ,]+N").replaceAll("N", String.raw`(\d+(?:\.\d+)?)`),
);
const CONTENT_LIGHT = /MaxCLL=(\d+), MaxFALL=(\d+)/;

/** Reads the lines of ffmpeg's log, at level `info`. */
export class FirstPictures {
  readonly #facts: Partial<Record<Stage, PictureFacts>> = {};
  readonly #complete = new Set<Stage>();

  /** As the decoder gives it; undefined until all has been said of it. */
  get decoded(): PictureFacts | undefined {
    return this.#complete.has("decoded") ? this.#facts.decoded : undefined;
  }

  /** As the encoder gets it; undefined until all has been said of it. */
  get encoded(): PictureFacts | undefined {
    return this.#complete.has("encoded") ? this.#facts.encoded : undefined;
  }

  read(line: string): void {
    const [, stage, text = ""] = LINE.exec(line) ?? [];
    if (stage !== "decoded" && stage !== "encoded" || this.#complete.has(stage)) return;
    const [, pixelFormat, width, height, fields] = FIRST_FRAME.exec(text) ?? [];
    const facts = this.#facts[stage];
    if (pixelFormat !== undefined) {
      const sides = { width: Number(width), height: Number(height) };
      this.#facts[stage] = { ...sides, pixelFormat, fields: FIELDS[fields!]!, hdr: {} };
    } else if (facts) {
      this.#facts[stage] = { ...facts, hdr: { ...facts.hdr, ...readHdrMetadata(text) } };
      // The last that it says of a frame.
      if (text.startsWith("color_range:")) this.#complete.add(stage);
    }
  }
}

function readHdrMetadata(text: string): HdrMetadata {
  const display = MASTERING_DISPLAY.exec(text)?.slice(1).map(Number);
  const light = CONTENT_LIGHT.exec(text)?.slice(1).map(Number);
  const at = (index: number) => display![index]!;
  return {
    ...(display && {
      masteringDisplay: {
        red: [at(0), at(1)],
        green: [at(2), at(3)],
        blue: [at(4), at(5)],
        white: [at(6), at(7)],
        minLuminance: at(8),
        maxLuminance: at(9),
      },
    }),
    ...(light && { contentLight: { max: light[0]!, maxAverage: light[1]! } }),
  };
}
