/** Whether files are what a proof says of them. */
import { encodePlan } from "../chunk/converted_plan.ts";
import { planSource, segmentChunks } from "../chunk/keyframe_segments.ts";
import { SourceError } from "../chunk/source_error.ts";
import { openSource } from "../chunk/source_file.ts";
import { codedSettings } from "../encode/coded_settings.ts";
import { createHash } from "node:crypto";
import { fileSha256 } from "./file_sha256.ts";
import { readFrameFacts, type SegmentFacts, type VideoFrameFacts } from "./output_facts.ts";
import { parseSettings, type Proof, type ProofSegment } from "./proof.ts";
import { segmentSpans, taskSha256 } from "./task_identity.ts";

/** Something that is not as the proof says. */
export interface Finding {
  /** Undefined: it is about the file as a whole. */
  readonly segment: number | undefined;
  /** In words. */
  readonly what: string;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Holds an output against its proof: the file's SHA-256, its container and codec, and each segment's frames, their
 * times and their data; and the proof against itself.
 *
 * @returns What differs; nothing if all is as it was.
 * @throws A `Deno.errors` class if there is no such file; `signal.reason` once aborted.
 */
export async function verifyOutput(
  proof: Proof,
  path: string,
  options: VerifyOptions = {},
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const contradictions = proofContradictions(proof);
  const { size } = await Deno.stat(path);
  const sha256 = await fileSha256(path, options);
  const { output } = proof;
  if (size !== output.size_bytes) {
    findings.push(whole(`it has ${size} bytes instead of ${output.size_bytes}`));
  }
  if (sha256 !== output.sha256) findings.push(whole(`its SHA-256 is ${sha256} instead of ${output.sha256}`));
  try {
    const facts = await readFrameFacts(path, proof.segments.map(({ frames }) => frames), options);
    const differences = compareFrameFacts(proof, facts);
    if (findings.length > 0 && differences.length === 0) {
      differences.push(
        whole("the video's frames are as they were: the difference is in the sound or in the index"),
      );
    }
    return [...contradictions, ...findings, ...differences];
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return [...contradictions, ...findings, whole(`it cannot be read as a video: ${error.message}`)];
  }
}

/** What a proof says twice, and not the same: pure. */
export function proofContradictions({ output, segments, run }: Proof): Finding[] {
  const findings: Finding[] = [];
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0);
  if (output.frames !== frames) {
    findings.push(whole(`the proof says ${output.frames} frames, and its segments have ${frames}`));
  }
  if (run.chunks.length !== segments.length) {
    findings.push(
      whole(`the proof tells of ${run.chunks.length} chunks that ran, and has ${segments.length} segments`),
    );
  }
  return findings;
}

/** The comparison of {@link verifyOutput}, segment by segment: pure. */
export function compareFrameFacts(
  { encoding, output, segments }: Proof,
  facts: VideoFrameFacts,
): Finding[] {
  const findings: Finding[] = [];
  const { container = "another container", codec } = facts;
  if (container !== output.container) {
    findings.push(whole(`it is ${container} instead of ${output.container}`));
  }
  const stated = encoding.settings["codec"] === "h264" ? "avc" : encoding.settings["codec"];
  if (codec !== stated) findings.push(whole(`its video is ${codec} instead of ${stated}`));
  if (facts.timescale !== output.timescale) {
    findings.push(whole(`its clock has ${facts.timescale} ticks a second instead of ${output.timescale}`));
  }
  for (const [index, expected] of segments.entries()) {
    const what = segmentDifference(expected, facts.segments[index]);
    if (what !== undefined) findings.push({ segment: index, what });
  }
  const extra = facts.segments.slice(segments.length).reduce((sum, { frames }) => sum + frames, 0);
  if (extra > 0) findings.push(whole(`it has ${extra} frames after the last segment`));
  return findings;
}

function segmentDifference(expected: ProofSegment, actual: SegmentFacts | undefined): string | undefined {
  const { frames = 0, firstTicks, lastTicks, packetsSha256 } = actual ?? {};
  if (frames !== expected.frames) return `it has ${frames} frames instead of ${expected.frames}`;
  if (firstTicks !== expected.first_ticks || lastTicks !== expected.last_ticks) {
    return `its frames are shown from tick ${firstTicks} to ${lastTicks} instead of ` +
      `${expected.first_ticks} to ${expected.last_ticks}`;
  }
  if (packetsSha256 !== expected.packets_sha256) return "its frames have other data";
  return undefined;
}

/**
 * Holds a source against the proof of what was made of it: the file's size and SHA-256, that of every chunk that is cut out
 * of it, and that of every task, which is made of the settings and of where the chunk's frames are.
 *
 * @returns What differs; nothing if it is the one.
 * @throws {SourceError} If it cannot be read. @throws `signal.reason` once aborted.
 */
export async function verifySource(
  proof: Proof,
  path: string,
  { signal }: VerifyOptions = {},
): Promise<Finding[]> {
  const findings: Finding[] = [];
  using source = await openSource(path);
  const sha256 = await fileSha256(path, { signal });
  if (source.sizeBytes !== proof.source.size_bytes) {
    findings.push(
      whole(`the source has ${source.sizeBytes} bytes instead of ${proof.source.size_bytes}`),
    );
  }
  if (sha256 !== proof.source.sha256) {
    findings.push(whole(`the source's SHA-256 is ${sha256} instead of ${proof.source.sha256}`));
  }
  const { chunk_seconds: seconds } = proof.encoding;
  const settings = parseSettings(proof.encoding.settings);
  if (!settings) return [...findings, whole("its proof's settings are none that there are")];
  const planned = await planSource(source, { kind: "seconds", seconds }, { hidden: "drop", signal });
  const plan = encodePlan(planned, settings.frameRate, source);
  const { chunks } = plan;
  const spans = segmentSpans(plan);
  const coded = codedSettings(settings, source.video);
  if (chunks.segments.length !== proof.segments.length) {
    findings.push(
      whole(`the source gives ${chunks.segments.length} chunks instead of ${proof.segments.length}`),
    );
  }
  for await (
    const { segment: { index }, bytes } of segmentChunks(source, chunks, { toEncode: true, signal })
  ) {
    const expected = proof.segments[index];
    if (expected === undefined) break;
    if (createHash("sha256").update(bytes).digest("hex") !== expected.chunk_sha256) {
      findings.push({ segment: index, what: "the source gives another chunk" });
    } else if (taskSha256(coded, spans[index]!) !== expected.task_sha256) {
      findings.push({ segment: index, what: "its task is not that of the proof's settings" });
    }
  }
  return findings;
}

function whole(what: string): Finding {
  return { segment: undefined, what };
}
