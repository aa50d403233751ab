import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { WorkerTally } from "../../lib/cli/transcode_progress.ts";
import { type WorkerRow, workerRows } from "../../lib/cli/worker_rows.ts";
import type { WorkerView } from "../../lib/fleet/fleet.ts";

const BUILD = "libav/libx264 8.1";
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
  builds: { h264: BUILD },
  lastSeenMs: 0,
};
const row = (view: Partial<WorkerView>, tally: Partial<WorkerTally> = {}): WorkerRow => ({
  view: { ...VIEW, ...view },
  tally: { running: [], done: 0, ...tally },
});
const rowsIn = (columns: number, ...rows: readonly WorkerRow[]) =>
  workerRows(rows, { build: BUILD, columns });

Deno.test("workerRows() say what a worker does, or why it does nothing, below each other", () => {
  const working = row({}, { running: [12], done: 6 });
  assertEquals(rowsIn(79, working, row({ address: "bcd:1" })), [
    "  a:1    chunk 12       75.3 fps  6 done",
    "  bcd:1  idle           75.3 fps  0 done",
  ]);
  const [two] = rowsIn(79, row({}, { running: [1, 2] }));
  assertStringIncludes(two!, "chunks 1, 2");
  const [idle] = rowsIn(79, row({ framesPerSecond: undefined }));
  assertEquals(idle, "  a:1  idle                     0 done");
  const [gone] = rowsIn(79, row({ state: "unhealthy", reason: "no answer" }, { done: 3 }));
  assertEquals(gone, "  a:1  unhealthy: no answer   75.3 fps  3 done");
});

Deno.test("workerRows() give the reason of a worker that has not answered yet, and of one of another build", () => {
  const reason = "UNAUTHENTICATED: no token";
  const [unknown, other] = rowsIn(
    110,
    row({ state: "unknown", reason, builds: {}, framesPerSecond: undefined }),
    row({ builds: { h264: "ffmpeg/libx264 5.1" } }),
  );
  assertStringIncludes(unknown!, `unknown: ${reason}`);
  assertStringIncludes(other!, `it encodes with ffmpeg/libx264 5.1, and the job keeps to ${BUILD}`);
  assertStringIncludes(rowsIn(79, row({ builds: {} }))[0]!, "idle");
});

Deno.test("workerRows() cut a reason where there is no room, not the chunks done", () => {
  const reason = "UNAVAILABLE: no connection: connect ECONNREFUSED 127.0.0.1:50061";
  for (const framesPerSecond of [undefined, 75.25]) {
    const gone = row({ address: "studio.local:50061", state: "unhealthy", reason, framesPerSecond }, {
      done: 3,
    });
    const [text] = rowsIn(79, gone);
    assertMatch(text!, /^ {2}studio\.local:50061 {2}unhealthy: UNAVAILABLE: .*\.\. .*3 done$/);
    assertEquals(text!.length, 79);
  }
});

Deno.test("workerRows() let no peer move the cursor", () => {
  const [text] = rowsIn(79, row({ state: "unhealthy", reason: "\x1b[2J" }));
  assertStringIncludes(text!, "unhealthy: \\u001b[2J");
});

Deno.test("workerRows() have chunk, frames a second and chunks done in 39 columns, the address shortened in its middle", () => {
  assertEquals(
    rowsIn(39, row({ address: "localhost:41234", framesPerSecond: 96.9 }, { running: [12], done: 6 })),
    ["  local..41234 chunk 12 96.9 fps 6 done"],
  );
  const address = "a-worker-of-a-long-name.example.com:50061";
  const others = [row({}), row({ state: "unhealthy", reason: "no connection at all" })];
  for (const running of [[7], [1_023], [101, 102, 103]]) {
    for (const [framesPerSecond, fps] of [[0.5, "0.5"], [96.9, "96.9"], [9_999, "9,999"]] as const) {
      for (const [done, other] of [[0, others[0]], [999, others[1]]] as const) {
        for (let columns = 39; columns <= 120; columns++) {
          const rows = rowsIn(columns, row({ address, framesPerSecond }, { running, done }), other!);
          assertMatch(
            rows[0]!,
            new RegExp(`(chunks? ${running.join(", ")}|3 chunks) +${fps} fps +${done} done$`),
          );
          assert(rows[0]!.length <= columns, rows[0]);
          assert(rows[1]!.length <= columns, rows[1]);
        }
      }
    }
  }
});

Deno.test("workerRows() leave an address as it is where there is room for it", () => {
  const address = "a-worker-of-a-long-name.example.com:50061";
  assertStringIncludes(rowsIn(79, row({ address }, { running: [12], done: 6 }))[0]!, address);
});
