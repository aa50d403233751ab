/**
 * The sources and results of a master, on disk:
 *
 *     uploads/<job id>                    a source, whole
 *     results/<job id>/<run>.<container>  a result, its proof beside it
 *     uploads/<job id>.removed            empty: this job is to go, and its files have, see `giveUp()`
 *
 * A file counts once the catalog names it; any other is a leftover. Names come from job ids only.
 */
import { ensureDir } from "@std/fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Container } from "../assemble/output_container.ts";
import { attempting } from "../store/store_errors.ts";
import { StalledError } from "../stalled.ts";
import { type GrowingFile, syncDirectory, writeWhole } from "../store/write_file.ts";
import type { UnderWay } from "../under_way.ts";
import type { ByteRange, MasterOptions, StoredVideo } from "./master.ts";

/** What of a job the sweep lets be. */
export interface KeptFiles {
  readonly jobId: string;
  /** Without its extension; undefined: it has no result. */
  readonly resultName: string | undefined;
}

export interface StoredSource {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface ReceiveOptions extends MasterOptions {
  readonly onGrown?: ((part: GrowingFile) => void) | undefined;
}

export interface VideoFiles {
  sourcePath(jobId: string): string;
  /** Of one run; its folder is there once {@link VideoFiles.prepareResult} was called. */
  resultPath(jobId: string, fileName: string): string;
  prepareResult(
    jobId: string,
    run: number,
    container: Container,
  ): Promise<{ fileName: string; path: string }>;
  /**
   * Stores a source, which is on disk once this returns; nothing is left if it throws.
   *
   * @param options.onGrown Told of the file as the source comes in.
   * @throws {StoreFullError} @throws {StoreUnwritableError} @throws What the stream does.
   */
  receive(jobId: string, video: ReadableStream<Uint8Array>, options: ReceiveOptions): Promise<StoredSource>;
  /**
   * Makes room of a job that is to be removed, before the catalog has dropped it. A mark, set first, says so until
   * {@link VideoFiles.remove}, to the next start too. May be called again.
   *
   * @throws {StoreFullError} @throws {StoreUnwritableError}
   */
  giveUp(jobId: string): Promise<void>;
  /** Jobs that have the mark. */
  givenUp(): Promise<string[]>;
  /** Removes all that a job has. */
  remove(jobId: string): Promise<void>;
  /** Removes what no job has. */
  sweep(jobs: readonly KeptFiles[]): Promise<void>;
  /** Free bytes on the disk. Needs `--allow-sys=statfs`. */
  freeBytes(): Promise<number>;
}

/** Ends the name of what was a source. */
const MARK = ".removed";

/** Makes the folders, as far as they are missing. @throws {StoreUnwritableError} @throws {StoreFullError} */
export async function openVideoFiles(root: string): Promise<VideoFiles> {
  const uploads = join(root, "uploads");
  const results = join(root, "results");
  await attempting("make the folders of the data", async () => {
    for (const folder of [uploads, results]) await ensureDir(folder);
  });
  const sourcePath = (jobId: string) => join(uploads, jobId);
  const markPath = (jobId: string) => join(uploads, `${jobId}${MARK}`);
  const resultFolder = (jobId: string) => join(results, jobId);

  async function remove(jobId: string): Promise<void> {
    await removeIfThere(sourcePath(jobId));
    await removeIfThere(resultFolder(jobId));
    await removeIfThere(markPath(jobId));
  }

  return {
    sourcePath,
    resultPath: (jobId, fileName) => join(resultFolder(jobId), fileName),
    async prepareResult(jobId, run, container) {
      const folder = resultFolder(jobId);
      await attempting("make the folder of the result", () => ensureDir(folder));
      const fileName = `${run}.${container}`;
      return { fileName, path: join(folder, fileName) };
    },
    receive: (jobId, video, options) => writeWhole(sourcePath(jobId), video, options),
    async giveUp(jobId) {
      await attempting("make room", async () => {
        await ignoringAbsence(() => Deno.rename(sourcePath(jobId), markPath(jobId)));
        // emptied rather than removed: the mark stays, and somebody who reads the source holds no room
        (await Deno.open(markPath(jobId), { write: true, create: true, truncate: true })).close();
        await syncDirectory(uploads); // or a power cut could leave a job without result or mark
        await removeIfThere(resultFolder(jobId));
      });
    },
    async givenUp() {
      const names = await Array.fromAsync(Deno.readDir(uploads), ({ name }) => name);
      return names.filter((name) => name.endsWith(MARK)).map((name) => name.slice(0, -MARK.length));
    },
    remove,
    async sweep(jobs) {
      const kept = new Map(jobs.map(({ jobId, resultName }) => [jobId, resultName]));
      for await (const { name } of Deno.readDir(uploads)) {
        const jobId = name.endsWith(MARK) ? name.slice(0, -MARK.length) : name;
        if (!kept.has(jobId)) await removeIfThere(join(uploads, name));
      }
      for await (const { name: jobId } of Deno.readDir(results)) {
        const resultName = kept.get(jobId);
        if (resultName === undefined) await removeIfThere(resultFolder(jobId));
        else await sweepResults(resultFolder(jobId), resultName);
      }
    },
    async freeBytes() {
      const disk = await attempting("measure the free space", () => statfs(root));
      return disk.bavail * disk.bsize;
    },
  };
}

/** The result's own file and its proof begin with its name. */
async function sweepResults(folder: string, resultName: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(`${resultName}.`)) await removeIfThere(join(folder, name));
  }
}

async function removeIfThere(path: string): Promise<void> {
  await ignoringAbsence(() => Deno.remove(path, { recursive: true }));
}

async function ignoringAbsence(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** In each piece that is read. */
const PIECE_BYTES = 256 * 1024;
/** As gRPC's limit for one message of a response. */
const STALL_MS = 600_000;

/**
 * A file that is there, as something to be read. A reader that is waited for and takes nothing for `stallMs`, by
 * default 10 minutes, is cut off with a {@link StalledError}; others, such as a player that pauses, keep nobody.
 *
 * @throws {Deno.errors.NotFound}
 */
export async function storedVideo(
  path: string,
  names: Pick<StoredVideo, "fileName" | "mediaType">,
  transfers: UnderWay,
  { stallMs = STALL_MS }: { readonly stallMs?: number | undefined } = {},
): Promise<StoredVideo> {
  const { size: sizeBytes } = await Deno.stat(path);
  return {
    ...names,
    sizeBytes,
    async open({ signal, range = { first: 0, last: sizeBytes - 1 }, isAwaited = false }) {
      const transfer = isAwaited ? transfers.begin() : undefined;
      const onClose = () => transfer?.[Symbol.dispose]();
      try {
        const limitMs = isAwaited ? stallMs : undefined;
        return await readRange(path, sizeBytes, { signal, range, stallMs: limitMs, onClose });
      } catch (error) {
        onClose();
        throw error;
      }
    },
  };
}

async function readRange(
  path: string,
  sizeBytes: number,
  { signal, range: { first, last }, stallMs, onClose }: MasterOptions & {
    readonly range: ByteRange;
    /** Undefined: it may take as long as it likes. */
    readonly stallMs: number | undefined;
    readonly onClose: () => void;
  },
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const isWithin = [first, last].every(Number.isSafeInteger) && first >= 0 && last >= first - 1 &&
    last < sizeBytes;
  if (!isWithin) throw new RangeError(`Cannot read bytes ${first} to ${last} of ${sizeBytes}`);
  signal.throwIfAborted();
  const file = await Deno.open(path, { read: true });
  let left = last - first + 1;
  let isOpen = true;
  let stall: ReturnType<typeof setTimeout> | undefined;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(stall);
    signal.removeEventListener("abort", abort);
    file.close();
    onClose();
  };
  let fail = (_reason: unknown) => {};
  const end = (reason: unknown) => {
    fail(reason);
    close();
  };
  const abort = () => end(signal.reason);
  const awaitReader = () => {
    if (stallMs === undefined) return;
    const late = `Cannot send the video: nothing was read for ${stallMs / 1000} s`;
    stall = setTimeout(() => end(new StalledError(late)), stallMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    await file.seek(first, Deno.SeekMode.Start);
  } catch (error) {
    close();
    throw error;
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      fail = (reason) => controller.error(reason);
      awaitReader();
    },
    async pull(controller) {
      clearTimeout(stall);
      const piece = new Uint8Array(Math.min(PIECE_BYTES, left));
      const size = left === 0 ? 0 : await file.read(piece).catch((error) => {
        close();
        throw error;
      });
      if (!isOpen) return;
      if (size) {
        left -= size;
        awaitReader();
        return controller.enqueue(piece.subarray(0, size));
      }
      close();
      if (left > 0) throw new RangeError(`Cannot read a file that is ${left} bytes shorter than it was`);
      controller.close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
