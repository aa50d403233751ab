import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { transcodeDisplay } from "../../lib/cli/transcode_display.ts";
import { figuresText, TranscodeProgress } from "../../lib/cli/transcode_progress.ts";
import { doneJson, errorJson, eventJson, transcodeText } from "../../lib/cli/transcode_result.ts";
import type { WorkerView } from "../../lib/fleet/fleet.ts";
import type { JobEvent, JobResult } from "../../lib/job/job.ts";

const PLANNED: JobEvent = {
  kind: "planned",
  chunks: Array.from({ length: 4 }, (_, index) => ({
    index,
    frames: 300,
    startSeconds: 10 * index,
    durationSeconds: 10,
  })),
  frames: 1_200,
  durationSeconds: 40,
  sourceBytes: 1,
  build: "libav/libx264 8.1",
};

const started = (chunk: number, worker: string, isHedge = false): JobEvent => ({
  kind: "started",
  chunk,
  worker,
  attempt: 1,
  isHedge,
});
const encoded = (chunk: number, worker: string): JobEvent => ({
  kind: "encoded",
  chunk,
  worker,
  attempt: 1,
  shardBytes: 1024 * 1024,
  encodeSeconds: 3,
});
const failed = (chunk: number, worker: string): JobEvent => ({
  kind: "failed",
  chunk,
  worker,
  attempt: 1,
  reason: "INTERNAL: \x1b[2Jbroken",
});

/** What is known after events, each a second after the one before. */
function after(...events: readonly JobEvent[]): TranscodeProgress {
  const progress = new TranscodeProgress();
  for (const [index, event] of events.entries()) progress.apply(event, 1_000 * index);
  return progress;
}

Deno.test("figuresText() has speed and time left once something was encoded, reused chunks not counted", () => {
  const reused = { kind: "reused", chunk: 0, shardBytes: 512 * 1024 } as const;
  const progress = after(PLANNED, reused, started(1, "a:1"), encoded(1, "a:1"));
  // 300 frames in the second since the first chunk went to a worker, and 600 are left
  assertEquals(
    figuresText(progress.figures(3_000)),
    "2 of 4 chunks | 300 fps | 10.0 x | 2.0 s left | 1.5 MiB",
  );
  assertEquals(progress.figures(3_000).share, 0.5);
});

Deno.test("figuresText() claims no speed before anything was encoded, nor a time left at the end", () => {
  assertEquals(figuresText(after(PLANNED).figures(1_000)), "0 of 4 chunks");
  const all = [0, 1, 2, 3].flatMap((chunk) => [started(chunk, "a:1"), encoded(chunk, "a:1")]);
  assertEquals(
    figuresText(after(PLANNED, ...all).figures(9_000), ", "),
    "4 of 4 chunks, 150 fps, 5.0 x, 4.0 MiB",
  );
});

Deno.test("TranscodeProgress counts a chunk that is encoded again as not done", () => {
  const progress = after(PLANNED, started(0, "a:1"), encoded(0, "a:1"), { kind: "assembling", chunk: 0 });
  assertEquals(progress.figures(5_000).phase, "assembling");
  progress.apply(failed(0, "id of a"), 6_000);
  progress.apply(started(0, "b:1"), 7_000);
  const { phase, chunksDone } = progress.figures(8_000);
  assertEquals([phase, chunksDone], ["encoding", 0]);
});

Deno.test("TranscodeProgress has what each worker does, and credits a hedged chunk to the one that was first", () => {
  const progress = after(
    PLANNED,
    started(0, "a:1"),
    started(1, "b:1"),
    started(2, "b:1"),
    started(0, "c:1", true),
  );
  assertEquals(progress.worker("b:1"), { running: [1, 2], done: 0 });
  progress.apply(encoded(0, "c:1"), 9_000);
  progress.apply(failed(1, "b:1"), 9_000);
  assertEquals(progress.worker("a:1"), { running: [], done: 0 });
  assertEquals(progress.worker("b:1"), { running: [2], done: 0 });
  assertEquals(progress.worker("c:1"), { running: [], done: 1 });
  assertEquals(progress.worker("d:1"), { running: [], done: 0 });
});

const VIEW: WorkerView = {
  address: "a:1",
  workerId: "worker-a",
  state: "healthy",
  reason: "",
  cpuPercent: 0,
  memoryBytes: 0,
  activeTasks: 0,
  maxTasks: 1,
  framesPerSecond: 75.25,
  builds: {},
  lastSeenMs: 0,
};

/** Keeps what is written; `isTTY` as given. */
function fakeStream(isTTY: boolean, rows = 24): { stream: NodeJS.WriteStream; text: () => string } {
  let text = "";
  const stream = { isTTY, columns: 100, rows, write: (part: string) => (text += part, true) };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

const EVENTS = [
  PLANNED,
  ...[0, 1, 2, 3].flatMap((chunk) => [started(chunk, "a:1"), encoded(chunk, "a:1")]),
  { kind: "assembling", chunk: 0 },
  { kind: "assembling", chunk: 1 },
  { kind: "checking" },
] as const;

Deno.test("transcodeDisplay() writes a line for each step where there is no terminal", () => {
  const { stream, text } = fakeStream(false);
  const { signal } = new AbortController();
  using display = transcodeDisplay({ workers: () => [VIEW], stream, signal });
  for (const event of EVENTS) display.show(event);
  assertEquals(text().trimEnd().split("\n").map((line) => line.replace(/,.*/, "")), [
    "1",
    "Encoding: 20 % (1 of 4 chunks",
    "Encoding: 50 % (2 of 4 chunks",
    "Encoding: 70 % (3 of 4 chunks",
    "Encoding: 100 % (4 of 4 chunks",
    "Putting together",
    "Checking every frame",
  ]);
});

Deno.test("transcodeDisplay() draws a bar and a line for each worker on a terminal, and gives the cursor back once", () => {
  const { stream, text } = fakeStream(true);
  const display = transcodeDisplay({
    workers: () => [VIEW, { ...VIEW, address: "b:1" }],
    stream,
    signal: new AbortController().signal,
  });
  display.show(PLANNED);
  display.show(started(2, "b:1"));
  display.show(failed(3, "a:1"));
  display[Symbol.dispose]();
  display[Symbol.dispose]();
  const last = text().slice(text().lastIndexOf("Encoding ["));
  assertStringIncludes(last, "0 of 4 chunks");
  assertStringIncludes(last, "  a:1  idle");
  assertStringIncludes(last, "  b:1  chunk 2");
  assertStringIncludes(text(), "Chunk 3 failed on a:1 (attempt 1): INTERNAL: \\u001b[2Jbroken\n");
  assertEquals(text().split("\x1b[?25h").length, 2);
});

Deno.test("transcodeDisplay() says which worker takes no work and why, on a line of its own, and that it does again", () => {
  for (const isTTY of [false, true]) {
    const { stream, text } = fakeStream(isTTY);
    const { signal } = new AbortController();
    using display = transcodeDisplay({ workers: () => [VIEW], stream, signal });
    display.show({ kind: "worker", worker: "b:1", takesWork: false, reason: "no \x1b[2Jtoken" });
    display.show({ kind: "worker", worker: "b:1", takesWork: true, reason: "" });
    assertStringIncludes(text(), "Worker b:1 takes no work: no \\u001b[2Jtoken\n");
    assertStringIncludes(text(), "Worker b:1 takes work\n");
  }
});

Deno.test("transcodeDisplay() gives each worker's row in the columns that there are at the time", () => {
  const { stream, text } = fakeStream(true);
  stream.columns = 40;
  const view = { ...VIEW, address: "localhost:41234" };
  const display = transcodeDisplay({ workers: () => [view], stream, signal: new AbortController().signal });
  display.show(PLANNED);
  display.show(started(2, "localhost:41234"));
  display[Symbol.dispose]();
  assertStringIncludes(text(), "  local..:41234 chunk 2 75.3 fps 0 done");
});

Deno.test("transcodeDisplay() shows as many workers as there is room for", () => {
  const { stream, text } = fakeStream(true, 10);
  const workers = Array.from({ length: 40 }, (_, index) => ({ ...VIEW, address: `w${index}:1` }));
  transcodeDisplay({ workers: () => workers, stream, signal: new AbortController().signal })
    [Symbol.dispose]();
  assert(!text().includes("w5:1"));
  assertStringIncludes(text(), "  and 35 more workers");
});

Deno.test("transcodeDisplay() stops when its signal aborts", () => {
  const { stream, text } = fakeStream(true);
  const abort = new AbortController();
  using _display = transcodeDisplay({ workers: () => [VIEW], stream, signal: abort.signal });
  abort.abort();
  assertStringIncludes(text(), "\x1b[?25h"); // and the sanitizer finds no timer left
});

const RESULT: JobResult = {
  assembled: {
    path: "out.mp4",
    container: "mp4",
    sizeBytes: 2048,
    audioTracks: [
      { title: "audio track 1 (flac, eng)", kind: "encoded", from: "flac", to: "aac" },
      { title: "audio track 2 (aac, deu)", kind: "copied" },
    ],
    converted: ["subtitles (S_TEXT/ASS, deu) -> tx3g"],
    notCarried: ["subtitles"],
  },
  sourceFrames: 1_200,
  check: { framesIn: 1_200, framesOut: 1_200, largestDifferenceSeconds: 0, durationSeconds: 40 },
  sha256: "ab".repeat(32),
  proofPath: "out.mp4.proof.json",
  encodedChunks: 3,
  reusedChunks: 1,
  notes: ["The picture's sides were made even."],
};

Deno.test("transcodeText() has the figures, what was changed, and what is lost", () => {
  assertEquals(transcodeText(RESULT, 8).split("\n"), [
    "out.mp4 (2.0 KiB): 1,200 frames in, 1,200 out, largest time difference 0 ms, duration 40.0 s",
    "4 chunks, 1 of them reused, took 8.0 s, 5.0 x real time",
    "The picture's sides were made even.",
    "Encoded audio track 1 (flac, eng): flac -> aac",
    "Converted subtitles (S_TEXT/ASS, deu) -> tx3g",
    "Not carried over: subtitles",
    "Proof: out.mp4.proof.json",
    "",
  ]);
  assertStringIncludes(transcodeText({ ...RESULT, encodedChunks: 0 }, 8), "nothing was encoded");
});

Deno.test("events are one line of JSON each, their names spelled as on the wire, with nothing that moves a cursor", () => {
  const line = eventJson(failed(3, "a:1"));
  assertEquals(line.indexOf("\n"), line.length - 1);
  assert(!line.includes("\x1b"));
  const fact = { event: "failed", chunk: 3, worker: "a:1", attempt: 1, reason: "INTERNAL: \x1b[2Jbroken" };
  assertEquals(JSON.parse(line), fact);
  assertEquals(Object.keys(JSON.parse(eventJson(PLANNED)).chunks[0]), [
    "index",
    "frames",
    "start_seconds",
    "duration_seconds",
  ]);
  const done = JSON.parse(doneJson(RESULT, 8));
  assertEquals([done.event, done.size_bytes, done.audio_tracks[0].to, done.proof_path], [
    "done",
    2048,
    "aac",
    "out.mp4.proof.json",
  ]);
  assertEquals(JSON.parse(errorJson(new Error("why"), { isInterrupted: false })), {
    event: "error",
    message: "why",
  });
  assertEquals(JSON.parse(errorJson(new Error("why"), { isInterrupted: true })), { event: "interrupted" });
});
