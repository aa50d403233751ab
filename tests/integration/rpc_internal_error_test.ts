/** Errors that callers are not to know of, however a handler comes to fail with them. */
import { assertEquals, assertRejects } from "@std/assert";
import { Metadata, type ServiceError, status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { channelTo } from "../../lib/rpc/channel.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { createServer, listen } from "../../lib/rpc/server.ts";
import { clientStream, serverStream, unary } from "../../lib/rpc/server_call.ts";
import { toStatus } from "../../lib/worker/error_status.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const SECRET = "/home/someone/secret";

/** All that JavaScript lets one throw, and what grpc-js takes for a status of its own. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  "an Error": () => new Error(SECRET),
  "a defect": () => new TypeError(SECRET),
  "an error of the system": () => new Deno.errors.PermissionDenied(SECRET),
  "an error that looks like a status": () =>
    Object.assign(new Error(SECRET), { code: status.NOT_FOUND, details: SECRET, metadata: secretMetadata() }),
  "a text": () => SECRET,
  "an object": () => ({ code: status.NOT_FOUND, details: SECRET }),
  "nothing": () => undefined,
};

function secretMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set("secret", SECRET);
  return metadata;
}

const calls = { shutdown: new AbortController().signal, toStatus };

/** A server with these methods, and a client of it. */
async function setUp(methods: UntypedServiceImplementation) {
  const server = createServer({ maxChunkBytes: 1_000 });
  server.addService(WorkerService.service, methods);
  const address = await listen(server, { host: "127.0.0.1", port: 0 });
  const client = new WorkerService(...channelTo(address, undefined));
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      server.tryShutdown(resolve);
      await promise;
    },
  };
}

const failing = (fail: () => Promise<never>): UntypedServiceImplementation => ({
  CheckHealth: unary(calls, fail),
  ProcessChunkStream: clientStream(calls, fail),
  GetShardStream: serverStream(calls, fail),
});

type Client = Awaited<ReturnType<typeof setUp>>["client"];

/** A call of each kind that a service of ours has, as the error that it ends with. */
const KINDS: Readonly<Record<string, (client: Client, done: (error: ServiceError | null) => void) => void>> =
  {
    "unary": (client, done) => void client.checkHealth({}, done),
    "client stream": (client, done) => void client.processChunkStream(done),
    "server stream": (client, done) => void client.getShardStream({}).on("error", done).on("data", () => {}),
  };

async function failureOf(kind: string, client: Client): Promise<ServiceError> {
  return await assertRejects(async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    KINDS[kind]!(client, (error) => error ? reject(error) : resolve());
    await promise;
  }) as ServiceError;
}

function assertTellsNothing({ code, details, metadata, message }: ServiceError): void {
  assertEquals([code, details], [status.INTERNAL, "Internal error"]);
  assertEquals(JSON.stringify(metadata.getMap()).includes(SECRET), false, "in the trailers");
  assertEquals(message, "13 INTERNAL: Internal error");
}

for (const [what, make] of Object.entries(FAILURES)) {
  Deno.test(`toStatus() tells nothing of ${what}`, () => {
    assertEquals(toStatus(make()), { code: status.INTERNAL, details: "Internal error" });
  });

  for (const kind of Object.keys(KINDS)) {
    Deno.test(`a ${kind} call whose handler throws ${what} ends as INTERNAL and tells nothing`, async () => {
      const ways: (() => Promise<never>)[] = [
        () => {
          throw make();
        },
        () => Promise.reject(make()),
        async () => {
          await Promise.resolve();
          throw make();
        },
      ];
      for (const fail of ways) {
        await using t = await setUp(failing(fail));
        assertTellsNothing(await failureOf(kind, t.client));
      }
    });
  }
}

Deno.test("a server stream that fails after its first message ends as INTERNAL and tells nothing", async () => {
  await using t = await setUp({
    GetShardStream: serverStream(calls, () => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue({ data: new Uint8Array(3) }),
        pull: () => Promise.reject(new Error(SECRET)),
      }, { highWaterMark: 1 });
      return Promise.resolve(stream);
    }),
  });
  assertTellsNothing(await failureOf("server stream", t.client));
});

Deno.test("a message that is no message of the service ends as INTERNAL, without a word of how it was read", async () => {
  await using t = await setUp(failing(() => Promise.reject(new Error("not reached"))));
  const garbage = Buffer.from([0xff, 0xff, 0xff]);
  const error = await assertRejects(async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const path = WorkerService.service.CheckHealth.path;
    const asIs = (bytes: Uint8Array) => bytes as Buffer;
    t.client.makeUnaryRequest(
      path,
      asIs,
      asIs,
      garbage,
      (e: ServiceError | null) => e ? reject(e) : resolve(),
    );
    await promise;
  }) as ServiceError;
  assertEquals([error.code, error.details], [status.INTERNAL, "Error deserializing request"]);
});
