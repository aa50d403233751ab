/** What grpc-js says of calls that failed, as callers of ours get to know it. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { assertEquals } from "@std/assert";
import { RpcError } from "../../lib/rpc/rpc_error.ts";

const SAID = {
  "Received RST_STREAM with code 2 triggered by internal client error: write EPIPE": {
    code: "UNAVAILABLE",
    details: "connection lost: write EPIPE",
    neverConnected: false,
    retryable: true,
  },
  "Received RST_STREAM with code 2 (Internal server error)": {
    code: "INTERNAL",
    details: "Received RST_STREAM with code 2 (Internal server error)",
    neverConnected: false,
    retryable: true,
  },
  "the peer's words, with EPIPE in them": {
    code: "INTERNAL",
    details: "the peer's words, with EPIPE in them",
    neverConnected: false,
    retryable: true,
  },
};

for (const [said, expected] of Object.entries(SAID)) {
  Deno.test(`an internal error of "${said}" is ${expected.code}`, () => {
    const facts = { code: status.INTERNAL, details: said, metadata: new Metadata() };
    const error = new RpcError("w:1", Object.assign(new Error(), facts) as ServiceError);
    const { code, details, neverConnected, retryable } = error;
    assertEquals({ code, details, neverConnected, retryable }, expected);
    assertEquals(error.message, `w:1: ${expected.code}: ${expected.details}`);
  });
}
