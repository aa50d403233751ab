import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type CheckHealth,
  checkOnce,
  type HealthSnapshot,
  monitorHealth,
  watchHealth,
} from "../../lib/fleet/health_monitor.ts";
import type { HealthReport } from "../../lib/fleet/health_state.ts";
import { FakeClock, settled } from "./fake_clock.ts";

const REPORT: HealthReport = {
  isHealthy: true,
  workerId: "w1",
  cpuPercent: 0,
  memoryBytes: 0,
  activeTasks: 0,
  message: "ready",
};
const TIMES = { intervalMs: 5000, timeoutMs: 3000, unhealthyThreshold: 2 };

const answers: CheckHealth = () => Promise.resolve(REPORT);
const refuses: CheckHealth = () => Promise.reject(new Error("connection refused"));
/** Ends only when told to. */
const hangs: CheckHealth = (_, signal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

const kinds = (snapshot: HealthSnapshot | undefined): Record<string, string> =>
  Object.fromEntries([...snapshot ?? []].map(([address, { kind }]) => [address, kind]));

/** Reads a monitor as fast as it gives; `ended` resolves when it does. */
function read(monitor: AsyncIterable<HealthSnapshot>): { snapshots: HealthSnapshot[]; ended: Promise<void> } {
  const snapshots: HealthSnapshot[] = [];
  const ended = (async () => {
    for await (const snapshot of monitor) snapshots.push(snapshot);
  })();
  return { snapshots, ended };
}

Deno.test("monitorHealth() knows nothing at first, then each worker as it answers", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const slow = Promise.withResolvers<HealthReport>();
  const check: CheckHealth = (address) => address === "slow:1" ? slow.promise : Promise.resolve(REPORT);
  const { snapshots, ended } = read(
    monitorHealth(["slow:1", "fast:1"], check, { ...TIMES, clock, signal: abort.signal }),
  );
  await settled();
  slow.resolve(REPORT);
  await settled();
  abort.abort();
  await ended;
  assertEquals(snapshots.map(kinds), [
    { "slow:1": "unknown", "fast:1": "unknown" },
    { "slow:1": "unknown", "fast:1": "healthy" },
    { "slow:1": "healthy", "fast:1": "healthy" },
  ]);
});

Deno.test("monitorHealth() asks every interval from start to start, however long an answer takes", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const askedAtMs: number[] = [];
  const check: CheckHealth = async (_, signal) => {
    askedAtMs.push(clock.now());
    await clock.sleep(2000, signal);
    return REPORT;
  };
  const { snapshots, ended } = read(monitorHealth(["a:1"], check, { ...TIMES, clock, signal: abort.signal }));
  await clock.advance(12_500);
  abort.abort();
  await ended;
  assertEquals(askedAtMs, [0, 5000, 10_000]);
  assertEquals(snapshots.at(-1)?.get("a:1"), {
    kind: "healthy",
    last: { report: REPORT, latencyMs: 2000, lastSeenMs: 12_000 },
  });
});

Deno.test("monitorHealth() is not delayed by a worker that does not answer, and gives that one up", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const asked = { "dead:1": 0, "live:1": 0 };
  const check: CheckHealth = (address, signal) => {
    asked[address as keyof typeof asked]++;
    return address === "dead:1" ? hangs(address, signal) : answers(address, signal);
  };
  const options = { intervalMs: 1000, timeoutMs: 3000, unhealthyThreshold: 2, clock, signal: abort.signal };
  const { snapshots, ended } = read(monitorHealth(["dead:1", "live:1"], check, options));
  await clock.advance(6000);
  abort.abort();
  await ended;
  assertEquals(asked, { "dead:1": 3, "live:1": 7 });
  assertEquals(snapshots.at(-1)?.get("dead:1"), {
    kind: "unhealthy",
    reason: "no answer within 3 s",
    sinceMs: 6000,
  });
  assertEquals(kinds(snapshots.at(-1))["live:1"], "healthy");
});

Deno.test("monitorHealth() tells a check to end when its time is over", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const reasons: unknown[] = [];
  const check: CheckHealth = (address, signal) => {
    signal.addEventListener("abort", () => reasons.push(signal.reason.name));
    return hangs(address, signal);
  };
  const { ended } = read(monitorHealth(["a:1"], check, { ...TIMES, clock, signal: abort.signal }));
  await clock.advance(2999);
  assertEquals(reasons, []);
  await clock.advance(1);
  assertEquals(reasons, ["TimeoutError"]);
  abort.abort();
  await ended;
});

Deno.test("monitorHealth() goes on where a check ignores its signal", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const never = Promise.withResolvers<HealthReport>();
  const { snapshots, ended } = read(
    monitorHealth(["a:1"], () => never.promise, { ...TIMES, clock, signal: abort.signal }),
  );
  await clock.advance(8000);
  assertEquals(kinds(snapshots.at(-1)), { "a:1": "unhealthy" });
  abort.abort();
  await ended;
});

Deno.test("monitorHealth() takes a worker back after one good answer", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  let check = refuses;
  const options = { ...TIMES, clock, signal: abort.signal };
  const { snapshots, ended } = read(monitorHealth(["a:1"], (...args) => check(...args), options));
  await clock.advance(5000);
  assertEquals(kinds(snapshots.at(-1)), { "a:1": "unhealthy" });
  check = answers;
  await clock.advance(5000);
  assertEquals(kinds(snapshots.at(-1)), { "a:1": "healthy" });
  abort.abort();
  await ended;
});

Deno.test("monitorHealth() ends on abort with nothing left running: checks told to end, no sleep", async () => {
  for (const check of [hangs, answers]) {
    const clock = new FakeClock();
    const abort = new AbortController();
    const signals: AbortSignal[] = [];
    const { ended } = read(
      monitorHealth(["a:1", "b:1"], (address, signal) => {
        signals.push(signal);
        return check(address, signal);
      }, { ...TIMES, clock, signal: abort.signal }),
    );
    await settled();
    assertEquals(clock.sleeping, 2);
    abort.abort();
    await ended;
    assertEquals([clock.sleeping, signals.length], [0, 2]);
    assert(signals.every((signal) => signal.aborted));
  }
});

Deno.test("monitorHealth() gives nothing and asks nobody where it is aborted already", async () => {
  const { snapshots, ended } = read(
    monitorHealth(["a:1"], () => Promise.reject(new Error("asked")), {
      ...TIMES,
      clock: new FakeClock(),
      signal: AbortSignal.abort(),
    }),
  );
  await ended;
  assertEquals(snapshots, []);
});

Deno.test("monitorHealth() ends its checks when its reader leaves", async () => {
  const clock = new FakeClock();
  for await (const _ of monitorHealth(["a:1"], hangs, { ...TIMES, clock })) break;
  assertEquals(clock.sleeping, 0);
});

Deno.test("monitorHealth() gives a slow reader the newest state only, and leaves old snapshots as they were", async () => {
  const clock = new FakeClock();
  const monitor = monitorHealth(["a:1"], answers, { ...TIMES, clock });
  const first = (await monitor.next()).value as HealthSnapshot;
  await clock.advance(20_000);
  const second = (await monitor.next()).value as HealthSnapshot;
  await monitor.return();
  assertEquals(kinds(first), { "a:1": "unknown" });
  const state = second.get("a:1");
  assertEquals(state?.kind === "healthy" && state.last.lastSeenMs, 20_000);
});

Deno.test("monitorHealth() waits no longer than the interval when the clock is set back", async () => {
  const clock = new FakeClock();
  clock.setBy(3_600_000);
  let asked = 0;
  const check: CheckHealth = () => {
    if (asked++ === 0) clock.setBy(-3_600_000);
    return Promise.resolve(REPORT);
  };
  const abort = new AbortController();
  const { snapshots, ended } = read(monitorHealth(["a:1"], check, { ...TIMES, clock, signal: abort.signal }));
  await clock.advance(5000);
  abort.abort();
  await ended;
  assertEquals(asked, 2);
  const state = snapshots[1]?.get("a:1");
  assertEquals(state?.kind === "healthy" && state.last.latencyMs, 0);
});

Deno.test("monitorHealth() fails as a whole where it cannot go on", async () => {
  class BrokenClock extends FakeClock {
    override sleep(ms: number, signal: AbortSignal): Promise<void> {
      return ms === TIMES.intervalMs ? Promise.reject(new Error("no clock")) : super.sleep(ms, signal);
    }
  }
  const { ended } = read(monitorHealth(["a:1", "b:1"], answers, { ...TIMES, clock: new BrokenClock() }));
  await assertRejects(() => ended, Error, "no clock");
});

/** What a watch tells, as `address kind`. */
function watching(check: CheckHealth) {
  const clock = new FakeClock();
  const told: string[] = [];
  const watch = watchHealth(check, {
    ...TIMES,
    clock,
    onOutcome: (address, health, outcome) => told.push(`${address} ${health.kind} after a ${outcome.kind}`),
  });
  return { clock, told, watch };
}

Deno.test("watchHealth() asks workers that are added later, and those that are removed no more", async () => {
  const { clock, told, watch } = watching(answers);
  await using _watch = watch;
  watch.add("a:1");
  watch.add("a:1");
  await clock.advance(1_000);
  watch.add("b:1");
  await clock.advance(1_000);
  watch.remove("a:1");
  assertEquals([...watch.states.keys()], ["b:1"]);
  await clock.advance(5_000);
  assertEquals(told, [
    "a:1 healthy after a report",
    "b:1 healthy after a report",
    "b:1 healthy after a report",
  ]);
});

Deno.test("watchHealth() counts a call that failed as a failed check, and asks at once", async () => {
  const { clock, told, watch } = watching(answers);
  await using _watch = watch;
  watch.add("a:1");
  await settled();
  told.length = 0;
  watch.callFailed("a:1", "connection reset");
  assertEquals(told, ["a:1 suspect after a failure"]);
  await settled();
  assertEquals(told.slice(1), ["a:1 healthy after a report"]);
  watch.callFailed("a:1", "connection reset");
  watch.callFailed("a:1", "connection reset");
  assertEquals(told.slice(2), ["a:1 suspect after a failure", "a:1 unhealthy after a failure"]);
  watch.callFailed("never added:1", "connection reset");
  assertEquals(told.length, 4);
  assertEquals(clock.now(), 0);
});

Deno.test("watchHealth() asks at once when told to, though not before a check that runs has ended", async () => {
  let asked = 0;
  const slow: CheckHealth = async (_, signal) => {
    asked++;
    await (clock as FakeClock).sleep(1_000, signal);
    return REPORT;
  };
  const { clock, watch } = watching(slow);
  await using _watch = watch;
  watch.add("a:1");
  await clock.advance(500);
  watch.askNow("a:1");
  await settled();
  assertEquals(asked, 1);
  await clock.advance(500);
  assertEquals(asked, 2);
  await clock.advance(2_000);
  watch.askNow("a:1");
  await settled();
  assertEquals(asked, 3);
});

Deno.test("watchHealth() ends with nothing left running when it is disposed of", async () => {
  const { clock, told, watch } = watching(hangs);
  watch.add("a:1");
  watch.add("b:1");
  await settled();
  await watch[Symbol.asyncDispose]();
  await watch.ended;
  assertEquals([clock.sleeping, told], [0, []]);
});

Deno.test("checkOnce() asks all at the same time and gives each one's state", async () => {
  const clock = new FakeClock();
  const check: CheckHealth = (address, signal) =>
    ({ "good:1": answers, "bad:1": refuses, "dead:1": hangs })[address]!(address, signal);
  const checked = checkOnce(["good:1", "bad:1", "dead:1"], check, { timeoutMs: 3000, clock });
  await clock.advance(3000);
  const snapshot = await checked;
  assertEquals(kinds(snapshot), { "good:1": "healthy", "bad:1": "unhealthy", "dead:1": "unhealthy" });
  assertEquals(clock.sleeping, 0);
});

Deno.test("checkOnce() goes on from what is known", async () => {
  const options = { timeoutMs: 3000, unhealthyThreshold: 2, clock: new FakeClock() };
  const first = await checkOnce(["a:1"], refuses, options);
  assertEquals(kinds(first), { "a:1": "unknown" });
  assertEquals(kinds(await checkOnce(["a:1"], refuses, { ...options, previous: first })), {
    "a:1": "unhealthy",
  });
});

Deno.test("checkOnce() throws the reason once aborted, with no check left", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const checked = checkOnce(["a:1", "b:1"], hangs, { timeoutMs: 3000, clock, signal: abort.signal });
  await settled();
  abort.abort(new Error("stopped"));
  await assertRejects(() => checked, Error, "stopped");
  await settled();
  assertEquals(clock.sleeping, 0);
});

Deno.test("checkOnce() and monitorHealth() refuse times and thresholds that make no sense", async () => {
  await assertRejects(() => checkOnce([], answers, { timeoutMs: 0 }), RangeError, "timeoutMs 0");
  await assertRejects(
    () => monitorHealth([], answers, { ...TIMES, intervalMs: NaN }).next(),
    RangeError,
    "intervalMs",
  );
  await assertRejects(
    () => monitorHealth([], answers, { ...TIMES, unhealthyThreshold: 0 }).next(),
    RangeError,
    "unhealthyThreshold",
  );
});
