import { assertEquals } from "@std/assert";
import { createEventHub, type EventHub, type WatchRequest } from "../../lib/master/event_hub.ts";
import { viewOf } from "../../lib/master/job_record.ts";
import { type ChunkView, isFinal, type JobState, type MasterEvent } from "../../lib/master/job_view.ts";
import { newChunk } from "../../lib/master/chunk_history.ts";
import { jobRecord, plannedChunks } from "./master_views.ts";

const job = (id: string, state: JobState): MasterEvent => {
  return { kind: "job", job: viewOf(jobRecord({ id, state }), undefined) };
};
const chunk = (index: number, state: ChunkView["state"]): MasterEvent => {
  return { kind: "chunk", jobId: "a", chunk: { ...newChunk(plannedChunks(9)[index]!), state } };
};

function watch(hub: EventHub, more: Partial<WatchRequest> = {}): AsyncGenerator<MasterEvent, void> {
  return hub.watch({
    initial: () => [],
    wants: () => true,
    isLast: (event) => event.kind === "job" && isFinal(event.job.state),
    signal: new AbortController().signal,
    ...more,
  });
}

function told(event: MasterEvent): string {
  if (event.kind === "job") return `${event.job.id} ${event.job.state}`;
  return event.kind === "chunk" ? `chunk ${event.chunk.index} ${event.chunk.state}` : event.kind;
}

Deno.test("a watcher gets what is, then what changes, and the end", async () => {
  const hub = createEventHub();
  const events = watch(hub, { initial: () => [job("a", "queued")] });
  const first = await events.next();
  hub.publish(job("a", "segmenting"));
  const second = await events.next();
  hub.publish(job("a", "completed"));
  assertEquals([first, second].map(({ value }) => told(value!)), ["a queued", "a segmenting"]);
  assertEquals((await Array.fromAsync(events)).map(told), ["a completed"]);
  assertEquals(hub.watchers, 0);
});

Deno.test("a slow watcher gets the last of what is new about each thing, once", async () => {
  const hub = createEventHub();
  const events = watch(hub, { initial: () => [job("a", "queued")] });
  await events.next();
  for (let round = 0; round < 1_000; round++) {
    hub.publish(job("a", "processing"));
    for (const index of [0, 1]) hub.publish(chunk(index, round % 2 === 0 ? "encoding" : "done"));
  }
  hub.publish(job("a", "completed"));
  assertEquals((await Array.fromAsync(events)).map(told), ["a completed", "chunk 0 done", "chunk 1 done"]);
});

Deno.test("a watcher of a job that is over gets all of it and the end", async () => {
  const events = watch(createEventHub(), { initial: () => [job("a", "failed"), chunk(0, "failed")] });
  assertEquals((await Array.fromAsync(events)).map(told), ["a failed", "chunk 0 failed"]);
});

Deno.test("a watcher hears only of what it wants", async () => {
  const hub = createEventHub();
  const events = watch(hub, { wants: (event) => event.kind === "job" && event.job.id === "b" });
  const next = events.next();
  hub.publish(job("a", "completed"));
  hub.publish(job("b", "segmenting"));
  assertEquals(told((await next).value!), "b segmenting");
  await events.return();
});

Deno.test("a watch ends when its signal aborts, and when its reader leaves", async () => {
  const changes: boolean[] = [];
  const hub = createEventHub((isWatched) => changes.push(isWatched));
  const over = new AbortController();
  const waiting = Array.fromAsync(watch(hub, { signal: over.signal }));
  const leaving = watch(hub, { initial: () => [job("a", "queued")] });
  await leaving.next();
  assertEquals(hub.watchers, 2);
  await leaving.return();
  over.abort();
  assertEquals(await waiting, []);
  assertEquals([hub.watchers, changes], [0, [true, false]]);
});
