/** What came of a transcode that a master did, for people and for programs. */
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { RemoteResult } from "./transcode_at_master.ts";
import { jsonLine } from "./transcode_result.ts";
import { visible } from "./visible.ts";

/** A few lines, with their line feeds. */
export function remoteText({ path, proofPath, proof, job }: RemoteResult, seconds: number): string {
  const { size_bytes, frames } = proof.output;
  const reused = job.chunksReused === 0 ? "" : `, ${formatCount(job.chunksReused)} of them reused`;
  const lines = [
    `${path} (${formatBytes(size_bytes)}): ${formatCount(frames, "frame")}, checked by the master one by one`,
    `${formatCount(job.chunks, "chunk")}${reused}, took ${formatSeconds(seconds)}`,
    ...job.notes,
    `Proof: ${proofPath}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

/** One line with its line feed; of a transcode here, it says the same and more. */
export function remoteDoneJson(
  { path, proofPath, proof, job, warnings }: RemoteResult,
  seconds: number,
): string {
  return jsonLine({
    event: "done",
    path,
    sizeBytes: proof.output.size_bytes,
    sha256: proof.output.sha256,
    proofPath,
    framesOut: proof.output.frames,
    durationSeconds: job.durationSeconds,
    encodedChunks: job.chunks - job.chunksReused,
    reusedChunks: job.chunksReused,
    seconds,
    notes: [...job.notes, ...warnings],
  });
}
