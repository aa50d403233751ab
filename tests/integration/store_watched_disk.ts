/**
 * Sees every change that this process makes to files, so that a test can make the n-th one fail, or work out what
 * a power cut after it could leave. Deno's own functions are wrapped for as long as the watch lasts.
 */
import { dirname, join, relative, resolve } from "node:path";

/** One change. Files are known by a number, since they keep their content when their name changes. */
export type Change =
  | { readonly kind: "create"; readonly path: string; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly bytes: Uint8Array }
  | { readonly kind: "sync file"; readonly file: number }
  | { readonly kind: "sync folder"; readonly path: string }
  | { readonly kind: "mkdir"; readonly path: string }
  | { readonly kind: "rename" | "link"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string };

let lastFile = 0;

export interface DiskWatcher {
  /** Told of a change before it is made; what it throws is thrown in its stead. */
  readonly before?: (change: Change) => void;
  /** Told of a change that was made; what it throws is thrown all the same. */
  readonly after?: (change: Change) => void;
}

/** Watches until disposed of. */
export function watchDisk({ before = () => {}, after = () => {} }: DiskWatcher): Disposable {
  const { open, mkdir, rename, link, remove, copyFile, readFile } = Deno;
  const { write, sync } = Deno.FsFile.prototype;
  const files = new WeakMap<Deno.FsFile, { readonly path: string; readonly file: number | null }>();
  const copies = new Map<string, number>();

  async function watched<T>(change: Change, make: () => Promise<T>): Promise<T> {
    before(change);
    const made = await make();
    after(change);
    return made;
  }
  Object.assign(Deno, {
    async open(path: string, options: Deno.OpenOptions) {
      const file = options.createNew ? ++lastFile : copies.get(resolve(path)) ?? null;
      const isNew = options.createNew && file !== null;
      if (isNew) before({ kind: "create", path: resolve(path), file });
      const opened = await open(path, options);
      files.set(opened, { path: resolve(path), file });
      try {
        if (isNew) after({ kind: "create", path: resolve(path), file });
        return opened;
      } catch (error) {
        opened.close();
        throw error;
      }
    },
    async copyFile(from: string, to: string) {
      const file = ++lastFile;
      copies.set(resolve(to), file);
      await watched({ kind: "create", path: resolve(to), file }, () => copyFile(from, to));
      after({ kind: "write", file, bytes: await readFile(to) });
    },
    mkdir: (path: string, options?: Deno.MkdirOptions) =>
      watched({ kind: "mkdir", path: resolve(path) }, () => mkdir(path, options)),
    remove: (path: string, options?: Deno.RemoveOptions) =>
      watched({ kind: "remove", path: resolve(path) }, () => remove(path, options)),
    rename: (from: string, to: string) =>
      watched({ kind: "rename", from: resolve(from), to: resolve(to) }, () => rename(from, to)),
    link: (from: string, to: string) =>
      watched({ kind: "link", from: resolve(from), to: resolve(to) }, () => link(from, to)),
  });
  Object.assign(Deno.FsFile.prototype, {
    async write(this: Deno.FsFile, bytes: Uint8Array) {
      const file = files.get(this)?.file;
      const make = () => write.call(this, bytes);
      return file ? await watched({ kind: "write", file, bytes: bytes.slice() }, make) : await make();
    },
    sync(this: Deno.FsFile) {
      const { path, file } = files.get(this) ?? { path: "", file: null };
      const change: Change = file === null ? { kind: "sync folder", path } : { kind: "sync file", file };
      return watched(change, () => sync.call(this));
    },
  });
  return {
    [Symbol.dispose]() {
      Object.assign(Deno, { open, mkdir, rename, link, remove, copyFile });
      Object.assign(Deno.FsFile.prototype, { write, sync });
    },
  };
}

/** A disk in memory: folders as null, files by their number. Paths are relative to its root. */
export interface Tree {
  readonly names: ReadonlyMap<string, number | null>;
  readonly contents: ReadonlyMap<number, Uint8Array>;
}

/** Reads a folder that is on disk for good. */
export async function treeOf(root: string): Promise<Tree> {
  const names = new Map<string, number | null>();
  const contents = new Map<number, Uint8Array>();
  async function visit(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isFile) contents.set(++lastFile, await Deno.readFile(path));
      names.set(relative(root, path), entry.isFile ? lastFile : null);
      if (entry.isDirectory) await visit(path);
    }
  }
  await visit(root);
  return { names, contents };
}

/** Writes a tree to an empty folder. */
export async function materialise(tree: Tree, root: string): Promise<void> {
  for (const [path, file] of tree.names) { // a folder comes before what is in it
    if (file === null) await Deno.mkdir(join(root, path));
    else await Deno.writeFile(join(root, path), tree.contents.get(file) ?? new Uint8Array());
  }
}

/** The same text for trees that a program could not tell apart. */
export function signature(tree: Tree): string {
  const text = (file: number | null) =>
    file === null ? "/" : `:${(tree.contents.get(file) ?? []).toString()}`;
  return Array.from(tree.names, ([path, file]) => path + text(file)).sort().join("\n");
}

/**
 * What a power cut after these changes may leave of a disk: a name whose folder was not synced since may be as
 * before, and a file that was not synced may be empty. Of many names in doubt at once, these are tried: all lost,
 * none, each alone, all but each.
 */
export function* afterPowerCut(base: Tree, root: string, changes: readonly Change[]): Generator<Tree> {
  const inDoubt = changes.flatMap((change, at) => isSettled(change, changes.slice(at + 1)) ? [] : [change]);
  const lost = [
    inDoubt,
    [],
    ...inDoubt.map((one) => [one]),
    ...inDoubt.map((one) => inDoubt.filter((other) => other !== one)),
  ];
  const seen = new Set<string>();
  for (const some of lost) {
    const kept = changes.filter((change) => !some.includes(change));
    for (const isWritten of [true, false]) {
      const tree = apply(base, root, kept, isWritten);
      if (tree === null || seen.has(signature(tree))) continue;
      seen.add(signature(tree));
      yield tree;
    }
  }
}

/** What a killed process leaves: the system still has all that it was given. */
export function afterKill(base: Tree, root: string, changes: readonly Change[]): Tree {
  const tree = apply(base, root, changes, true);
  if (tree === null) throw new Error("changes that were made can be made");
  return tree;
}

/** Whether a change can no longer be undone by a power cut. Of a rename, both names come and go at once. */
function isSettled(change: Change, later: readonly Change[]): boolean {
  const path = "to" in change
    ? change.to
    : "path" in change && change.kind !== "sync folder"
    ? change.path
    : null;
  return path === null || later.some((next) => next.kind === "sync folder" && next.path === dirname(path));
}

/** What is put into a folder that is lost is lost. Null if one of the changes needs another that is missing. */
function apply(base: Tree, root: string, changes: readonly Change[], isWritten: boolean): Tree | null {
  const names = new Map(base.names);
  const contents = new Map(base.contents);
  const pending = new Map<number, Uint8Array[]>();
  const flush = (file: number) => {
    const parts = [contents.get(file) ?? new Uint8Array(), ...pending.get(file) ?? []];
    contents.set(file, Uint8Array.from(parts.flatMap((part) => [...part])));
    pending.delete(file);
  };
  for (const change of changes) {
    const local = (path: string) => relative(root, path);
    const parentIsThere = (path: string) => local(dirname(path)) === "" || names.has(local(dirname(path)));
    switch (change.kind) {
      case "create":
        if (parentIsThere(change.path)) names.set(local(change.path), change.file);
        break;
      case "mkdir":
        if (parentIsThere(change.path) && !names.has(local(change.path))) names.set(local(change.path), null);
        break;
      case "write":
        pending.set(change.file, [...pending.get(change.file) ?? [], change.bytes]);
        break;
      case "sync file":
        flush(change.file);
        break;
      case "rename":
      case "link": {
        const file = names.get(local(change.from));
        if (file === undefined) return null;
        if (change.kind === "rename") names.delete(local(change.from));
        if (parentIsThere(change.to)) names.set(local(change.to), file);
        break;
      }
      case "remove":
        for (const path of names.keys()) {
          if (path === local(change.path) || path.startsWith(local(change.path) + "/")) names.delete(path);
        }
        break;
      case "sync folder":
    }
  }
  if (isWritten) { for (const file of pending.keys()) flush(file); }
  return { names, contents };
}
