/** The filters between decoder and encoder. */
import * as av from "node-av/lib";
import { AVERROR_EAGAIN, AVERROR_EOF, type AVPixelFormat } from "node-av/constants";
import { check, RefusedError } from "./ffmpeg_call.ts";

/** A running chain for pictures of one size and format. */
export interface Filters {
  readonly graph: av.FilterGraph;
  readonly source: av.FilterContext;
  readonly sink: av.FilterContext;
  readonly frame: av.Frame;
  readonly input: { readonly width: number; readonly height: number; readonly format: AVPixelFormat };
}

export interface OpenFiltersOptions {
  /** Of the frames' times, as they come in. */
  readonly timeBase: av.Rational;
  readonly threads: number;
}

/** Builds `chain` for pictures like `first`. */
export function openFilters(
  chain: string,
  first: av.Frame,
  { timeBase, threads }: OpenFiltersOptions,
): Filters {
  const graph = new av.FilterGraph();
  graph.alloc();
  graph.nbThreads = threads;
  const source = graph.allocFilter(filterNamed("buffer"), "in");
  const sink = graph.createFilter(filterNamed("buffersink"), "out");
  if (!source || !sink) throw new Error("could not build the filters");
  const input = { width: first.width, height: first.height, format: first.format as AVPixelFormat };
  const parameters = {
    ...input,
    timeBase,
    sampleAspectRatio: first.sampleAspectRatio,
    colorRange: first.colorRange,
    colorSpace: first.colorSpace,
  };
  check(source.buffersrcParametersSet(parameters), "filter its picture");
  check(source.init(), "filter its picture");
  // Seen from the chain: what it reads is our output, and the other way round.
  const outputs = av.FilterInOut.createList([{ name: "in", filterCtx: source, padIdx: 0 }]);
  const inputs = av.FilterInOut.createList([{ name: "out", filterCtx: sink, padIdx: 0 }]);
  check(graph.parsePtr(chain, inputs, outputs), `build the filters "${chain}"`);
  check(graph.configSync(), "filter its picture");
  const frame = new av.Frame();
  frame.alloc();
  return { graph, source, sink, frame, input };
}

/**
 * Filters one frame, or with null what is still inside; `onFrame` borrows each that comes out.
 *
 * @throws {RefusedError} If the picture is of another size or format than the first was.
 */
export function filterFrame(
  { source, sink, frame: filtered, input }: Filters,
  frame: av.Frame | null,
  onFrame: (frame: av.Frame) => void,
): void {
  if (
    frame && (frame.width !== input.width || frame.height !== input.height || frame.format !== input.format)
  ) {
    throw new RefusedError("the size or format of its picture changes on the way");
  }
  const put = source.buffersrcAddFrameSync(frame);
  if (put !== AVERROR_EOF) check(put, "filter its picture"); // the end: past the segment's end
  for (;;) {
    const got = sink.buffersinkGetFrameSync(filtered);
    if (got === AVERROR_EAGAIN || got === AVERROR_EOF) return;
    check(got, "filter its picture");
    onFrame(filtered);
    filtered.unref();
  }
}

function filterNamed(name: string): av.Filter {
  const filter = av.Filter.getByName(name);
  if (!filter) throw new Error(`this build of FFmpeg has no filter ${name}`);
  return filter;
}
