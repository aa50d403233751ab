import { assert, assertEquals } from "@std/assert";
import { Speeds } from "../../lib/fleet/speeds.ts";

const isNear = (actual: number | undefined, expected: number) => {
  assert(actual !== undefined && Math.abs(actual / expected - 1) < 0.05, `${actual}, not about ${expected}`);
};

Deno.test("Speeds knows how fast workers are beside each other from what they tried, until they have done chunks", () => {
  const speeds = new Speeds();
  assertEquals(speeds.of("a"), speeds.of("b"));
  speeds.propose("a", 100);
  speeds.propose("b", 300);
  speeds.propose("b", 1); // only the first counts
  isNear(speeds.of("b") / speeds.of("a"), 3);
  assertEquals(speeds.secondsFor("a", "job", 50), undefined);
  for (let chunk = 0; chunk < 40; chunk++) {
    speeds.observe("a", "job", 20);
    speeds.observe("b", "job", 20);
  }
  isNear(speeds.of("b") / speeds.of("a"), 1);
  isNear(speeds.secondsFor("a", "job", 50), 2.5);
});

Deno.test("Speeds of workers do not depend on which jobs they did", () => {
  const speeds = new Speeds();
  // b is twice as fast, but does the job with the large picture most of the time
  for (let round = 0; round < 60; round++) {
    speeds.observe("a", "small", 100);
    speeds.observe("b", "large", 10);
    if (round % 5 === 0) speeds.observe("b", "small", 200);
    if (round % 7 === 0) speeds.observe("a", "large", 5);
  }
  isNear(speeds.of("b") / speeds.of("a"), 2);
  isNear(speeds.secondsFor("a", "large", 50), 10);
  isNear(speeds.secondsFor("b", "large", 50), 5);
});

Deno.test("a worker of which nothing is known counts as a usual one", () => {
  const speeds = new Speeds();
  speeds.propose("slow", 10);
  speeds.propose("usual", 40);
  speeds.propose("fast", 90);
  assertEquals(speeds.of("new"), 40);
  for (const absurd of [Infinity, NaN, -1, 0]) speeds.propose("absurd", absurd);
  assertEquals(speeds.of("absurd"), 40);
});

Deno.test("Speeds remembers a bounded number of jobs, the latest", () => {
  const speeds = new Speeds();
  for (let job = 0; job < 150; job++) {
    speeds.observe("a", `job ${job}`, 10);
    speeds.observe("a", "lasting", 10);
  }
  assertEquals(speeds.secondsFor("a", "job 10", 10), undefined);
  isNear(speeds.secondsFor("a", "job 149", 10), 1);
  isNear(speeds.secondsFor("a", "lasting", 10), 1);
  speeds.forgetJob("lasting");
  assertEquals(speeds.secondsFor("a", "lasting", 10), undefined);
});
