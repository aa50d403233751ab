import { assertEquals, assertThrows } from "@std/assert";
import { keepListening, type Listen } from "../../lib/rpc/keep_listening.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const SOON_MS = 1;
/** A timer of so long that is left behind fails the test. */
const LATE_MS = 60_000;
const GIVEN_PORT = 4_711;

/** A port that breaks when the test says so. */
function fakePort() {
  const events: string[] = [];
  let wake = Promise.withResolvers<void>();
  const note = (event: string) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const servers: { handle: Deno.ServeHandler; fail: (reason: string) => void }[] = [];
  let refusals = 0;
  const listen: Listen = (port, handle) => {
    if (refusals-- > 0) throw new Error("no file is left");
    const { promise: finished, reject, resolve } = Promise.withResolvers<void>();
    const name = servers.push({ handle, fail: (reason) => reject(new Error(reason)) });
    note(`${name} listens on ${port}`);
    const addr: Deno.NetAddr = { transport: "tcp", hostname: "localhost", port: port || GIVEN_PORT };
    // deno-lint-ignore require-await
    const shutdown = async () => {
      note(`${name} shuts down`);
      resolve();
    };
    return { addr, finished, shutdown };
  };
  return {
    listen,
    events,
    servers,
    refuse: (times: number) => refusals = times,
    async untilEvents(count: number) {
      while (events.length < count) await wake.promise;
    },
  };
}

const answer = () => new Response("ok");

Deno.test("a server that can take no connections is followed by another on the same port", async () => {
  const port = fakePort();
  const server = keepListening(port.listen, answer, { port: 0, what: "pages", waitMs: SOON_MS });
  assertEquals(server.port, GIVEN_PORT);
  port.servers[0]!.fail("too many open files");
  await port.untilEvents(3);
  port.servers[1]!.fail("too many open files");
  await port.untilEvents(5);
  assertEquals(port.events, [
    "1 listens on 0",
    "1 shuts down",
    `2 listens on ${GIVEN_PORT}`,
    "2 shuts down",
    `3 listens on ${GIVEN_PORT}`,
  ]);
  await server.shutdown();
  assertEquals(port.events.slice(5), ["3 shuts down"]);
});

Deno.test("what could not listen again is tried again, and each trouble is logged", async () => {
  const port = fakePort();
  const log: string[] = [];
  const write = (message: string, fields = {}) =>
    void log.push([message, ...Object.values(fields)].join(": "));
  const server = keepListening(port.listen, answer, {
    port: GIVEN_PORT,
    what: "pages",
    waitMs: SOON_MS,
    logger: { info: write, warn: write, error: write },
  });
  port.refuse(2);
  port.servers[0]!.fail("too many open files");
  await port.untilEvents(3);
  await server.shutdown();
  assertEquals(log, [
    "Cannot take connections for pages, trying again: too many open files",
    "Cannot take connections for pages, trying again: no file is left",
    "Cannot take connections for pages, trying again: no file is left",
    "Taking connections for pages again",
  ]);
});

Deno.test("a port that cannot be had at first is an error", () => {
  const port = fakePort();
  port.refuse(1);
  assertThrows(
    () => keepListening(port.listen, answer, { port: 0, what: "pages" }),
    Error,
    "no file is left",
  );
});

Deno.test("nothing listens again once it was shut down", async () => {
  const port = fakePort();
  const server = keepListening(port.listen, answer, { port: 0, what: "pages", waitMs: LATE_MS });
  port.servers[0]!.fail("too many open files");
  await port.untilEvents(2);
  await server.shutdown();
  assertEquals(port.events, ["1 listens on 0", "1 shuts down"]);
});

Deno.test("a server that fails as it shuts down has no follower", async () => {
  const port = fakePort();
  const server = keepListening(port.listen, answer, { port: 0, what: "pages", waitMs: LATE_MS });
  port.servers[0]!.fail("too many open files");
  await server.shutdown(); // begins before anybody has heard of that
  assertEquals(port.events.filter((event) => event.includes("listens")), ["1 listens on 0"]);
});

Deno.test("connections of a server that failed are closed when what they asked has been answered", async () => {
  const port = fakePort();
  const server = keepListening(port.listen, answer, { port: 0, what: "pages", waitMs: SOON_MS });
  const sent = Promise.withResolvers<void>();
  const { handle, fail } = port.servers[0]!;
  const info = {
    remoteAddr: { transport: "tcp", hostname: "peer", port: 1 },
    completed: sent.promise,
  } as const;
  await handle(new Request("http://localhost/"), info);
  fail("too many open files");
  await port.untilEvents(2);
  assertEquals(port.events, ["1 listens on 0", `2 listens on ${GIVEN_PORT}`]);
  sent.reject(new Error("the reader has left"));
  await port.untilEvents(3);
  assertEquals(port.events[2], "1 shuts down");
  await server.shutdown();
});
