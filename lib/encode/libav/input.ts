/** The chunk on stdin, demuxed and decoded. */
import * as av from "node-av/lib";
import {
  AV_FRAME_FLAG_CORRUPT,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_CORRUPT,
  AVDISCARD_ALL,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
} from "node-av/constants";
import { CHUNK_DEMUXER, CHUNK_LIMITS, DECODER_OPTIONS } from "../chunk_media.ts";
import { check, RefusedError } from "./ffmpeg_call.ts";

/** The one video track of a chunk. */
export interface Input {
  readonly format: av.FormatContext;
  readonly stream: av.Stream;
  readonly decoder: av.CodecContext;
}

/** @throws {RefusedError} If stdin has no MP4 or MOV with exactly one video track that can be decoded. */
export function openInput(): Input {
  const demuxer = av.InputFormat.findInputFormat(CHUNK_DEMUXER);
  if (!demuxer) throw new Error("this build of FFmpeg cannot read MP4");
  const format = new av.FormatContext();
  const options = av.Dictionary.fromObject({ protocol_whitelist: "pipe", max_streams: CHUNK_LIMITS.tracks });
  check(format.openInputSync("pipe:0", demuxer, options), "read it as an MP4 whose index comes first");
  const stream = onlyVideoTrack(format);
  return { format, stream, decoder: openDecoder(stream) };
}

function onlyVideoTrack({ streams }: av.FormatContext): av.Stream {
  const videos = streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO);
  const [video] = videos;
  if (!video || videos.length > 1) throw new RefusedError(`it has ${videos.length} video tracks, not one`);
  for (const stream of streams) if (stream.index !== video.index) stream.discard = AVDISCARD_ALL;
  return video;
}

function openDecoder(stream: av.Stream): av.CodecContext {
  const { codecpar } = stream;
  const name = av.avGetCodecName(codecpar.codecId);
  const codec = av.Codec.findDecoder(codecpar.codecId);
  if (!codec) throw new RefusedError(`there is no decoder for its codec, ${name}`);
  const decoder = new av.CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(codecpar), `set up a decoder for ${name}`);
  decoder.pktTimebase = stream.timeBase;
  const options = av.Dictionary.fromObject(DECODER_OPTIONS);
  check(decoder.open2Sync(codec, options), `open a decoder for ${name}`);
  return decoder;
}

/**
 * Decodes the whole track; `onFrame` borrows each frame, in the order of presentation and with its time set, in
 * ticks of the stream.
 *
 * @throws {RefusedError} If anything is damaged: no frame is left out or made up in silence.
 */
export function decodeFrames(input: Input, onFrame: (frame: av.Frame) => void): void {
  const packet = new av.Packet();
  packet.alloc();
  const frame = new av.Frame();
  frame.alloc();
  for (;;) {
    const got = input.format.readFrameSync(packet);
    if (got === AVERROR_EOF) break;
    check(got, "read it to its end");
    if (packet.streamIndex === input.stream.index) {
      if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw new RefusedError("it is cut off, or damaged");
      decodePacket(input, packet, frame, onFrame);
    }
    packet.unref();
  }
  decodePacket(input, null, frame, onFrame);
  packet.free();
  frame.free();
}

function decodePacket(
  { decoder, stream }: Input,
  packet: av.Packet | null,
  frame: av.Frame,
  onFrame: (frame: av.Frame) => void,
): void {
  check(decoder.sendPacketSync(packet), "decode it");
  for (;;) {
    const got = decoder.receiveFrameSync(frame);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "decode it");
    checkFrame(frame);
    frame.pts = frame.bestEffortTimestamp;
    if (stream.sampleAspectRatio.num > 0) frame.sampleAspectRatio = stream.sampleAspectRatio;
    onFrame(frame);
    frame.unref();
  }
}

function checkFrame(frame: av.Frame): void {
  if (frame.decodeErrorFlags !== 0 || frame.hasFlags(AV_FRAME_FLAG_CORRUPT)) {
    throw new RefusedError("a frame of it is damaged");
  }
  if (frame.bestEffortTimestamp === AV_NOPTS_VALUE) throw new RefusedError("a frame of it has no time");
  if (frame.width > CHUNK_LIMITS.sidePixels || frame.height > CHUNK_LIMITS.sidePixels) {
    throw new RefusedError(`its picture of ${frame.width}x${frame.height} is too large`);
  }
}
