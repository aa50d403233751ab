/** master.ts and worker.ts whose standard error does not take what they log. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { byNumber } from "./by_number.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { type RunningScript, startCommand, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

interface Server {
  readonly script: string;
  readonly flags: readonly string[];
  /** A call that is answered, and of which the server has logged something by then. */
  call(address: string, videoId: string): Promise<void>;
}

const SERVERS: readonly Server[] = [
  {
    script: "master.ts",
    flags: ["--port", "0", "--no-dashboard", "--data_dir", "data"],
    async call(address, videoId) {
      using client = connectMaster(byNumber(address));
      const facts = { videoId, chunkSeconds: 1, outputFormat: "mp4" };
      await client.upload(facts, streamOf(new TextEncoder().encode("no video")), RPC);
      const states: string[] = [];
      for await (const update of client.watch(videoId, RPC)) {
        if (update.kind === "job") states.push(update.job.state);
      }
      assertEquals(states.at(-1), "failed");
    },
  },
  {
    script: "worker.ts",
    flags: ["--port", "0", "--encoder", "simulated", "--shards_dir", "shards"],
    async call(address, videoId) {
      using client = connectWorker(byNumber(address));
      const { encodedBytes } = await client.processChunk({ videoId, chunkIndex: 0 }, new Uint8Array(9), RPC);
      assert(encodedBytes > 0);
    },
  },
];

/** Starts a server with its standard error at a path. */
function startLoggingTo(path: string, { script, flags }: Server, cwd: string): RunningScript {
  return startScript(script, flags, { cwd, through: ["sh", "-c", 'exec "$@" 2>"$0"', path] });
}

/** Has a server end in order. */
async function stop(server: RunningScript): Promise<void> {
  server.child.kill("SIGTERM");
  assertEquals((await server.result).code, 0);
}

for (const server of SERVERS) {
  Deno.test({
    name: `${server.script} answers and ends in order though the disk of its log is full`,
    ignore: Deno.build.os !== "linux", // for /dev/full and /proc
    async fn() {
      await using folder = await temporaryFolder();
      await using running = startLoggingTo("/dev/full", server, folder.path);
      let ports: number[] = [];
      await until(async () => (ports = await portsOf(running.child.pid)).length > 0);
      for (const videoId of ["a", "b"]) await server.call(`localhost:${ports[0]}`, videoId);
      await stop(running);
    },
  });

  Deno.test({
    name: `${server.script} outlives the reader of its log, and tells the next one how many lines were lost`,
    ignore: Deno.build.os === "windows", // for mkfifo(1)
    async fn() {
      await using folder = await temporaryFolder();
      const log = join(folder.path, "log");
      assertEquals((await startCommand(["mkfifo", log], { cwd: folder.path }).result).code, 0);
      await using running = startLoggingTo(log, server, folder.path);
      const address = await (async () => {
        await using reader = startCommand(["cat", log], { cwd: folder.path });
        return await reader.until(() => /listening on (\S+:\d+)\b.*\n/.exec(reader.stdout())?.[1]);
      })();
      await server.call(address, "unread");
      const reader = await Deno.open(log);
      await server.call(address, "read");
      await stop(running);
      const [first, ...others] = (await new Response(reader.readable).text()).split("\n");
      assertMatch(first!, /^\S+ WARN Log lines were lost lines=[1-9]\d* reason="[^"]*Broken pipe[^"]*"$/);
      assertMatch(others.join("\n"), / video_id=read\b[^]* Drained/);
      assert(!others.some((line) => line.includes("lost")));
    },
  });
}

/** Of TCP, on which a process listens. @see proc(5), /proc/[pid]/net/tcp: 0A is TCP_LISTEN. */
async function portsOf(pid: number): Promise<number[]> {
  const links: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    links.push(await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "")); // it may be closed by now
  }
  const sockets = await Promise.all(
    // a machine without IPv6 has no tcp6
    ["tcp", "tcp6"].map((table) => Deno.readTextFile(`/proc/${pid}/net/${table}`).catch(() => "")),
  );
  return sockets.join("").split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && links.includes(`socket:[${inode}]`))
    .map(([, local]) => Number.parseInt(local!.split(":")[1]!, 16));
}
