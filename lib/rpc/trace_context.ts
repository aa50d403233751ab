/**
 * Which trace a piece of work belongs to, along its calls: what one call sets off, on whichever machine, has the
 * same trace id in every log.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
import type { Metadata } from "@grpc/grpc-js";
import { AsyncLocalStorage } from "node:async_hooks";
import { formatTraceparent, parseTraceparent, type TraceContext } from "./traceparent.ts";

const current = new AsyncLocalStorage<TraceContext>();

/** The trace of the work that this is part of; undefined: none. */
export function currentTrace(): TraceContext | undefined {
  return current.getStore();
}

/** Runs work as part of a trace: every call that it makes, however late, says so. */
export function withTrace<T>(trace: TraceContext | undefined, work: () => T): T {
  return trace ? current.run(trace, work) : work();
}

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
