/** Damaged and hostile files: refused with where and why, or read as far as they say, in little time and memory. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { basename, join } from "node:path";
import { videoFile } from "./assemble_fixture.ts";
import { startInProcess } from "./in_process_worker.ts";
import { peakMemory } from "./peak_memory.ts";
import type { Reading } from "./reads_sources.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const VIDEO = { seconds: 4, keyframeInterval: 15 } as const;
const FRAMES = 60;
/** On a machine with other things to do; most take a few milliseconds. */
const MAX_SECONDS = 5;
const MAX_BYTES = 400 * 2 ** 20;
/** What a file is refused for, once it was known to be a video. */
const REASONS = ["damaged", "unsupported", "unsupported-codec", "no-video", "not-media"];

type Bytes = Uint8Array<ArrayBuffer>;

/** Reads files in one process after another, of which none may take long, nor the process much memory. */
async function readings(folder: string, files: ReadonlyMap<string, Bytes>): Promise<Reading[]> {
  const paths = await Promise.all([...files].map(async ([name, bytes]) => {
    await Deno.writeFile(join(folder, name), bytes);
    return join(folder, name);
  }));
  await using script = startScript("tests/integration/reads_sources.ts", paths, {
    cwd: folder,
    limitMs: 60_000,
  });
  const [{ code, stdout, stderr }, bytes] = await Promise.all([
    script.result,
    peakMemory(script.child.pid, script.result),
  ]);
  assertEquals([code, stderr], [0, ""], stdout);
  assert(bytes < MAX_BYTES, `${bytes} bytes resident`);
  const read = stdout.trim().split("\n").map((line): Reading => JSON.parse(line));
  assertEquals(read.map(({ path }) => path), paths);
  for (const { path, seconds, reason, message } of read) {
    assert(seconds < MAX_SECONDS, `${basename(path)} took ${seconds} s`);
    if (reason === undefined) continue;
    assert(REASONS.includes(reason), `${reason}: ${message}`);
    assertStringIncludes(message!, `Cannot read "${path}": `);
    assert(message!.length < path.length + 300 && !message!.includes("\n"), message);
  }
  return read;
}

const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const damage = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: part, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("zero" as const), at: part, count: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: part }),
);

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(whole: Bytes, damages: readonly Damage[]): Bytes {
  let bytes = whole.slice();
  for (const { at, ...how } of damages) {
    const position = Math.floor(at * bytes.length);
    if (how.kind === "flip") bytes[position] = bytes[position]! ^ (1 << how.bit);
    if (how.kind === "zero") bytes.fill(0, position, position + how.count);
    if (how.kind === "cut") bytes = bytes.slice(0, position + 1);
  }
  return bytes;
}

const CONTAINERS = [
  ["video.mp4", { layout: "moov-first" }],
  ["video.mov", { layout: "moov-last" }],
  ["fragmented.mp4", { layout: "fragmented" }],
  ["video.mkv", {}],
] as const;

for (const [name, layout] of CONTAINERS) {
  Deno.test(`${name}, damaged anywhere, is refused by name or read without a frame more`, async () => {
    await using folder = await temporaryFolder();
    const whole = await Deno.readFile(await videoFile(folder.path, name, { ...VIDEO, ...layout }));
    const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
    const damages = fc.sample(fc.array(damage, { minLength: 1, maxLength: 4 }), { seed, numRuns: 60 });
    const files = new Map(damages.map((some, index) => [`${index}-${name}`, damaged(whole, some)]));
    try {
      const read = await readings(folder.path, new Map([[`whole-${name}`, whole], ...files]));
      assertEquals(read[0]!.frames, FRAMES);
      for (const { path, frames = 0 } of read) assert(frames <= FRAMES, `${frames} frames in ${path}`);
    } catch (error) {
      throw new Error(`with seed ${seed}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  });
}

const TRUNCATED = /: it ends after \d+ of \d+ bytes \(truncated\)(?:; its first (\d+) frames are whole)?$/;

Deno.test("a truncated MP4 or Matroska file is called so, with how much of it there is and can be used", async () => {
  await using folder = await temporaryFolder();
  const files = new Map<string, Bytes>();
  for (const [name, layout] of CONTAINERS) {
    const whole = await Deno.readFile(await videoFile(folder.path, name, { ...VIDEO, ...layout }));
    files.set(`half-${name}`, whole.slice(0, whole.length / 2));
    files.set(`short-${name}`, whole.slice(0, -1));
  }
  const usable = new Map<string, number>();
  for (const { path, message = "" } of await readings(folder.path, files)) {
    assertMatch(message, TRUNCATED, path);
    usable.set(path, Number(TRUNCATED.exec(message)?.[1] ?? 0));
  }
  for (const [path, frames] of usable) {
    if (!path.includes("/half-")) continue;
    // an index that comes last is lost with the end
    if (path.endsWith(".mov")) assertEquals(frames, 0, path);
    else assert(frames > 0 && frames < FRAMES, `${frames} frames of ${path}`);
  }
});

Deno.test("what a file is shows in its bytes, not in its name", async () => {
  await using folder = await temporaryFolder();
  const mp4 = await Deno.readFile(await videoFile(folder.path, "video.mp4", VIDEO));
  const mkv = await Deno.readFile(await videoFile(folder.path, "video.mkv", VIDEO));
  const files = new Map<string, Bytes>([
    ["mp4.mkv", mp4],
    ["mkv.mp4", mkv],
    ["mp4.txt", mp4],
    ["four.mp4", new Uint8Array([0, 0, 0, 4])],
    ["text.mkv", new TextEncoder().encode("no video\n".repeat(1000))],
    ["zeros.mp4", new Uint8Array(100_000)],
  ]);
  const read = await readings(folder.path, files);
  assertEquals(read.map(({ frames, reason }) => frames ?? reason), [
    FRAMES,
    FRAMES,
    FRAMES,
    "not-media",
    "not-media",
    "not-media",
  ]);
});

/** Where `mark` first stands in `bytes`. */
function find(bytes: Bytes, mark: Uint8Array | string): number {
  const wanted = typeof mark === "string" ? new TextEncoder().encode(mark) : mark;
  const at = bytes.findIndex((_, start) => wanted.every((byte, index) => bytes[start + index] === byte));
  assert(at >= 0, `there is no ${mark}`);
  return at;
}

/** Sets 32-bit numbers that follow a box's type by so many bytes. */
function patched(
  whole: Bytes,
  type: string,
  ...values: readonly (readonly [offset: number, value: number])[]
): Bytes {
  const bytes = whole.slice();
  const at = find(bytes, type);
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of values) view.setUint32(at + 4 + offset, value);
  return bytes;
}

const MOST = 0xffff_ffff;

Deno.test("an MP4 that claims far more samples than it can hold is refused, and the table named", async () => {
  await using folder = await temporaryFolder();
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mp4", VIDEO));
  const parts = await Deno.readFile(
    await videoFile(folder.path, "fragmented.mp4", { ...VIDEO, layout: "fragmented" }),
  );
  const files = new Map<string, Bytes>([
    ["stsz", patched(whole, "stsz", [8, MOST])],
    ["stsz of one size", patched(whole, "stsz", [4, 1], [8, MOST])],
    ["stts", patched(whole, "stts", [8, MOST])],
    ["stts entries", patched(whole, "stts", [4, MOST])],
    ["ctts", patched(whole, "ctts", [8, MOST])],
    ["stsc", patched(whole, "stsc", [12, MOST])],
    ["stco", patched(whole, "stco", [4, MOST])],
    ["trun", patched(parts, "trun", [4, MOST])],
  ]);
  for (const { path, reason, message } of await readings(folder.path, files)) {
    assertEquals(reason, "damaged", path);
    assertMatch(message!, new RegExp(`its "${basename(path).split(" ")[0]}" table claims \\d+ entries`));
  }
});

Deno.test("a few bytes that claim samples by the million are refused, whatever pads the file", async () => {
  await using folder = await temporaryFolder();
  const count = 8_000_000;
  const padding = new Uint8Array(count);
  padding.set([...new Uint8Array(new Uint32Array([count]).buffer).toReversed(), 0x66, 0x72, 0x65, 0x65]);
  const padded = (bytes: Bytes): Bytes => {
    const all = new Uint8Array(bytes.length + padding.length);
    all.set(bytes);
    all.set(padding, bytes.length);
    return all;
  };
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mp4", VIDEO));
  const parts = await Deno.readFile(
    await videoFile(folder.path, "fragmented.mp4", { ...VIDEO, layout: "fragmented" }),
  );
  const uniform = patched(whole, "stsz", [4, 1], [8, count]);
  const timed = patched(patched(uniform, "stts", [8, count]), "ctts", [8, count]);
  const files = new Map<string, Bytes>([
    ["trun", padded(patched(parts, "trun", [0, 0], [4, count]))],
    ["stsz", padded(timed)],
  ]);
  for (const { path, reason, message } of await readings(folder.path, files)) {
    assertEquals(reason, "damaged", path);
    assertMatch(message!, /claims 80\d{5} /, `${path}: ${message}`);
  }
});

Deno.test("a Matroska file of empty blocks by the million is refused at the first of them", async () => {
  await using folder = await temporaryFolder();
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mkv", VIDEO));
  const first = find(whole, Uint8Array.fromHex(ELEMENTS.Cluster));
  const segment = find(whole, Uint8Array.fromHex(ELEMENTS.Segment)) + 4;
  const head = whole.slice(0, first);
  const sizeBytes = Math.clz32(head[segment]!) - 23;
  head.fill(0xff, segment, segment + sizeBytes);
  head[segment] = 0xff >> (sizeBytes - 1); // it ends with the file
  const blocks = 1_000_000;
  const cluster = new Uint8Array(15 + 6 * blocks);
  cluster.set([0x1f, 0x43, 0xb6, 0x75, 1]);
  new DataView(cluster.buffer).setUint32(8, cluster.length - 12);
  cluster.set([0xe7, 0x81, 0], 12);
  for (let at = 15; at < cluster.length; at += 6) cluster.set([0xa3, 0x84, 0x81, 0, 0, 0x80], at);
  const bytes = new Uint8Array(head.length + cluster.length);
  bytes.set(head);
  bytes.set(cluster, head.length);
  const [reading] = await readings(folder.path, new Map([["empty.mkv", bytes]]));
  assertStringIncludes(reading!.message!, `has no data in the block at byte ${head.length + 21}`);
});

Deno.test("an MP4 whose picture claims 30,000 x 30,000 pixels is refused, and its size said", async () => {
  await using folder = await temporaryFolder();
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mp4", VIDEO));
  const bytes = whole.slice();
  const entry = find(bytes, "stsd");
  // Behind the header of the table and that of its one entry, and 24 bytes of other fields.
  new DataView(bytes.buffer).setUint32(entry + 4 + 8 + 8 + 24, 30_000 * 65_536 + 30_000);
  const [reading] = await readings(folder.path, new Map([["huge.mp4", bytes]]));
  assertStringIncludes(reading!.message!, "its picture claims 30000 x 30000 pixels");
});

/** EBML ids of what a Matroska file is made of. */
const ELEMENTS = {
  EBML: "1a45dfa3",
  Segment: "18538067",
  Info: "1549a966",
  Tracks: "1654ae6b",
  TrackEntry: "ae",
  CodecPrivate: "63a2",
  Cluster: "1f43b675",
  SimpleBlock: "a3",
  Cues: "1c53bb6b",
} as const;

/** The size of the first such element, made as large as its bytes can say without meaning "unknown". */
function oversized(whole: Bytes, id: string): Bytes {
  const bytes = whole.slice();
  // One-byte ids may stand in other data: they are looked for where such elements are.
  const from = id === ELEMENTS.TrackEntry ? find(bytes, Uint8Array.fromHex(ELEMENTS.Tracks)) : 0;
  const within = id === ELEMENTS.SimpleBlock ? find(bytes, Uint8Array.fromHex(ELEMENTS.Cluster)) : from;
  const at = within + find(bytes.slice(within), Uint8Array.fromHex(id)) + id.length / 2;
  const sizeBytes = Math.clz32(bytes[at]!) - 23;
  bytes[at] = (0x100 >> (sizeBytes - 1)) - 1;
  bytes.fill(0xff, at + 1, at + sizeBytes);
  bytes[at + sizeBytes - 1] = bytes[at + sizeBytes - 1]! - 1;
  return bytes;
}

Deno.test("a Matroska file with absurd sizes is refused, or has every frame", async () => {
  await using folder = await temporaryFolder();
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mkv", VIDEO));
  const files = new Map(Object.entries(ELEMENTS).map(([name, id]) => [`${name}.mkv`, oversized(whole, id)]));
  for (const { path, frames, reason, message } of await readings(folder.path, files)) {
    if (reason === undefined) assertEquals(frames, FRAMES, path);
    else if (path.endsWith("Block.mkv")) {
      assertMatch(message!, /cannot be read after frame \d+ .* at byte \d+$/);
    }
  }
});

Deno.test("a Matroska file some of which has become zeros or junk is refused where that would lose frames", async () => {
  await using folder = await temporaryFolder();
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mkv", { ...VIDEO, seconds: 20 }));
  const cluster = Uint8Array.fromHex(ELEMENTS.Cluster);
  const first = find(whole, cluster);
  const second = first + 4 + find(whole.slice(first + 4), cluster);
  const files = new Map<string, Bytes>([
    ["zeros over a cluster's start", whole.slice().fill(0, second, second + 40)],
    ["zeros before it", whole.slice().fill(0, second - 3000, second - 100)],
    ["another id", whole.slice().fill(0x1e, second, second + 1)],
    ["junk in a cluster", whole.slice().fill(0x33, second - 6000, second - 20)],
  ]);
  for (const { path, reason, message } of await readings(folder.path, files)) {
    assertEquals(reason, "damaged", `${path}: ${message}`);
    assertMatch(message!, / at byte \d+/);
  }
});

Deno.test("a client whose video has damaged pictures names the chunk, or has every frame: never less in silence", async () => {
  await using folder = await temporaryFolder();
  await using worker = await startInProcess({ encoder: "libav" });
  const whole = await Deno.readFile(await videoFile(folder.path, "video.mp4", VIDEO));
  const mdat = find(whole, "mdat") + 4;
  const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  const damages = fc.sample(fc.array(damage, { minLength: 1, maxLength: 2 }), { seed, numRuns: 1 });
  for (const [index, some] of damages.entries()) {
    const kept = some.filter(({ kind }) => kind !== "cut");
    const bytes = whole.slice();
    bytes.set(damaged(whole.slice(mdat), kept), mdat);
    const path = join(folder.path, `damaged-${index}.mp4`);
    const outPath = join(folder.path, `out-${index}.mp4`);
    await Deno.writeFile(path, bytes);
    const args = ["--worker", worker.worker.address, "--video_path", path, "--reconstruct", outPath];
    const { code, stdout, stderr } = await runScript(
      "test_worker_client.ts",
      [...args, "--chunk_size", "20000", "--preset", "ultrafast"],
      { cwd: folder.path },
    );
    const told = `with seed ${seed}, run ${index}: ${stdout}${stderr}`;
    if (code === 0) {
      assertMatch(stdout, /60 frames/, told);
    } else {
      assertEquals(code, 1, told);
      assertMatch(stderr, /chunk \d+|segment \d+|audio track/i, told);
      await Deno.stat(outPath).then(() => assert(false, told), () => {});
    }
  }
});
