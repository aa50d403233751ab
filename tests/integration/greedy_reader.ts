/**
 * A client that takes anything at once as far as HTTP/2 is concerned: it announces the largest windows there are.
 * Arguments: the worker's address, a shard's location. Stops itself (SIGSTOP) when the first bytes have come, and
 * prints at the end how many came.
 */
import { connect } from "node:http2";
import { writeOut } from "../../lib/cli/output.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";

const MAX_WINDOW = 2 ** 31 - 1;

if (import.meta.main) {
  const [address, shardLocation] = Deno.args;
  const { path, requestSerialize } = WorkerService.service.GetShardStream;
  const session = connect(`http://${address}`, { settings: { initialWindowSize: MAX_WINDOW } });
  session.once("remoteSettings", () => session.setLocalWindowSize(MAX_WINDOW));
  const message = requestSerialize({ shardLocation: shardLocation! });
  const prefix = new Uint8Array(5); // not compressed, and the length
  new DataView(prefix.buffer).setUint32(1, message.length);
  const call = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  let received = 0;
  call.on("data", (bytes: Uint8Array) => {
    if (received === 0) Deno.kill(Deno.pid, "SIGSTOP"); // whoever else did it might come when all is over
    received += bytes.length;
  });
  call.on("end", () => {
    writeOut(`${received}\n`);
    session.close();
  });
  call.end(Buffer.concat([prefix, message]));
}
