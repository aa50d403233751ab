/** A provider of spans that keeps them, in the place of Deno's, for the whole test file. */
import { type Attributes, type Span, type SpanContext, trace, type Tracer } from "@opentelemetry/api";
import { newTrace } from "../../lib/traceparent.ts";

export interface RecordedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: it is the first of its trace. */
  readonly parentSpanId: string | undefined;
  readonly facts: Attributes;
  /** Why it failed, if it did. */
  failure?: string | undefined;
  isEnded: boolean;
}

/** @returns All spans from now on, in the order of their beginning. */
export function recordSpans(): RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  const startSpan: Tracer["startSpan"] = (name, { attributes = {} } = {}, context) => {
    const parent = context && trace.getSpanContext(context);
    const { traceId, spanId } = newTrace();
    const recorded: RecordedSpan = {
      name,
      traceId: parent?.traceId ?? traceId,
      spanId,
      parentSpanId: parent?.spanId,
      facts: { ...attributes },
      isEnded: false,
    };
    spans.push(recorded);
    return spanOf(recorded);
  };
  const startActiveSpan = () => {
    throw new Error("startActiveSpan() is not used");
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) });
  return spans;
}

function spanOf(recorded: RecordedSpan): Span {
  const { traceId, spanId } = recorded;
  const spanContext: SpanContext = { traceId, spanId, traceFlags: 1 };
  const span: Span = {
    spanContext: () => spanContext,
    isRecording: () => true,
    setAttribute: (key, value) => span.setAttributes({ [key]: value }),
    setAttributes: (attributes) => (Object.assign(recorded.facts, attributes), span),
    setStatus: ({ message }) => (recorded.failure = message, span),
    end: () => void (recorded.isEnded = true),
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    updateName: () => span,
    recordException: () => {},
  };
  return span;
}
