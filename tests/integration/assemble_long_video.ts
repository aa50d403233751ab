/**
 * Makes a long video with sound of packets that are all alike, or splits one, puts it together again without encoding
 * and checks it:
 *
 *     assemble_long_video.ts make SOURCE FRAMES [KEYFRAME_INTERVAL]
 *     assemble_long_video.ts copy SOURCE OUTPUT SECONDS
 *
 * The latter prints what that took as JSON, and is to be run with --v8-flags=--expose-gc.
 */
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Mp4OutputFormat,
  Output,
  StreamTarget,
} from "mediabunny";
import { assemble } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { seekableSink } from "../../lib/assemble/seekable_sink.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { copies } from "./assemble_fixture.ts";

export interface LongVideoCosts {
  readonly frames: number;
  readonly segments: number;
  readonly planSeconds: number;
  /** The largest resident size up to then, and up to the end. */
  readonly planPeakBytes: number;
  readonly peakBytes: number;
  /** Files that were open when half of the output, and nearly all of it, was written. */
  readonly openFiles: readonly number[];
  /** Memory that was in use then, without what was garbage. */
  readonly heldBytes: readonly number[];
}

const FRAME_BYTES = 1_500;
const AVCC = Uint8Array.fromHex(
  "0164000cffe100196764000cacd94141fb0110000003001000000301e0f142996001000468ef8fcbfdf8f800",
);

const SOUND = {
  codec: "mp4a.40.2",
  sampleRate: 48_000,
  numberOfChannels: 2,
  description: Uint8Array.of(0x11, 0x90),
};
const SOUND_PACKET = { bytes: 300, seconds: 1024 / 48_000 };

async function writeLongVideo(path: string, frames: number, keyframeInterval: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const output = new Output({
    format: path.endsWith(".mkv") ? new MkvOutputFormat() : new Mp4OutputFormat({ fastStart: false }),
    target: new StreamTarget(seekableSink(file), { chunked: true }),
  });
  const track = new EncodedVideoPacketSource("avc");
  const sound = new EncodedAudioPacketSource("aac");
  output.addVideoTrack(track, { frameRate: 30_000 });
  output.addAudioTrack(sound);
  await output.start();
  let heardSeconds = 0;
  const decoderConfig = { codec: "avc1.64000c", codedWidth: 1920, codedHeight: 1080, description: AVCC };
  for (let frame = 0; frame < frames; frame++) {
    const isKey = frame % keyframeInterval === 0;
    const data = new Uint8Array(isKey ? 10 * FRAME_BYTES : FRAME_BYTES);
    new DataView(data.buffer).setUint32(0, data.length - 4);
    data[4] = isKey ? 0x65 : 0x41;
    const packet = new EncodedPacket(data, isKey ? "key" : "delta", frame * 1001 / 30_000, 1001 / 30_000);
    await track.add(packet, { decoderConfig });
    for (; heardSeconds < packet.timestamp; heardSeconds += SOUND_PACKET.seconds) {
      const data = new Uint8Array(SOUND_PACKET.bytes);
      await sound.add(new EncodedPacket(data, "key", heardSeconds, SOUND_PACKET.seconds), {
        decoderConfig: SOUND,
      });
    }
  }
  await output.finalize();
}

/** The largest resident size that this process has had. */
async function peakBytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]);
}

/** How many files this process has open (proc(5), /proc/[pid]/fd). */
async function openFiles(): Promise<number> {
  return (await Array.fromAsync(Deno.readDir("/proc/self/fd"))).length;
}

declare function gc(): void;

function heldBytes(): number {
  // what the first one finds is freed beside the program, and counted until the second one waits for that
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

async function main([task, sourcePath, ...rest]: readonly string[]): Promise<void> {
  if (task === "make") return await writeLongVideo(sourcePath!, Number(rest[0]), Number(rest[1] ?? 60));
  const [outputPath, seconds] = [rest[0]!, Number(rest[1])];
  using source = await openSource(sourcePath!);
  const start = performance.now();
  const plan = await planSource(source, { kind: "seconds", seconds });
  const planSeconds = (performance.now() - start) / 1000;
  const planPeakBytes = await peakBytes();
  const counts: Promise<number>[] = [];
  const held: number[] = [];
  const onProgress = (segment: number) => {
    const isCounted = segment === plan.segments.length >> 1 || segment === plan.segments.length - 1;
    if (!isCounted) return;
    counts.push(openFiles());
    held.push(heldBytes());
  };
  const shards = copies(source, plan);
  await assemble({ plan, source, path: outputPath, shards, copied: true, onProgress });
  await checkFrames(plan, outputPath);
  const costs: LongVideoCosts = {
    frames: plan.shownTicks.length,
    segments: plan.segments.length,
    planSeconds,
    planPeakBytes,
    peakBytes: await peakBytes(),
    openFiles: await Promise.all(counts),
    heldBytes: held,
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(costs)));
}

if (import.meta.main) await main(Deno.args);
