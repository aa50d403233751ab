/**
 * Makes a two-hour video of numbered packets, and splits it and puts it together again without encoding:
 * `assemble_long_video.ts SOURCE OUTPUT`. Prints what that took as JSON.
 */
import { EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output, StreamTarget } from "mediabunny";
import { assemble } from "../../lib/assemble/assemble.ts";
import { seekableSink } from "../../lib/assemble/seekable_sink.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { copies } from "./assemble_fixture.ts";

export interface LongVideoCosts {
  readonly frames: number;
  readonly segments: number;
  readonly planSeconds: number;
  readonly planPeakBytes: number;
  readonly peakBytes: number;
}

const HOURS = 2;
const FRAMES = Math.floor(HOURS * 3600 * 30_000 / 1001);
const FRAME_BYTES = 1_500;
const AVCC = Uint8Array.fromHex(
  "0164000cffe100196764000cacd94141fb0110000003001000000301e0f142996001000468ef8fcbfdf8f800",
);

async function writeLongVideo(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new StreamTarget(seekableSink(file), { chunked: true }),
  });
  const track = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(track, { frameRate: 30_000 });
  await output.start();
  const decoderConfig = { codec: "avc1.64000c", codedWidth: 1920, codedHeight: 1080, description: AVCC };
  for (let frame = 0; frame < FRAMES; frame++) {
    const isKey = frame % 60 === 0;
    const data = new Uint8Array(isKey ? 10 * FRAME_BYTES : FRAME_BYTES);
    new DataView(data.buffer).setUint32(0, data.length - 4);
    data[4] = isKey ? 0x65 : 0x41;
    const packet = new EncodedPacket(data, isKey ? "key" : "delta", frame * 1001 / 30_000, 1001 / 30_000);
    await track.add(packet, { decoderConfig });
  }
  await output.finalize();
}

/** The largest resident size that this process has had. */
async function peakBytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]);
}

async function main([sourcePath, outputPath]: readonly string[]): Promise<void> {
  if (outputPath === undefined) return await writeLongVideo(sourcePath!);
  using source = await openSource(sourcePath!);
  const start = performance.now();
  const plan = await planSource(source, { kind: "seconds", seconds: 1.5 });
  const planSeconds = (performance.now() - start) / 1000;
  const planPeakBytes = await peakBytes();
  await assemble({ plan, source, path: outputPath, shards: copies(source, plan), copied: true });
  const costs: LongVideoCosts = {
    frames: plan.shownTicks.length,
    segments: plan.segments.length,
    planSeconds,
    planPeakBytes,
    peakBytes: await peakBytes(),
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(costs)));
}

if (import.meta.main) await main(Deno.args);
