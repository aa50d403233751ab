/** Decoded sound, made what the encoder takes. */
import * as av from "node-av/lib";
import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_NOPTS_VALUE,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type AVSampleFormat,
} from "node-av/constants";
import type { AudioFormat } from "../audio_settings.ts";
import { check, RefusedError } from "./ffmpeg_call.ts";

/** A running resampler for sound of one rate, format and layout. */
export interface AudioFilters {
  readonly graph: av.FilterGraph;
  readonly source: av.FilterContext;
  readonly sink: av.FilterContext;
  readonly frame: av.Frame;
  readonly input: SoundKind;
}

interface SoundKind {
  readonly sampleRate: number;
  readonly format: AVSampleFormat;
  readonly layout: av.ChannelLayout;
}

/** By the encoder's format; its own sample format is FFmpeg's name for it. */
export interface FilteredFormat extends AudioFormat {
  readonly sampleFormat: string;
}

/**
 * @param ticksPerSecond Of the frames' times, as they come in.
 * @throws {RefusedError} If sound like `first` cannot be converted.
 */
export function openAudioFilters(
  first: av.Frame,
  ticksPerSecond: number,
  { sampleRate, layout, sampleFormat }: FilteredFormat,
): AudioFilters {
  const graph = new av.FilterGraph();
  graph.alloc();
  graph.nbThreads = 1;
  const input = kindOf(first);
  const parameters = [
    `time_base=1/${ticksPerSecond}`,
    `sample_rate=${input.sampleRate}`,
    `sample_fmt=${av.avGetSampleFmtName(input.format)}`,
    `channel_layout=${input.layout.mask}`,
  ];
  const source = graph.createFilter(filterNamed("abuffer"), "in", parameters.join(":"));
  const sink = graph.createFilter(filterNamed("abuffersink"), "out");
  if (!source || !sink) throw new RefusedError(`could not resample it from ${parameters.join(", ")}`);
  const outputs = av.FilterInOut.createList([{ name: "in", filterCtx: source, padIdx: 0 }]);
  const inputs = av.FilterInOut.createList([{ name: "out", filterCtx: sink, padIdx: 0 }]);
  const chain = `aresample=${sampleRate}:out_sample_fmt=${sampleFormat}:out_chlayout=${layout}`;
  check(graph.parsePtr(chain, inputs, outputs), `build the filters "${chain}"`);
  check(graph.configSync(), "resample it");
  const frame = new av.Frame();
  frame.alloc();
  return { graph, source, sink, frame, input };
}

/** Whether these filters go on with sound like that of `frame`. */
export function takesFrame({ input }: AudioFilters, frame: av.Frame): boolean {
  const { sampleRate, format, layout } = kindOf(frame);
  return sampleRate === input.sampleRate && format === input.format && layout.mask === input.layout.mask;
}

/**
 * Converts one frame, or with null what is still inside. `onFrame` borrows each that comes out, with its start in
 * samples of the new rate; undefined: right after the one before.
 */
export function filterSound(
  { source, sink, frame: filtered, input }: AudioFilters,
  frame: av.Frame | null,
  onFrame: (frame: av.Frame, startSamples: number | undefined) => void,
): void {
  if (frame) frame.channelLayout = input.layout; // a decoder may not know it
  check(source.buffersrcAddFrameSync(frame), "resample it");
  for (;;) {
    const got = sink.buffersinkGetFrameSync(filtered);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "resample it");
    const { num, den } = sink.buffersinkGetTimeBase();
    const { pts, sampleRate } = filtered;
    const start = pts === AV_NOPTS_VALUE ? undefined : Math.round(Number(pts) * num / den * sampleRate);
    onFrame(filtered, start);
    filtered.unref();
  }
}

export function closeAudioFilters({ graph, frame }: AudioFilters): void {
  frame.free();
  graph.free();
}

function kindOf({ sampleRate, format, channelLayout }: av.Frame): SoundKind {
  const layout = channelLayout.order === AV_CHANNEL_ORDER_NATIVE
    ? channelLayout
    : av.avChannelLayoutDefault(channelLayout.nbChannels);
  if (layout.mask === 0n) {
    throw new RefusedError(`its ${channelLayout.nbChannels} channels have no known layout`);
  }
  return { sampleRate, format: format as AVSampleFormat, layout };
}

function filterNamed(name: string): av.Filter {
  const filter = av.Filter.getByName(name);
  if (!filter) throw new Error(`this build of FFmpeg has no filter ${name}`);
  return filter;
}
