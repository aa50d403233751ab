/** How connections end, for servers that stop. */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import http2, { type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import "../../lib/rpc/goaway_guard.ts";

Deno.test("whoever closes a connection that is ending already hears of its end, too", async () => {
  const server = http2.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const begun = once(server, "session");
  using _client = await Deno.connect({ hostname: "127.0.0.1", port: (server.address() as AddressInfo).port });
  const [session]: ServerHttp2Session[] = await begun;

  const ended = once(session!, "close");
  session!.destroy();
  const heard: string[] = [];
  session!.close(() => heard.push("closed"));
  await ended;

  await new Promise((resolve) => server.close(resolve));
  assertEquals(heard, ["closed"]);
});
