/** Who may speak to a worker: TLS, certificates of clients, and the token. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { join } from "node:path";
import { reach } from "../../lib/cli/reach.ts";
import { channelTo } from "../../lib/rpc/channel.ts";
import { TlsError } from "../../lib/rpc/check_tls.ts";
import { type ClientTls, tokenMetadata } from "../../lib/rpc/credentials.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { type Authority, createAuthority, HAS_OPENSSL, WITHOUT_OPENSSL } from "./certificates.ts";
import { startInProcess } from "./in_process_worker.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// grpc-js lets the timers of connections that were refused run on
Deno.test.sanitizer({ ops: false, resources: false });

const RPC = { timeoutMs: 30_000 };
const BYTES = new TextEncoder().encode("a chunk of any bytes at all");

function tlsTest(name: string, fn: (authority: Authority, folder: string) => Promise<void>): void {
  Deno.test({
    name: HAS_OPENSSL ? name : `${name} ${WITHOUT_OPENSSL}`,
    ignore: !HAS_OPENSSL,
    async fn() {
      await using folder = await temporaryFolder();
      await fn(await createAuthority(folder.path, "authority"), folder.path);
    },
  });
}

/** Stores a chunk and reads it back, as only one who is let in can. */
async function roundTrip(address: string, options: { tls?: ClientTls; token?: string }): Promise<void> {
  using client = connectWorker(address, options);
  const { shardLocation, encodedBytes } = await client.processChunk(
    { videoId: "v", chunkIndex: 0 },
    BYTES,
    RPC,
  );
  const shard = await new Response(await client.getShard(shardLocation, RPC)).bytes();
  assertEquals(shard.length, encodedBytes);
}

async function assertShutOut(address: string, tls: ClientTls | undefined): Promise<void> {
  using client = connectWorker(address, { tls });
  await assertRpcFails("UNAVAILABLE", client.checkHealth("test", RPC));
}

tlsTest(
  "a worker with a certificate speaks to those who trust its authority, and to no others",
  async (authority, folder) => {
    const server = await authority.issue("server");
    await using t = await startInProcess({ tls: server });
    const { address } = t.worker;
    await roundTrip(address, { tls: { ca: authority.ca } });
    await assertShutOut(address, { ca: (await createAuthority(folder, "stranger")).ca });
    await assertShutOut(address, undefined); // in the clear
  },
);

tlsTest(
  "a worker with an authority speaks to those who show a certificate of it, and to no others",
  async (authority, folder) => {
    const server = await authority.issue("server");
    await using t = await startInProcess({ tls: { ...server, ca: authority.ca } });
    const { address } = t.worker;
    const { ca } = authority;
    const { cert, key } = await authority.issue("client");
    await roundTrip(address, { tls: { ca, cert, key } });
    await assertShutOut(address, { ca });
    const stranger = await createAuthority(folder, "stranger");
    await assertShutOut(address, { ca, ...await stranger.issue("client") });
  },
);

tlsTest(
  "a worker is reached by an IP address that is in its certificate, and by no other",
  async (authority) => {
    const tls = { ca: authority.ca };
    for (const hosts of ["IP:127.0.0.1", "IP:127.0.0.2", "DNS:localhost", "DNS:127.0.0.1"]) {
      const server = await authority.issue("server", hosts);
      await using t = await startInProcess({ tls: server });
      if (hosts === "IP:127.0.0.1") await roundTrip(t.worker.address, { tls });
      else await assertShutOut(t.worker.address, tls);
    }
  },
);

tlsTest("who speaks no TLS to a worker that does, or the reverse, is told so", async (authority) => {
  const server = await authority.issue("server");
  await using secure = await startInProcess({ tls: { ...server, ca: authority.ca } });
  await using plain = await startInProcess();
  await using http = Deno.serve({ hostname: "localhost", port: 0, onListen() {} }, () => new Response());
  const tls = { ca: authority.ca };
  const cases: readonly (readonly [string, ClientTls | undefined, RegExp])[] = [
    [secure.worker.address, undefined, /want TLS/],
    [secure.worker.address, tls, /asks for a certificate/],
    [plain.worker.address, tls, /speaks no TLS/],
    [`localhost:${http.addr.port}`, tls, /speaks no TLS/],
  ];
  for (const [address, tls, says] of cases) {
    using client = connectWorker(address, { tls });
    const error = await assertRpcFails("UNAVAILABLE", client.checkHealth("test", RPC));
    assertMatch(error.details, says);
    const told = await assertRejects(() => reach("worker", () => Promise.reject(error)), Error);
    assert(!told.message.includes("is it running?"), told.message);
  }
});

tlsTest("a worker whose key is not that of its certificate does not start", async (authority) => {
  const [{ cert }, { key }] = [await authority.issue("one"), await authority.issue("other")];
  await assertRejects(
    () => startInProcess({ tls: { cert, key } }),
    TlsError,
    "the key is not that of the certificate",
  );
});

tlsTest("a token is needed beside a certificate", async (authority) => {
  const server = await authority.issue("server");
  await using t = await startInProcess({ tls: server, token: "secret" });
  const tls = { ca: authority.ca };
  await roundTrip(t.worker.address, { tls, token: "secret" });
  using client = connectWorker(t.worker.address, { tls });
  await assertRpcFails("UNAUTHENTICATED", client.checkHealth("test", RPC));
});

const REFLECTION = ["v1", "v1alpha"].map((version) =>
  `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
);
const HEALTH = ["Check", "Watch", "List"].map((method) => `/grpc.health.v1.Health/${method}`);
const EVERY_PATH = [
  ...Object.values(WorkerService.service).map(({ path }) => path),
  ...HEALTH,
  ...REFLECTION,
];

/** The status that a call with one empty message ends with, or "open" if it answers with a message first. */
async function statusOf(
  address: string,
  path: string,
  metadata: Metadata,
): Promise<keyof typeof status | "open"> {
  const client = new WorkerService(...channelTo(address, undefined));
  const asIs = (bytes: Uint8Array) => bytes as Buffer;
  const { promise, resolve } = Promise.withResolvers<keyof typeof status | "open">();
  // for a server, one message and the end of them is a call of any kind
  const call = client.makeBidiStreamRequest(path, asIs, asIs, metadata, { deadline: Date.now() + 30_000 });
  call.on("data", () => resolve("open"));
  call.on("error", (error: ServiceError) => resolve(status[error.code] as keyof typeof status));
  call.on("end", () => resolve("OK"));
  call.write(Buffer.alloc(0));
  call.end();
  try {
    return await promise;
  } finally {
    call.cancel();
    client.close();
  }
}

Deno.test("every call of every service needs the token, and nothing of it is done without", async () => {
  await using t = await startInProcess({ token: "the-right-one" });
  const wrong = [
    new Metadata(),
    tokenMetadata("another"),
    tokenMetadata(""),
    tokenMetadata("the-right-one2"),
    withAuthorization("the-right-one"),
    withAuthorization("Basic the-right-one"),
  ];
  for (const path of EVERY_PATH) {
    for (const metadata of wrong) {
      assertEquals(await statusOf(t.worker.address, path, metadata), "UNAUTHENTICATED", path);
    }
    const answer = await statusOf(t.worker.address, path, tokenMetadata("the-right-one"));
    assert(answer !== "UNAUTHENTICATED" && answer !== "UNIMPLEMENTED", `${path}: ${answer}`);
  }
  assertEquals(await t.storedFiles(), []);
  await roundTrip(t.worker.address, { token: "the-right-one" });
});

function withAuthorization(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", value);
  return metadata;
}

Deno.test("a worker with a token still names its limit for a message over it", async () => {
  await using t = await startInProcess({ token: "secret", maxChunkBytes: 1_000 });
  const error = await assertRpcFails(
    "RESOURCE_EXHAUSTED",
    t.client.processChunk({ videoId: "v", chunkIndex: 0 }, new Uint8Array(200_000), RPC),
  );
  assertMatch(error.details, /1000 bytes.*ProcessChunkStream/);
});

tlsTest(
  "the scripts reach a worker with mutual TLS and a token by their flags, and not without them",
  async (authority, folder) => {
    const [server, client] = [await authority.issue("server"), await authority.issue("client")];
    const tokenPath = join(folder, "token");
    await Deno.writeTextFile(tokenPath, "secret\n");
    await Deno.writeFile(join(folder, "any.bin"), BYTES);
    const tls = (own: typeof server) => [
      ...["--tls_ca", authority.caPath, "--tls_cert", own.certPath, "--tls_key", own.keyPath],
    ];
    const token = ["--token_file", tokenPath];
    await using worker = await startOurWorker({
      shardsDir: join(folder, "shards"),
      flags: ["--encoder", "simulated", ...tls(server), ...token],
    });
    const commands = [
      ["test_health_check.ts", "--workers", worker.address, "--once", "--timeout", "30"],
      ["test_worker_client.ts", "--worker", worker.address, "--video_path", "any.bin", "--split", "bytes"],
      ["test_shard_storage.ts", worker.address],
    ] as const;
    for (const [script, ...args] of commands) {
      const run = (...flags: string[]) => runScript(script, [...args, ...flags], { cwd: folder });
      const allowed = await run(...tls(client), ...token);
      assertEquals(allowed.code, 0, allowed.stderr);
      for (const flags of [[], tls(client), [...token, "--tls_ca", authority.caPath]]) {
        assertEquals((await run(...flags)).code, 1, `${script} ${flags}`);
      }
    }
  },
);
