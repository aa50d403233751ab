import { assert, assertRejects } from "@std/assert";
import { RpcError, type StatusName } from "../../lib/rpc/rpc_error.ts";

/** Fails unless the call is answered with (one of) the status. A stream is read to its end. */
export async function assertRpcFails(
  code: StatusName | readonly StatusName[],
  call: Promise<unknown>,
): Promise<RpcError> {
  const error = await assertRejects(async () => {
    const answer = await call;
    if (answer instanceof ReadableStream) await new Response(answer).arrayBuffer();
  }, RpcError);
  assert([code].flat().includes(error.code), `expected ${code}, found ${error.message}`);
  return error;
}
