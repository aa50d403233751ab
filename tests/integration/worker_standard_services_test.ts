/** What tools that know nothing of this project ask of a worker: grpc.health.v1 and server reflection. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";
import { channelTo } from "../../lib/rpc/channel.ts";
import { startInProcess } from "./in_process_worker.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const SERVICE = "replication.VideoProcessingService";

interface Loaded {
  readonly grpc: {
    readonly health: { readonly v1: { readonly Health: ServiceClientConstructor } };
    readonly reflection: { readonly v1: { readonly ServerReflection: ServiceClientConstructor } };
  };
}

function load(file: string): Loaded["grpc"] {
  const path = fileURLToPath(new URL(`../peers/${file}`, import.meta.url));
  return (loadPackageDefinition(loadSync(path, { enums: String })) as unknown as Loaded).grpc;
}

const { Health } = load("health.proto").health.v1;
const { ServerReflection } = load("reflection.proto").reflection.v1;

/** A client that is closed when disposed of. */
function clientOf(type: ServiceClientConstructor, address: string) {
  const client = new type(...channelTo(address, undefined));
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

interface HealthAnswer {
  readonly status: string;
}

async function check(health: InstanceType<ServiceClientConstructor>, service: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<HealthAnswer>();
  const done = (error: ServiceError | null, answer: HealthAnswer) => error ? reject(error) : resolve(answer);
  health["Check"]!({ service }, done);
  return (await promise).status;
}

Deno.test("reflection lists the worker's service and the standard health service", async () => {
  await using t = await startInProcess();
  using reflection = clientOf(ServerReflection, t.worker.address);
  const call = reflection["ServerReflectionInfo"]!();
  const { promise, resolve, reject } = Promise.withResolvers<{ name: string }[]>();
  call.on(
    "data",
    ({ listServicesResponse }: { listServicesResponse: { service: { name: string }[] } }) =>
      resolve(listServicesResponse.service),
  );
  call.on("error", reject);
  call.write({ listServices: "" });
  const names = (await promise).map(({ name }) => name);
  call.end();
  for (const name of [SERVICE, "grpc.health.v1.Health"]) assert(names.includes(name), `${name} in ${names}`);
});

Deno.test("a standard health check says SERVING of the worker and its service, and NOT_FOUND of any other", async () => {
  await using t = await startInProcess();
  using health = clientOf(Health, t.worker.address);
  for (const service of ["", SERVICE]) assertEquals(await check(health, service), "SERVING");
  const error = await assertRejects(() => check(health, "replication.Another")) as ServiceError;
  assertEquals(error.code, status.NOT_FOUND);
});

Deno.test("a worker that drains is NOT_SERVING to those who ask and to those who watch, until its last chunk is done", async () => {
  await using t = await startInProcess();
  using health = clientOf(Health, t.worker.address);
  const seen: string[] = [];
  const changed = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const watch = health["Watch"]!({ service: SERVICE });
  const first = Promise.withResolvers<void>();
  watch.on("data", ({ status }: HealthAnswer) => {
    seen.push(status);
    first.resolve();
    if (status === "NOT_SERVING") changed.resolve();
  });
  watch.on("error", () => over.resolve()); // the server ends it
  watch.on("end", () => over.resolve());
  await first.promise;
  const { call, answer } = t.raw.open([{ header: { videoId: "v" } }, { data: new Uint8Array(10) }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);

  const drained = t.worker.drain(60_000);
  await within(30_000, changed.promise);
  assertEquals(seen, ["SERVING", "NOT_SERVING"]);
  for (const service of ["", SERVICE]) assertEquals(await check(health, service), "NOT_SERVING");
  call.end();
  assertEquals((await answer).success, true);
  assertEquals(await drained, true);
  await over.promise;
});
