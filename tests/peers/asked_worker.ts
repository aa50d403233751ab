/** Our worker with a store of its own, and Python clients that ask it. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { assert } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { ALL_FORMATS, BufferSource, Input } from "mediabunny";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { callUnary } from "../../lib/rpc/client_call.ts";
import type { HealthCheckResponse__Output as Health } from "../../lib/rpc/generated/replication/HealthCheckResponse.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { startOurWorker } from "./our_worker.ts";
import type { Stored } from "./peer_answers.ts";
import { runPeer } from "./python.ts";

/** A media segment in a file, and the header that goes with it. */
export interface SegmentFile {
  readonly file: string;
  readonly header: {
    readonly kind: "CHUNK_KIND_MEDIA_SEGMENT";
    readonly segment: {
      readonly timescale: number;
      readonly startTicks: string;
      readonly frameCount: number;
    };
  };
}

export interface AskedWorker extends AsyncDisposable {
  /** `localhost:<port>` */
  readonly address: string;
  readonly child: Deno.ChildProcess;
  readonly shardsDir: string;
  /** The test's own, beside the store. */
  readonly scratchDir: string;
  /** Runs peer_client.py, which knows the original fields alone. */
  ask<Answer = unknown>(...args: (string | number)[]): Promise<Answer>;
  /** Runs our_client.py, which knows all of our .proto. */
  askOurs<Answer = unknown>(...args: (string | number)[]): Promise<Answer>;
  /** Has peer_client.py send a chunk. */
  store<Answer = Stored>(videoId: string, index: number, chunk: Uint8Array): Promise<Answer>;
  /** Asks for the worker's health (through grpc-js, which is quick) until it is so, for a minute at most. */
  until(condition: (health: Health) => boolean): Promise<void>;
  /** A file of these bytes. */
  file(bytes: Uint8Array): Promise<string>;
  /** A test picture of 15 frames a second. */
  segment(seconds: number): Promise<SegmentFile>;
}

/** @param options `shardsDir`: a store that is there already, and goes with the worker too. */
export async function startAskedWorker(
  python: string,
  options: { readonly flags?: readonly string[]; readonly shardsDir?: string } = {},
): Promise<AskedWorker> {
  const scratchDir = await Deno.realPath(await Deno.makeTempDir());
  const shardsDir = options.shardsDir ?? `${scratchDir}/shards`;
  const worker = await startOurWorker({ shardsDir, flags: options.flags ?? [] });
  const ask = <Answer>(...args: (string | number)[]) =>
    runPeer<Answer>(python, "peer_client.py", [worker.address, ...args]);
  const askOurs = <Answer>(...args: (string | number)[]) =>
    runPeer<Answer>(python, "our_client.py", [worker.address, ...args]);
  const file = async (bytes: Uint8Array) => {
    const path = `${scratchDir}/${crypto.randomUUID()}`;
    await Deno.writeFile(path, bytes);
    return path;
  };
  return {
    address: worker.address,
    child: worker.child,
    shardsDir,
    scratchDir,
    ask,
    askOurs,
    async store(videoId, index, chunk) {
      // with "=": argparse takes "-1" after a space for a flag
      const flags = [`--video_id=${videoId}`, `--chunk_index=${index}`, `--data_file=${await file(chunk)}`];
      return await ask("process", ...flags);
    },
    async until(condition) {
      const client = new WorkerService(worker.address, credentials.createInsecure());
      const peer = { address: worker.address, metadata: new Metadata() };
      const late = AbortSignal.timeout(60_000);
      const rpc = { timeoutMs: 60_000, signal: late };
      const health = () =>
        callUnary<Health>(peer, (...call) => client.checkHealth({ masterId: "test" }, ...call), rpc);
      try {
        while (!condition(await health())) await delay(20, undefined, { signal: late });
      } finally {
        client.close();
      }
    },
    file,
    async segment(seconds) {
      const path = `${scratchDir}/${crypto.randomUUID()}.mp4`;
      await makeVideo(path, { seconds, tone: null, layout: "fragmented", frameRate: { num: 15, den: 1 } });
      const segment = { timescale: await timescaleOf(path), startTicks: "0", frameCount: seconds * 15 };
      return { file: path, header: { kind: "CHUNK_KIND_MEDIA_SEGMENT", segment } };
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      for (const dir of new Set([scratchDir, options.shardsDir ?? scratchDir])) {
        await Deno.remove(dir, { recursive: true });
      }
    },
  };
}

async function timescaleOf(path: string): Promise<number> {
  const source = new BufferSource(await Deno.readFile(path));
  const track = await new Input({ formats: ALL_FORMATS, source }).getPrimaryVideoTrack();
  assert(track);
  return await track.getTimeResolution();
}
