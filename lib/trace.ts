/**
 * Which trace a piece of work belongs to, along its calls: what one call sets off, on whichever machine, has the
 * same trace id in every log. Where Deno exports OpenTelemetry (`OTEL_DENO=true`), spans say who did what when.
 *
 * @see https://www.w3.org/TR/trace-context/ @see https://docs.deno.com/runtime/fundamentals/open_telemetry/
 */
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace as telemetry,
  TraceFlags,
} from "@opentelemetry/api";
import { AsyncLocalStorage } from "node:async_hooks";
import { newTrace, type TraceContext } from "./traceparent.ts";

const current = new AsyncLocalStorage<TraceContext>();
const tracer = telemetry.getTracer("transcoder");

/** The trace of the work that this is part of; undefined: none. */
export function currentTrace(): TraceContext | undefined {
  return current.getStore() ?? traceOfRuntime();
}

/** Of a span that Deno itself has begun, such as for an HTTP request. */
function traceOfRuntime(): TraceContext | undefined {
  const spanContext = telemetry.getSpanContext(context.active());
  return spanContext && isSpanContextValid(spanContext) ? fromSpan(spanContext) : undefined;
}

/** Runs work as part of a trace: every call that it makes, however late, says so. */
export function withTrace<T>(trace: TraceContext | undefined, work: () => T): T {
  if (!trace) return work();
  return current.run(trace, () => context.with(contextOf(trace), work)); // the second for Deno's own spans
}

/** Without effect where Deno exports nothing. */
function contextOf({ traceId, spanId, isSampled }: TraceContext): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return telemetry.setSpanContext(context.active(), { traceId, spanId, traceFlags });
}

/** By name; those of OpenTelemetry's semantic conventions, or `transcoder.` something. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  /** The same for all work of its kind. */
  readonly name: string;
  /** Default `INTERNAL`. */
  readonly kind?: keyof typeof SpanKind;
  readonly facts?: SpanFacts;
}

/** The span of work that is under way. */
export interface OpenSpan {
  note(facts: SpanFacts): void;
  /** The work has not done what it was to do. */
  fail(reason: string): void;
}

/**
 * Runs work as a span of the current trace; where there is none, it is only run.
 *
 * @throws What `work` does, which then is why the span failed, unless it was called off.
 */
export function withSpan<T>(start: SpanStart, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  const parent = currentTrace();
  return parent ? runSpan(start, parent, work) : work(NO_SPAN);
}

/** As {@linkcode withSpan}, but as the first of a new trace where there is none. */
export function withFirstSpan<T>(start: SpanStart, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  return runSpan(start, currentTrace(), work);
}

async function runSpan<T>(
  { name, kind = "INTERNAL", facts = {} }: SpanStart,
  parent: TraceContext | undefined,
  work: (span: OpenSpan) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(
    name,
    { kind: SpanKind[kind], attributes: facts },
    parent ? contextOf(parent) : ROOT_CONTEXT,
  );
  // nobody exports it: what comes after is a child of what was there before
  if (!span.isRecording()) return await withTrace(parent ?? newTrace(), () => work(NO_SPAN));
  try {
    return await withTrace(fromSpan(span.spanContext()), () => work(openSpan(span)));
  } catch (error) {
    noteError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

const NO_SPAN: OpenSpan = { note() {}, fail() {} };

function openSpan(span: Span): OpenSpan {
  return {
    note: (facts) => void span.setAttributes(facts),
    fail: (message) => void span.setStatus({ code: SpanStatusCode.ERROR, message }),
  };
}

function noteError(span: Span, error: unknown): void {
  const { name, message } = error instanceof Error ? error : { name: "_OTHER", message: String(error) };
  span.setAttribute("error.type", name);
  const isCalledOff = name === "AbortError"; // which is no failure
  if (!isCalledOff) span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function fromSpan({ traceId, spanId, traceFlags }: SpanContext): TraceContext {
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}
