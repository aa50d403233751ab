/** What a job is once its source has been planned. */
import { planAudio } from "../assemble/audio_plan.ts";
import { checkOutput } from "../assemble/check_output.ts";
import { createShardCheck } from "../assemble/check_shard.ts";
import { type EncodePlan, encodePlan } from "../chunk/converted_plan.ts";
import { planSource } from "../chunk/keyframe_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import { codedSettings } from "../encode/coded_settings.ts";
import { withSpan } from "../trace.ts";
import type { JobSpec, JobTools, PlannedChunk } from "./job.ts";
import type { JobUnderWay } from "./job_under_way.ts";
import { segmentSpans } from "./task_identity.ts";

/**
 * Plans a job and chooses the build that it keeps to, before anything is encoded.
 *
 * @throws {SourceError} If the source is damaged.
 * @throws {AssembleError} If the output cannot hold what is asked for.
 * @throws {UnsupportedError} {@link WorkersLostError} As {@link Fleet} says.
 * @throws `tools.signal.reason` once aborted.
 */
export async function prepareJob(spec: JobSpec, tools: JobTools, source: SourceFile): Promise<JobUnderWay> {
  const { fleet, signal, onEvent = () => {} } = tools;
  const { settings, chunkSeconds } = spec;
  const planned = await withSpan(
    { name: "plan" },
    () => planSource(source, { kind: "seconds", seconds: chunkSeconds }, { hidden: "drop", signal }),
  );
  const plan = encodePlan(planned, settings.frameRate, source);
  const codec = settings.codec === "h264" ? "avc" : settings.codec;
  planAudio(source.audio, checkOutput(plan.frames, { path: spec.outputPath, codec }), spec.audio);
  const build = await fleet.chooseBuild(settings, { signal });
  onEvent({
    kind: "planned",
    chunks: plannedChunks(plan),
    frames: plan.frames.shownTicks.length,
    durationSeconds: (plan.frames.endTicks - (plan.frames.shownTicks[0] ?? 0)) / plan.frames.timescale,
    sourceBytes: source.sizeBytes,
    build,
  });
  return {
    spec,
    tools,
    source,
    plan,
    settings: codedSettings(settings, source.video),
    build,
    spans: segmentSpans(plan),
    check: createShardCheck(plan.frames),
    kept: [],
    emit: onEvent,
  };
}

function plannedChunks({ frames }: EncodePlan): PlannedChunk[] {
  const { segments, timescale, endTicks } = frames;
  const originTicks = segments[0]?.startTicks ?? 0;
  return segments.map(({ index, frameCount, startTicks }) => ({
    index,
    frames: frameCount,
    startSeconds: (startTicks - originTicks) / timescale,
    durationSeconds: ((segments[index + 1]?.startTicks ?? endTicks) - startTicks) / timescale,
  }));
}
