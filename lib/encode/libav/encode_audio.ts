/** A whole encode of an audio track: its packets in, packets out. */
import type * as av from "node-av/lib";
import { type AudioHead, type AudioRecord, headOf } from "../audio_records.ts";
import type { AudioTask } from "../audio_encoder.ts";
import { audioFormat } from "../audio_settings.ts";
import { placeSound, SoundTimeError } from "../audio_timeline.ts";
import { decodeAudio, openAudioDecoder } from "./audio_decode.ts";
import {
  type AudioFilters,
  closeAudioFilters,
  type FilteredFormat,
  filterSound,
  openAudioFilters,
  takesFrame,
} from "./audio_filters.ts";
import {
  AUDIO_ENCODERS,
  type AudioOutput,
  encodeSilence,
  encodeSound,
  endOf,
  finishAudioOutput,
  openAudioOutput,
} from "./audio_output.ts";
import { RefusedError } from "./ffmpeg_call.ts";

export interface AudioSink {
  readonly onHead: (head: AudioHead) => void;
  readonly onRecord: (record: AudioRecord) => void;
}

/**
 * Decodes, resamples and encodes packet by packet over blocking calls.
 *
 * @param sourceCodec By the demuxer's name.
 * @param records The head first.
 * @returns Samples encoded; 0 where there was no sound to hear, and then `sink` got nothing.
 * @throws {RefusedError} If the sound is damaged or its times make no sense.
 */
export function encodeAudio(
  { sourceCodec, endSeconds = Infinity, target }: Omit<AudioTask, "token">,
  records: Iterator<AudioRecord, void>,
  sink: AudioSink,
): number {
  const first = valueOf(records);
  if (!first) throw new Error("there is no head");
  const head = headOf(first);
  const decoder = openAudioDecoder(sourceCodec, head);
  let format: FilteredFormat | undefined;
  let filters: AudioFilters | undefined;
  let output: AudioOutput | undefined;

  let limit = endSeconds;

  const place = (frame: av.Frame, startSamples: number | undefined): void => {
    const end = output && endOf(output);
    const start = startSamples ?? end ?? 0;
    const length = Math.min(frame.nbSamples, Math.round(limit * frame.sampleRate) - start);
    if (length <= 0) return;
    const { silence, skip } = placeOrRefuse({ start, length }, end, frame.sampleRate);
    if (skip === length) return;
    output ??= openAudioOutput({
      codec: target.codec,
      format: format!,
      layout: frame.channelLayout,
      startSamples: start + skip,
      ...sink,
    });
    encodeSilence(output, silence);
    encodeSound(output, frame, { skip, length });
  };
  const resample = (frame: av.Frame): void => {
    if (filters && !takesFrame(filters, frame)) {
      filterSound(filters, null, place);
      closeAudioFilters(filters);
      filters = undefined;
    }
    format ??= {
      ...audioFormat(target, { sampleRate: frame.sampleRate, channels: frame.channelLayout.nbChannels }),
      sampleFormat: AUDIO_ENCODERS[target.codec].sampleFormat,
    };
    filters ??= openAudioFilters(frame, head.sampleRate, format);
    filterSound(filters, frame, place);
  };

  for (let record = valueOf(records); record;) {
    const next = valueOf(records);
    if (!next && record.durationTicks > 0) {
      // Its decoder may give more than the packet says that it holds.
      limit = Math.min(limit, (record.startTicks + record.durationTicks) / head.sampleRate);
    }
    decodeAudio(decoder, record, resample);
    record = next;
  }
  decodeAudio(decoder, null, resample);
  if (filters) filterSound(filters, null, place);
  if (!output) return 0;
  finishAudioOutput(output);
  return output.encodedSamples;
}

function valueOf(records: Iterator<AudioRecord, void>): AudioRecord | undefined {
  const { value, done } = records.next();
  return done ? undefined : value;
}

function placeOrRefuse(...args: Parameters<typeof placeSound>): ReturnType<typeof placeSound> {
  try {
    return placeSound(...args);
  } catch (error) {
    throw error instanceof SoundTimeError ? new RefusedError(error.message) : error;
  }
}
