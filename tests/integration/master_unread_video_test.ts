/** Videos that somebody asks for and reads no further. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { storedVideo } from "../../lib/master/video_files.ts";
import { videoResponse } from "../../lib/master/web/video_response.ts";
import { serveHttp } from "../../lib/rpc/serve_http.ts";
import { StalledError } from "../../lib/stalled.ts";
import { createUnderWay } from "../../lib/under_way.ts";
import { connectRaw } from "./raw_http2.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** More than sockets and streams hold together. */
const SIZE_BYTES = 64 * 1024 * 1024;
const STALL_MS = 200;
const LONG_MS = 60_000;
const NEVER = new AbortController().signal;

async function setUp(sizeBytes: number, stallMs = STALL_MS) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const path = join(folder.path, "film");
  await Deno.writeFile(path, new Uint8Array(sizeBytes));
  const transfers = createUnderWay();
  const names = { fileName: "film.mp4", mediaType: "video/mp4" };
  const video = await storedVideo(path, names, transfers, { stallMs });
  const done = stack.move();
  return { video, transfers, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

Deno.test("a download of which nothing is read is given up, and holds no file", async () => {
  await using t = await setUp(1_000_000);
  const reader = (await t.video.open({ signal: NEVER, isAwaited: true })).getReader();
  await reader.read();
  assertEquals(t.transfers.count, 1);
  await within(LONG_MS, t.transfers.idle());
  await assertRejects(() => reader.read(), StalledError, "nothing was read for 0.2 s");
});

Deno.test("a download that is opened and never read is given up, too", async () => {
  await using t = await setUp(1_000_000);
  const video = await t.video.open({ signal: NEVER, isAwaited: true });
  await within(LONG_MS, t.transfers.idle());
  await assertRejects(() => new Response(video).bytes(), StalledError);
});

Deno.test("a download that is read slowly, but on and on, is finished", async () => {
  const [pieces, stallMs] = [12, 2_000]; // of which other work on the machine does not take most
  await using t = await setUp(pieces * 256 * 1024, stallMs);
  let received = 0;
  for await (const piece of await t.video.open({ signal: NEVER, isAwaited: true })) {
    received += piece.length;
    await new Promise((resolve) => setTimeout(resolve, stallMs / 8));
  }
  assertEquals([received, t.transfers.count], [t.video.sizeBytes, 0]);
});

Deno.test("what a player has stopped to read stays there for it", async () => {
  await using t = await setUp(1_000_000);
  const reader = (await t.video.open({ signal: NEVER })).getReader();
  let received = (await reader.read()).value!.length;
  await new Promise((resolve) => setTimeout(resolve, 2 * STALL_MS));
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    received += piece.value.length;
  }
  assertEquals(received, 1_000_000);
});

Deno.test("a download over HTTP that nobody reads is waited for no more", async () => {
  await using t = await setUp(SIZE_BYTES);
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push([message, ...Object.values(fields)].join());
  const logger = { info: write, warn: write, error: write };
  const binding = { what: "videos", host: "127.0.0.1", port: 0, logger };
  const began = Promise.withResolvers<void>();
  const server = serveHttp(binding, async (request) => {
    const response = await videoResponse(t.video, { request, etag: '"a"', isDownload: true, signal: NEVER });
    began.resolve();
    return response;
  });
  {
    using connection = await connectRaw(`127.0.0.1:${server.port}`);
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    await began.promise;
    assertEquals(t.transfers.count, 1);
    await within(LONG_MS, t.transfers.idle());
  }
  // Deno notices once it has something to send again, or nobody to send it to
  await until(() => Promise.resolve(log.length > 0));
  await server.shutdown();
  const why = "StalledError: Cannot send the video: nothing was read for 0.2 s";
  assertEquals(log, [`Cannot answer a request for videos,${why}`]);
});
