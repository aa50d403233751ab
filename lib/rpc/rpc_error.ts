import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";

/** How a gRPC status is spelled, such as `NOT_FOUND`. */
export type StatusName = keyof typeof status;

/** A call that a peer answered with anything but OK, or that never reached it. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: StatusName;
  /** What the peer said, without the code. */
  readonly details: string;
  /** Who was called. */
  readonly address: string;
  /** Whether there was no connection to begin with, so that the call never got there. */
  readonly neverConnected: boolean;
  /** Whether something listens there, and no connection came of it. */
  readonly isMisunderstood: boolean;
  /** Whether the same call may succeed later; false where only another request would. */
  readonly retryable: boolean;
  /** Whether the peer takes no more work since it is about to stop; others may take it. */
  readonly isDraining: boolean;
  /** How long the peer asks to wait before the next try; undefined: it did not say. */
  readonly pushbackMs: number | undefined;

  constructor(address: string, error: ServiceError) {
    const noConnection = NO_CONNECTION.exec(error.details);
    const lost = CONNECTION_LOST.exec(error.details);
    const code = lost ? "UNAVAILABLE" : (status[error.code] ?? "UNKNOWN") as StatusName;
    const misunderstanding = noConnection && whyNotUnderstood(noConnection[1]!);
    const details = noConnection
      ? `no connection: ${misunderstanding ?? noConnection[1]}`
      : lost
      ? `connection lost: ${lost[1]}`
      : error.details.trim();
    super(`${address}: ${code}: ${details}`, { cause: error });
    this.code = code;
    this.details = details;
    this.address = address;
    this.neverConnected = noConnection !== null;
    this.isMisunderstood = typeof misunderstanding === "string";
    this.isDraining = code === "UNAVAILABLE" &&
      (saysDraining(error.metadata) || details === DRAINING_DETAILS);
    this.pushbackMs = readPushback(error.metadata);
    this.retryable = isRetryable(code, this.pushbackMs);
  }

  /** The message for where the address is shown already. */
  get reason(): string {
    return `${this.code}: ${this.details}`;
  }
}

/** grpc-js tells of a refused connection in two sentences, of which one matters, some with the time; its code says less. */
const NO_CONNECTION =
  /^No connection established\. Last error: (?:Error: )?(.*?)(?: \([-\d]{10}T[\d:.]+Z\))?\.? Resolution note:/s;

/** What a first connection breaks off with that something has taken, and what that says of what listens there. */
const MISUNDERSTANDINGS: readonly (readonly [RegExp, string])[] = [
  [/wrong version number|InvalidContentType/, "what listens there speaks no TLS"],
  [/CertificateRequired/, "what listens there asks for a certificate of the caller's"],
  [/^Protocol error$/, "what listens there does not speak gRPC, or wants TLS"],
  // also of a server that dies just then
  [
    /^(?:Failed to connect|write EPIPE|read ECONNRESET)$/,
    "what listens there broke it off: does it want TLS, or not speak gRPC?",
  ],
];

function whyNotUnderstood(lastError: string): string | undefined {
  return MISUNDERSTANDINGS.find(([said]) => said.test(lastError))?.[1];
}

/**
 * grpc-js takes a connection that broke for an internal error, unless it was reset while reading.
 *
 * @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html "connection breaks": UNAVAILABLE
 */
const CONNECTION_LOST =
  /^Received RST_STREAM with code \d+ triggered by internal client error: (.*\bEPIPE\b.*)/s;

/** The trailer by which a server says how long to wait. @see gRFC A6, "Pushback". */
export const PUSHBACK_KEY = "grpc-retry-pushback-ms";

/** The trailer by which a worker says why it refused a call, and what it says where it drains. */
export const DRAINING = { key: "transcoder-refusal", value: "draining" } as const;
/** The details of a worker that sends no such trailer. */
const DRAINING_DETAILS = "Worker is draining";

const RETRYABLE: ReadonlySet<StatusName> = new Set([
  "ABORTED",
  "DATA_LOSS",
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNKNOWN",
]);

function isRetryable(code: StatusName, pushbackMs: number | undefined): boolean {
  // exhausted without a pushback is a full disk or too large a message, which waiting does not mend
  return RETRYABLE.has(code) || (code === "RESOURCE_EXHAUSTED" && pushbackMs !== undefined);
}

function saysDraining(metadata: Metadata | undefined): boolean {
  return metadata?.get(DRAINING.key)[0] === DRAINING.value;
}

function readPushback(metadata: Metadata | undefined): number | undefined {
  const value = Number(metadata?.get(PUSHBACK_KEY)[0] ?? NaN);
  return Number.isInteger(value) && value >= 0 ? value : undefined;
}
