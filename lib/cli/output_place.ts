/** Whether there is a place for what a command makes, asked before the work that would be in vain. */
import { ensureDir } from "@std/fs";
import { dirname } from "node:path";
import { checkVideoFits, containerOf } from "../assemble/output_container.ts";
import { AssembleError } from "../assemble/assemble_error.ts";
import type { Codec } from "../encode/settings.ts";
import { quoted } from "../store/shard_key.ts";
import { attempting, StoreUnwritableError } from "../store/store_errors.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes a folder, and those above it, unless it is there, and sees whether files can be made in it.
 *
 * @throws {StoreUnwritableError} @throws {StoreFullError}
 */
export async function prepareFolder(path: string): Promise<void> {
  const attempted = `make folder ${quoted(path)}`;
  try {
    await attempting(attempted, () => ensureDir(path));
  } catch (cause) {
    if (!await statIfPresent(path)) throw cause;
    throw new StoreUnwritableError(`Cannot ${attempted}: there is something else of that name`, { cause });
  }
  await checkWritable(path);
}

/**
 * Sees whether a video can be written to `path`.
 *
 * @param source A file that must not be replaced.
 * @throws {StoreUnwritableError} @throws {StoreFullError}
 */
export async function checkVideoPlace(
  path: string,
  { source }: { readonly source?: string | undefined } = {},
): Promise<void> {
  const refuse = (why: string) => new StoreUnwritableError(`Cannot write ${quoted(path)}: ${why}`);
  await checkWritable(dirname(path));
  const target = await statIfPresent(path);
  if (target?.isDirectory) throw refuse("it is a folder");
  if (!target || source === undefined) return;
  if (await Deno.realPath(path) === await Deno.realPath(source)) throw refuse("it is the source itself");
}

/**
 * @param flag What the path was given by, such as `--output`.
 * @param codec Undefined: not known yet.
 * @throws {UsageError} If the path's extension stands for no container that holds video of that codec.
 */
export function checkVideoName(flag: string, path: string, codec: Codec | undefined): void {
  try {
    const container = containerOf(path);
    if (codec !== undefined) checkVideoFits(container, TRACK_CODECS[codec]);
  } catch (error) {
    if (error instanceof AssembleError) throw new UsageError(`${flag}: ${error.message}`);
    throw error;
  }
}

/** As the muxer calls them. */
const TRACK_CODECS = {
  h264: "avc",
  hevc: "hevc",
  vp9: "vp9",
  av1: "av1",
} as const satisfies Record<Codec, string>;

async function checkWritable(folder: string): Promise<void> {
  await attempting(`make files in folder ${quoted(folder)}`, async () => {
    await Deno.remove(await Deno.makeTempFile({ dir: folder, prefix: ".", suffix: ".tmp" }));
  });
}

async function statIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    if (isAbsent) return undefined;
    throw error;
  }
}
