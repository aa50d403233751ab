/** Makes the test files, each once in a process. */
import { dirname, join } from "node:path";
import type { FfmpegRun, MediaCase, Step } from "./media_case.ts";
import { runFfmpeg } from "./run_ffmpeg.ts";

const made = new Map<string, Promise<string>>();
let folder: Promise<string> | undefined;

/**
 * The file of a case, made when it is first asked for. It stays until the process ends, since making it takes as
 * long as many a test.
 *
 * @throws {FfmpegError} If ffmpeg cannot make it.
 */
export function mediaFile(media: MediaCase): Promise<string> {
  const path = made.get(media.file) ?? makeIn(media);
  made.set(media.file, path);
  return path;
}

async function makeIn(media: MediaCase): Promise<string> {
  folder ??= temporaryFolderUntilExit();
  const path = join(await folder, media.file);
  await makeMedia(media, path);
  return path;
}

/**
 * Makes the file of a case at `path`.
 *
 * @throws {FfmpegError} If ffmpeg cannot make it.
 */
export async function makeMedia(media: MediaCase, path: string): Promise<void> {
  for (const step of media.make(path)) await takeStep(step);
  for await (const { name } of Deno.readDir(dirname(path))) {
    if (name.startsWith(`${media.file}.`)) await Deno.remove(join(dirname(path), name));
  }
}

async function takeStep(step: Step): Promise<void> {
  if (isRun(step)) {
    await runFfmpeg("ffmpeg", ["-y", "-bitexact", ...step.slice(0, -1), "-bitexact", ...step.slice(-1)]);
  } else if ("text" in step) {
    await Deno.writeTextFile(step.path, step.text);
  } else if ("parts" in step) {
    const parts = await Promise.all(step.parts.map((part) => Deno.readFile(part)));
    await Deno.writeFile(step.path, step.join?.(parts) ?? await new Blob(parts).bytes());
  } else {
    const bytes = await Deno.readFile(step.path);
    step.patch(bytes);
    await Deno.writeFile(step.path, bytes);
  }
}

const isRun = (step: Step): step is FfmpegRun => Array.isArray(step);

async function temporaryFolderUntilExit(): Promise<string> {
  const path = await Deno.makeTempDir();
  globalThis.addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  return path;
}
