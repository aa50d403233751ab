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

export async function logOut(): Promise<void> {
  await fetch("/logout", { method: "POST" });
  location.assign("/login");
}

async function ask(method: string, address: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(address, { method, signal: signal ?? null }).catch(() => {
    throw signal?.aborted ? signal.reason : new ServerError("The master cannot be reached");
  });
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

/** Listens for as long as the page is there. Events that come in one go are handed over together. */
export function watchServer({ onEvents, onConnection }: WatchHandlers): void {
  let pending: DashboardEvent[] = [];
  const hand = () => {
    const events = pending;
    pending = [];
    onEvents(events);
  };
  const source = new EventSource("/api/events");
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
      setTimeout(() => watchServer({ onEvents, onConnection }), AGAIN_MS);
    }
  };
}

async function logInAgainIfNeeded(): Promise<void> {
  const response = await fetch("/api/workers").catch(() => undefined);
  if (response?.status === 401) location.assign("/login");
}

/** Drawn about ten times a second at most. */
const BATCH_MS = 100;
