/** Peers that mean harm, or behave as if they did: the worker lives, answers others, and its memory stays bounded. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { once } from "node:events";
import { type ClientHttp2Stream, connect } from "node:http2";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { attackTest, headersOf, packed, request, statusOf } from "./attacked_worker.ts";
import { startInProcess } from "./in_process_worker.ts";
import {
  callHeaders,
  connectRaw,
  END_HEADERS,
  FRAME,
  frame,
  joined,
  message,
  PREFACE,
  type RawConnection,
} from "./raw_http2.ts";
import { within } from "./within.ts";

const MIB = 2 ** 20;
const { ProcessChunk, ProcessChunkStream, GetShard, GetShardStream, CheckHealth } = WorkerService.service;

attackTest(
  "200 connections that open calls and never send a message",
  { maxBytes: 250 * MIB },
  async (target) => {
    const sessions = Array.from({ length: 200 }, () => target.session());
    for (const session of sessions) {
      for (const { path } of [ProcessChunk, ProcessChunkStream, GetShard, GetShardStream, CheckHealth]) {
        request(session, headersOf(path));
      }
    }
    // the answer to a ping comes after what was sent before it
    for (const session of sessions) {
      const { promise, resolve } = Promise.withResolvers<void>();
      session.ping(() => resolve());
      await promise;
    }
  },
);

attackTest(
  "200 connections that say nothing, or have said all that they will",
  { maxBytes: 200 * MIB },
  async (target) => {
    using connections = new DisposableStack();
    for (let i = 0; i < 200; i++) {
      const connection = connections.use(await connectRaw(target.address));
      if (i % 2 === 0) await connection.closeWrite();
    }
  },
);

const hello = joined([PREFACE, frame(FRAME.settings)]);
const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  "noise": crypto.getRandomValues(new Uint8Array(10_000)),
  "HTTP/1.1": new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: worker\r\n\r\n"),
  "the start of TLS": new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
  "half a preface": PREFACE.subarray(0, 10),
  "noise after the preface": joined([PREFACE, crypto.getRandomValues(new Uint8Array(5_000))]),
  "a frame of 16 MiB": joined([hello, new Uint8Array([255, 255, 255, 0, 0, 0, 0, 0, 1])]),
  "headers that are none": joined([
    hello,
    frame(FRAME.headers, { flags: END_HEADERS, stream: 1, payload: new Uint8Array(100).fill(255) }),
  ]),
  "data of no call": joined([hello, frame(FRAME.data, { stream: 5, payload: new Uint8Array(10) })]),
  "the reset of no call": joined([hello, frame(FRAME.reset, { stream: 77, payload: new Uint8Array(4) })]),
  "settings of an odd length": joined([PREFACE, frame(FRAME.settings, { payload: new Uint8Array(5) })]),
  "a goodbye": joined([hello, frame(FRAME.goaway, { payload: new Uint8Array(8) })]),
  "a goodbye for an error": joined([
    hello,
    frame(FRAME.goaway, { payload: new Uint8Array([0, 0, 0, 9, 0, 0, 0, 2]) }),
  ]),
  "a call with garbage for a message": joined([
    hello,
    frame(FRAME.headers, { flags: END_HEADERS, stream: 1, payload: callHeaders(ProcessChunk.path) }),
    frame(FRAME.data, { stream: 1, payload: message(new Uint8Array([255, 255, 255])) }),
  ]),
};

attackTest("connections that send garbage", { maxBytes: 200 * MIB }, async (target) => {
  for (let round = 0; round < 5; round++) {
    using connections = new DisposableStack();
    for (const bytes of Object.values(GARBAGE)) {
      await connections.use(await connectRaw(target.address)).write(bytes);
    }
  }
});

for (const format of ["gzip", "deflate"] as const) {
  attackTest(
    `messages that ${format} makes a thousand times larger are refused`,
    { maxBytes: 400 * MIB },
    async (target) => {
      const bomb = message(await packed(format, 500 * MIB), { isCompressed: true });
      assertLess(bomb.length, MIB);
      const session = target.session();
      for (let round = 0; round < 4; round++) {
        const call = request(session, headersOf(ProcessChunk.path, { "grpc-encoding": format }));
        call.end(bomb);
        assertEquals(await statusOf(call), status.RESOURCE_EXHAUSTED);
      }
    },
  );
}

attackTest(
  "a message packed in a way that nobody knows is refused",
  { maxBytes: 200 * MIB },
  async (target) => {
    const call = request(target.session(), headersOf(ProcessChunk.path, { "grpc-encoding": "brotli" }));
    call.end(message(new Uint8Array(100), { isCompressed: true }));
    assertEquals(await statusOf(call), status.UNIMPLEMENTED);
  },
);

attackTest("chunks in one message, far more than there are places, are refused before they fill the memory", {
  maxBytes: 450 * MIB,
}, async (target) => {
  const calls: ClientHttp2Stream[] = [];
  for (let i = 0; i < 4; i++) {
    const session = target.session();
    for (let k = 0; k < 10; k++) calls.push(request(session, headersOf(ProcessChunk.path)));
  }
  // far more than the worker may have, and not too much for the test, whose own process holds what is not sent
  const part = message(new Uint8Array(15 * MIB), { length: 60 * MIB });
  for (const call of calls) call.write(part);
  const refused = Promise.withResolvers<void>();
  let count = 0;
  for (const call of calls) {
    void statusOf(call).then((code) => {
      assertEquals(code, status.RESOURCE_EXHAUSTED);
      if (++count === calls.length - 4) refused.resolve(); // as many as may run and wait are taken
    });
  }
  await within(60_000, refused.promise);
});

/** Sends the same again and again until the worker cuts the connection, or takes no more of it. */
async function flood(connection: RawConnection, bytes: Uint8Array, times: number): Promise<void> {
  for (let i = 0; i < times; i++) if (!await connection.write(bytes)) return;
}

attackTest(
  "calls that are reset as soon as they begin, 60,000 of them",
  { maxBytes: 500 * MIB },
  async (target) => {
    const begin = callHeaders(ProcessChunkStream.path);
    const cancel = new Uint8Array([0, 0, 0, 8]);
    for (let round = 0; round < 3; round++) {
      using connection = await connectRaw(target.address);
      await connection.write(hello);
      for (let first = 1; first < 40_000; first += 200) {
        const resets = Array.from({ length: 100 }, (_, i) => first + 2 * i).flatMap((stream) => [
          frame(FRAME.headers, { flags: END_HEADERS, stream, payload: begin }),
          frame(FRAME.reset, { stream, payload: cancel }),
        ]);
        if (!await connection.write(joined(resets))) break;
      }
    }
  },
);

for (
  const [name, one] of [
    ["pings", frame(FRAME.ping, { payload: new Uint8Array(8) })],
    ["settings", frame(FRAME.settings)],
  ] as const
) {
  attackTest(`a million ${name} whose answers nobody reads`, { maxBytes: 250 * MIB }, async (target) => {
    using connection = await connectRaw(target.address);
    await connection.write(hello);
    await flood(connection, joined(Array.from({ length: 1_000 }, () => one)), 1_000);
  });
}

Deno.test("a worker stops although somebody has begun to ask for its metrics and does not go on", async () => {
  await using t = await startInProcess({ metricsPort: 0 });
  using idle = await connectRaw(t.worker.metricsAddress!);
  using half = await connectRaw(t.worker.metricsAddress!);
  await half.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\n"));
  assert(idle);
  assertEquals(await within(30_000, t.worker.drain(0)), true);
});

Deno.test("a connection without a call is closed after a while, one that is used is not", async () => {
  await using t = await startInProcess({ connections: { idleMs: 300 } });
  const idle = connect(`http://${t.worker.address}`);
  const { call, answer } = t.raw.open([{ header: { videoId: "v" } }, { data: new Uint8Array(10) }]);
  await within(30_000, once(idle, "close"));
  call.end();
  assertEquals((await answer).success, true);
});

Deno.test("a peer that gives no sign of life any more counts as gone, with its calls", async () => {
  await using t = await startInProcess({ maxTasks: 1, connections: { pingMs: 100, pingTimeoutMs: 2_000 } });
  const alive = t.raw.open([{ header: { videoId: "alive" } }, { data: new Uint8Array(10) }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  using connection = await connectRaw(t.worker.address);
  const header = ProcessChunkStream.requestSerialize({ header: { videoId: "gone" } });
  await connection.write(joined([
    hello,
    frame(FRAME.headers, { flags: END_HEADERS, stream: 1, payload: callHeaders(ProcessChunkStream.path) }),
    frame(FRAME.data, { stream: 1, payload: message(header) }),
  ]));
  await t.raw.until(({ queuedTasks }) => queuedTasks === 1);
  await t.raw.until(({ queuedTasks }) => queuedTasks === 0); // it answers no ping
  alive.call.end();
  assertEquals((await alive.answer).success, true);
});
