import { assertEquals } from "@std/assert";
import { PoisonChunkError } from "../../lib/fleet/fleet.ts";
import type { EncodeEvent, JobEvent } from "../../lib/job/job.ts";
import type { JobRecord } from "../../lib/master/job_record.ts";
import type { ChunkView, MasterEvent } from "../../lib/master/job_view.ts";
import { createLiveJob } from "../../lib/master/live_job.ts";
import { jobRecord, plannedChunks } from "./master_views.ts";

function liveJob(options: { readonly job?: JobRecord; readonly chunks?: readonly ChunkView[] } = {}) {
  let nowMs = 10_000;
  const events: MasterEvent[] = [];
  const saves: string[] = [];
  const live = createLiveJob({
    job: jobRecord({ state: "segmenting", run: 1 }),
    chunks: [],
    ...options,
    publish: (event) => events.push(event),
    now: () => nowMs,
    onChange: (when) => saves.push(when),
  });
  return { live, events, saves, advance: (ms: number) => nowMs += ms };
}

const planned = (count: number): JobEvent => {
  const chunks = plannedChunks(count);
  return {
    kind: "planned",
    chunks,
    frames: count * 10,
    durationSeconds: count,
    sourceBytes: 1_000,
    build: "libav/libx264 8.1",
  };
};
const started = (chunk: number): EncodeEvent => {
  return { kind: "started", chunk, worker: "a", attempt: 1, isHedge: false };
};
const encoded = (chunk: number): EncodeEvent => {
  return { kind: "encoded", chunk, worker: "a", attempt: 1, shardBytes: 100, encodeSeconds: 1 };
};

Deno.test("a live job shows how far it is and how fast, reused chunks not counted as speed", () => {
  const { live, advance } = liveJob();
  for (const event of [planned(4), { kind: "reused", chunk: 0, shardBytes: 50 } as const, started(1)]) {
    live.apply(event);
  }
  advance(2_000);
  live.apply(encoded(1));
  const { state, percent, chunksDone, chunksReused, framesDone, fps, speed, etaSeconds, outputBytes } = live
    .view();
  assertEquals(
    { state, percent, chunksDone, chunksReused, framesDone, fps, speed, etaSeconds, outputBytes },
    {
      state: "processing",
      percent: 49.5,
      chunksDone: 2,
      chunksReused: 1,
      framesDone: 20,
      fps: 5,
      speed: 0.5,
      etaSeconds: 4,
      outputBytes: 150,
    },
  );
});

Deno.test("a live job takes over what was encoded before it began, and does not count it as speed", () => {
  const { live, advance } = liveJob();
  live.apply(planned(3));
  live.apply({ ...started(0), aheadMs: 1_000 });
  live.apply({ ...encoded(0), aheadMs: 4_000 });
  live.apply(started(1));
  advance(2_000);
  live.apply(encoded(1));
  const { chunksDone, chunksReused, fps } = live.view();
  assertEquals([chunksDone, chunksReused, fps], [2, 0, 5]);
  const [chunk] = live.chunks();
  assertEquals([chunk!.state, chunk!.worker], ["done", "a"]);
  assertEquals(chunk!.attempts.map(({ startedMs, endedMs }) => [startedMs, endedMs]), [[1_000, 4_000]]);
});

Deno.test("a live job is put together once every chunk is done, and processed again if one was not right", () => {
  const { live } = liveJob();
  for (const event of [planned(1), started(0), encoded(0)]) live.apply(event);
  assertEquals(live.view().state, "concatenating");
  live.apply(started(0));
  assertEquals([live.view().state, live.view().framesDone], ["processing", 0]);
});

Deno.test("a live job is saved at once where its state changes, else before long", () => {
  const { live, saves } = liveJob();
  for (const event of [planned(2), started(0), encoded(0), started(1), encoded(1)]) live.apply(event);
  live.complete({ fileName: "1.mp4", sizeBytes: 190 }, ["a note"]);
  assertEquals(saves, ["now", "soon", "soon", "soon", "now", "now"]);
  const { state, outputBytes, notes, finishedMs } = live.view();
  assertEquals([state, outputBytes, notes, finishedMs], ["completed", 190, ["a note"], 10_000]);
});

Deno.test("a live job gives what changed to be saved, once, unless it is given back", () => {
  const { live } = liveJob();
  live.apply(planned(3));
  const all = live.takeChanges();
  assertEquals([all.replacesChunks, [...all.chunks].map(({ index }) => index)], [true, [0, 1, 2]]);
  live.apply(started(1));
  const some = live.takeChanges();
  assertEquals([some.replacesChunks, [...some.chunks].map(({ index }) => index)], [false, [1]]);
  live.giveBack(all);
  assertEquals([...live.takeChanges().chunks].map(({ index }) => index), [0, 1, 2]);
});

Deno.test("a live job keeps the history of a former run if the plan is the same, and else begins anew", () => {
  const former = liveJob();
  for (const event of [planned(2), started(0), encoded(0)]) former.live.apply(event);
  const again = liveJob({ chunks: former.live.chunks() });
  again.live.apply(planned(2));
  assertEquals(again.live.takeChanges().replacesChunks, false);
  assertEquals([again.live.view().chunksDone, again.live.chunks()[0]?.attempts.length], [1, 1]);
  const other = liveJob({ chunks: former.live.chunks() });
  other.live.apply(planned(3));
  assertEquals(other.live.takeChanges().replacesChunks, true);
  assertEquals([other.live.view().chunksDone, other.live.chunks()[0]?.attempts.length], [0, 0]);
});

Deno.test("a live job that fails says where, and which chunk is to blame", () => {
  const { live } = liveJob();
  for (const event of [planned(2), started(0), started(1)]) live.apply(event);
  live.fail(new PoisonChunkError(1, [{ worker: "a", reason: "no" }]), "words");
  const { state, failure } = live.view();
  assertEquals([state, failure], ["failed", { stage: "processing", message: "words" }]);
  assertEquals(live.chunks().map(({ state }) => state), ["queued", "failed"]);
  assertEquals(live.chunks().flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome)), [
    "interrupted",
    "interrupted",
  ]);
});

Deno.test("a live job that fails before it is planned says so", () => {
  const { live } = liveJob();
  live.fail(new Error("x"), "no video");
  assertEquals(live.view().failure, { stage: "segmenting", message: "no video" });
});
