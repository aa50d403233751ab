/** From shards to the output and the proof beside it. */
import { assemble, type AssembleResult } from "../assemble/assemble.ts";
import { checkFrames } from "../assemble/check_frames.ts";
import { startedVideo } from "../assemble/output_start.ts";
import type { EncodedShard } from "../assemble/shard_frames.ts";
import { describeSettings } from "../encode/describe_settings.ts";
import { writeWhole } from "../store/write_file.ts";
import { withSpan } from "../trace.ts";
import { fileSha256 } from "./file_sha256.ts";
import type { JobResult } from "./job.ts";
import { encodedShard, type JobUnderWay, type KeptShard } from "./job_under_way.ts";
import { readFrameFacts } from "./output_facts.ts";
import { audioText, type Proof, PROOF_VERSION, proofPathOf, proofText, settingsJson } from "./proof.ts";
import { replaceOutput } from "./replace_output.ts";

/** What only the run knows. */
export interface RunFacts {
  readonly sourceSha256: string;
  readonly seconds: number;
}

export type Finished = Pick<JobResult, "assembled" | "check" | "sha256" | "proofPath" | "lateStartSeconds">;

/**
 * Assembles under another name, and gives the output its own once every frame has been checked.
 *
 * @throws As `runJob` says; nothing is left behind then.
 */
export async function finish(job: JobUnderWay, runFacts: () => Promise<RunFacts>): Promise<Finished> {
  const { spec: { outputPath, settings, audio, start }, tools: { memory, signal }, build, kept } = job;
  const { lateStartSeconds, ...video } = await startedVideo({
    plan: job.plan.frames,
    source: job.source,
    path: outputPath,
    ...{ audio, start, signal },
  });
  const { assembled, check, proof } = await replaceOutput(outputPath, { memory, signal }, async (path) => {
    const assembled = await withSpan({ name: "assemble" }, () =>
      assemble({
        ...video,
        path,
        shards: encodedShards(kept),
        audio,
        encoderTag: `${build}, ${describeSettings(settings)}`,
        onProgress: (chunk) => job.emit({ kind: "assembling", chunk }),
        signal,
      }));
    job.emit({ kind: "checking" });
    const check = await withSpan({ name: "check" }, () => checkFrames(video.plan, path, { signal }));
    return { assembled, check, proof: await proofOf(job, assembled, await runFacts()) };
  });
  const proofPath = proofPathOf(outputPath);
  await writeWhole(proofPath, new Blob([proofText(proof)]).stream());
  return {
    assembled: { ...assembled, path: outputPath },
    ...{ check, sha256: proof.output.sha256, proofPath, lateStartSeconds },
  };
}

async function* encodedShards(kept: readonly KeptShard[]): AsyncGenerator<EncodedShard, void, undefined> {
  for (const [index, { shard }] of kept.entries()) yield encodedShard(index, shard);
}

async function proofOf(
  { spec, tools: { signal }, source, plan, build, kept }: JobUnderWay,
  assembled: AssembleResult,
  { sourceSha256, seconds }: RunFacts,
): Promise<Proof> {
  const frameCounts = plan.frames.segments.map(({ frameCount }) => frameCount);
  const { timescale, segments } = await readFrameFacts(assembled.path, frameCounts, { signal });
  return {
    proof_version: PROOF_VERSION,
    source: { sha256: sourceSha256, size_bytes: source.sizeBytes },
    encoding: {
      build,
      settings: settingsJson(spec.settings),
      audio: audioText(spec.audio),
      ...(spec.start === "zero" && { start: spec.start }),
      chunk_seconds: spec.chunkSeconds,
    },
    segments: kept.map(({ key, shard }, index) => {
      const { frames, firstTicks, lastTicks, packetsSha256 } = segments[index]!;
      return {
        chunk_sha256: key.chunkSha256,
        task_sha256: key.taskSha256,
        shard_sha256: shard.sha256,
        frames,
        first_ticks: firstTicks,
        last_ticks: lastTicks,
        packets_sha256: packetsSha256,
      };
    }),
    output: {
      container: assembled.container,
      sha256: await fileSha256(assembled.path, { signal }),
      size_bytes: assembled.sizeBytes,
      frames: plan.frames.shownTicks.length,
      timescale,
      audio_tracks: assembled.audioTracks.map((track) =>
        track.kind === "copied" ? `${track.title}: copied` : `${track.title}: ${track.from} -> ${track.to}`
      ),
      not_carried: [...assembled.notCarried],
    },
    run: {
      finished_at: new Date().toISOString(),
      seconds,
      chunks: kept.map(({ shard, isReused }) => ({
        reused: isReused,
        worker: shard.workerId,
        attempt: shard.attempt,
        encode_seconds: shard.encodeSeconds,
      })),
    },
  };
}
