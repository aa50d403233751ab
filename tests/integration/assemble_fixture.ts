/** Videos to split and put together again without encoding, and what a file turns out to hold. */
import { join } from "node:path";
import { makeVideo, type MakeVideoOptions } from "../../lib/encode/make_video.ts";
import type { EncodedShard } from "../../lib/assemble/shard_frames.ts";
import { planSource, segmentChunks, type VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import type { SegmentTarget } from "../../lib/chunk/plan_segments.ts";
import {
  type AudioFacts,
  openSource,
  packetsOf,
  type SourceFile,
  ticksOf,
} from "../../lib/chunk/source_file.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const videos = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** Writes a made video into `folder`; videos of the same options are made once. */
export async function videoFile(
  folder: string,
  name: string,
  options: MakeVideoOptions = {},
): Promise<string> {
  const key = `${name} ${JSON.stringify(options)}`;
  const bytes = videos.get(key) ?? madeVideo(name, options);
  videos.set(key, bytes);
  const path = join(folder, name);
  await Deno.writeFile(path, await bytes);
  return path;
}

async function madeVideo(name: string, options: MakeVideoOptions): Promise<Uint8Array<ArrayBuffer>> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, name);
  await makeVideo(path, options);
  return await Deno.readFile(path);
}

/** A source with its plan. */
export async function planned(
  path: string,
  target: SegmentTarget,
): Promise<{ readonly source: SourceFile; readonly plan: VideoPlan } & Disposable> {
  const source = await openSource(path);
  const plan = await planSource(source, target);
  return { source, plan, [Symbol.dispose]: () => source[Symbol.dispose]() };
}

/** The chunks themselves as shards, as if an encoder gave back what it got. */
export async function* copies(source: SourceFile, plan: VideoPlan): AsyncGenerator<EncodedShard> {
  for await (const { segment, bytes } of segmentChunks(source, plan)) {
    yield { segment: segment.index, worker: `worker-${segment.index % 2}`, data: bytes };
  }
}

/** {@link copies} as files in `folder`. */
export async function* copiedFiles(
  folder: string,
  source: SourceFile,
  plan: VideoPlan,
): AsyncGenerator<EncodedShard> {
  for await (const shard of copies(source, plan)) {
    const path = join(folder, `chunk_${shard.segment}.shard`);
    await Deno.writeFile(path, shard.data as Uint8Array);
    yield { ...shard, data: path };
  }
}

export interface FilePacket {
  /** In ticks of the track for video, in seconds for sound. */
  readonly time: number;
  readonly key: boolean;
  readonly sha256: string;
}

/** The video packets of a file in decode order. */
export async function videoPackets(source: SourceFile): Promise<FilePacket[]> {
  const { timescale } = source.video;
  return await Array.fromAsync(packetsOf(source.video), async (packet) => ({
    time: ticksOf(packet, timescale),
    key: packet.type === "key",
    sha256: await sha256(packet.data),
  }));
}

/** The packets of an audio track with the times at which they are heard. */
export async function audioPackets(audio: AudioFacts): Promise<FilePacket[]> {
  return await Array.fromAsync(packetsOf(audio), async (packet) => ({
    time: packet.timestamp - audio.delaySeconds,
    key: packet.type === "key",
    sha256: await sha256(packet.data),
  }));
}

async function sha256(data: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data.slice())).toHex();
}

/** Names of what is in a folder. */
export async function fileNames(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}
