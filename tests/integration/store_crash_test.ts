import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { ShardStore } from "../../lib/store/shard_store.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { filesOf, KEY, labelOf, open, putLabelled, storedFiles, temporaryFolder } from "./store_fixture.ts";
import {
  afterKill,
  afterPowerCut,
  type Change,
  materialise,
  signature,
  type Tree,
  treeOf,
  watchDisk,
} from "./store_watched_disk.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const NEIGHBOUR = { videoId: "v", chunkIndex: 1 };

/** What is done to the store, and what may be found under KEY when it did not come to its end. */
interface Scenario {
  readonly name: string;
  readonly prepare: (store: ShardStore) => Promise<void>;
  readonly act: (store: ShardStore) => Promise<unknown>;
  readonly before: string | null;
  readonly after: string | null;
  /** Whether files that no reader sees may stay when it is cut short. */
  readonly mayHaveStrays: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "a first put()",
    prepare: () => Promise.resolve(),
    act: (store) => putLabelled(store, KEY, "new", 90),
    before: null,
    after: "new",
    mayHaveStrays: false,
  },
  {
    name: "an overwriting put()",
    prepare: (store) => putLabelled(store, KEY, "old", 80),
    act: (store) => putLabelled(store, KEY, "new", 90),
    before: "old",
    after: "new",
    mayHaveStrays: false,
  },
  {
    name: "a deleteVideo()",
    async prepare(store) {
      await putLabelled(store, KEY, "old", 80);
      await putLabelled(store, NEIGHBOUR, "old", 80);
    },
    act: (store) => store.deleteVideo(KEY.videoId),
    before: "old",
    after: null,
    mayHaveStrays: true,
  },
];

/** Checks that listing and reading say the same of a store, and that nothing lies about in it. */
async function checkTidy(store: ShardStore, options: { mayHaveStrays: boolean }): Promise<void> {
  const shards = await store.metadata(KEY.videoId);
  const expected: string[] = [];
  for (const key of [KEY, NEIGHBOUR]) {
    const listed = shards.find((shard) => shard.chunkIndex === key.chunkIndex);
    assertEquals(listed?.encoder ?? null, await labelOf(store, key), "the listing says what a reader gets");
    if (listed) expected.push(...filesOf(key));
  }
  const files = await storedFiles(store.root);
  // A deletion that was cut short may leave files that no reader sees.
  const strays = files.filter((path) => !expected.includes(path));
  assertEquals(options.mayHaveStrays ? strays.filter((path) => path.includes(".staging")) : strays, []);
  const owners = await Array.fromAsync(Deno.readDir(join(store.root, "metadata", ".staging")));
  assertEquals(owners.length, 2, "there is the lock, and our own folder");
}

/** The changes that a task makes. */
async function changesOf(task: () => Promise<unknown>): Promise<Change[]> {
  const changes: Change[] = [];
  using _watch = watchDisk({ after: (change) => changes.push(change) });
  await task();
  return changes;
}

/** Opens a store on a disk in this state, and closes it. */
async function onDisk<T>(tree: Tree, task: (root: string) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder();
  await materialise(tree, folder.path);
  return await task(folder.path);
}

async function labelFound(tree: Tree, options: { mayHaveStrays: boolean }): Promise<string | null> {
  return await onDisk(tree, async (root) => {
    await using store = await open(root);
    await checkTidy(store, options);
    return await labelOf(store, KEY);
  });
}

function noSpace(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

for (const { name, prepare, act, before, after, mayHaveStrays } of SCENARIOS) {
  Deno.test(`${name} is seen whole or not at all after a power cut at any moment`, async () => {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path);
    await prepare(store);
    const base = await treeOf(folder.path);
    const acknowledged = await changesOf(() => act(store));
    const changes = [...acknowledged, ...await changesOf(() => store.close())];
    const seen = new Map<string, string | null>();
    for (let cut = 0; cut <= changes.length; cut++) {
      for (const tree of afterPowerCut(base, folder.path, changes.slice(0, cut))) {
        const isAcknowledged = cut >= acknowledged.length;
        const state = `${isAcknowledged}\n${signature(tree)}`;
        const options = { mayHaveStrays: mayHaveStrays && !isAcknowledged };
        if (!seen.has(state)) seen.set(state, await labelFound(tree, options));
        const label = seen.get(state) ?? null;
        const allowed = isAcknowledged ? [after] : [before, after];
        assert(allowed.includes(label), `"${label}" after ${cut} of ${changes.length} changes:\n${state}`);
      }
    }
    assertEquals(new Set(seen.values()), new Set([before, after]), "both are found");
  });

  Deno.test(`${name} that was killed at any moment is settled so that a power cut finds it so`, async () => {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path);
    await prepare(store);
    const base = await treeOf(folder.path);
    const killed = await changesOf(() => act(store));
    for (let kill = 0; kill < killed.length; kill++) {
      const done = killed.slice(0, kill);
      await onDisk(afterKill(base, folder.path, done), async (root) => {
        const found: (string | null)[] = [];
        const here = (path: string) => path.replace(root, folder.path);
        const changes = (await changesOf(async () => {
          await using reopened = await open(root);
          found.push(await labelOf(reopened, KEY));
        })).map((change) => moved(change, here));
        assert([before, after].includes(found[0] ?? null));
        for (const tree of afterPowerCut(base, folder.path, [...done, ...changes])) {
          const label = await labelFound(tree, { mayHaveStrays: true });
          // What is not committed stays undone; what a reader has been given stays.
          assertEquals(label, found[0] ?? null, `killed after ${kill} changes`);
        }
      });
    }
  });

  for (const moment of ["before", "after"] as const) {
    const how = moment === "before" ? "fails" : "is made and said to have failed";
    Deno.test(`${name} leaves all as it was, or done, when any one change of files ${how}`, async () => {
      for (let fault = 0;; fault++) {
        await using folder = await temporaryFolder();
        await using store = await open(folder.path);
        await prepare(store);
        let count = 0;
        const error = await (async () => {
          using _watch = watchDisk({
            [moment]: () => {
              if (count++ === fault) throw noSpace();
            },
          });
          return await act(store).then(() => null, (error: unknown) => error);
        })();
        const label = await labelOf(store, KEY);
        if (count <= fault) {
          assertGreater(fault, 5, "there were changes to fail");
          assertEquals([error, label], [null, after]);
          break;
        }
        if (error === null) assertEquals(label, after, `acknowledged, though change ${fault} failed`);
        else assert(error instanceof StoreFullError, `${error}`);
        assert([before, after].includes(label), `"${label}" when change ${fault} failed`);
        await store.close();
        await using reopened = await open(folder.path);
        assertEquals(await labelOf(reopened, KEY), label, `after change ${fault} failed`);
        await checkTidy(reopened, { mayHaveStrays });
      }
    });
  }

  Deno.test(`${name} leaves all as it was, or done, when every change from any one on fails`, async () => {
    for (let fault = 0;; fault++) {
      await using folder = await temporaryFolder();
      await using store = await open(folder.path);
      await prepare(store);
      let count = 0;
      const error = await (async () => {
        using _watch = watchDisk({
          before() {
            if (count++ >= fault) throw noSpace();
          },
        });
        return await act(store).then(() => null, (error: unknown) => error);
      })();
      if (count <= fault) break;
      if (error === null) assertEquals(await labelOf(store, KEY), after);
      await store.close();
      await using reopened = await open(folder.path);
      const label = await labelOf(reopened, KEY);
      assert([before, after].includes(label), `"${label}" when changes from ${fault} on failed`);
      await checkTidy(reopened, { mayHaveStrays });
    }
  });
}

for (const hasSecondNames of [true, false]) {
  const disk = hasSecondNames ? "a disk with second names" : "a disk without second names";
  Deno.test(`an overwriting put() that fails between its two renames is undone for good, on ${disk}`, async () => {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path);
    await putLabelled(store, KEY, "old", 80);
    const base = await treeOf(folder.path);
    const changes: Change[] = [];
    {
      using _watch = watchDisk({
        before(change) {
          if (change.kind === "link" && !hasSecondNames) throw new Deno.errors.NotSupported("links");
          if (change.kind === "rename" && change.to.endsWith("metadata.json")) throw noSpace();
        },
        after: (change) => changes.push(change),
      });
      await assertRejects(() => putLabelled(store, KEY, "new", 90), StoreFullError);
    }
    assertEquals(await labelOf(store, KEY), "old");
    const seen = new Map<string, string | null>();
    for (let cut = 0; cut <= changes.length; cut++) {
      for (const tree of afterPowerCut(base, folder.path, changes.slice(0, cut))) {
        const state = signature(tree);
        if (!seen.has(state)) seen.set(state, await labelFound(tree, { mayHaveStrays: false }));
        const allowed = cut === changes.length ? ["old"] : ["old", "new"];
        assert(
          allowed.includes(seen.get(state) ?? ""),
          `"${seen.get(state)}" after ${cut} changes:\n${state}`,
        );
      }
    }
  });
}

Deno.test("an overwriting put() that can be neither ended nor undone is ended at the next start", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "old", 80);
  {
    using _watch = watchDisk({
      before(change) {
        if (change.kind === "rename" && change.to.endsWith("metadata.json")) throw noSpace();
        if (change.kind === "rename" && change.from.endsWith(".previous")) throw noSpace();
      },
    });
    await assertRejects(() => putLabelled(store, KEY, "new", 90), StoreFullError);
  }
  await store.close();
  await using reopened = await open(folder.path);
  assertEquals(await labelOf(reopened, KEY), "new");
  await checkTidy(reopened, { mayHaveStrays: false });
});

function moved(change: Change, to: (path: string) => string): Change {
  if ("from" in change) return { ...change, from: to(change.from), to: to(change.to) };
  return "path" in change ? { ...change, path: to(change.path) } : change;
}
