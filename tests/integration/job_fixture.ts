/** Jobs whose encoder gives back what it gets: a chunk is a video of its own, and so can pass for its shard. */
import {
  type EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  StreamTarget,
} from "mediabunny";
import { join } from "node:path";
import { seekableSink } from "../../lib/assemble/seekable_sink.ts";
import { openSource, packetsOf, type SourceFile } from "../../lib/chunk/source_file.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { type DiskMemory, openDiskMemory } from "../../lib/job/disk_memory.ts";
import type { JobEvent, JobResult, JobSpec, JobTools } from "../../lib/job/job.ts";
import { parseProof, type Proof } from "../../lib/job/proof.ts";
import { runJob } from "../../lib/job/run_job.ts";
import { type FakeFleet, fakeFleet, type FakeFleetOptions } from "../unit/fake_fleet.ts";
import { videoFile } from "./assemble_fixture.ts";

/** Five seconds, a keyframe every second. */
export const CHUNKS = 5;

export function copyFleet(options: Partial<FakeFleetOptions> = {}): FakeFleet {
  return fakeFleet({ encode: (_, chunk) => Promise.resolve(chunk.slice()), ...options });
}

export function jobSpec(sourcePath: string, outputPath: string, more: Partial<JobSpec> = {}): JobSpec {
  return {
    jobId: "job",
    sourcePath,
    outputPath,
    settings: DEFAULT_SETTINGS,
    audio: "copy",
    chunkSeconds: 1,
    priority: 0,
    ...more,
  };
}

export interface JobRun {
  readonly result: JobResult;
  readonly proof: Proof;
  readonly events: readonly JobEvent[];
  readonly fleet: FakeFleet;
}

export interface RunOptions {
  readonly spec?: Partial<JobSpec>;
  readonly fleet?: Partial<FakeFleetOptions>;
  readonly tools?: Partial<JobTools>;
  /** Default: `memory` in the folder. */
  readonly memory?: (memory: DiskMemory) => DiskMemory;
}

/** Runs a job in a folder, with its memory there. */
export async function runIn(
  folder: string,
  source: string,
  output: string,
  { spec, fleet: fleetOptions, tools, memory = (own) => own }: RunOptions = {},
): Promise<JobRun> {
  await using fleet = copyFleet(fleetOptions);
  await using own = await openDiskMemory(join(folder, "memory"));
  const events: JobEvent[] = [];
  const result = await runJob(jobSpec(source, join(folder, output), spec), {
    fleet,
    memory: memory(own),
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
    ...tools,
  });
  const proof = parseProof(await Deno.readTextFile(result.proofPath));
  return { result, proof, events, fleet };
}

/** The test video, with its sound. */
export function sourceIn(folder: string, name = "source.mp4"): Promise<string> {
  return videoFile(folder, name, { seconds: CHUNKS });
}

/** The first seconds of a video, packet for packet, as if it were still being recorded. */
export async function beginningOf(path: string, target: string, seconds: number): Promise<void> {
  using source = await openSource(path);
  const packets = await Array.fromAsync(packetsOf(source.video));
  await writePackets(source, packets.filter(({ timestamp }) => timestamp < seconds), target);
}

/** An MP4 with its index at the end, of packets such as the video of `source` has. */
async function writePackets(
  { video: { timescale, decoderConfig, codec } }: SourceFile,
  packets: Iterable<EncodedPacket>,
  target: string,
): Promise<void> {
  using file = await Deno.open(target, { write: true, read: true, createNew: true });
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new StreamTarget(seekableSink(file)),
  });
  const video = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(video, { frameRate: timescale });
  await output.start();
  for (const packet of packets) await video.add(packet, { decoderConfig });
  await output.finalize();
}

/** Minutes of the last chunk of {@link unendingVideo}. */
const UNENDING_SECONDS = 1_200;

/** Flags with which no machine is done with the last chunk of {@link unendingVideo} while a test waits. */
export const UNENDING = ["--chunk_seconds", "1", "--preset", "veryslow"] as const;

/**
 * The first seconds of a video, packet for packet, a chunk each, and then one chunk that takes as long to encode as
 * any test waits: the video over and over, without a keyframe that the file tells of.
 */
export async function unendingVideo(path: string, target: string, seconds: number): Promise<void> {
  using source = await openSource(path);
  const packets = await Array.fromAsync(packetsOf(source.video));
  await writePackets(source, overAndOver(packets, seconds), target);
}

/** @param seconds Until when there are keyframes. */
function* overAndOver(packets: readonly EncodedPacket[], seconds: number): Generator<EncodedPacket> {
  for (let round = 0; round * CHUNKS < UNENDING_SECONDS; round++) {
    for (const packet of packets) {
      const timestamp = packet.timestamp + round * CHUNKS;
      yield packet.clone({ timestamp, type: timestamp <= seconds ? packet.type : "delta" });
    }
  }
}
