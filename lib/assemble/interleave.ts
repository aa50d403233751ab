/** Tracks written side by side, so that a player finds what belongs together close together. */
import type { EncodedPacket } from "mediabunny";

/** A track of the output and the packets that will fill it, in decode order. */
export interface TrackFeed {
  readonly packets: AsyncGenerator<EncodedPacket, void, undefined>;
  /** Resolves when the output can take more. */
  add(packet: EncodedPacket): Promise<void>;
  /** There will be no more packets. */
  close(): void;
}

/**
 * Fills all tracks, always going on with the one that has come least far in time. So each is at most one packet
 * ahead of the rest, and a muxer that orders packets itself has next to nothing to hold back.
 *
 * @throws Whatever a feed throws, or `signal.reason` once aborted; all feeds have been ended by then.
 */
export async function interleave(
  feeds: readonly TrackFeed[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const open = feeds.map((feed) => ({ feed, reachedSeconds: -Infinity }));
  try {
    while (open.length > 0) {
      signal?.throwIfAborted();
      const track = open.reduce((a, b) => b.reachedSeconds < a.reachedSeconds ? b : a);
      const { value: packet, done } = await track.feed.packets.next();
      if (done) {
        track.feed.close();
        open.splice(open.indexOf(track), 1);
        continue;
      }
      track.reachedSeconds = Math.max(track.reachedSeconds, packet.timestamp);
      await track.feed.add(packet);
    }
  } finally {
    await Promise.all(feeds.map((feed) => feed.packets.return()));
  }
}
