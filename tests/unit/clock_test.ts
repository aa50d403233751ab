import { assert, assertEquals, assertRejects } from "@std/assert";
import { SYSTEM_CLOCK } from "../../lib/fleet/clock.ts";

Deno.test("SYSTEM_CLOCK.sleep() ends when its time has come", async () => {
  await SYSTEM_CLOCK.sleep(1, new AbortController().signal);
});

// that no timer is left is for the sanitizer to find
Deno.test("SYSTEM_CLOCK.sleep() throws the signal's reason when aborted, before or during it", async () => {
  const abort = new AbortController();
  const sleep = SYSTEM_CLOCK.sleep(3_600_000, abort.signal);
  abort.abort(new Error("stopped"));
  await assertRejects(() => sleep, Error, "stopped");
  await assertRejects(() => SYSTEM_CLOCK.sleep(3_600_000, abort.signal), Error, "stopped");
});

Deno.test("SYSTEM_CLOCK tells the time as the system's clock is set, and waits are measured whatever it is set to", () => {
  const { now } = Date;
  const [wallMs, beforeMs] = [SYSTEM_CLOCK.now(), SYSTEM_CLOCK.monotonicMs()];
  try {
    Date.now = () => wallMs - 3_600_000;
    assertEquals(SYSTEM_CLOCK.now(), wallMs - 3_600_000);
    const passedMs = SYSTEM_CLOCK.monotonicMs() - beforeMs;
    assert(passedMs >= 0 && passedMs < 60_000, `${passedMs} ms`);
  } finally {
    Date.now = now;
  }
});
