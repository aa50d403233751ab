import { assertEquals } from "@std/assert";
import { createJobQueue, type JobQueue } from "../../lib/master/job_queue.ts";

function idsOf(queue: JobQueue): string[] {
  const ids: string[] = [];
  for (let job = queue.take(); job; job = queue.take()) ids.push(job.id);
  return ids;
}

Deno.test("createJobQueue() gives jobs by priority, and those of the same as they came", () => {
  const queue = createJobQueue();
  const jobs = [["a", 0], ["b", 5], ["c", 0], ["d", -1], ["e", 5]] as const;
  for (const [id, priority] of jobs) queue.add({ id, priority });
  assertEquals(idsOf(queue), ["b", "e", "a", "c", "d"]);
});

Deno.test("createJobQueue() does not give what was removed", () => {
  const queue = createJobQueue();
  for (const id of ["a", "b"]) queue.add({ id, priority: 0 });
  queue.remove("a");
  queue.remove("never there");
  assertEquals(idsOf(queue), ["b"]);
});
