import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { StoreFullError, StoreUnwritableError } from "../../lib/store/store_errors.ts";
import { writeWhole } from "../../lib/store/write_file.ts";
import { collect, contentOf, filesBelow, sha256, streamOf, temporaryFolder } from "./store_fixture.ts";
import { type Change, watchDisk } from "./store_watched_disk.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const CONTENT = contentOf("one", 200_000);
const isLinux = Deno.build.os === "linux";
const isWindows = Deno.build.os === "windows";

async function* failAfter(content: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
  throw error;
}

Deno.test("writeWhole() writes a new file and says what it wrote", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "out.bin");
  const written = await writeWhole(path, streamOf(CONTENT, 1000));
  assertEquals(written, { sizeBytes: 200_000, sha256: sha256(CONTENT) });
  assertEquals(await Deno.readFile(path), CONTENT);
  assertEquals(await filesBelow(folder.path), ["out.bin"]);
});

Deno.test("writeWhole() keeps what was there until all is written", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "out.bin");
  await Deno.writeTextFile(path, "before");
  async function* looking(): AsyncGenerator<Uint8Array> {
    yield CONTENT;
    assertEquals(await Deno.readTextFile(path), "before");
  }
  await writeWhole(path, ReadableStream.from(looking()));
  assertEquals(await Deno.readFile(path), CONTENT);
});

Deno.test("writeWhole() leaves all as it was when the source fails", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "out.bin");
  const failure = new Error("source broke");
  const fails = () => writeWhole(path, ReadableStream.from(failAfter(CONTENT, failure)));
  assertEquals(await assertRejects(fails), failure);
  assertEquals(await filesBelow(folder.path), []);
  await Deno.writeTextFile(path, "before");
  assertEquals(await assertRejects(fails), failure);
  assertEquals(await filesBelow(folder.path), ["out.bin"]);
  assertEquals(await Deno.readTextFile(path), "before");
});

Deno.test("writeWhole() stops when aborted, cancels the source, and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  const stop = new AbortController();
  const reason = new Error("caller is gone");
  let cancelledWith: unknown;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(contentOf("one"));
      queueMicrotask(() => stop.abort(reason));
    },
    cancel: (why) => void (cancelledWith = why),
  });
  const { signal } = stop;
  const error = await assertRejects(() => writeWhole(join(folder.path, "out.bin"), source, { signal }));
  assertEquals([error, cancelledWith], [reason, reason]);
  assertEquals(await filesBelow(folder.path), []);
});

Deno.test("writeWhole() syncs the file before it has its name, and the name after", async () => {
  await using folder = await temporaryFolder();
  const changes: Change[] = [];
  {
    using _watch = watchDisk({ after: (change) => changes.push(change) });
    await writeWhole(join(folder.path, "out.bin"), streamOf(CONTENT, 200_000));
  }
  assertEquals(changes.map((change) => change.kind), [
    "create",
    "write",
    "sync file",
    "rename",
    "sync folder",
  ]);
});

Deno.test({
  name: "writeWhole() says that the disk is full, cancels the source, and leaves nothing",
  ignore: !isLinux,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "out.bin");
    let isCancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => void (isCancelled = true),
    });
    const createFile = () => Deno.open("/dev/full", { write: true });
    await assertRejects(
      () => writeWhole(path, source, { createFile }),
      StoreFullError,
      `Cannot write "${path}"`,
    );
    assertEquals([isCancelled, await filesBelow(folder.path)], [true, []]);
  },
});

Deno.test({
  name: "writeWhole() writes straight to a device, and says that it is full",
  ignore: !isLinux,
  async fn() {
    await assertRejects(
      () => writeWhole("/dev/full", streamOf(CONTENT)),
      StoreFullError,
      'Cannot write "/dev/full": no space left on the device',
    );
    assertEquals((await writeWhole("/dev/null", streamOf(CONTENT))).sizeBytes, 200_000);
    assertEquals([(await Deno.stat("/dev/full")).isCharDevice, (await Deno.stat("/dev/null")).isCharDevice], [
      true,
      true,
    ]);
  },
});

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assertEquals(success, true);
}

Deno.test({
  name: "writeWhole() writes straight to a named pipe",
  ignore: isWindows,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "pipe");
    await makePipe(path);
    const reader = Deno.open(path, { read: true }).then((file) => collect(file.readable));
    await writeWhole(path, streamOf(CONTENT));
    assertEquals(await reader, CONTENT);
    assertEquals((await Deno.stat(path)).isFifo, true);
  },
});

Deno.test({
  name: "writeWhole() stops waiting for a reader of a named pipe when aborted",
  ignore: isWindows,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "pipe");
    await makePipe(path);
    const stop = new AbortController();
    const reason = new Error("caller is gone");
    const { open } = Deno;
    Object.assign(Deno, {
      open(path: string, options: Deno.OpenOptions) {
        queueMicrotask(() => stop.abort(reason));
        return open(path, options);
      },
    });
    try {
      const { signal } = stop;
      assertEquals(await assertRejects(() => writeWhole(path, streamOf(CONTENT), { signal })), reason);
    } finally {
      Object.assign(Deno, { open });
    }
    // Lets the thread go that still waits.
    assertEquals(await collect((await Deno.open(path, { read: true })).readable), new Uint8Array());
  },
});

Deno.test({
  name: "writeWhole() stops waiting for a reader that has stopped reading when aborted",
  ignore: isWindows,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "pipe");
    await makePipe(path);
    const reader = Deno.open(path, { read: true });
    const stop = new AbortController();
    const reason = new Error("caller is gone");
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(CONTENT) });
    const writing = writeWhole(path, endless, { signal: stop.signal });
    const stalled = await reader;
    await stalled.read(new Uint8Array(1)); // the pipe is being filled
    stop.abort(reason);
    assertEquals(await assertRejects(() => writing), reason);
    stalled.close();
  },
});

Deno.test({
  name: "writeWhole() writes straight to standard output",
  ignore: isWindows,
  async fn() {
    const module = new URL("../../lib/store/write_file.ts", import.meta.url);
    const script = `
      import { writeWhole } from ${JSON.stringify(module)};
      await writeWhole(Deno.args[0], new Blob(["all of it"]).stream());
    `;
    for (const path of ["/dev/stdout", "/dev/fd/1"]) {
      const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script, path] }).output();
      assertEquals(new TextDecoder().decode(stdout), "all of it", path);
    }
  },
});

Deno.test("writeWhole() follows a link to a file, and keeps the link", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, "below"));
  const links = [join(folder.path, "link"), join(folder.path, "link to link")];
  await Deno.symlink(join("below", "out.bin"), links[0]!);
  await Deno.symlink("link", links[1]!);
  for (const [link, label] of [[links[0]!, "new"], [links[1]!, "replaced"]] as const) {
    await writeWhole(link, streamOf(contentOf(label)));
    assertEquals(await Deno.readFile(join(folder.path, "below", "out.bin")), contentOf(label));
    assertEquals((await Deno.lstat(link)).isSymlink, true);
  }
});

Deno.test({
  name: "writeWhole() keeps a private file private",
  ignore: isWindows,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "out.bin");
    await Deno.writeTextFile(path, "before", { mode: 0o600 });
    await writeWhole(path, streamOf(CONTENT));
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  },
});

Deno.test("writeWhole() says what is wrong with a path, and cancels the source", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "file"), "");
  await Deno.symlink("loop", join(folder.path, "loop"));
  const paths: [string, string][] = [
    [folder.path, "it is a folder"],
    [join(folder.path, "none", "out.bin"), "no such file or folder"],
    [join(folder.path, "file", "out.bin"), "not a folder"],
    [join(folder.path, "loop"), "too many links"],
  ];
  for (const [path, why] of paths) {
    let isCancelled = false;
    const source = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) });
    await assertRejects(
      () => writeWhole(path, source),
      StoreUnwritableError,
      `Cannot write "${path}": ${why}`,
    );
    assertEquals(isCancelled, true, path);
  }
});
