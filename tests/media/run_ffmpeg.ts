/** The system's ffmpeg and ffprobe. */

export type FfmpegProgram = "ffmpeg" | "ffprobe";

/** One of the programs failed; the message has its last words. */
export class FfmpegError extends Error {
  override readonly name = "FfmpegError";
}

export interface FfmpegOutput {
  readonly stdout: string;
  /** What it has to complain of; empty where all is well. */
  readonly stderr: string;
}

/**
 * Runs a program to its end, errors alone on stderr.
 *
 * @throws {FfmpegError} If it fails.
 */
export async function runFfmpeg(program: FfmpegProgram, args: readonly string[]): Promise<FfmpegOutput> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: ["-hide_banner", "-v", "error", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { SVT_LOG: "1", NO_COLOR: "1" },
  }).output();
  const output = { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  if (!success) throw new FfmpegError(`${program} ${args.join(" ")}: ${output.stderr.slice(-2_000)}`);
  return output;
}
