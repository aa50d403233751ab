/** Uploads that go wrong: each is refused in words, and nothing of it stays. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ClientWritableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { JobResult } from "../../lib/job/job.ts";
import type { Master } from "../../lib/master/master.ts";
import { QuotaError, VideoExistsError } from "../../lib/master/master_errors.ts";
import { channelTo } from "../../lib/rpc/channel.ts";
import type { UploadVideoChunk } from "../../lib/rpc/generated/replication/UploadVideoChunk.ts";
import { MasterService } from "../../lib/rpc/proto.ts";
import {
  type InProcessMaster,
  RPC,
  startInProcessMaster,
  streamOf,
  untilState,
} from "./in_process_master.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const FACTS = { videoId: "film" };
const BYTES = new Uint8Array(300_000).fill(7);

/** A master whose jobs never run, so that what is there is what uploads left. */
async function uploadFixture(options: Partial<Parameters<typeof startInProcessMaster>[0]> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const m = stack.use(
    await startInProcessMaster({
      dataDir: join(folder.path, "data"),
      async runJob(_, { signal }) {
        if (!signal.aborted) await once(signal, "abort");
        throw signal.reason;
      },
      ...options,
    }),
  );
  const done = stack.move();
  return { ...m, m, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

async function assertNothingLeft({ master, videos, client }: InProcessMaster): Promise<void> {
  assertEquals(master.jobs(), []);
  await until(async () => (await videos()).length === 0);
  await until(() => isFree(master, FACTS)); // a moment after the files have gone, for whoever was not told
  await client.upload(FACTS, streamOf(BYTES), RPC);
  assertEquals(master.jobs().map(({ videoId, sourceBytes }) => [videoId, sourceBytes]), [
    ["film", BYTES.length],
  ]);
}

async function isFree(master: Master, facts: { readonly videoId: string }): Promise<boolean> {
  try {
    await master.checkUpload(facts);
    return true;
  } catch (error) {
    if (error instanceof VideoExistsError) return false;
    throw error;
  }
}

/** An UploadVideo with messages as given, as no client of ours would send them. */
async function send(
  address: string,
  messages: readonly UploadVideoChunk[],
  then: (call: ClientWritableStream<UploadVideoChunk>) => void = (call) => call.end(),
): Promise<ServiceError> {
  const client = new MasterService(...channelTo(address, undefined));
  try {
    const { promise, resolve, reject } = Promise.withResolvers<ServiceError>();
    const call = client.uploadVideo(
      new Metadata(),
      { deadline: Date.now() + 60_000 },
      (error) => error ? resolve(error) : reject(new Error("it was taken")),
    );
    for (const message of messages) call.write(message);
    then(call);
    return await promise;
  } finally {
    client.close();
  }
}

Deno.test("an upload that is broken off leaves nothing", async () => {
  await using t = await uploadFixture();
  const stop = new AbortController();
  async function* video() {
    yield BYTES;
    await until(async () => (await t.videos()).length === 1); // its file is there
    stop.abort(new Error("the cable fell out"));
    yield BYTES;
  }
  const upload = t.client.upload(FACTS, ReadableStream.from(video()), { ...RPC, signal: stop.signal });
  await assertRejects(() => upload, Error, "the cable fell out");
  await assertNothingLeft(t.m);
});

Deno.test("an upload of which nothing comes for too long ends, and leaves nothing", async () => {
  await using t = await uploadFixture({ stallMs: 1_000 }); // in which whoever sends gets to it
  const first = { videoId: "film", isFirstChunk: true, dataChunk: BYTES };
  const error = await send(t.running.address, [first], () => {});
  assertEquals(error.code, status.DEADLINE_EXCEEDED);
  assertMatch(error.details, /nothing came for 1 s/);
  const silent = await send(t.running.address, [], () => {});
  assertEquals(silent.code, status.DEADLINE_EXCEEDED);
  await assertNothingLeft(t.m);
});

const BROKEN: readonly [what: string, messages: readonly UploadVideoChunk[], told: RegExp][] = [
  ["no message", [], /video_id/],
  ["no byte", [{ videoId: "film", isFirstChunk: true }], /data_chunk is empty/],
  [
    "another video_id on the way",
    [{ videoId: "film", isFirstChunk: true, dataChunk: BYTES }, { videoId: "other", dataChunk: BYTES }],
    /video_id must be the same/,
  ],
  [
    "a second beginning",
    [{ videoId: "film", isFirstChunk: true, dataChunk: BYTES }, { videoId: "film", isFirstChunk: true }],
    /is_first_chunk/,
  ],
  [
    "fewer bytes than announced",
    [{ videoId: "film", isFirstChunk: true, sizeBytes: BYTES.length + 1, dataChunk: BYTES }],
    /300000 bytes came/,
  ],
  [
    "more bytes than announced",
    [{ videoId: "film", isFirstChunk: true, sizeBytes: BYTES.length - 1, dataChunk: BYTES }],
    /300000 bytes came/,
  ],
  ["a video_id that is a path", [{ videoId: "../film", isFirstChunk: true, dataChunk: BYTES }], /slash/],
  [
    "a format that is not written",
    [{ videoId: "film", isFirstChunk: true, outputFormat: "avi", dataChunk: BYTES }],
    /output_format must be one of mp4, mov, mkv, webm/,
  ],
  [
    "a setting out of its range",
    [{ videoId: "film", isFirstChunk: true, targetWidth: -5, dataChunk: BYTES }],
    /width -5/,
  ],
];

for (const [what, messages, told] of BROKEN) {
  Deno.test(`an upload with ${what} is refused, and leaves nothing`, async () => {
    await using t = await uploadFixture();
    const error = await send(t.running.address, messages);
    assertEquals(error.code, status.INVALID_ARGUMENT, error.details);
    assertMatch(error.details, told);
    await assertNothingLeft(t.m);
  });
}

Deno.test("videos may have no more than the quota, together", async () => {
  await using t = await uploadFixture({ quotaBytes: BYTES.length * 2 });
  await t.client.upload({ videoId: "a" }, streamOf(BYTES), RPC);
  const early = await assertRpcFails(
    "RESOURCE_EXHAUSTED",
    t.client.upload({ videoId: "b", sizeBytes: BYTES.length + 1 }, streamOf(BYTES), RPC),
  );
  assertMatch(early.details, /600000 bytes/);
  assertEquals(early.retryable, false);
  const { master } = t;
  await assertRejects(() => master.checkUpload({ videoId: "b", sizeBytes: BYTES.length + 1 }), QuotaError);
  await assertRejects(() => master.checkUpload({ videoId: "a" }), VideoExistsError);
  await master.checkUpload({ videoId: "b", sizeBytes: BYTES.length });
  const tooLong = new Uint8Array(BYTES.length + 1);
  await assertRpcFails("RESOURCE_EXHAUSTED", t.client.upload({ videoId: "b" }, streamOf(tooLong), RPC));
  assertEquals((await t.videos()).length, 1);
  await t.client.upload({ videoId: "b" }, streamOf(BYTES), RPC);
  await t.client.delete("a", RPC);
  await t.client.upload({ videoId: "c" }, streamOf(BYTES), RPC);
});

/** An upload that the master has begun to store; the rest of it comes once it is told to go on. */
async function heldUpload({ client, videos }: InProcessMaster, videoId: string) {
  const before = await videos();
  const isBegun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  async function* video() {
    yield BYTES;
    isBegun.resolve();
    await goOn.promise;
    yield BYTES;
  }
  const upload = client.upload({ videoId }, ReadableStream.from(video()), RPC);
  upload.catch(() => {}); // for whoever waits for it
  await isBegun.promise;
  await until(async () => (await videos()).length > before.length);
  return { upload, goOn: () => goOn.resolve() };
}

Deno.test("an upload on its way when the master is to stop is finished; no other is begun", async () => {
  await using t = await uploadFixture();
  const { upload, goOn } = await heldUpload(t.m, "film");
  const drained = t.running.drain(60_000);
  await assertRpcFails("UNAVAILABLE", t.client.upload({ videoId: "late" }, streamOf(BYTES), RPC));
  goOn();
  await upload;
  assertEquals(await drained, true);
});

Deno.test("an upload that is not done in time is cut off by the master's stop", async () => {
  await using t = await uploadFixture();
  const { upload } = await heldUpload(t.m, "film");
  assertEquals(await t.running.drain(0), false);
  await assertRpcFails("UNAVAILABLE", upload);
  assertEquals(await t.videos(), []);
});

/** A master with a result, of whatever bytes. */
async function resultFixture(sizeBytes: number) {
  await using stack = new AsyncDisposableStack();
  const t = stack.use(
    await uploadFixture({
      async runJob({ outputPath, jobId }, { signal }) {
        if (t.master.job(jobId).job.videoId !== "film") await once(signal, "abort");
        await Deno.writeFile(outputPath, new Uint8Array(sizeBytes));
        const assembled = { sizeBytes, converted: [], notCarried: [] };
        return { assembled, notes: [] } as unknown as JobResult;
      },
    }),
  );
  await t.client.upload(FACTS, streamOf(BYTES), RPC);
  await untilState(t.master, t.master.find("film")!.id, "completed");
  const done = stack.move();
  return { ...t, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

/** Reads what is left of a download, each piece some time after it was sent. @returns How many bytes. */
async function readSlowly(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  let received = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    received += piece.value.length;
    await delay(5);
  }
  return received;
}

Deno.test("a download on its way when the master is to stop is finished", async () => {
  const sizeBytes = 16 * 1024 * 1024;
  await using t = await resultFixture(sizeBytes);
  const reader = t.client.retrieve("film", RPC).getReader();
  const first = (await reader.read()).value!.length;
  let isDrained: boolean | undefined;
  const drained = t.running.drain(60_000).then((done) => isDrained = done);
  await assertRpcFails("UNAVAILABLE", t.client.upload({ videoId: "late" }, streamOf(BYTES), RPC));
  assertEquals(isDrained, undefined);
  assertEquals([first + await readSlowly(reader), await drained], [sizeBytes, true]);
});

Deno.test("a download that begins while the master waits for others is finished, too", async () => {
  const sizeBytes = 3_000_000; // its last part, less than a whole one, is on its way when all has been read
  await using t = await resultFixture(sizeBytes);
  const { upload, goOn } = await heldUpload(t.m, "other");
  const drained = t.running.drain(60_000);
  const reader = t.client.retrieve("film", RPC).getReader();
  const first = (await reader.read()).value!.length;
  goOn();
  await upload;
  assertEquals([first + await readSlowly(reader), await drained], [sizeBytes, true]);
});

Deno.test({
  name: "what the disk cannot take is refused, and leaves nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using t = await uploadFixture();
    const error = await assertRpcFails(
      "RESOURCE_EXHAUSTED",
      t.client.upload({ videoId: "film", sizeBytes: 2 ** 52 }, streamOf(BYTES), RPC),
    );
    assertEquals(error.details, "Cannot take the video: no space left on the device");
    assert(!error.details.includes("/"));
    await assertNothingLeft(t.m);
  },
});
