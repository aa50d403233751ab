/** The encoder of an audio track, fed with sound of any length. */
import { Buffer } from "node:buffer";
import * as av from "node-av/lib";
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type AVSampleFormat,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBOPUS,
} from "node-av/constants";
import type { AudioHead, AudioRecord } from "../audio_records.ts";
import type { AudioCodecName, AudioFormat } from "../audio_settings.ts";
import { check } from "./ffmpeg_call.ts";

/** How each codec is encoded; the sample format is FFmpeg's name for it. */
export const AUDIO_ENCODERS = {
  aac: { name: FF_ENCODER_AAC, sampleFormat: "fltp", format: AV_SAMPLE_FMT_FLTP },
  opus: { name: FF_ENCODER_LIBOPUS, sampleFormat: "flt", format: AV_SAMPLE_FMT_FLT },
} as const;

const SAMPLE_BYTES = 4;
/** Written at once, whatever the length of a silence. */
const SILENCE_SAMPLES = 4_096;

export interface AudioOutput {
  readonly encoder: av.CodecContext;
  readonly fifo: av.AudioFifo;
  readonly frame: av.Frame;
  readonly packet: av.Packet;
  readonly format: AudioFormat;
  readonly sampleFormat: AVSampleFormat;
  readonly isPlanar: boolean;
  /** Samples encoded so far. */
  encodedSamples: number;
  /** Of the first, in samples. */
  readonly startSamples: number;
  readonly onRecord: (record: AudioRecord) => void;
}

export interface OpenAudioOutputOptions {
  readonly codec: AudioCodecName;
  readonly format: AudioFormat;
  readonly layout: av.ChannelLayout;
  readonly startSamples: number;
  readonly onHead: (head: AudioHead) => void;
  /** Times are in samples, less what the encoder puts in front. */
  readonly onRecord: (record: AudioRecord) => void;
}

export function openAudioOutput(options: OpenAudioOutputOptions): AudioOutput {
  const { codec, format, layout, startSamples, onHead, onRecord } = options;
  const { name, format: sampleFormat } = AUDIO_ENCODERS[codec];
  const found = av.Codec.findEncoderByName(name);
  if (!found) throw new Error(`this build of FFmpeg has no encoder ${name}`);
  const encoder = new av.CodecContext();
  encoder.allocContext3(found);
  encoder.sampleRate = format.sampleRate;
  encoder.sampleFormat = sampleFormat;
  encoder.channelLayout = layout;
  encoder.timeBase = new av.Rational(1, format.sampleRate);
  encoder.bitRate = BigInt(format.bitsPerSecond);
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  const attempt = `encode ${format.layout} sound of ${format.sampleRate} Hz with ${name}`;
  check(encoder.open2Sync(found, av.Dictionary.fromObject({ threads: "1" })), attempt);
  const fifo = new av.AudioFifo();
  fifo.alloc(sampleFormat, layout.nbChannels, 4 * encoder.frameSize);
  const frame = new av.Frame();
  frame.alloc();
  const packet = new av.Packet();
  packet.alloc();
  const description = new Uint8Array(encoder.extraData ?? []);
  onHead({ sampleRate: format.sampleRate, channels: layout.nbChannels, description });
  const isPlanar = av.avSampleFmtIsPlanar(sampleFormat);
  return {
    encoder,
    fifo,
    frame,
    packet,
    format,
    sampleFormat,
    isPlanar,
    startSamples,
    onRecord,
    encodedSamples: 0,
  };
}

/** Where the sound so far ends, in samples. */
export function endOf({ startSamples, encodedSamples, fifo }: AudioOutput): number {
  return startSamples + encodedSamples + fifo.size;
}

/** Encodes the samples of `frame` from `skip` to `length`. */
export function encodeSound(
  output: AudioOutput,
  frame: av.Frame,
  { skip, length }: { readonly skip: number; readonly length: number },
): void {
  const { nbChannels } = frame.channelLayout;
  const planes = (frame.data ?? []).slice(0, output.isPlanar ? nbChannels : 1);
  const skipBytes = skip * SAMPLE_BYTES * (output.isPlanar ? 1 : nbChannels);
  writeSamples(output, planes.map((plane) => plane.subarray(skipBytes)), length - skip);
}

export function encodeSilence(output: AudioOutput, samples: number): void {
  const channels = output.encoder.channelLayout.nbChannels;
  const planes = output.isPlanar ? channels : 1;
  const bytes = SAMPLE_BYTES * SILENCE_SAMPLES * (output.isPlanar ? 1 : channels);
  const silence = Array.from({ length: planes }, () => Buffer.alloc(bytes));
  for (let left = samples; left > 0; left -= SILENCE_SAMPLES) {
    writeSamples(output, silence, Math.min(left, SILENCE_SAMPLES));
  }
}

/** Encodes what is left, and the encoder's own rest. */
export function finishAudioOutput(output: AudioOutput): void {
  if (output.fifo.size > 0) encodeFrame(output, output.fifo.size);
  check(output.encoder.sendFrameSync(null), "finish the encode");
  takePackets(output);
}

function writeSamples(output: AudioOutput, planes: Buffer[], samples: number): void {
  if (samples === 0) return;
  check(output.fifo.writeSync(output.isPlanar ? planes : planes[0]!, samples), "encode it");
  const { frameSize } = output.encoder;
  while (output.fifo.size >= frameSize) encodeFrame(output, frameSize);
}

function encodeFrame(output: AudioOutput, samples: number): void {
  const { encoder, fifo, frame, format, sampleFormat } = output;
  frame.nbSamples = samples;
  frame.format = sampleFormat;
  frame.sampleRate = format.sampleRate;
  frame.channelLayout = encoder.channelLayout;
  check(frame.getBuffer(), "encode it");
  const planes = (frame.data ?? []).slice(0, output.isPlanar ? encoder.channelLayout.nbChannels : 1);
  check(fifo.readSync(output.isPlanar ? planes : planes[0]!, samples), "encode it");
  frame.pts = BigInt(output.startSamples + output.encodedSamples);
  output.encodedSamples += samples;
  check(encoder.sendFrameSync(frame), "encode it");
  frame.unref();
  takePackets(output);
}

function takePackets({ encoder, packet, onRecord }: AudioOutput): void {
  for (;;) {
    const got = encoder.receivePacketSync(packet);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "encode it");
    if (packet.data) {
      onRecord({
        startTicks: Number(packet.pts),
        durationTicks: Number(packet.duration),
        data: new Uint8Array(packet.data),
      });
    }
    packet.unref();
  }
}
