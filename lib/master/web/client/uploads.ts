/** The files that are on their way to the master, one after the other. */
import type { UploadOptions } from "./server.ts";
import { freeVideoId } from "./video_name.ts";

export interface Upload {
  readonly id: number;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** 0 to 1. */
  readonly share: number;
  readonly state: "waiting" | "sending" | "failed";
  /** Why it failed; else empty. */
  readonly problem: string;
}

export interface UploadsOptions {
  send(file: File, settings: Readonly<Record<string, string>>, options: UploadOptions): Promise<unknown>;
  /** Whether a video of that name is there and would be in the way. */
  isTaken(videoId: string): boolean;
  onChange(uploads: readonly Upload[]): void;
}

export interface Uploads {
  /** @param settings What the query says besides the names. */
  add(files: readonly File[], settings: Readonly<Record<string, string>>): void;
  /** Ends it, or takes a failed one off the list. */
  drop(id: number): void;
}

export function createUploads({ send, isTaken, onChange }: UploadsOptions): Uploads {
  let uploads: readonly Upload[] = [];
  let lastId = 0;
  let queue = Promise.resolve();
  const dropped = new Map<number, AbortController>();

  function change(next: readonly Upload[]): void {
    uploads = next;
    onChange(uploads);
  }
  const update = (id: number, news: Partial<Upload>) =>
    change(uploads.map((upload) => upload.id === id ? { ...upload, ...news } : upload));
  const forget = (id: number) => change(uploads.filter((upload) => upload.id !== id));

  async function run(id: number, file: File, settings: Readonly<Record<string, string>>): Promise<void> {
    const { signal } = dropped.get(id)!;
    if (signal.aborted) return;
    update(id, { state: "sending" });
    const names = { video_id: freeVideoId(file.name, isTaken), original_filename: file.name };
    const onProgress = (share: number) => update(id, { share });
    try {
      await send(file, { ...names, ...settings }, { signal, onProgress });
      forget(id);
    } catch (error) {
      if (!signal.aborted) update(id, { state: "failed", problem: (error as Error).message });
    }
  }

  return {
    add(files, settings) {
      for (const file of files) {
        const id = ++lastId;
        dropped.set(id, new AbortController());
        const upload = { id, fileName: file.name, sizeBytes: file.size, share: 0, problem: "" };
        change([...uploads, { ...upload, state: "waiting" }]);
        queue = queue.then(() => run(id, file, settings));
      }
    },
    drop(id) {
      dropped.get(id)?.abort(new DOMException("Dropped", "AbortError"));
      dropped.delete(id);
      forget(id);
    },
  };
}
