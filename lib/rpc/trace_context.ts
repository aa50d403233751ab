/** The trace that a call belongs to, in its metadata. @see https://www.w3.org/TR/trace-context/ */
import type { Metadata } from "@grpc/grpc-js";
import { currentTrace } from "../trace.ts";
import { formatTraceparent, parseTraceparent, type TraceContext } from "../traceparent.ts";

const KEY = "traceparent";

/** The metadata, with the current trace if there is one. */
export function tracedMetadata(metadata: Metadata): Metadata {
  const trace = currentTrace();
  if (!trace) return metadata;
  const traced = metadata.clone();
  traced.set(KEY, formatTraceparent(trace));
  return traced;
}

/** What a caller says of its trace; undefined: nothing that can be understood. */
export function traceOf(metadata: Metadata): TraceContext | undefined {
  return parseTraceparent(String(metadata.get(KEY)[0] ?? ""));
}
