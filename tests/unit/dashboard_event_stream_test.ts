import { assertEquals, assertMatch } from "@std/assert";
import type { ChunkView, JobView, MasterEvent } from "../../lib/master/job_view.ts";
import { createEventHub } from "../../lib/master/event_hub.ts";
import { JobNotFoundError } from "../../lib/master/master_errors.ts";
import { eventStream } from "../../lib/master/web/event_stream.ts";

const job = (id: string, state: JobView["state"]) => ({ id, state }) as JobView;
const chunk = (index: number, state: ChunkView["state"]) => ({ index, state }) as ChunkView;

/** A master of these jobs, each with two chunks, all of them waiting. */
function fixture(jobs: JobView[], { heartbeatMs = 60_000 } = {}) {
  const hub = createEventHub();
  const stop = new AbortController();
  const stream = eventStream({
    jobs: () => jobs,
    job(id) {
      const found = jobs.find((job) => job.id === id);
      if (!found) throw new JobNotFoundError(id);
      return { job: found, chunks: [chunk(0, "queued"), chunk(1, "queued")] };
    },
    watch: ({ signal }) =>
      hub.watch({
        initial: () => jobs.map((job) => ({ kind: "job", job })),
        wants: () => true,
        isLast: () => false,
        signal,
      }),
  }, { signal: stop.signal, heartbeatMs });
  const bytes = stream.getReader();
  const reader = {
    async read() {
      const { done, value } = await bytes.read();
      return { done, value: new TextDecoder().decode(value) };
    },
    cancel: () => bytes.cancel(),
  };
  return { hub, stop, reader, publish: (event: MasterEvent) => hub.publish(event) };
}

/** Reads so many frames; what they hold. */
async function read(reader: { read(): Promise<{ value: string }> }, count: number): Promise<unknown[]> {
  const frames: unknown[] = [];
  while (frames.length < count) {
    const { value } = await reader.read();
    assertMatch(value, /^(retry: \d+\n)?data: .*\n\n$/);
    frames.push(JSON.parse(value.slice(value.indexOf("data: ") + 6)));
  }
  return frames;
}

Deno.test("eventStream() says which jobs there are, then each, with the chunks of those that are not over", async () => {
  const { reader, hub } = fixture([job("new", "processing"), job("old", "completed")]);
  const [{ nowMs: _, ...hello }, ...events] = await read(reader, 5) as [
    Record<string, unknown>,
    ...unknown[],
  ];
  assertEquals(hello, { kind: "hello", jobIds: ["new", "old"] });
  assertEquals(events, [
    { kind: "job", job: job("new", "processing") },
    { kind: "chunk", jobId: "new", chunk: chunk(0, "queued") },
    { kind: "chunk", jobId: "new", chunk: chunk(1, "queued") },
    { kind: "job", job: job("old", "completed") },
  ]);
  await reader.cancel();
  assertEquals(hub.watchers, 0);
});

Deno.test("eventStream() gives who reads slowly the last of what is new", async () => {
  const { reader, publish } = fixture([job("a", "processing")]);
  await read(reader, 4);
  publish({ kind: "chunk", jobId: "a", chunk: chunk(0, "encoding") });
  assertEquals(await read(reader, 1), [{ kind: "chunk", jobId: "a", chunk: chunk(0, "encoding") }]);
  // more than the stream itself holds
  const wide = { index: 1, state: "done", worker: "w".repeat(100_000) } as ChunkView;
  for (let round = 0; round < 1_000; round++) {
    publish({ kind: "chunk", jobId: "a", chunk: { ...wide, shardBytes: round } });
  }
  let last = -1;
  let frames = 0;
  while (last < 999) {
    const [event] = await read(reader, 1) as [{ chunk: ChunkView }];
    last = event.chunk.shardBytes;
    frames++;
  }
  assertEquals(frames <= 3, true, `${frames} of 1000 were kept`);
  await reader.cancel();
});

Deno.test("eventStream() shows by comments that it is alive when nothing happens", async () => {
  const { reader, publish } = fixture([], { heartbeatMs: 1 });
  await read(reader, 1);
  assertEquals([(await reader.read()).value, (await reader.read()).value], [":\n\n", ":\n\n"]);
  publish({ kind: "removed", jobId: "a" });
  let value: string | undefined;
  while ((value = (await reader.read()).value) === ":\n\n");
  assertEquals(value, 'data: {"kind":"removed","jobId":"a"}\n\n');
  await reader.cancel();
});

Deno.test("eventStream() ends with its signal, and leaves nobody watching", async () => {
  const { reader, stop, hub } = fixture([job("a", "queued")]);
  await read(reader, 4);
  stop.abort(new Error("the server stops"));
  assertEquals((await reader.read()).done, true);
  assertEquals(hub.watchers, 0);
});
