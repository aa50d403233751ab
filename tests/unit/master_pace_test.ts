import { assertEquals } from "@std/assert";
import { paceOf, percentDone } from "../../lib/master/pace.ts";

Deno.test("paceOf() counts what was encoded, and what is left, whoever encoded the rest before", () => {
  const pace = paceOf(
    { frames: 1_000, framesDone: 600, durationSeconds: 40 },
    { encodedFrames: 200, elapsedMs: 4_000 },
  );
  assertEquals(pace, { fps: 50, speed: 2, etaSeconds: 8 });
});

Deno.test("paceOf() says nothing before anything is encoded", () => {
  const progress = { frames: 1_000, framesDone: 600, durationSeconds: 40 };
  assertEquals(paceOf(progress, { encodedFrames: 0, elapsedMs: 4_000 }), undefined);
  assertEquals(paceOf(progress, { encodedFrames: 10, elapsedMs: 0 }), undefined);
});

Deno.test("percentDone() is 100 only for what is completed", () => {
  assertEquals(percentDone({ state: "queued", frames: 0, framesDone: 0 }), 0);
  assertEquals(percentDone({ state: "processing", frames: 200, framesDone: 100 }), 49.5);
  assertEquals(percentDone({ state: "concatenating", frames: 200, framesDone: 200 }), 99);
  assertEquals(percentDone({ state: "completed", frames: 200, framesDone: 200 }), 100);
});
