import { assertEquals } from "@std/assert";
import { viewOf } from "../../lib/master/job_record.ts";
import { statusMessage, videoStatus } from "../../lib/master/wire_job.ts";
import { jobRecord } from "./master_views.ts";

Deno.test("videoStatus() has the Python project's words for every state", () => {
  const states = ["queued", "segmenting", "processing", "concatenating", "completed", "cancelled"] as const;
  assertEquals(states.map((state) => videoStatus({ state, failure: undefined })), [
    "segmenting",
    "segmenting",
    "processing",
    "concatenating",
    "completed",
    "processing_failed",
  ]);
  const failed = (stage: "segmenting" | "processing" | "concatenating") =>
    videoStatus({ state: "failed", failure: { stage, message: "x" } });
  assertEquals([failed("segmenting"), failed("processing"), failed("concatenating")], [
    "failed_segmentation",
    "processing_failed",
    "concatenation_failed",
  ]);
});

Deno.test("statusMessage() says how far a job is and how long it will take", () => {
  const job = jobRecord({ state: "processing", chunks: 5, chunksDone: 2, frames: 100, framesDone: 40 });
  const pace = { fps: 10, speed: 1, etaSeconds: 6.2 };
  assertEquals(statusMessage(viewOf(job, pace)), "39 %: 2 of 5 chunks done, about 7 s to go");
  assertEquals(statusMessage(viewOf(job, undefined)), "39 %: 2 of 5 chunks done");
});

Deno.test("statusMessage() says why a job failed", () => {
  const failure = { stage: "processing", message: "Cannot encode chunk 3" } as const;
  assertEquals(statusMessage(viewOf(jobRecord({ state: "failed", failure }), undefined)), failure.message);
});
