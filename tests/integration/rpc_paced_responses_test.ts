/** Responses whose reader stands still. */
import { assertEquals, assertGreater } from "@std/assert";
import { Metadata } from "@grpc/grpc-js";
import { once } from "node:events";
import { connect } from "node:http2";
import process from "node:process";
import type { GetShardResponse__Output } from "../../lib/rpc/generated/replication/GetShardResponse.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { headersOf, request } from "./attacked_worker.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { writePlainShard } from "./plain_shard.ts";
import { callHeaders, END_HEADERS, FRAME, frame, joined, message, PREFACE } from "./raw_http2.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

const MIB = 2 ** 20;
const { GetShard, GetShardStream } = WorkerService.service;

const MAX_WINDOW = 2 ** 31 - 1;
const INITIAL_WINDOW_SIZE = 4;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;

/** Announces room for everything, on every stream and on the connection. @see RFC 9113, sections 6.5.1 and 6.9. */
function roomForEverything(): Uint8Array {
  const setting = new DataView(new ArrayBuffer(6));
  setting.setUint16(0, INITIAL_WINDOW_SIZE);
  setting.setUint32(2, MAX_WINDOW);
  const more = new DataView(new ArrayBuffer(4));
  more.setUint32(0, MAX_WINDOW - 65_535); // that much there is from the start
  return joined([
    frame(FRAME.settings, { payload: new Uint8Array(setting.buffer) }),
    frame(WINDOW_UPDATE, { payload: new Uint8Array(more.buffer) }),
  ]);
}

function download(stream: number, shardLocation: string): Uint8Array {
  const payload = message(GetShardStream.requestSerialize({ shardLocation }));
  return joined([
    frame(FRAME.headers, { flags: END_HEADERS, stream, payload: callHeaders(GetShardStream.path) }),
    frame(FRAME.data, { flags: END_STREAM, stream, payload }),
  ]);
}

Deno.test("many downloads wait for one connection without a warning, and all go on once it is read", async () => {
  const COUNT = 14; // Node warns of more than ten
  const SIZE = 8 * MIB; // more than is read ahead for each
  await using t = await startInProcess();
  const location = await writePlainShard(t.shardsDir, { sizeBytes: SIZE });
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(String(warning));
  process.on("warning", onWarning);
  try {
    const [hostname, port] = t.worker.address.split(":");
    using socket = await Deno.connect({ hostname: hostname!, port: Number(port) });
    const writer = socket.writable.getWriter();
    const calls = Array.from({ length: COUNT }, (_, i) => download(2 * i + 1, location));
    await writer.write(joined([PREFACE, roomForEverything(), ...calls]));
    await until(async () => (await t.openFiles()).length > 0);
    // long enough for all to have been sent, had nothing made them wait
    for (let answers = 0; answers < 200; answers++) await t.raw.until(() => true);
    assertEquals(await t.openFiles(), ["v/chunk_0.shard"], "they are under way");

    let received = 0;
    const reader = socket.readable.getReader();
    while (received <= COUNT * SIZE) received += (await within(60_000, reader.read())).value?.length ?? NaN;
    assertGreater(received, COUNT * SIZE);
  } finally {
    process.off("warning", onWarning);
  }
  assertEquals(warnings, []);
});

function shardInOne({ raw }: InProcessWorker, shardLocation: string): Promise<GetShardResponse__Output> {
  const { promise, resolve, reject } = Promise.withResolvers<GetShardResponse__Output>();
  const deadline = Date.now() + 20_000;
  raw.client.getShard(
    { shardLocation },
    new Metadata(),
    { deadline },
    (error, shard) => error ? reject(error) : resolve(shard!),
  );
  return promise;
}

Deno.test("a shard in one message that nobody reads is cut off as one in parts is, and others have its place", async () => {
  await using t = await startInProcess({ connections: { responseMs: 2_000 } });
  const location = await writePlainShard(t.shardsDir, { sizeBytes: MIB });
  const session = connect(`http://${t.worker.address}`).on("error", () => {});
  try {
    const still = [1, 2].map(() => request(session, headersOf(GetShard.path)));
    const closed = Promise.all(still.map((call) => once(call, "close")));
    for (const call of still) call.end(message(GetShard.requestSerialize({ shardLocation: location })));
    await Promise.all(still.map((call) => once(call, "response")));
    assertEquals((await shardInOne(t, location)).shardData.length, MIB);
    await within(30_000, closed);
  } finally {
    session.destroy();
  }
});
