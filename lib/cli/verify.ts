/** Holds a video against the proof that lies beside it. */
import { SourceError } from "../chunk/source_error.ts";
import { type Finding, verifyOutput, verifySource } from "../job/verify_output.ts";
import { type Proof, proofPathOf, readProof } from "../job/proof.ts";
import { defineCommand, type Parsed } from "./command.ts";
import { exitWith } from "./exit.ts";
import { formatBytes, formatCount } from "./format.ts";
import { jsonText } from "./json.ts";
import { writeError, writeOut } from "./output.ts";
import { visible } from "./visible.ts";

const COMMAND = defineCommand({
  name: "verify",
  summary:
    "Holds a transcoded video against the proof that lies beside it: the file's SHA-256, container and codec, and " +
    "each segment's frames, their times and their data. The proof is not signed: it shows what has changed since, " +
    "not who wrote it. Exit code 0: all is as it was; 1: something differs.",
  usage: "deno task verify OUTPUT [flags]",
  positionals: { output: { kind: "string", required: true, help: "The transcoded video." } },
  flags: {
    proof: { kind: "string", valueName: "FILE", defaultText: "OUTPUT.proof.json", help: "The proof." },
    source: {
      kind: "string",
      valueName: "FILE",
      help: "What it was made from: it, its chunks and what they were to become are compared too.",
    },
    json: { kind: "boolean", help: "The result as JSON on standard output." },
  },
  examples: ["deno task verify film.mp4", "deno task verify film.mp4 --source film.mkv"],
});

async function main(
  { flags, positionals: { output } }: Parsed<typeof COMMAND>,
  signal: AbortSignal,
): Promise<number> {
  await checkPresent(output);
  const proof = await readProof(flags.proof ?? proofPathOf(output));
  const findings = await verifyOutput(proof, output, { signal });
  if (flags.source !== undefined) findings.push(...await verifySource(proof, flags.source, { signal }));
  if (flags.json) writeOut(findingsJson(output, proof, findings));
  else if (findings.length === 0) writeOut(`${visible(soundText(output, proof, flags.source))}\n`);
  else writeError(findings.map((finding) => `${visible(findingText(output, finding))}\n`).join(""));
  return findings.length === 0 ? 0 : 1;
}

/** Before its proof, which is then not there either. @throws {SourceError} */
async function checkPresent(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (cause) {
    const isAbsent = cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory;
    if (isAbsent) throw new SourceError("missing", path, "there is no such file", { cause });
    throw cause;
  }
}

function soundText(path: string, { output, segments, encoding }: Proof, source: string | undefined): string {
  return `${path} is what its proof says: ${formatBytes(output.size_bytes)}, ` +
    `${formatCount(output.frames, "frame")} in ${
      formatCount(segments.length, "segment")
    }, ${encoding.build}` +
    (source === undefined ? "" : `; made from ${source}`);
}

function findingText(path: string, { segment, what }: Finding): string {
  return `${path}: ${segment === undefined ? "" : `segment ${segment}: `}${what}`;
}

function findingsJson(path: string, { segments }: Proof, findings: readonly Finding[]): string {
  const result = {
    path,
    is_same: findings.length === 0,
    segments: segments.length,
    findings: findings.map(({ segment, what }) => ({ segment: segment ?? null, what })),
  };
  return `${jsonText(result)}\n`;
}

if (import.meta.main) await exitWith(COMMAND, main);
