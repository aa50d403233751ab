/** What ffmpeg's `-progress` tells, line by line. */

const KEYS =
  /^(?:frame|fps|stream_\d+_\d+_\w+|bitrate|total_size|out_time(?:_us|_ms)?|dup_frames|drop_frames|speed|progress)=/;

/** What the counting filter of a converted rate prints. */
const COUNTED = /^(?:\[\w+ @ \w+\] )?(\d+)\.0+$/;

/** Reads `key=value` lines; the log's lines may stand between them. */
export class FfmpegProgress {
  #frames = 0;
  #sourceFrames = 0;
  #tracks = new Set<string>();
  #ended = false;

  /** Frames encoded so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames that came in so far, where a rate is converted. */
  get sourceFrames(): number {
    return this.#sourceFrames;
  }

  /** Video tracks that are being encoded, as far as is known. */
  get tracks(): number {
    return this.#tracks.size;
  }

  /** Whether ffmpeg has said that it came to the end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Returns "update" for the last line of a report, "part" for any other of it, undefined for other lines. */
  read(line: string): "update" | "part" | undefined {
    const counted = COUNTED.exec(line)?.[1];
    if (counted !== undefined) {
      this.#sourceFrames = Number(counted);
      return "part";
    }
    if (!KEYS.test(line)) return undefined;
    const [key = "", value = ""] = line.split("=", 2);
    if (key === "frame") this.#frames = Number(value);
    if (/^stream_\d+_\d+_q$/.test(key)) this.#tracks.add(key);
    if (key !== "progress") return "part";
    this.#ended = value === "end";
    return "update";
  }
}
