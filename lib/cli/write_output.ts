/** An output that comes from elsewhere, byte by byte. */
import { dirname, join } from "node:path";
import { ignoringAbsence } from "../job/memory_areas.ts";
import { openPrivateMemory, sweepPrivateMemories } from "../job/private_memory.ts";
import { proofPathOf } from "../job/proof.ts";
import { quoted } from "../store/shard_key.ts";
import { attempting } from "../store/store_errors.ts";
import { syncDirectory, writeWhole } from "../store/write_file.ts";

/**
 * Writes an output as `writeWhole` writes a file, the proof of an older one going with that. What there is of it when
 * the process is killed, the next transcode to the same folder removes.
 *
 * @param open Its bytes, asked for once there is a place for them.
 * @throws {StoreFullError} @throws {StoreUnwritableError} @throws What the bytes do.
 * @throws `options.signal.reason` once aborted.
 */
export async function writeOutput(
  path: string,
  open: () => ReadableStream<Uint8Array>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const attempted = `write ${quoted(path)}`;
  const target = await attempting(attempted, () => ignoringAbsence(() => Deno.realPath(path))) ?? path;
  const former = await attempting(attempted, () => ignoringAbsence(() => Deno.lstat(target)));
  // such as a named pipe, whose bytes are nowhere in between
  if (former && !former.isFile) {
    await attempting(attempted, () => removeProof(path));
    await writeWhole(path, open(), { signal });
    return;
  }
  const folder = dirname(target);
  await sweepPrivateMemories(folder);
  await using memory = await openPrivateMemory(folder, { signal }); // on the same disk, and swept if we die
  const staged = join(memory.scratchDir, "output");
  const mode = former?.mode ?? null;
  if (mode !== null) await attempting(attempted, () => makeEmpty(staged, mode & 0o777)); // private stays private
  await writeWhole(staged, open(), { signal });
  signal.throwIfAborted();
  await attempting(attempted, async () => {
    await removeProof(path);
    await Deno.rename(staged, target);
    await syncDirectory(folder).catch(ignoringRefusal);
  });
}

async function makeEmpty(path: string, mode: number): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(), { createNew: true });
  await Deno.chmod(path, mode);
}

/** Rather none than that of another output. */
async function removeProof(output: string): Promise<void> {
  await ignoringAbsence(() => Deno.remove(proofPathOf(output)));
}

/** A folder that we may use and not look into. */
function ignoringRefusal(error: unknown): void {
  if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
}
