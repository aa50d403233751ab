import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { type PlaceOptions, PoisonChunkError } from "../../lib/fleet/fleet.ts";
import type { DiskMemory } from "../../lib/job/disk_memory.ts";
import { verifyOutput, verifySource } from "../../lib/job/verify_output.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { fileNames } from "./assemble_fixture.ts";
import { beginningOf, CHUNKS, copyFleet, runIn, sourceIn } from "./job_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { PROJECT } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const indexes = Array.from({ length: CHUNKS }, (_, index) => index);

Deno.test("runJob() makes a video with the source's frames and sound, and a proof that holds", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const { result, proof, events, fleet } = await runIn(folder.path, source, "out.mp4");

  const [before, after] = [await mediaFacts(source), await mediaFacts(join(folder.path, "out.mp4"))];
  assertEquals(after.frameSeconds, before.frameSeconds);
  assertEquals(after.audio, before.audio);
  assertEquals([result.encodedChunks, result.reusedChunks], [CHUNKS, 0]);
  assertEquals(result.check.framesOut, before.frameSeconds.length);
  assertEquals(result.assembled.path, join(folder.path, "out.mp4"));
  assertEquals(result.sha256, proof.output.sha256);
  assertEquals(await verifyOutput(proof, result.assembled.path), []);
  assertEquals(await verifySource(proof, source), []);

  const planned = events.find((event) => event.kind === "planned");
  assertEquals(
    planned?.chunks.map(({ index, startSeconds, durationSeconds }) => [
      index,
      startSeconds,
      Math.round(durationSeconds),
    ]),
    indexes.map((index) => [index, index, 1]),
  );
  assertEquals(events.flatMap((event) => event.kind === "assembling" ? [event.chunk] : []), indexes);
  assertEquals(events.flatMap((event) => event.kind === "encoded" ? [event.chunk] : []).sort(), indexes);
  assertEquals(fleet.placesTaken, 0);
  assertEquals(fleet.forgotten, ["job"]);
  assertEquals(await fileNames(folder.path), ["memory", "out.mp4", "out.mp4.proof.json", "source.mp4"]);
});

Deno.test("runJob() gives the same bytes and, but for the run itself, the same proof with any number of workers", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const proofs = [];
  for (const workers of [1, 3]) {
    await using own = await temporaryFolder();
    const { proof } = await runIn(own.path, source, "out.mp4", {
      fleet: { workers },
      spec: { jobId: `job-${workers}` },
    });
    proofs.push({ ...proof, run: undefined });
  }
  assertEquals(proofs[0], proofs[1]);
});

Deno.test("runJob() encodes nothing that was encoded before, and needs no place for it", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const first = await runIn(folder.path, source, "out.mp4");
  const again = await runIn(folder.path, source, "again.mp4", { fleet: { workers: 0 } });
  assertEquals(again.fleet.attempts, []);
  assertEquals([again.result.encodedChunks, again.result.reusedChunks], [0, CHUNKS]);
  assertEquals(again.result.sha256, first.result.sha256);
  assertEquals(again.proof.run.chunks.every(({ reused }) => reused), true);
});

Deno.test("runJob() encodes all anew for other settings", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  await runIn(folder.path, source, "out.mp4");
  const settings = { ...DEFAULT_SETTINGS, preset: "fast" } as const;
  const { result } = await runIn(folder.path, source, "out.mp4", { spec: { settings } });
  assertEquals(result.encodedChunks, CHUNKS);
});

Deno.test("runJob() encodes only the new part of a source that has grown", async () => {
  await using folder = await temporaryFolder();
  const long = await sourceIn(folder.path);
  const short = join(folder.path, "short.mp4");
  await beginningOf(long, short, 3);
  await runIn(folder.path, short, "short-out.mp4");
  const { fleet, result } = await runIn(folder.path, long, "out.mp4");
  assertEquals(fleet.attempts.map(({ task }) => task.chunkIndex).sort(), [3, 4]);
  assertEquals(result.reusedChunks, 3);
});

Deno.test("runJob() goes on where an earlier run was aborted", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const stop = new AbortController();
  const reason = new Error("stopped by the test");
  await assertRejects(
    () =>
      runIn(folder.path, source, "out.mp4", {
        fleet: { workers: 1 },
        tools: {
          signal: stop.signal,
          onEvent: (event) => void (event.kind === "encoded" && event.chunk === 1 && stop.abort(reason)),
        },
      }),
    Error,
    reason.message,
  );
  assertEquals(await fileNames(folder.path), ["memory", "source.mp4"]);
  const { fleet, result } = await runIn(folder.path, source, "out.mp4");
  assertEquals(fleet.attempts.map(({ task }) => task.chunkIndex), [2, 3, 4]);
  assertEquals(result.reusedChunks, 2);
});

Deno.test("runJob() waits for a place for one chunk at a time where nothing is left of what was encoded ahead", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  await using fleet = copyFleet({ workers: 1, encode: async (_, chunk) => (await sleep(20), chunk.slice()) });
  let [waiting, mostWaiting] = [0, 0];
  const place = async (options: PlaceOptions) => {
    mostWaiting = Math.max(mostWaiting, ++waiting);
    try {
      return await fleet.place(options);
    } finally {
      waiting--;
    }
  };
  const { result } = await runIn(folder.path, source, "out.mp4", {
    tools: {
      fleet: { ...fleet, place },
      ahead: () => ({ isOver: true, follow: () => Promise.resolve(true) }),
    },
  });
  assertEquals([result.encodedChunks, mostWaiting], [CHUNKS, 1]);
});

Deno.test("runJob() counts a shard as reused where the encode ahead failed and another job has kept it", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  await runIn(folder.path, source, "first.mp4");
  const { result, events } = await runIn(folder.path, source, "out.mp4", {
    tools: { ahead: () => ({ isOver: false, follow: () => Promise.resolve(false) }) },
  });
  assertEquals(result.reusedChunks, CHUNKS);
  assertEquals(events.filter(({ kind }) => kind === "reused").length, CHUNKS);
});

Deno.test("runJob() reads one chunk ahead of the places that it has", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const looked: string[] = [];
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const isAhead = Promise.withResolvers<void>();
  const spying = (memory: DiskMemory): DiskMemory => ({
    scratchDir: memory.scratchDir,
    find(key, options) {
      looked.push(key.chunkSha256);
      if (looked.length === 2) isAhead.resolve();
      return memory.find(key, options);
    },
    keep: (...args) => memory.keep(...args),
    forget: (...args) => memory.forget(...args),
    temporaryFor: (target) => memory.temporaryFor(target),
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  });
  const encode = async (_: unknown, chunk: Uint8Array) => {
    started.resolve();
    await gate.promise;
    return chunk;
  };
  const run = runIn(folder.path, source, "out.mp4", { fleet: { workers: 1, encode }, memory: spying });
  await Promise.all([started.promise, isAhead.promise]);
  await sleep(100); // in which it would read on
  assertEquals(looked.length, 2);
  gate.resolve();
  await run;
  assertEquals(looked.length, CHUNKS);
});

Deno.test("runJob() fails with the chunk that no worker can encode, and leaves neither output nor places behind", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const encode: NonNullable<Parameters<typeof runIn>[3]>["fleet"] = {
    encode: (task, chunk) =>
      task.chunkIndex === 3 ? Promise.reject(new Error("the encoder crashed")) : Promise.resolve(chunk),
  };
  const error = await assertRejects(
    () => runIn(folder.path, source, "out.mp4", { fleet: encode }),
    PoisonChunkError,
    "chunk 3",
  );
  assert(error.message.includes("the encoder crashed"));
  assertEquals(await fileNames(folder.path), ["memory", "source.mp4"]);
});

Deno.test("runJob() counts a shard of other frames as a failed attempt, and keeps nothing of it", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  let first: Uint8Array | undefined;
  let isWrong = true;
  const { events, result, proof } = await runIn(folder.path, source, "out.mp4", {
    fleet: {
      workers: 1,
      encode: (task, chunk) => {
        first ??= chunk.slice(0, chunk.length / 2);
        const shard = task.chunkIndex === 2 && isWrong ? first : chunk;
        if (task.chunkIndex === 2) isWrong = false;
        return Promise.resolve(shard);
      },
    },
  });
  const failed = events.filter((event) => event.kind === "failed");
  assertEquals(failed.map(({ chunk, attempt }) => [chunk, attempt]), [[2, 1]]);
  assertEquals(proof.run.chunks.map(({ attempt }) => attempt), [1, 1, 2, 1, 1]);
  assertEquals(await verifyOutput(proof, result.assembled.path), []);
});

/** A memory that damages a shard after it was kept, so many times. */
function damaging(chunkNumber: number, times: number): (memory: DiskMemory) => DiskMemory {
  return (memory) => {
    let kept = 0;
    let victim: string | undefined;
    return {
      scratchDir: memory.scratchDir,
      find: (...args) => memory.find(...args),
      async keep(key, ...args) {
        const shard = await memory.keep(key, ...args);
        if (kept++ === chunkNumber) victim = key.chunkSha256;
        if (victim === key.chunkSha256 && times-- > 0) await Deno.truncate(shard.path, 100);
        return shard;
      },
      forget: (...args) => memory.forget(...args),
      temporaryFor: (target) => memory.temporaryFor(target),
      [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
    };
  };
}

Deno.test("runJob() encodes a chunk once more whose shard proves to be damaged in the end", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const { fleet, result, proof } = await runIn(folder.path, source, "out.mp4", {
    fleet: { workers: 1 },
    memory: damaging(1, 1),
  });
  assertEquals(fleet.attempts.map(({ task }) => task.chunkIndex), [0, 1, 2, 3, 4, 1]);
  assertEquals(await verifyOutput(proof, result.assembled.path), []);
});

Deno.test("runJob() fails with a chunk whose shard is damaged twice, and keeps an earlier output", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  await Deno.writeTextFile(join(folder.path, "out.mp4"), "earlier");
  const error = await assertRejects(
    () => runIn(folder.path, source, "out.mp4", { fleet: { workers: 1 }, memory: damaging(1, 2) }),
    AssembleError,
  );
  assert(error.message.includes("chunk 1"), error.message);
  assertEquals(await Deno.readTextFile(join(folder.path, "out.mp4")), "earlier");
  assertEquals(await fileNames(folder.path), ["memory", "out.mp4", "source.mp4"]);
});

Deno.test("runJob() does not blame workers for a disk of ours that is full", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  let attempts = 0;
  await assertRejects(
    () =>
      runIn(folder.path, source, "out.mp4", {
        tools: { onEvent: (event) => void (event.kind === "started" && attempts++) },
        fleet: { workers: 1 },
        memory: (memory) => ({
          scratchDir: memory.scratchDir,
          find: (...args) => memory.find(...args),
          keep: () => Promise.reject(new StoreFullError("no space left")),
          forget: (...args) => memory.forget(...args),
          temporaryFor: (target) => memory.temporaryFor(target),
          [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
        }),
      }),
    StoreFullError,
    "no space left",
  );
  assertEquals(attempts, 1);
});

Deno.test("runJob() refuses what the container cannot hold before anything is encoded", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  let started = 0;
  const tools = { onEvent: () => void started++ };
  await assertRejects(() => runIn(folder.path, source, "out.webm", { tools }), AssembleError, ".webm");
  const settings = { ...DEFAULT_SETTINGS, codec: "vp9" } as const;
  const audio = { codec: "aac", bitsPerSecond: 64_000 } as const;
  const spec = { settings, audio };
  await assertRejects(() => runIn(folder.path, source, "out.webm", { tools, spec }), AssembleError, "aac");
  assertEquals(started, 0);
});

Deno.test("runJob() writes MKV when asked to, whatever characters the names have", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path, 'it\'s [a] "test" ünïcode 影片.mp4');
  const { result, proof } = await runIn(folder.path, source, "out [1] 'q' \"d\" ñ 出力.mkv");
  assertEquals(result.assembled.container, "mkv");
  assertEquals(await verifyOutput(proof, result.assembled.path), []);
  const { frameSeconds, audio } = await mediaFacts(result.assembled.path);
  const before = await mediaFacts(source);
  assertEquals(frameSeconds.length, before.frameSeconds.length);
  assertEquals(audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));
});

Deno.test("verifyOutput() names the segment of a byte that has changed", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const { result, proof } = await runIn(folder.path, source, "out.mp4", { spec: { audio: "none" } });
  const path = result.assembled.path;
  const bytes = await Deno.readFile(path);
  const at = bytes.length - 100; // in the last frames of the last segment
  bytes[at]! ^= 1;
  await Deno.writeFile(path, bytes);
  const findings = await verifyOutput(proof, path);
  assertEquals(findings.map(({ segment }) => segment), [undefined, CHUNKS - 1]);
  bytes[at]! ^= 1;
  await Deno.writeFile(path, bytes);
  assertEquals(await verifyOutput(proof, path), []);
});

Deno.test("verifyOutput() tells a change outside of the frames from one within, and an unreadable file from both", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const { result, proof } = await runIn(folder.path, source, "out.mp4", { spec: { audio: "none" } });
  const path = result.assembled.path;
  const whole = await Deno.readFile(path);
  await Deno.writeFile(path, new Blob([whole, "\0\0\0\x08free"]).stream());
  const outside = await verifyOutput(proof, path);
  assertEquals(outside.map(({ segment }) => segment), [undefined, undefined, undefined]);
  assert(outside.at(-1)!.what.includes("the video's frames are as they were"));
  await Deno.writeFile(path, whole.subarray(0, whole.length / 2));
  const cut = await verifyOutput(proof, path);
  assert(cut.some(({ what }) => what.includes("cannot be read")), JSON.stringify(cut));
});

Deno.test("verifySource() tells another source, and which of its chunks are others", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const { proof } = await runIn(folder.path, source, "out.mp4");
  const short = join(folder.path, "short.mp4");
  await beginningOf(source, short, 3);
  const findings = await verifySource(proof, short);
  // all that a recording that was cut off tells is that it ends sooner
  assertEquals(findings.map(({ segment }) => segment), [undefined, undefined, undefined]);
  const other = await sourceIn(folder.path, "other.mkv");
  const others = await verifySource(proof, other);
  assertEquals(others.map(({ segment }) => segment), [undefined, undefined, ...indexes]);

  const { size } = await Deno.stat(source);
  const forged = { ...proof, source: { ...proof.source, size_bytes: size + 1 } };
  assertEquals(await verifySource(forged, source), [
    { segment: undefined, what: `the source has ${size} bytes instead of ${size + 1}` },
  ]);
});

Deno.test("verifySource() holds each chunk's task against the settings that the proof states", async () => {
  await using folder = await temporaryFolder();
  const source = await sourceIn(folder.path);
  const rate = { kind: "bitrate", bitsPerSecond: 500_000 } as const;
  const settings = { ...DEFAULT_SETTINGS, rate, pixelFormat: "yuv420p", threads: 2 } as const;
  const { proof } = await runIn(folder.path, source, "out.mp4", { spec: { settings } });
  assertEquals(await verifySource(proof, source), []);

  const { encoding } = proof;
  const stating = (changed: Partial<typeof encoding.settings>) =>
    verifySource(
      { ...proof, encoding: { ...encoding, settings: { ...encoding.settings, ...changed } } },
      source,
    );
  for (const changed of [{ bitrate: 400_000 }, { preset: "fast" }, { threads: 1 }]) {
    const findings = await stating(changed);
    assertEquals(findings.map(({ segment }) => segment), indexes, JSON.stringify(changed));
  }
  for (const changed of [{ crf: 20 }, { codec: "mpeg2" }, { threads: 1_000 }]) {
    const [finding, ...more] = await stating(changed);
    assertEquals([finding?.segment, more], [undefined, []], JSON.stringify(changed));
    assert(finding?.what.includes("settings"));
  }
  const [first, ...others] = proof.segments;
  const junk = { ...proof, segments: [{ ...first!, task_sha256: "0".repeat(64) }, ...others] };
  assertEquals((await verifySource(junk, source)).map(({ segment }) => segment), [0]);
});

Deno.test({
  name: "runJob() killed amid its output leaves nothing that the same job does not remove",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const source = await sourceIn(folder.path);
    const script = join(folder.path, "killed.ts");
    const fixture = new URL("./job_fixture.ts", import.meta.url);
    await Deno.writeTextFile(
      script,
      `import { runIn } from "${fixture}";
      const onEvent = ({ kind }) => void (kind === "checking" && Deno.kill(Deno.pid, "SIGKILL"));
      await runIn(${JSON.stringify(folder.path)}, ${
        JSON.stringify(source)
      }, "out.mp4", { tools: { onEvent } });`,
    );
    const { signal, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-prompt", `--config=${PROJECT}deno.json`, script],
      stdin: "null",
    }).output();
    assertEquals(signal, "SIGKILL", new TextDecoder().decode(stderr));
    await Deno.remove(script);
    const left = (await fileNames(folder.path)).filter((name) => name.endsWith(".mp4"));
    assertEquals(left.length, 2, "the source, and the output in the making");
    await runIn(folder.path, source, "out.mp4");
    const names = await fileNames(folder.path);
    assertEquals(names, ["memory", "out.mp4", "out.mp4.proof.json", "source.mp4"]);
  },
});
