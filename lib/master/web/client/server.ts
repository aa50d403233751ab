/// <reference lib="dom" />
/** What the page asks of its server. */
import type { JobDetails, JobView } from "../../job_view.ts";
import type { DashboardEvent } from "../event_stream.ts";

/** The server's own words, or what went wrong on the way to it. */
export class ServerError extends Error {
  override readonly name = "ServerError";
}

const addressOf = (jobId: string): string => `/api/jobs/${encodeURIComponent(jobId)}`;

export const sourceAddress = (jobId: string): string => `${addressOf(jobId)}/source`;
export const resultAddress = (jobId: string): string => `${addressOf(jobId)}/result`;
export const proofAddress = (jobId: string): string => `${addressOf(jobId)}/proof`;

/** @throws {ServerError} */
export const fetchDetails = async (jobId: string): Promise<JobDetails> =>
  await (await ask("GET", addressOf(jobId))).json();

/** @throws {ServerError} */
export async function cancelJob(jobId: string): Promise<void> {
  await ask("POST", `${addressOf(jobId)}/cancel`);
}

/** @throws {ServerError} */
export async function removeJob(jobId: string): Promise<void> {
  await ask("DELETE", addressOf(jobId));
}

/** How long a button waits: ending a job may take its workers a few seconds. */
const ANSWER_SECONDS = 10;

async function ask(method: string, address: string, signal?: AbortSignal): Promise<Response> {
  const late = new AbortController();
  // until the answer begins: a long one may take its time on a slow line
  const timer = setTimeout(() => late.abort(), ANSWER_SECONDS * 1_000);
  const signals = [late.signal, ...signal ? [signal] : []];
  const response = await fetch(address, { method, signal: AbortSignal.any(signals) })
    .catch(() => {
      if (signal?.aborted) throw signal.reason;
      const isLate = late.signal.aborted;
      throw new ServerError(
        isLate ? `The master has not answered for ${ANSWER_SECONDS} s` : "The master cannot be reached",
      );
    })
    .finally(() => clearTimeout(timer));
  if (!response.ok) throw new ServerError(problemIn(response.status, await response.text()));
  return response;
}

function problemIn(status: number, body: string): string {
  try {
    const { error } = JSON.parse(body);
    if (typeof error === "string") return error;
  } catch {
    // from something in between that speaks no JSON
  }
  return `The master answered ${status}`;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/**
 * Sends a file as it is, read from the disk as it goes; asks first whether it is taken, since a browser hears nothing
 * before it has sent all.
 *
 * @param settings By the names in the query.
 * @throws {ServerError} @throws `signal.reason` once aborted.
 */
export async function uploadVideo(
  file: File,
  settings: Readonly<Record<string, string>>,
  options: UploadOptions,
): Promise<JobView> {
  const query = new URLSearchParams({ ...settings, size_bytes: String(file.size) });
  await ask("POST", `/api/jobs/check?${query}`, options.signal);
  return await send(file, `/api/jobs?${query}`, options);
}

/** Not by fetch, which does not say how far it is. */
function send(file: File, address: string, { signal, onProgress }: UploadOptions): Promise<JobView> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    request.onabort = () => reject(signal.reason);
    request.onerror = () => reject(new ServerError("The connection to the master was lost"));
    request.onload = () =>
      request.status === 201
        ? resolve(JSON.parse(request.responseText))
        : reject(new ServerError(problemIn(request.status, request.responseText)));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    request.open("POST", address);
    request.send(file);
  });
}

/** How the connection for events is. */
export type Connection = "connecting" | "open" | "lost";

export interface WatchHandlers {
  onEvents(events: readonly DashboardEvent[]): void;
  onConnection(connection: Connection): void;
}

/** How soon to try again where the browser has given up. */
const AGAIN_MS = 2_000;

/**
 * Listens for as long as the page is there, and only while it is seen: a browser has six connections to a host, which
 * tabs that nobody looks at would keep from the others. Each stream begins with all that there is. Events that come in
 * one go are handed over together.
 */
export function watchServer(handlers: WatchHandlers): void {
  let stop: (() => void) | undefined;
  function follow(): void {
    stop?.();
    stop = document.hidden ? undefined : listen(handlers);
  }
  document.addEventListener("visibilitychange", follow);
  follow();
}

/** @returns Ends it. */
function listen({ onEvents, onConnection }: WatchHandlers): () => void {
  let pending: DashboardEvent[] = [];
  const hand = () => {
    const events = pending;
    pending = [];
    onEvents(events);
  };
  let source: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;
  function open(): void {
    source = new EventSource("/api/events");
    source.onopen = () => onConnection("open");
    source.onmessage = ({ data }) => {
      // not by animation frames, which a page in the background does not get
      if (pending.length === 0) setTimeout(hand, BATCH_MS);
      pending.push(JSON.parse(data));
    };
    source.onerror = () => {
      onConnection("lost");
      // it tries again by itself after a lost connection, and not after an answer that is no event stream
      if (source.readyState === EventSource.CLOSED) {
        logInAgainIfNeeded();
        again = setTimeout(open, AGAIN_MS);
      }
    };
  }
  onConnection("connecting");
  open();
  return () => {
    clearTimeout(again);
    source.close();
  };
}

async function logInAgainIfNeeded(): Promise<void> {
  const response = await fetch("/api/workers").catch(() => undefined);
  if (response?.status === 401) location.assign("/login");
}

/** Drawn about ten times a second at most. */
const BATCH_MS = 100;
