/** Whether files are what a proof says of them. */
import { encodePlan } from "../chunk/converted_plan.ts";
import { planSource, segmentChunks } from "../chunk/keyframe_segments.ts";
import { SourceError } from "../chunk/source_error.ts";
import { openSource } from "../chunk/source_file.ts";
import { createHash } from "node:crypto";
import { fileSha256 } from "./file_sha256.ts";
import { readFrameFacts, type SegmentFacts, type VideoFrameFacts } from "./output_facts.ts";
import type { Proof, ProofSegment } from "./proof.ts";

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
 * Holds an output against its proof: the file's SHA-256, and each segment's frames, their times and their data.
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
    return [...findings, ...differences];
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return [...findings, whole(`it cannot be read as a video: ${error.message}`)];
  }
}

/** The comparison of {@link verifyOutput}, segment by segment: pure. */
export function compareFrameFacts({ output, segments }: Proof, facts: VideoFrameFacts): Finding[] {
  const findings: Finding[] = [];
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
 * Holds a source against the proof of what was made of it: the file's SHA-256, and that of every chunk that is cut
 * out of it.
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
  if (sha256 !== proof.source.sha256) {
    findings.push(whole(`the source's SHA-256 is ${sha256} instead of ${proof.source.sha256}`));
  }
  const { chunk_seconds: seconds, settings } = proof.encoding;
  const plan = await planSource(source, { kind: "seconds", seconds }, { hidden: "drop", signal });
  const { chunks } = encodePlan(plan, settings.frame_rate);
  if (chunks.segments.length !== proof.segments.length) {
    findings.push(
      whole(`the source gives ${chunks.segments.length} chunks instead of ${proof.segments.length}`),
    );
  }
  for await (
    const { segment: { index }, bytes } of segmentChunks(source, chunks, { toEncode: true, signal })
  ) {
    const expected = proof.segments[index]?.chunk_sha256;
    if (expected === undefined) break;
    const isSame = createHash("sha256").update(bytes).digest("hex") === expected;
    if (!isSame) findings.push({ segment: index, what: "the source gives another chunk" });
  }
  return findings;
}

function whole(what: string): Finding {
  return { segment: undefined, what };
}
