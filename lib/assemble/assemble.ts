/** Shards to one video: the frames of all of them at the source's times, with the source's sound. */
import {
  BufferTarget,
  type EncodedPacket,
  EncodedVideoPacketSource,
  Output,
  type VideoTrackMetadata,
} from "mediabunny";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import type { DecoderConfig, SourceFile } from "../chunk/source_file.ts";
import { setVp8Colours } from "../chunk/vp8_colours.ts";
import { AssembleError } from "./assemble_error.ts";
import { addAudioCopy, labelMetadata } from "./audio_copy.ts";
import { addAudioEncode } from "./audio_encode.ts";
import { type AudioMode, type AudioResult, type AudioTreatment, planAudio, resultOf } from "./audio_plan.ts";
import { checkOutput } from "./check_output.ts";
import { evenFrameSeconds } from "./even_frames.ts";
import { GatheringTarget } from "./gathering_target.ts";
import { type Extras, readExtras, withoutCarried } from "./extras.ts";
import { interleave, type TrackFeed } from "./interleave.ts";
import { colourElement, withoutColour } from "./matroska_colour.ts";
import { addMatroskaExtras } from "./matroska_extras.ts";
import type { SegmentHeader } from "./matroska_header.ts";
import { withMovieTags } from "./movie_tags.ts";
import { storedMp4Tracks, withStoredTracks } from "./mp4_stored_tracks.ts";
import { textTracks, withTexts } from "./mp4_text_tracks.ts";
import { DOLBY_VISION } from "../chunk/dolby_vision.ts";
import { box } from "../chunk/mp4_box_bytes.ts";
import { setCreation } from "../chunk/mp4_creation_time.ts";
import { type PacketForm, packetForm } from "../chunk/mp4_packet_form.ts";
import { withVideoEntryBoxes } from "../chunk/mp4_video_entry.ts";
import { hdrBoxes } from "../chunk/stated_hdr.ts";
import { type Container, formatOf, reservesIndex } from "./output_container.ts";
import { lostMediaRoles, lostSubtitleRoles, mediaRoles, withRoles } from "./output_roles.ts";
import { outputTags } from "./output_tags.ts";
import { readStart, writeAt, writeWholeFile } from "./seekable_sink.ts";
import { type EncodedShard, type ShardFrame, shardFrames } from "./shard_frames.ts";
import { matrixPatch, withoutMatrix } from "./vp9_colour.ts";
import { setVp9Level } from "./vp9_level.ts";
import { type Mp4Track, writeMp4 } from "./write_mp4.ts";

/** A Matroska file's tracks are within so many bytes of its start, unless it has large attachments. */
const HEADER_BYTES = 256 * 1024;

export interface AssembleOptions {
  readonly plan: VideoPlan;
  /** In the order of the segments. Read one at a time, as they are needed. */
  readonly shards: AsyncIterable<EncodedShard>;
  /** The video that was planned: its sound, rotation, labels and tags are taken over. */
  readonly source: SourceFile;
  /** Its extension chooses the container. */
  readonly path: string;
  /** Default "copy": a track that the container cannot hold is encoded instead. */
  readonly audio?: AudioMode;
  /**
   * Whether the shards are the chunks themselves: their lead-outs are taken off, and the packets come out in the
   * order that they have in the source. Default false: an encoder has dropped what was led out.
   */
  readonly copied?: boolean;
  /** Written as the tag for who made the file, such as `libav/libx264 8.1 form 2, crf 23`. */
  readonly encoderTag?: string;
  /** Told of each segment as its first frame is written. */
  readonly onProgress?: (segmentIndex: number) => void;
  readonly signal?: AbortSignal;
}

export interface AssembleResult {
  readonly path: string;
  readonly container: Container;
  readonly sizeBytes: number;
  /** The audio tracks, in the source's order; last those that are copied as they are stored. */
  readonly audioTracks: readonly AudioResult[];
  /** What was put into another form, in words, such as `subtitles (S_TEXT/ASS, deu) -> tx3g`. */
  readonly converted: readonly string[];
  /** What else the source has and the output has not, in words. */
  readonly notCarried: readonly string[];
}

/**
 * Writes the video to `path`, which appears once it is whole and on disk; nothing is left behind on failure. A
 * player can start an MP4 or MOV before it has all of it, since its index is in front, and MKV and WebM too. The
 * same shards give the same bytes.
 *
 * @throws {AssembleError} If the container cannot hold the video or the sound that is asked for, the shards are
 * not those of the plan, or sound cannot be encoded here.
 * @throws {SourceError} If the source's sound cannot be read or decoded, or its times are far from the video's.
 * @throws `signal.reason` once aborted, a `Deno.errors` class if the file cannot be written, and whatever
 * `shards` throws.
 */
export async function assemble(options: AssembleOptions): Promise<AssembleResult> {
  const { plan, path, signal } = options;
  checkOutput(plan, options);
  let level: number | undefined;
  const frames = shardFrames(plan, options.shards, {
    copied: options.copied,
    onVp9Level: (next) => level = Math.max(level ?? 0, next),
  });
  try {
    signal?.throwIfAborted();
    const { value: first, done } = await frames.next();
    if (done) throw new AssembleError(`Cannot assemble "${path}": there are no shards`);
    const container = checkOutput(plan, { ...options, codec: first.codec });
    return await writeWholeFile(path, async (file) => {
      const video: ShardVideo = { first, further: frames, vp9Level: () => level };
      const facts = await writeVideo(file, container, video, options);
      return { path, container, sizeBytes: (await file.stat()).size, ...facts };
    });
  } finally {
    await frames.return();
  }
}

interface ShardVideo {
  readonly first: ShardFrame;
  /** All frames after it. */
  readonly further: AsyncGenerator<ShardFrame, void, undefined>;
  /** The highest so far; undefined: no VP9. */
  readonly vp9Level: () => number | undefined;
}

async function writeVideo(
  file: Deno.FsFile,
  container: Container,
  video: ShardVideo,
  options: AssembleOptions,
): Promise<Pick<AssembleResult, "audioTracks" | "converted" | "notCarried">> {
  const { plan, source, audio = "copy", signal } = options;
  const extras = await readExtras(source, container, {
    audio,
    endSeconds: plan.endTicks / plan.timescale,
    signal,
  });
  const header = new BufferTarget();
  const target = reservesIndex(container) ? header : new GatheringTarget(file);
  let segmentHeader: SegmentHeader | undefined;
  const onSegmentHeader = (bytes: Uint8Array, position: number) =>
    void (segmentHeader = { position, sizeBytes: bytes.length });
  const format = formatOf(container, { onSegmentHeader });
  const output = new Output({ format, target });
  try {
    const storedIds = new Set(extras.stored.map(({ track }) => track.id));
    const sound = planAudio(source.audio.filter(({ track }) => !storedIds.has(track.id)), container, audio);
    const feeds = [addVideo(output, container, video, options)];
    const forms = [packetForm({ ...videoConfig(video.first, source), codec: video.first.codec })];
    for (const treatment of sound.treatments) {
      feeds.push(await addAudio(output, container, treatment, options));
      forms.push(audioForm(treatment));
    }
    const tags = await outputTags(source, container, options.encoderTag);
    const { hdr } = source.video;
    const config = videoConfig(video.first, source);
    const colour = hdr ? colourElement(config.colorSpace, hdr) : new Uint8Array();
    const matroska = reservesIndex(container) ? undefined : addMatroskaExtras(output, extras, tags, {
      colour,
      frameSeconds: evenFrameSeconds(plan.shownTicks, plan.timescale),
    });
    const entryBoxes = videoBoxes(container, options);
    const media = [source.video, ...sound.treatments.map(({ audio }) => audio)];
    output.setMetadataTags(matroska?.tags ?? tags.tags);

    await output.start();
    if (reservesIndex(container)) {
      const tracks: Mp4Track[] = feeds.map((feed, index) => ({
        feed,
        form: forms[index]!,
        mostPackets: output.tracks[index]?.metadata.maximumPacketCount ?? 0,
      }));
      const texts = textTracks(extras);
      const stored = storedMp4Tracks(extras.stored, extras.endSeconds);
      const onMovie = (moov: Uint8Array) => {
        const level = video.vp9Level();
        if (level !== undefined) setVp9Level(moov, level);
        setVp8Colours(moov, config.colorSpace);
        if (tags.createdNs !== undefined) setCreation(moov, tags.createdNs);
      };
      const withTracks = (moov: DataView) => {
        const described = withRoles(withVideoEntryBoxes(moov, entryBoxes.boxes), media.map(mediaRoles));
        const whole = hasTexts(extras) ? withTexts(described, extras, tracks.length + 1) : described;
        const withStored = withStoredTracks(whole, extras.stored, {
          firstId: tracks.length + texts.length + 1,
          sourceVideoId: source.video.track.id,
        });
        return withMovieTags(withStored, tags.movie);
      };
      await writeMp4(file, { output, target: header }, [...tracks, ...texts, ...stored], {
        withTracks,
        onMovie,
        signal,
      });
    } else {
      await interleave([...feeds, ...matroska?.feeds ?? []], { signal });
      await output.finalize();
      await matroska?.put(file, segmentHeader!);
      const patch = hdr ? undefined : matrixPatch(await readStart(file, HEADER_BYTES), config);
      if (patch) await writeAt(file, patch.bytes, patch.position);
    }
    return {
      audioTracks: [
        ...sound.treatments.map(resultOf),
        ...extras.stored.flatMap(({ track: { title, isSound } }) =>
          isSound ? [{ title, kind: "copied" } as const] : []
        ),
      ],
      converted: extras.converted,
      notCarried: [
        ...missingFrames(plan),
        ...withoutCarried(source.otherContents, [...extras.carried, ...entryBoxes.carried]).filter((what) =>
          !tags.carried.includes(what)
        ),
        ...extras.notCarried,
        ...sound.notCarried,
        ...lostMediaRoles(container, "the video", source.video),
        ...sound.treatments.flatMap(({ audio }) => lostMediaRoles(container, audio.title, audio)),
        ...extras.subtitles.flatMap(({ track }) => lostSubtitleRoles(container, track)),
        ...tags.notCarried,
      ],
    };
  } catch (error) {
    // What it says then is only that the output is not whole.
    await output.cancel().catch(() => {});
    throw error;
  }
}

/** What is added to the description of the video in an MP4 or MOV, and which of `source.otherContents` that is. */
function videoBoxes(
  container: Container,
  { source: { video: { hdr, dolbyVision } }, copied = false }: AssembleOptions,
): { readonly boxes: readonly Uint8Array[]; readonly carried: readonly string[] } {
  const boxes = hdrBoxes(hdr ?? {});
  if (!dolbyVision || !copied || !reservesIndex(container)) return { boxes, carried: [] };
  return { boxes: [...boxes, box(dolbyVision.type, dolbyVision.record)], carried: [DOLBY_VISION] };
}

function hasTexts({ chapters, subtitles }: Extras): boolean {
  return chapters.length > 0 || subtitles.length > 0;
}

async function addAudio(
  output: Output,
  container: Container,
  treatment: AudioTreatment,
  { plan, source, signal }: AssembleOptions,
): Promise<TrackFeed> {
  const { shownTicks, endTicks, timescale } = plan;
  const video = { startSeconds: (shownTicks[0] ?? 0) / timescale, endSeconds: endTicks / timescale };
  if (treatment.kind === "copy") {
    return await addAudioCopy(output, container, source, { audio: treatment.audio, video });
  }
  return await addAudioEncode(output, container, source, treatment.audio, {
    target: treatment.target,
    video,
    signal,
  });
}

function audioForm(treatment: AudioTreatment): PacketForm {
  if (treatment.kind === "encode") return { kind: "as it is" };
  const { codec, decoderConfig } = treatment.audio;
  return packetForm({ ...decoderConfig, codec });
}

/** Frames of the source that are in no chunk, in words. */
function missingFrames({ undecodablePackets, droppedFirst, hiddenLast }: VideoPlan): string[] {
  const missing: string[] = [];
  if (undecodablePackets > 0) {
    missing.push(`${undecodablePackets} frames at the start that nothing can decode`);
  }
  if (droppedFirst > 0) missing.push(`${droppedFirst} frames at the start that an edit list hides`);
  if (hiddenLast > 0) missing.push(`${hiddenLast} frames at the end that an edit list hides`);
  return missing;
}

function addVideo(
  output: Output,
  container: Container,
  { first, further }: ShardVideo,
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
  const wholeConfig = videoConfig(first, source);
  const decoderConfig = reservesIndex(container)
    ? wholeConfig
    : source.video.hdr
    ? withoutColour(wholeConfig)
    : withoutMatrix(wholeConfig);
  return {
    packets: reservesIndex(container)
      ? videoPackets(first, further, onProgress)
      : fromZero(videoPackets(first, further, onProgress)),
    add: (packet) => track.add(packet, { decoderConfig }),
    close: () => track.close(),
  };
}

/** An encoder that says nothing of colour has left it as it was. */
function videoConfig({ decoderConfig: encoded }: ShardFrame, { video }: SourceFile): DecoderConfig {
  const source = video.decoderConfig;
  const { primaries, transfer, matrix } = encoded.colorSpace ?? {};
  const isStated = (primaries ?? transfer ?? matrix ?? null) !== null;
  return isStated || !source.colorSpace ? encoded : { ...encoded, colorSpace: source.colorSpace };
}

/** What an edit list begins within is shown from its start on where there are no edit lists. */
async function* fromZero(
  packets: AsyncGenerator<EncodedPacket, void, undefined>,
): AsyncGenerator<EncodedPacket, void, undefined> {
  for await (const packet of packets) {
    const { timestamp, duration } = packet;
    yield timestamp < 0
      ? packet.clone({ timestamp: 0, duration: Math.max(0, timestamp + duration) })
      : packet;
  }
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
