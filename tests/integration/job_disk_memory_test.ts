import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openDiskMemory } from "../../lib/job/disk_memory.ts";
import type { ShardKey, ShardMemory } from "../../lib/job/shard_memory.ts";
import { ShardCorruptError } from "../../lib/store/store_errors.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const signal = new AbortController().signal;
const BYTES = 1_000;
const HOUR_MS = 3_600_000;

function keyOf(name: string): ShardKey {
  return {
    chunkSha256: sha256(new TextEncoder().encode(name)),
    taskSha256: "0".repeat(64),
    build: "libav/libx264 8.1",
  };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function shardOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BYTES).fill(name.charCodeAt(0));
}

async function keep(
  memory: ShardMemory,
  name: string,
  more: { check?: (path: string) => Promise<void>; signal?: AbortSignal } = {},
) {
  const bytes = shardOf(name);
  const facts = {
    sha256: sha256(bytes),
    frameCount: 3,
    workerId: `worker of ${name}`,
    attempt: 2,
    encodeSeconds: 0.5,
    notes: ["note"],
  };
  return await memory.keep(
    keyOf(name),
    facts,
    ReadableStream.from([bytes.subarray(0, 10), bytes.subarray(10)]),
    { signal, ...more },
  );
}

/** As if it had last been used then. */
async function age(path: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await Deno.utime(path.replace(/shard$/, "json"), then, then);
}

async function filesBelow(folder: string): Promise<string[]> {
  const found = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...(await filesBelow(join(folder, name))).map((below) => `${name}/${below}`));
    else found.push(name);
  }
  return found.sort();
}

Deno.test("a memory finds what it kept, in the next run too, with all that is known of it", async () => {
  await using folder = await temporaryFolder();
  {
    await using memory = await openDiskMemory(folder.path);
    assertEquals(await memory.find(keyOf("a"), { signal }), undefined);
    await keep(memory, "a");
  }
  await using memory = await openDiskMemory(folder.path);
  const found = await memory.find(keyOf("a"), { signal });
  assert(found);
  const { path, ...facts } = found;
  assertEquals(await Deno.readFile(path), shardOf("a"));
  assertEquals(facts, {
    sha256: sha256(shardOf("a")),
    sizeBytes: BYTES,
    frameCount: 3,
    workerId: "worker of a",
    attempt: 2,
    encodeSeconds: 0.5,
    notes: ["note"],
  });
});

Deno.test("a memory tells shards of another chunk, task or build from one it has", async () => {
  await using folder = await temporaryFolder();
  await using memory = await openDiskMemory(folder.path);
  await keep(memory, "a");
  for (const name of ["chunkSha256", "taskSha256", "build"] as const) {
    assertEquals(await memory.find({ ...keyOf("a"), [name]: "other" }, { signal }), undefined);
  }
});

Deno.test("a memory keeps the first of two shards of one key", async () => {
  await using folder = await temporaryFolder();
  await using memory = await openDiskMemory(folder.path);
  const first = await keep(memory, "a");
  const bytes = shardOf("b");
  const facts = {
    sha256: sha256(bytes),
    frameCount: 1,
    workerId: "b",
    attempt: 1,
    encodeSeconds: 1,
    notes: [],
  };
  assertEquals(await memory.keep(keyOf("a"), facts, ReadableStream.from([bytes]), { signal }), first);
  assertEquals(await Deno.readFile(first.path), shardOf("a"));
});

for (
  const [what, damage] of [
    ["altered", (path: string) => Deno.writeFile(path, shardOf("b"))],
    ["shorter", (path: string) => Deno.truncate(path, 10)],
    ["gone", (path: string) => Deno.remove(path)],
    [
      "without a record that can be read",
      (path: string) => Deno.writeTextFile(path.replace(/shard$/, "json"), "{"),
    ],
  ] as const
) {
  Deno.test(`a memory does not find a shard that is ${what}, and keeps another in its place`, async () => {
    await using folder = await temporaryFolder();
    await using memory = await openDiskMemory(folder.path);
    const { path } = await keep(memory, "a");
    await damage(path);
    assertEquals(await memory.find(keyOf("a"), { signal }), undefined);
    await keep(memory, "a");
    assertEquals((await memory.find(keyOf("a"), { signal }))?.path, path);
  });
}

Deno.test("a memory keeps nothing of bytes that are others than announced, that fail their check, or that break off", async () => {
  await using folder = await temporaryFolder();
  await using memory = await openDiskMemory(folder.path);
  const facts = {
    sha256: sha256(shardOf("b")),
    frameCount: 1,
    workerId: "w",
    attempt: 1,
    encodeSeconds: 1,
    notes: [],
  };
  const stream = () => ReadableStream.from([shardOf("a")]);
  await assertRejects(
    () => memory.keep(keyOf("a"), facts, stream(), { signal }),
    ShardCorruptError,
    "SHA-256",
  );
  const seen: string[] = [];
  const check = (path: string) => {
    seen.push(path);
    return Promise.reject(new Error("does not fit"));
  };
  await assertRejects(() => keep(memory, "a", { check }), Error, "does not fit");
  assertEquals(seen.length, 1);
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("worker lost")) });
  await assertRejects(() => memory.keep(keyOf("a"), facts, broken, { signal }), Error, "worker lost");
  assertEquals(await memory.find(keyOf("a"), { signal }), undefined);
  assertEquals((await filesBelow(folder.path)).filter((name) => name.endsWith(".shard")), []);
});

Deno.test("a memory forgets what it is told to, and nothing else", async () => {
  await using folder = await temporaryFolder();
  await using memory = await openDiskMemory(folder.path);
  await keep(memory, "a");
  await keep(memory, "b");
  await memory.forget(keyOf("a"), { signal });
  await memory.forget(keyOf("a"), { signal });
  assertEquals(await memory.find(keyOf("a"), { signal }), undefined);
  assertNotEquals(await memory.find(keyOf("b"), { signal }), undefined);
});

Deno.test("a memory that is full removes what was used longest ago, and nothing that is in use", async () => {
  await using folder = await temporaryFolder();
  {
    await using memory = await openDiskMemory(folder.path);
    for (const [index, name] of ["a", "b", "c", "d"].entries()) {
      await age((await keep(memory, name)).path, (10 - index) * HOUR_MS);
    }
  }
  await using user = await openDiskMemory(folder.path); // of another job, without a limit of its own
  assert(await user.find(keyOf("a"), { signal })); // the oldest one
  {
    await using memory = await openDiskMemory(folder.path, { maxBytes: 3 * BYTES });
    await keep(memory, "e");
  }
  await using later = await openDiskMemory(folder.path);
  const there = [];
  for (const name of ["a", "b", "c", "d", "e"]) {
    if (await later.find(keyOf(name), { signal })) there.push(name);
  }
  assertEquals(there, ["a", "d", "e"]);
});

Deno.test("a memory goes over its limit rather than to take away what a running job has", async () => {
  await using folder = await temporaryFolder();
  await using memory = await openDiskMemory(folder.path, { maxBytes: 2 * BYTES });
  for (const name of ["a", "b", "c", "d"]) await keep(memory, name);
  for (const name of ["a", "b", "c", "d"]) assert(await memory.find(keyOf(name), { signal }), name);
});

Deno.test("several that use one memory at once lose nothing", async () => {
  await using folder = await temporaryFolder();
  const names = Array.from({ length: 12 }, (_, index) => String.fromCharCode(97 + index));
  await Promise.all([1, 2, 3].map(async () => {
    await using memory = await openDiskMemory(folder.path, { maxBytes: 1 });
    await Promise.all(names.map((name) => keep(memory, name)));
    for (const name of names) assert(await memory.find(keyOf(name), { signal }), name);
  }));
});

Deno.test("a memory's scratch folder goes when it is disposed of, and one that a dead process left when another is opened", async () => {
  await using folder = await temporaryFolder();
  const dead = join(folder.path, "running", `1-${crypto.randomUUID()}`);
  await Deno.mkdir(join(dead, "worker-1"), { recursive: true });
  await Deno.writeTextFile(join(dead, "lock"), "");
  {
    await using memory = await openDiskMemory(folder.path);
    await using other = await openDiskMemory(folder.path);
    await Deno.writeTextFile(join(memory.scratchDir, "file"), "");
    assert(memory.scratchDir !== other.scratchDir);
    assertEquals((await Array.fromAsync(Deno.readDir(join(folder.path, "running")))).length, 2);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(join(folder.path, "running"))), []);
});

Deno.test("openDiskMemory() refuses a limit that is none, and a place that is no folder", async () => {
  await using folder = await temporaryFolder();
  for (const maxBytes of [0, -1, NaN]) {
    await assertRejects(() => openDiskMemory(folder.path, { maxBytes }), RangeError);
  }
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  await assertRejects(() => openDiskMemory(file), Error, "memory");
});

Deno.test({
  name: "who waits for a memory that another uses stops with its signal, and is not in the way later",
  // a lock that comes after its caller has given up is let go in the background
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using folder = await temporaryFolder();
    const patient = await openDiskMemory(folder.path, { maxBytes: 1 });
    await keep(patient, "a");
    const stop = new AbortController();
    const memory = await openDiskMemory(folder.path, { maxBytes: 1, signal: stop.signal });
    const ending = await openDiskMemory(folder.path, { maxBytes: 1e6, signal: stop.signal });
    await keep(ending, "b");
    const holder = await Deno.open(join(folder.path, "lock"), { read: true, write: true });
    await holder.lock(true);
    const options = { signal: stop.signal };
    const waiting = [
      openDiskMemory(folder.path, options),
      memory.find(keyOf("a"), options),
      memory.forget(keyOf("a"), options),
      keep(memory, "c", options),
    ].map((waits) => assertRejects(() => waits, Error, "stopped by the test"));
    const disposed = ending[Symbol.asyncDispose]();
    await setTimeout(100); // in which each comes to the lock
    stop.abort(new Error("stopped by the test"));
    await Promise.all([...waiting, disposed]);
    await memory[Symbol.asyncDispose]();
    await holder.unlock();
    holder.close();
    assert(await patient.find(keyOf("a"), { signal }));
    await patient[Symbol.asyncDispose]();
  },
});

Deno.test("a file made for a memory's user goes with it, and once its maker has died; no file that a note only claims", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "memory");
  const place = join(folder.path, "it's [1] 影");
  await Deno.mkdir(place);
  const namesThere = async () => (await Array.fromAsync(Deno.readDir(place), ({ name }) => name)).sort();
  const dead = join(root, "running", `1-${crypto.randomUUID()}`);
  await Deno.mkdir(dead, { recursive: true });
  const leave = async (name: string, id: string = crypto.randomUUID()) => {
    const path = join(place, name.replace("ID", id));
    await Deno.writeTextFile(path, "");
    await Deno.writeTextFile(join(dead, `${id}.elsewhere`), path);
    return path;
  };
  const removed = [await leave(".transcode-ID.mp4"), await leave(".transcode-ID.webm")];
  const kept = [
    await leave("film.mp4"),
    await leave(`.transcode-${crypto.randomUUID()}.mp4`),
    await leave("ID.mp4"),
    await leave(".transcode-ID.mp4", "id"),
  ].map((path) => path.slice(place.length + 1));
  const folderId = crypto.randomUUID();
  await Deno.mkdir(join(place, `.transcode-${folderId}`));
  await Deno.writeTextFile(join(dead, `${folderId}.elsewhere`), join(place, `.transcode-${folderId}`));
  await Deno.writeTextFile(join(dead, `${crypto.randomUUID()}.elsewhere`), join(place, "absent"));
  kept.push(`.transcode-${folderId}`);

  await using memory = await openDiskMemory(root);
  assertEquals(await namesThere(), kept.toSorted());
  for (const path of removed) await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  {
    await using temporary = await memory.temporaryFor(join(place, "out.MKV"));
    assert(/\.transcode-[-0-9a-f]{36}\.MKV$/.test(temporary.path), temporary.path);
    await Deno.writeTextFile(temporary.path, "");
    await using _other = await openDiskMemory(root);
    assert(await Deno.lstat(temporary.path));
  }
  assertEquals(await namesThere(), kept.toSorted());
  assertEquals(await filesBelow(memory.scratchDir), ["lock"]);
});
