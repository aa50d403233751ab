/** The `traceparent` of W3C Trace Context, version 00: pure. @see https://www.w3.org/TR/trace-context/ */

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** Of the caller: 16 lower-case hexadecimal digits, not all 0. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Undefined for what is no traceparent, which is to be ignored. A later version may have more fields behind. */
export function parseTraceparent(text: string): TraceContext | undefined {
  const [, version = "", traceId = "", spanId = "", flags = "", more = ""] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text) ?? [];
  const isValid = version !== "" && version !== "ff" && /[^0]/.test(traceId) && /[^0]/.test(spanId) &&
    (version !== "00" || more === "");
  return isValid ? { traceId, spanId, isSampled: (parseInt(flags, 16) & 1) === 1 } : undefined;
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

/** A trace of its own. */
export function newTrace(): TraceContext {
  return { traceId: randomHex(16), spanId: randomHex(8), isSampled: true };
}

/** All zeros, which would stand for none, has a chance of 1 in 2^64. */
const randomHex = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)).toHex();
