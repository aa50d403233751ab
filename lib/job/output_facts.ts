/** What a finished file holds, segment by segment: what its proof states, and is held against later. */
import { type InputFormat, MATROSKA, MP4, QTFF, type VideoCodec, WEBM } from "mediabunny";
import { createHash } from "node:crypto";
import type { Container } from "../assemble/output_container.ts";
import { openSource, packetsOf, shownAt } from "../chunk/source_file.ts";

export interface SegmentFacts {
  readonly frames: number;
  /** When its first and its last frame are shown, in ticks of the output's clock; 0 without frames. */
  readonly firstTicks: number;
  readonly lastTicks: number;
  /** Over the data of its packets, one after another in decode order; hexadecimal. */
  readonly packetsSha256: string;
}

export interface VideoFrameFacts {
  /** Undefined: none that outputs have. */
  readonly container: Container | undefined;
  readonly codec: VideoCodec;
  /** Ticks a second of the output's video track. */
  readonly timescale: number;
  /** As many as were asked for, and one more if there are more frames than they have. */
  readonly segments: readonly SegmentFacts[];
}

const CONTAINER_FORMATS: readonly (readonly [InputFormat, Container])[] = [
  [MP4, "mp4"],
  [QTFF, "mov"],
  [MATROSKA, "mkv"],
  [WEBM, "webm"],
];
/** So many packets are handled in a row before timers and signals get their turn. */
const PACKETS_PER_TURN = 1024;

/**
 * Reads every video packet of a file. Shards lie in it one after another, so that a segment is so many packets.
 *
 * @param frameCounts Of each segment.
 * @throws {SourceError} If the file cannot be read. @throws `signal.reason` once aborted.
 */
export async function readFrameFacts(
  path: string,
  frameCounts: readonly number[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VideoFrameFacts> {
  using file = await openSource(path);
  const segments: SegmentFacts[] = [];
  let current = new SegmentReader();
  let packets = 0;
  for await (const packet of packetsOf(file.video)) {
    while (current.frames === (frameCounts[segments.length] ?? Infinity)) {
      segments.push(current.end());
      current = new SegmentReader();
    }
    current.add(shownAt(file.video, packet), packet.data);
    if (++packets % PACKETS_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  }
  if (current.frames > 0) segments.push(current.end());
  while (segments.length < frameCounts.length) segments.push(new SegmentReader().end());
  const format = await file.input.getFormat();
  const container = CONTAINER_FORMATS.find(([known]) => known === format)?.[1];
  return { container, codec: file.video.codec, timescale: file.video.timescale, segments };
}

class SegmentReader {
  frames = 0;
  #firstTicks = Infinity;
  #lastTicks = -Infinity;
  readonly #hash = createHash("sha256");

  add(ticks: number, data: Uint8Array): void {
    this.frames++;
    this.#firstTicks = Math.min(this.#firstTicks, ticks);
    this.#lastTicks = Math.max(this.#lastTicks, ticks);
    this.#hash.update(data);
  }

  end(): SegmentFacts {
    return {
      frames: this.frames,
      firstTicks: this.frames > 0 ? this.#firstTicks : 0,
      lastTicks: this.frames > 0 ? this.#lastTicks : 0,
      packetsSha256: this.#hash.digest("hex"),
    };
  }
}
