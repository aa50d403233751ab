/** Shards to one video: the frames of all of them at the source's times, with the source's sound. */
import {
  type EncodedPacket,
  EncodedVideoPacketSource,
  type MetadataTags,
  Output,
  StreamTarget,
  type VideoTrackMetadata,
} from "mediabunny";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import { setHeaderTimes } from "../chunk/mp4_header_times.ts";
import type { DecoderConfig, SourceFile } from "../chunk/source_file.ts";
import { AssembleError } from "./assemble_error.ts";
import { addAudioCopy, copyableAudio, labelMetadata } from "./audio_copy.ts";
import { interleave, type TrackFeed } from "./interleave.ts";
import { checkVideoFits, type Container, containerOf, formatOf, reservesIndex } from "./output_container.ts";
import { seekableSink, writeAt, writeWholeFile } from "./seekable_sink.ts";
import { type EncodedShard, type ShardFrame, shardFrames } from "./shard_frames.ts";

const WRITE_BYTES = 1024 * 1024;
/** What mediabunny gives a movie; finer where a track's clock is, so that start times keep their tick. */
const MOVIE_TIMESCALE = 57_600;

export interface AssembleOptions {
  readonly plan: VideoPlan;
  /** In the order of the segments. Read one at a time, as they are needed. */
  readonly shards: AsyncIterable<EncodedShard>;
  /** The video that was planned: its sound, rotation, labels and tags are taken over. */
  readonly source: SourceFile;
  /** Its extension chooses the container. */
  readonly path: string;
  /** Default "copy": all of the source's audio tracks that the container can hold. */
  readonly audio?: "copy" | "none";
  /** Told of each segment as its first frame is written. */
  readonly onProgress?: (segmentIndex: number) => void;
  readonly signal?: AbortSignal;
}

export interface AssembleResult {
  readonly path: string;
  readonly container: Container;
  readonly sizeBytes: number;
  /** Titles of the audio tracks that were copied. */
  readonly audioTracks: readonly string[];
  /** What else the source has and the output has not, in words. */
  readonly notCarried: readonly string[];
}

/**
 * Writes the video to `path`, which appears once it is whole and on disk; nothing is left behind on failure. A
 * player can start an MP4 or MOV before it has all of it, since its index is in front, and MKV and WebM too. The
 * same shards give the same bytes.
 *
 * @throws {AssembleError} If the container cannot hold the video, or the shards are not those of the plan.
 * @throws {SourceError} If the source's sound cannot be read.
 * @throws `signal.reason` once aborted, a `Deno.errors` class if the file cannot be written, and whatever
 * `shards` throws.
 */
export async function assemble(options: AssembleOptions): Promise<AssembleResult> {
  const { plan, path, signal } = options;
  const container = containerOf(path);
  const frames = shardFrames(plan, options.shards);
  try {
    signal?.throwIfAborted();
    const { value: first, done } = await frames.next();
    if (done) throw new AssembleError(`Cannot assemble "${path}": there are no shards`);
    checkVideoFits(container, first.codec);
    return await writeWholeFile(path, async (file) => {
      const facts = await writeVideo(file, container, first, frames, options);
      return { path, container, sizeBytes: (await file.stat()).size, ...facts };
    });
  } finally {
    await frames.return();
  }
}

async function writeVideo(
  file: Deno.FsFile,
  container: Container,
  first: ShardFrame,
  further: AsyncGenerator<ShardFrame, void, undefined>,
  options: AssembleOptions,
): Promise<Pick<AssembleResult, "audioTracks" | "notCarried">> {
  const { plan, source, audio = "copy", signal } = options;
  let moov: { readonly bytes: Uint8Array; readonly position: number } | undefined;
  const output = new Output({
    format: formatOf(container, (bytes, position) => moov = { bytes, position }),
    target: new StreamTarget(seekableSink(file), { chunked: true, chunkSize: WRITE_BYTES }),
  });
  try {
    const sound = audio === "copy" ? copyableAudio(source, container) : { tracks: [], notCarried: [] };
    const feeds = [addVideo(output, container, first, further, options)];
    for (const track of sound.tracks) feeds.push(await addAudioCopy(output, container, source, track));
    const lostTags = await copyTags(output, container, source);

    await output.start();
    const startSeconds = await interleave(feeds, { signal });
    await output.finalize();

    if (moov) {
      const clocks = sound.tracks.map(({ decoderConfig }) => decoderConfig.sampleRate);
      setHeaderTimes(moov.bytes, {
        movieTimescale: Math.max(MOVIE_TIMESCALE, plan.timescale, ...clocks),
        startSeconds: new Map(startSeconds.map((seconds, index) => [index + 1, seconds ?? 0])),
      });
      await writeAt(file, moov.bytes, moov.position);
    }
    return {
      audioTracks: sound.tracks.map(({ title }) => title),
      notCarried: [...source.otherContents, ...sound.notCarried, ...lostTags],
    };
  } catch (error) {
    // What it says then is only that the output is not whole.
    await output.cancel().catch(() => {});
    throw error;
  }
}

function addVideo(
  output: Output,
  container: Container,
  first: ShardFrame,
  further: AsyncGenerator<ShardFrame, void, undefined>,
  { plan, source, onProgress }: AssembleOptions,
): TrackFeed {
  const track = new EncodedVideoPacketSource(first.codec);
  const { rotation, flip } = source.video;
  const metadata: VideoTrackMetadata = { rotation, flip, ...labelMetadata(source.video) };
  if (reservesIndex(container)) {
    metadata.maximumPacketCount = plan.shownTicks.length;
    // An MP4 track's clock is taken from its frame rate: this keeps every tick as it is.
    metadata.frameRate = plan.timescale;
  }
  output.addVideoTrack(track, metadata);
  const decoderConfig = withColour(first.decoderConfig, source.video.decoderConfig);
  return {
    packets: videoPackets(first, further, onProgress),
    add: (packet) => track.add(packet, { decoderConfig }),
    close: () => track.close(),
  };
}

/** An encoder that says nothing of colour has left it as it was. */
function withColour(encoded: DecoderConfig, source: DecoderConfig): DecoderConfig {
  const { primaries, transfer, matrix } = encoded.colorSpace ?? {};
  const isStated = (primaries ?? transfer ?? matrix ?? null) !== null;
  return isStated || !source.colorSpace ? encoded : { ...encoded, colorSpace: source.colorSpace };
}

async function* videoPackets(
  first: ShardFrame,
  further: AsyncGenerator<ShardFrame, void, undefined>,
  onProgress: AssembleOptions["onProgress"],
): AsyncGenerator<EncodedPacket, void, undefined> {
  onProgress?.(first.segment.index);
  yield first.packet;
  let current = first.segment;
  for await (const { packet, segment } of further) {
    if (segment !== current) onProgress?.(segment.index);
    current = segment;
    yield packet;
  }
}

/** @returns What could not be taken over, in words. */
async function copyTags(output: Output, container: Container, source: SourceFile): Promise<string[]> {
  try {
    const { raw: _raw, images, ...tags }: MetadataTags = await source.input.getMetadataTags();
    // Matroska would give each picture a random number, and no two outputs would be the same.
    const holdsImages = reservesIndex(container);
    output.setMetadataTags({ ...tags, ...(images && holdsImages && { images }) });
    return images?.length && !holdsImages ? ["cover art"] : [];
  } catch {
    // However broken they are, they are no reason to be without the video.
    return ["tags"];
  }
}
