/** Tracks of a Matroska or WebM file that are given as their blocks, whatever is in them. */
import { type EncodedPacket, type Output, TextSubtitleSource } from "mediabunny";
import type { TrackFeed } from "./interleave.ts";
import { roomName } from "./matroska_header.ts";

export interface BlockTrack {
  readonly feed: TrackFeed;
  readonly number: number;
  /** What the file is to say of it, in place of what the muxer does: the contents of its `TrackEntry`. */
  readonly elements: Uint8Array;
}

/** The parts of mediabunny's Matroska muxer (1.61) by which its own tracks of text become blocks with durations. */
interface BlockMuxer {
  readonly mutex: { acquire(): Promise<() => void> };
  getSubtitleTrackData(track: unknown, meta: { readonly config: { readonly description: string } }): {
    readonly chunkQueue: unknown[];
  };
  createInternalChunk(data: Uint8Array, timestamp: number, duration: number, type: "key"): unknown;
  interleaveChunks(): Promise<void>;
}

/**
 * Adds one to an output that has not started.
 *
 * @param elementsFor Contents of its `TrackEntry`, by the number that it gets.
 * @param packets Of one at least. A duration of 0 is not written.
 */
export function addBlockTrack(
  output: Output,
  elementsFor: (number: number) => Uint8Array,
  packets: AsyncGenerator<EncodedPacket, void, undefined>,
): BlockTrack {
  const source = new TextSubtitleSource("webvtt");
  const number = output.tracks.length + 1;
  const elements = elementsFor(number);
  output.addSubtitleTrack(source, { name: roomName(elements.length) });
  const track = output.tracks.at(-1)!;
  const { _muxer: muxer } = output as unknown as { readonly _muxer: BlockMuxer };
  const feed = {
    packets,
    // Its own way in is for whole files of WebVTT, and leaves out spaces and blank lines.
    add: async ({ timestamp, duration, data }: EncodedPacket) => {
      const release = await muxer.mutex.acquire();
      try {
        const { chunkQueue } = muxer.getSubtitleTrackData(track, { config: { description: "" } });
        chunkQueue.push(muxer.createInternalChunk(data, timestamp, duration, "key"));
        await muxer.interleaveChunks();
      } finally {
        release();
      }
    },
    close: () => source.close(),
  };
  return { feed, number, elements };
}
