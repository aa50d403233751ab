/** One pass over the video packets of a file. */
import { PacketTable } from "./packet_table.ts";
import { damaged, packetsOf, shownAt, type SourceFile, videoSink } from "./source_file.ts";

export interface VideoPackets {
  readonly packets: PacketTable;
  /** When the last frame ends, in ticks of the track. */
  readonly endTicks: number;
}

/** So many packets are handled in a row before timers and signals get their turn. */
const PACKETS_PER_TURN = 4096;

/**
 * Times and sizes of all video packets of a file, whose data is not kept.
 *
 * @throws {SourceError} If the file is damaged.
 * @throws `signal.reason` once aborted.
 */
export async function readPacketTable(
  source: SourceFile,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VideoPackets> {
  const { timescale } = source.video;
  const packets = new PacketTable();
  // The two frames shown last, and for how long the last one is.
  let beforeLastTicks = -Infinity;
  let lastTicks = -Infinity;
  let lastDurationTicks = 0;
  try {
    // Finding the first packet may take reading all of the file.
    await abortable(videoSink(source).getFirstPacket({ metadataOnly: true }), signal);
    for await (const packet of packetsOf(source.video, { metadataOnly: true })) {
      const ticks = shownAt(source.video, packet);
      packets.push({ ticks, key: packet.type === "key", sizeBytes: packet.byteLength });
      if (ticks >= lastTicks) {
        [beforeLastTicks, lastTicks] = [lastTicks, ticks];
        lastDurationTicks = Math.round(packet.duration * timescale);
      } else {
        beforeLastTicks = Math.max(beforeLastTicks, ticks);
      }
      if (packets.length % PACKETS_PER_TURN === 0) await turn();
      signal?.throwIfAborted();
    }
    // Matroska seldom says how long the last frame is shown: then as long as the one before.
    if (lastDurationTicks === 0 && packets.length > 1) lastDurationTicks = lastTicks - beforeLastTicks;
    return { packets, endTicks: lastTicks + lastDurationTicks };
  } catch (error) {
    signal?.throwIfAborted();
    throw damaged(source.path, `its video cannot be read after frame ${packets.length}`, error);
  }
}

/** Waits for no longer than until the signal; what goes on behind it ends when its file is closed. */
async function abortable<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await result;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Lets timers, signals and other work have their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
