/** How HTTP/2 sessions end, for servers that stop. */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import http2, { type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import "../../lib/rpc/session_ends.ts";

/** How a server's connection begins to end. */
const ENDS: Readonly<Record<string, (session: ServerHttp2Session) => void>> = {
  "at once": (session) => session.destroy(),
  "in order": (session) => session.close(),
};

for (const [how, end] of Object.entries(ENDS)) {
  Deno.test(`whoever closes a connection that is ending ${how} already hears of its end, too`, async () => {
    const server = http2.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const begun = once(server, "session");
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const isClosed = once(client, "close");
    const [session]: ServerHttp2Session[] = await begun;

    const heard: string[] = [];
    const ended = once(session!, "close").then(() => heard.push("ended"));
    end(session!);
    session!.close(() => heard.push("closed"));
    await ended;

    client.close();
    await isClosed;
    await new Promise((resolve) => server.close(resolve));
    assertEquals(heard.toSorted(), ["closed", "ended"]);
  });
}
