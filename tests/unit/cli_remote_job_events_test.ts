import { assertEquals } from "@std/assert";
import { RemoteJobEvents } from "../../lib/cli/remote_job_events.ts";
import type { RemoteAttempt, RemoteChunk, RemoteJob, RemoteUpdate } from "../../lib/rpc/master_client.ts";

const JOB: RemoteJob = {
  jobId: "job-1",
  videoId: "film",
  originalFilename: "",
  state: "segmenting",
  percent: 0,
  chunks: 0,
  chunksDone: 0,
  chunksReused: 0,
  frames: 0,
  framesDone: 0,
  durationSeconds: 0,
  fps: undefined,
  speed: undefined,
  etaSeconds: undefined,
  sourceBytes: 9,
  outputBytes: 0,
  build: "b",
  priority: 0,
  failureStage: "",
  failureMessage: "",
  notes: [],
};

const job = (more: Partial<RemoteJob>): RemoteUpdate => ({ kind: "job", job: { ...JOB, ...more } });
const planned = (chunks: number) => job({ state: "processing", chunks, frames: chunks * 10 });

function chunk(chunkIndex: number, state = "queued", attempts: readonly RemoteAttempt[] = []): RemoteUpdate {
  const worker = attempts.at(-1)?.worker ?? "";
  const more: RemoteChunk = {
    chunkIndex,
    startSeconds: chunkIndex,
    durationSeconds: 1,
    frames: 10,
    state,
    worker,
    shardBytes: state === "done" || state === "reused" ? 50 : 0,
    attempts,
  };
  return { kind: "chunk", chunk: more };
}

const attempt = (number: number, outcome: string): RemoteAttempt => {
  const endedMs = outcome === "running" ? undefined : number * 1_000 + 500;
  return {
    worker: `w${number}`,
    attempt: number,
    startedMs: number * 1_000,
    endedMs,
    outcome,
    reason: outcome === "failed" ? "no" : "",
  };
};

/** What is told of updates, in a few letters each. */
function told(updates: readonly RemoteUpdate[]): string[] {
  const events = new RemoteJobEvents();
  return updates.flatMap((update) => events.apply(update)).map((event) => {
    const { kind } = event;
    if (kind === "planned") return `planned ${event.chunks.length}`;
    return "chunk" in event ? `${kind} ${event.chunk}${"worker" in event ? ` ${event.worker}` : ""}` : kind;
  });
}

Deno.test("RemoteJobEvents tells of the plan once it has all of it, in whatever order it comes", () => {
  assertEquals(told([job({}), planned(2), chunk(1), chunk(0)]), ["planned 2"]);
  assertEquals(told([chunk(1), chunk(0), planned(2)]), ["planned 2"]);
});

Deno.test("RemoteJobEvents tells each step of a chunk once", () => {
  const running = chunk(0, "encoding", [attempt(1, "running")]);
  const done = chunk(0, "done", [attempt(1, "encoded")]);
  assertEquals(told([planned(1), chunk(0), running, running, done, done]), [
    "planned 1",
    "started 0 w1",
    "encoded 0 w1",
  ]);
});

Deno.test("RemoteJobEvents makes up for the steps that it was too slow to hear of", () => {
  const failedAndDone = chunk(0, "done", [attempt(1, "failed"), attempt(2, "encoded")]);
  assertEquals(told([planned(1), chunk(0), failedAndDone]), [
    "planned 1",
    "started 0 w1",
    "failed 0 w1",
    "started 0 w2",
    "encoded 0 w2",
  ]);
});

Deno.test("RemoteJobEvents tells what was reused, and when all is put together", () => {
  const end = job({ state: "concatenating", chunks: 1 });
  assertEquals(told([planned(1), chunk(0, "reused"), end, end]), ["planned 1", "reused 0", "assembling 0"]);
});

Deno.test("RemoteJobEvents knows the workers that it has heard of", () => {
  const events = new RemoteJobEvents();
  for (const update of [planned(1), chunk(0, "encoding", [attempt(2, "failed"), attempt(1, "running")])]) {
    events.apply(update);
  }
  assertEquals(events.workers().map(({ address }) => address), ["w1", "w2"]);
});
