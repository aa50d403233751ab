/** The packets of an audio track, decoded. */
import { Buffer } from "node:buffer";
import * as av from "node-av/lib";
import {
  AV_CHANNEL_ORDER_UNSPEC,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_ALAC,
  AV_CODEC_ID_DTS,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_MP1,
  AV_CODEC_ID_MP2,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_PCM_ALAW,
  AV_CODEC_ID_PCM_F32BE,
  AV_CODEC_ID_PCM_F32LE,
  AV_CODEC_ID_PCM_F64BE,
  AV_CODEC_ID_PCM_F64LE,
  AV_CODEC_ID_PCM_MULAW,
  AV_CODEC_ID_PCM_S16BE,
  AV_CODEC_ID_PCM_S16LE,
  AV_CODEC_ID_PCM_S24BE,
  AV_CODEC_ID_PCM_S24LE,
  AV_CODEC_ID_PCM_S32BE,
  AV_CODEC_ID_PCM_S32LE,
  AV_CODEC_ID_PCM_S8,
  AV_CODEC_ID_PCM_U8,
  AV_CODEC_ID_TRUEHD,
  AV_CODEC_ID_VORBIS,
  AV_FRAME_FLAG_CORRUPT,
  type AVCodecID,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVMEDIA_TYPE_AUDIO,
} from "node-av/constants";
import type { AudioHead, AudioRecord } from "../audio_records.ts";
import { check, RefusedError } from "./ffmpeg_call.ts";

/** By the demuxer's names. */
const CODEC_IDS: Readonly<Record<string, AVCodecID>> = {
  aac: AV_CODEC_ID_AAC,
  opus: AV_CODEC_ID_OPUS,
  mp1: AV_CODEC_ID_MP1,
  mp2: AV_CODEC_ID_MP2,
  mp3: AV_CODEC_ID_MP3,
  vorbis: AV_CODEC_ID_VORBIS,
  flac: AV_CODEC_ID_FLAC,
  alac: AV_CODEC_ID_ALAC,
  truehd: AV_CODEC_ID_TRUEHD,
  ac3: AV_CODEC_ID_AC3,
  eac3: AV_CODEC_ID_EAC3,
  dts: AV_CODEC_ID_DTS,
  ulaw: AV_CODEC_ID_PCM_MULAW,
  alaw: AV_CODEC_ID_PCM_ALAW,
  "pcm-u8": AV_CODEC_ID_PCM_U8,
  "pcm-s8": AV_CODEC_ID_PCM_S8,
  "pcm-s16": AV_CODEC_ID_PCM_S16LE,
  "pcm-s16be": AV_CODEC_ID_PCM_S16BE,
  "pcm-s24": AV_CODEC_ID_PCM_S24LE,
  "pcm-s24be": AV_CODEC_ID_PCM_S24BE,
  "pcm-s32": AV_CODEC_ID_PCM_S32LE,
  "pcm-s32be": AV_CODEC_ID_PCM_S32BE,
  "pcm-f32": AV_CODEC_ID_PCM_F32LE,
  "pcm-f32be": AV_CODEC_ID_PCM_F32BE,
  "pcm-f64": AV_CODEC_ID_PCM_F64LE,
  "pcm-f64be": AV_CODEC_ID_PCM_F64BE,
};

/** Codecs with checksums: a frame that fails its own is an error there, not a guess. */
const CHECKED: ReadonlySet<string> = new Set(["flac", "ac3", "eac3"]);

export interface AudioDecoder {
  readonly context: av.CodecContext;
  readonly sampleRate: number;
  readonly packet: av.Packet;
  readonly frame: av.Frame;
}

/** @throws {RefusedError} If there is no decoder for the codec, or it does not take `head`. */
export function openAudioDecoder(codecName: string, head: AudioHead): AudioDecoder {
  const codecId = CODEC_IDS[codecName];
  const codec = codecId === undefined ? null : av.Codec.findDecoder(codecId);
  if (codecId === undefined || !codec) throw new RefusedError(`there is no decoder for ${codecName}`);
  const parameters = new av.CodecParameters();
  parameters.alloc();
  parameters.codecType = AVMEDIA_TYPE_AUDIO;
  parameters.codecId = codecId;
  parameters.sampleRate = head.sampleRate;
  parameters.channelLayout = { order: AV_CHANNEL_ORDER_UNSPEC, nbChannels: head.channels, mask: 0n };
  if (head.description.length > 0) parameters.extradata = Buffer.from(head.description);
  const context = new av.CodecContext();
  context.allocContext3(codec);
  check(context.parametersToContext(parameters), `set up a decoder for ${codecName}`);
  parameters.free();
  context.pktTimebase = new av.Rational(1, head.sampleRate);
  const options = { threads: "1", ...(CHECKED.has(codecName) && { err_detect: "crccheck+explode" }) };
  check(context.open2Sync(codec, av.Dictionary.fromObject(options)), `open a decoder for ${codecName}`);
  const packet = new av.Packet();
  packet.alloc();
  const frame = new av.Frame();
  frame.alloc();
  return { context, sampleRate: head.sampleRate, packet, frame };
}

/**
 * Decodes one packet, or with null what is still inside; `onFrame` borrows each frame, whose time is in ticks of
 * the head's sample rate.
 *
 * @throws {RefusedError} If the sound is damaged, with its time.
 */
export function decodeAudio(
  { context, sampleRate, packet, frame }: AudioDecoder,
  record: AudioRecord | null,
  onFrame: (frame: av.Frame) => void,
): void {
  const attempt = record === null
    ? "decode its end"
    : `decode it at ${(record.startTicks / sampleRate).toFixed(3)} s`;
  if (record) {
    const { buffer, byteOffset, byteLength } = record.data;
    packet.data = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    packet.pts = packet.dts = BigInt(Math.round(record.startTicks));
    packet.duration = BigInt(Math.round(record.durationTicks));
  }
  check(context.sendPacketSync(record && packet), attempt);
  packet.unref();
  for (;;) {
    const got = context.receiveFrameSync(frame);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, attempt);
    if (frame.decodeErrorFlags !== 0 || frame.hasFlags(AV_FRAME_FLAG_CORRUPT)) {
      throw new RefusedError(`could not ${attempt}: it is damaged`);
    }
    onFrame(frame);
    frame.unref();
  }
}
