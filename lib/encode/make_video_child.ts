/**
 * Child process of make_video.ts: `make_video_child.ts <MakeVideoJob as JSON>`. One straight run of FFmpeg's
 * own sources, filters and encoders over blocking calls; what goes wrong is on stderr, with exit code 1.
 */
import * as av from "node-av/lib";
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_ERROR,
  AV_PICTURE_TYPE_NONE,
  AVCOL_PRI_BT2020,
  AVCOL_PRI_BT709,
  AVCOL_SPC_BT2020_NCL,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  AVCOL_TRC_SMPTE2084,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVFMT_GLOBALHEADER,
  type AVPixelFormat,
  type AVSampleFormat,
  type FFEncoderCodec,
} from "node-av/constants";
import type { MakeVideoJob } from "./make_video.ts";

const AUDIO_RATE_HZ = 44_100;
const X264_THREADS = 2; // not the machine's number: threads shape the bytes

interface Track {
  readonly sink: av.FilterContext;
  readonly encoder: av.CodecContext;
  readonly stream: av.Stream;
  /** Seconds; Infinity once the track has ended. */
  position: number;
}

function makeVideo(job: MakeVideoJob): void {
  const graph = openGraph(job);
  const output = new av.FormatContext();
  check(output.allocOutputContext2(null, job.muxer, job.path), "choose the container");
  output.setOption("fflags", "+bitexact");
  output.url = job.path;
  check(output.openOutputSync(), `create "${job.path}"`);

  const tracks = [videoTrack(job, sinkOf(graph, "video"), output)];
  if (job.tone !== null) tracks.push(audioTrack(sinkOf(graph, "audio"), output));
  check(output.writeHeaderSync(av.Dictionary.fromObject(muxerOptions(job))), "write the header");
  encodeTracks(tracks, output);
  check(output.writeTrailerSync(), "write the index");
  output.closeOutputSync();
}

function openGraph(job: MakeVideoJob): av.FilterGraph {
  const rate = `${job.frameRate.num}/${job.frameRate.den}`;
  const { pixelAspect } = job;
  const video = [
    `testsrc2=size=${job.width}x${job.height}:rate=${rate}:duration=${job.seconds}`,
    `setsar=${pixelAspect.num}/${pixelAspect.den}`,
    ...(job.irregular ? irregularTimes(job) : []),
    `format=${filterPixelFormat(job)}`,
    "buffersink@video",
  ];
  const audio = [
    `sine=frequency=${job.tone}:sample_rate=${AUDIO_RATE_HZ}:duration=${job.seconds}:samples_per_frame=1024`,
    "aformat=sample_fmts=fltp:channel_layouts=mono",
    "abuffersink@audio",
  ];
  const chains = job.tone === null ? [video] : [video, audio];
  const graph = new av.FilterGraph();
  graph.alloc();
  check(graph.parse2(chains.map((chain) => chain.join(",")).join(";")), "build the sources");
  check(graph.configSync(), "configure the sources");
  return graph;
}

/** Leaves out two frames of seven and delays the others by up to half a frame. */
function irregularTimes({ frameRate }: MakeVideoJob): string[] {
  const halfFrameTicks = Math.max(1, Math.floor((90_000 * frameRate.den) / frameRate.num / 2));
  return [
    "select='not(eq(mod(n,7),3))*not(eq(mod(n,7),4))'",
    "settb=1/90000",
    `setpts='PTS+if(N,mod(N*N*7919,${halfFrameTicks}),0)'`,
  ];
}

function filterPixelFormat({ pixelFormat }: MakeVideoJob): string {
  return pixelFormat === "yuv420p10" ? "yuv420p10le" : pixelFormat;
}

function videoTrack(job: MakeVideoJob, sink: av.FilterContext, output: av.FormatContext): Track {
  const encoder = allocEncoder("libx264", output);
  const { num, den } = job.frameRate;
  encoder.width = sink.buffersinkGetWidth();
  encoder.height = sink.buffersinkGetHeight();
  encoder.pixelFormat = sink.buffersinkGetFormat() as AVPixelFormat;
  encoder.sampleAspectRatio = sink.buffersinkGetSampleAspectRatio();
  encoder.timeBase = sink.buffersinkGetTimeBase();
  encoder.framerate = new av.Rational(num, den);
  encoder.gopSize = job.keyframeInterval;
  encoder.maxBFrames = job.bFrames;
  encoder.threadCount = X264_THREADS;
  if (job.colour === "bt709") setColours(encoder, AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709);
  if (job.colour === "bt2020-pq") {
    setColours(encoder, AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084, AVCOL_SPC_BT2020_NCL);
  }
  if (job.closedGop) encoder.setFlags(AV_CODEC_FLAG_CLOSED_GOP);
  return openTrack(sink, encoder, output, {
    preset: job.preset,
    crf: job.crf,
    sc_threshold: 0,
    "x264-params": `sync-lookahead=0${job.closedGop ? "" : ":open-gop=1"}`, // see codec_encoder.ts
  });
}

function setColours(
  encoder: av.CodecContext,
  primaries: av.CodecContext["colorPrimaries"],
  transfer: av.CodecContext["colorTrc"],
  matrix: av.CodecContext["colorSpace"],
): void {
  encoder.colorPrimaries = primaries;
  encoder.colorTrc = transfer;
  encoder.colorSpace = matrix;
}

function audioTrack(sink: av.FilterContext, output: av.FormatContext): Track {
  const encoder = allocEncoder("aac", output);
  encoder.sampleRate = AUDIO_RATE_HZ;
  encoder.sampleFormat = sink.buffersinkGetFormat() as AVSampleFormat;
  encoder.channelLayout = sink.buffersinkGetChannelLayout();
  encoder.timeBase = sink.buffersinkGetTimeBase();
  encoder.bitRate = 64_000n;
  return openTrack(sink, encoder, output, {});
}

function allocEncoder(name: "libx264" | "aac", output: av.FormatContext): av.CodecContext {
  const codec = av.Codec.findEncoderByName(name as FFEncoderCodec);
  if (!codec) throw new Error(`this build of FFmpeg has no encoder ${name}`);
  const encoder = new av.CodecContext();
  encoder.allocContext3(codec);
  encoder.setFlags(AV_CODEC_FLAG_BITEXACT);
  if (output.oformat?.hasFlags(AVFMT_GLOBALHEADER)) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  return encoder;
}

function openTrack(
  sink: av.FilterContext,
  encoder: av.CodecContext,
  output: av.FormatContext,
  options: Record<string, string | number>,
): Track {
  check(encoder.open2Sync(null, av.Dictionary.fromObject(options)), "open the encoder");
  const stream = output.newStream();
  check(stream.codecpar.fromContext(encoder), "describe the track");
  stream.timeBase = encoder.timeBase;
  stream.avgFrameRate = encoder.framerate;
  return { sink, encoder, stream, position: 0 };
}

function muxerOptions({ layout, muxer }: MakeVideoJob): Record<string, string> {
  if (muxer === "matroska") return {};
  if (layout === "moov-first") return { movflags: "+faststart" };
  if (layout === "fragmented") return { movflags: "+frag_keyframe+empty_moov+default_base_moof" };
  return {};
}

/** Encodes whichever track is behind, so that the muxer has little to hold back. */
function encodeTracks(tracks: readonly Track[], output: av.FormatContext): void {
  const frame = new av.Frame();
  frame.alloc();
  const packet = new av.Packet();
  packet.alloc();
  for (;;) {
    const track = tracks.reduce((first, other) => (other.position < first.position ? other : first));
    if (track.position === Infinity) break;
    const got = track.sink.buffersinkGetFrameSync(frame);
    if (got !== AVERROR_EOF) check(got, "draw a frame");
    const ended = got === AVERROR_EOF;
    if (!ended) {
      frame.pictType = AV_PICTURE_TYPE_NONE;
      track.position = Number(frame.pts) * track.encoder.timeBase.toDouble();
    }
    check(track.encoder.sendFrameSync(ended ? null : frame), "encode a frame");
    frame.unref();
    if (ended) track.position = Infinity;
    writePackets(track, packet, output);
  }
  frame.free();
  packet.free();
}

function writePackets({ encoder, stream }: Track, packet: av.Packet, output: av.FormatContext): void {
  for (;;) {
    const got = encoder.receivePacketSync(packet);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "encode a frame");
    packet.streamIndex = stream.index;
    packet.rescaleTs(encoder.timeBase, stream.timeBase);
    check(output.interleavedWriteFrameSync(packet), "write a packet");
  }
}

function sinkOf(graph: av.FilterGraph, name: string): av.FilterContext {
  const sink = graph.getFilter(`buffersink@${name}`) ?? graph.getFilter(`abuffersink@${name}`);
  if (!sink) throw new Error(`no sink for ${name}`);
  return sink;
}

function check(code: number, what: string): void {
  if (code < 0) throw new Error(`could not ${what}: ${av.FFmpegError.strerror(code)}`);
}

if (import.meta.main) {
  let exitCode = 1;
  try {
    av.Log.setLevel(AV_LOG_ERROR);
    makeVideo(JSON.parse(Deno.args[0] ?? "{}"));
    exitCode = 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
  }
  // Not a plain return: the addon crashes while the runtime tears it down.
  Deno.exit(exitCode);
}
