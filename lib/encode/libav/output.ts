/** The shard on stdout: encoded and muxed. */
import * as av from "node-av/lib";
import {
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type AVPixelFormat,
  type FFVideoEncoder,
} from "node-av/constants";
import { CHUNK_LIMITS, SHARD_MOVFLAGS, SHARD_MUXER } from "../chunk_media.ts";
import type { CodecEncoder } from "../codec_encoder.ts";
import type { FrameRate } from "../../frame_grid.ts";
import { check } from "./ffmpeg_call.ts";

/** An encoder and the container that it writes to. */
export interface Output {
  readonly format: av.FormatContext;
  readonly stream: av.Stream;
  readonly encoder: av.CodecContext;
  readonly packet: av.Packet;
}

export interface OpenOutputOptions {
  /** Ticks a second of the frames' times, and of the shard's track. */
  readonly timescale: number;
  readonly threads: number;
  /** About; the container may state it. */
  readonly frameRate: FrameRate;
  readonly encoder: CodecEncoder;
  /** By FFmpeg's names. */
  readonly encoderOptions: Readonly<Record<string, string>>;
}

/** Opens an encoder for pictures like `first`, whose colours and pixel shape the shard states. */
export function openOutput(first: av.Frame, options: OpenOutputOptions): Output {
  const format = new av.FormatContext();
  check(format.allocOutputContext2(null, SHARD_MUXER, "pipe:1"), "write an MP4");
  format.url = "pipe:1";
  check(format.openOutputSync(), "write to stdout");
  const encoder = openEncoder(first, options);
  const stream = format.newStream();
  check(stream.codecpar.fromContext(encoder), "describe the encoded track");
  stream.timeBase = encoder.timeBase;
  stream.avgFrameRate = new av.Rational(options.frameRate.num, options.frameRate.den);
  if (options.encoder.tag) stream.codecpar.codecTag = options.encoder.tag;
  const muxerOptions = { movflags: SHARD_MOVFLAGS, video_track_timescale: options.timescale };
  check(format.writeHeaderSync(av.Dictionary.fromObject(muxerOptions)), "begin the shard");
  const packet = new av.Packet();
  packet.alloc();
  return { format, stream, encoder, packet };
}

function openEncoder(
  first: av.Frame,
  { timescale, threads, encoder: { name }, encoderOptions }: OpenOutputOptions,
): av.CodecContext {
  const codec = av.Codec.findEncoderByName(name as FFVideoEncoder);
  if (!codec) throw new Error(`this build of FFmpeg has no encoder ${name}`);
  const encoder = new av.CodecContext();
  encoder.allocContext3(codec);
  encoder.width = first.width;
  encoder.height = first.height;
  encoder.pixelFormat = first.format as AVPixelFormat;
  encoder.timeBase = new av.Rational(1, timescale);
  encoder.threadCount = threads;
  encoder.sampleAspectRatio = first.sampleAspectRatio;
  encoder.colorRange = first.colorRange;
  encoder.colorPrimaries = first.colorPrimaries;
  encoder.colorTrc = first.colorTrc;
  encoder.colorSpace = first.colorSpace;
  encoder.chromaLocation = first.chromaLocation;
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_FRAME_DURATION);
  const options = av.Dictionary.fromObject({ ...encoderOptions, max_pixels: CHUNK_LIMITS.pixels });
  const attempt = `encode pictures of ${first.width}x${first.height} so`;
  check(encoder.open2Sync(codec, options), attempt);
  return encoder;
}

/** Encodes one frame. */
export function encodeFrame(output: Output, frame: av.Frame): void {
  frame.pictType = AV_PICTURE_TYPE_NONE; // the encoder's to choose; the source's would be taken as an order
  check(output.encoder.sendFrameSync(frame), "encode a frame");
  writePackets(output);
}

/** Writes what is still in the encoder, and the end of the shard. */
export function finishOutput(output: Output): void {
  check(output.encoder.sendFrameSync(null), "finish the encode");
  writePackets(output);
  check(output.format.writeTrailerSync(), "finish the shard");
  output.format.closeOutputSync();
}

function writePackets({ encoder, format, stream, packet }: Output): void {
  for (;;) {
    const got = encoder.receivePacketSync(packet);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "encode a frame");
    packet.streamIndex = stream.index;
    packet.rescaleTs(encoder.timeBase, stream.timeBase);
    check(format.interleavedWriteFrameSync(packet), "write the shard");
  }
}
