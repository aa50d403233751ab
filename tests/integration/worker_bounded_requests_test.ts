/** Requests that come in part and never as a whole, or are more than they seem: the worker's memory stays bounded. */
import { assertEquals, assertLess } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { setTimeout } from "node:timers/promises";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { attackTest, headersOf, packed, request, statusOf } from "./attacked_worker.ts";
import { rawClient } from "./raw_client.ts";
import { joined, message } from "./raw_http2.ts";
import { within } from "./within.ts";

const MIB = 2 ** 20;
const { ProcessChunk, ProcessChunkStream, CheckHealth } = WorkerService.service;

/** Long enough to have read far, if it did. */
const READ_AHEAD_MS = 3_000;

attackTest("what came of chunks whose time was up is not kept", { maxBytes: 450 * MIB }, async (target) => {
  const session = target.session();
  const half = message(new Uint8Array(30 * MIB), { length: 60 * MIB });
  for (let round = 0; round < 4; round++) {
    const calls = Array.from(
      { length: 4 },
      () => request(session, headersOf(ProcessChunk.path, { "grpc-timeout": "1500m" })),
    );
    for (const call of calls) call.write(half); // and neither ends nor resets it, whatever the answer is
    const codes = await within(60_000, Promise.all(calls.map(statusOf)));
    assertEquals(codes, codes.map(() => status.DEADLINE_EXCEEDED));
  }
});

const WITHOUT_CHUNK = [
  [CheckHealth.path, "without a chunk"],
  [ProcessChunkStream.path, "of a stream's header"],
] as const;

for (const [path, name] of WITHOUT_CHUNK) {
  attackTest(
    `messages ${name} are refused at their first bytes when they are large`,
    { maxBytes: 250 * MIB },
    async (target) => {
      const session = target.session();
      const calls = Array.from({ length: 20 }, () => request(session, headersOf(path)));
      const part = message(new Uint8Array(12 * MIB), { length: 64 * MIB });
      for (const call of calls) call.write(part);
      for (const code of await within(60_000, Promise.all(calls.map(statusOf)))) {
        assertEquals(code, status.RESOURCE_EXHAUSTED);
      }
    },
  );

  attackTest(
    `messages ${name} that gzip makes a thousand times larger are refused`,
    { maxBytes: 300 * MIB },
    async (target) => {
      const bomb = message(await packed("gzip", 60 * MIB), { isCompressed: true });
      assertLess(bomb.length, 64 * 1024);
      const session = target.session();
      const calls = Array.from(
        { length: 40 },
        () => request(session, headersOf(path, { "grpc-encoding": "gzip" })),
      );
      for (const call of calls) call.end(bomb);
      for (const code of await within(60_000, Promise.all(calls.map(statusOf)))) {
        assertEquals(code, status.RESOURCE_EXHAUSTED);
      }
    },
  );
}

attackTest(
  "messages that are not large and never come to their end are refused once they are too much together",
  { maxBytes: 300 * MIB },
  async (target) => {
    const most = message(new Uint8Array(60 * 1024), { length: 64 * 1024 });
    const refused = Promise.withResolvers<void>();
    for (let i = 0; i < 20; i++) {
      const session = target.session();
      for (let k = 0; k < 100; k++) {
        const call = request(session, headersOf(CheckHealth.path));
        call.write(most);
        void statusOf(call).then((code) => {
          assertEquals(code, status.RESOURCE_EXHAUSTED);
          if (++count === 1_500) refused.resolve();
        });
      }
    }
    let count = 0;
    await within(60_000, refused.promise);
  },
);

attackTest("parts of streams that wait for a place are not read ahead", {
  maxBytes: 250 * MIB,
}, async (target) => {
  using raw = rawClient(target.address);
  const running = ["v", "w"].map((videoId) => raw.open([{ header: { videoId } }]));
  await raw.until(({ activeTasks }) => activeTasks === 2);
  const session = target.session();
  const header = message(ProcessChunkStream.requestSerialize({ header: { videoId: "x" } }));
  const part = message(ProcessChunkStream.requestSerialize({ data: new Uint8Array(10 * MIB) }));
  for (let i = 0; i < 2; i++) {
    const call = request(session, headersOf(ProcessChunkStream.path));
    call.write(header);
    for (let k = 0; k < 16; k++) call.write(part);
  }
  await raw.until(({ queuedTasks }) => queuedTasks === 2);
  await setTimeout(READ_AHEAD_MS);
  for (const { call } of running) call.cancel();
});

attackTest(
  "a part of a stream may be as large as a message can be, right behind the header",
  { maxBytes: 400 * MIB },
  async (target) => {
    const header = message(ProcessChunkStream.requestSerialize({ header: { videoId: "large" } }));
    const part = message(ProcessChunkStream.requestSerialize({ data: new Uint8Array(40 * MIB) }));
    const call = request(target.session(), headersOf(ProcessChunkStream.path));
    call.end(joined([header, part]));
    assertEquals(await within(60_000, statusOf(call)), status.OK);
  },
);
