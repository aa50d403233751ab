/** What came of a transcode, and what it tells on its way, for people and for programs. */
import type { JobEvent, JobResult } from "../job/job.ts";
import type { Reconstruction } from "./client_result.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import { frameCheckText } from "./frame_check_text.ts";
import { startHint } from "./start_flag.ts";
import { rateText } from "./transcode_progress.ts";
import { visible } from "./visible.ts";
import type { WorkerEvent } from "./worker_news.ts";

/** A few lines, with their line feeds. */
export function transcodeText(result: JobResult, seconds: number): string {
  const { assembled, check, sourceFrames, encodedChunks, reusedChunks } = result;
  const made = encodedChunks === 0
    ? "nothing was encoded: all of it had been before"
    : `${rateText(check.durationSeconds / seconds)} x real time`;
  const reused = reusedChunks === 0 ? "" : `, ${formatCount(reusedChunks)} of them reused`;
  const lines = [
    `${assembled.path} (${formatBytes(assembled.sizeBytes)}): ${frameCheckText(check, sourceFrames)}`,
    `${formatCount(encodedChunks + reusedChunks, "chunk")}${reused}, took ${formatSeconds(seconds)}, ${made}`,
    ...notesOf(result),
    ...assembled.audioTracks.flatMap((track) =>
      track.kind === "encoded" ? [`Encoded ${track.title}: ${track.from} -> ${track.to}`] : []
    ),
    ...assembled.converted.map((what) => `Converted ${what}`),
    ...assembled.notCarried.map((what) => `Not carried over: ${what}`),
    `Proof: ${result.proofPath}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function notesOf(
  { notes, lateStartSeconds }: Pick<JobResult, "notes" | "lateStartSeconds">,
): readonly string[] {
  return lateStartSeconds === undefined ? notes : [...notes, startHint(lateStartSeconds)];
}

/** One line with its line feed. */
export function eventJson(event: JobEvent | WorkerEvent): string {
  const { kind, ...facts } = event;
  return jsonLine({ event: kind, ...facts });
}

/** One line with its line feed. */
export function doneJson(result: JobResult, seconds: number): string {
  const { sha256, proofPath, encodedChunks, reusedChunks } = result;
  const facts = { sha256, proofPath, encodedChunks, reusedChunks, notes: notesOf(result) };
  return jsonLine({ event: "done", ...videoFacts(result), ...facts, seconds });
}

/** Of a copy, for which nothing is encoded and proven. One line with its line feed. */
export function copiedJson(copy: Reconstruction, seconds: number): string {
  const notes = notesOf({ ...copy, notes: [] });
  return jsonLine({ event: "done", ...videoFacts(copy), proofPath: null, notes, seconds });
}

function videoFacts({ assembled, check, sourceFrames }: Reconstruction): object {
  return {
    path: assembled.path,
    sizeBytes: assembled.sizeBytes,
    framesIn: sourceFrames,
    framesExpected: check.framesIn,
    framesOut: check.framesOut,
    largestDifferenceSeconds: check.largestDifferenceSeconds,
    durationSeconds: check.durationSeconds,
    audioTracks: assembled.audioTracks,
    converted: assembled.converted,
    notCarried: assembled.notCarried,
  };
}

/** The last line where there is no result; with its line feed. */
export function errorJson(error: unknown, { isInterrupted }: { readonly isInterrupted: boolean }): string {
  const message = error instanceof Error ? error.message : String(error);
  return jsonLine(isInterrupted ? { event: "interrupted" } : { event: "error", message });
}

/** With the names spelled as on the wire. */
export function jsonLine(value: object): string {
  return `${
    visible(JSON.stringify(value, (_, member) => isPlainObject(member) ? snakeCased(member) : member))
  }\n`;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function snakeCased(object: Readonly<Record<string, unknown>>): object {
  const spelled = (name: string) => name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [spelled(name), value]));
}
