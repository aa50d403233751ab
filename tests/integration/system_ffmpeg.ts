/** The system's ffmpeg and ffprobe, which tests may use where there are any. */

/** Ends the name of a test that is left out for lack of them. */
export const WITHOUT_FFMPEG = "(needs ffmpeg and ffprobe: install the package ffmpeg)";

export const HAS_FFMPEG = await starts("ffmpeg") && await starts("ffprobe");

async function starts(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args: ["-version"], stdout: "null" }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs ffmpeg or ffprobe with `input` on stdin.
 *
 * @throws {Error} If it fails or warns, with what it said.
 */
export async function runSystem(
  program: "ffmpeg" | "ffprobe",
  args: readonly string[],
  input: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const child = new Deno.Command(program, {
    args: ["-hide_banner", "-loglevel", "error", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const fed = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {}); // it says itself what is wrong
  const { success, stdout, stderr } = await child.output();
  await fed;
  const said = new TextDecoder().decode(stderr);
  if (!success || said !== "") throw new Error(`${program} ${args.join(" ")}: ${said}`);
  return new TextDecoder().decode(stdout);
}
