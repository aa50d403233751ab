/** A stand-in for `jsr:@std/fs`: the functions this project uses. See docs/dependencies.md. */

/** Makes the directory, and those above it, unless it is there. */
export async function ensureDir(dir: string | URL): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
}
