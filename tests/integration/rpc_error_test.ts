/** What grpc-js says of calls that failed, as callers of ours get to know it. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { assert, assertEquals, assertMatch } from "@std/assert";
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

const AT = " (2026-11-22T21:38:59.297Z)";

/** The last error of a connection that never was, and what callers are told in its place. */
const NEVER_CONNECTED: readonly (readonly [last: string, told: string | RegExp, isMisunderstood: boolean])[] =
  [
    ["Error: connect ECONNREFUSED 127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1", false],
    ["Error: unable to get local issuer certificate", "unable to get local issuer certificate", false],
    [`Failed to connect${AT}`, /TLS/, true],
    [`Protocol error${AT}`, /does not speak gRPC, or wants TLS/, true],
    [`write EPIPE${AT}`, /TLS.*gRPC/, true],
    [`received fatal alert: CertificateRequired${AT}`, /asks for a certificate/, true],
    ["Error: routines:ssl3_get_record:wrong version number", /speaks no TLS/, true],
    [`something else${AT}`, "something else", false],
  ];

for (const [last, told, isMisunderstood] of NEVER_CONNECTED) {
  Deno.test(`a connection that never was for "${last}" is told in words, without the time`, () => {
    const details = `No connection established. Last error: ${last}. Resolution note: `;
    const facts = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
    const error = new RpcError("w:1", Object.assign(new Error(), facts) as ServiceError);
    assertEquals([error.neverConnected, error.isMisunderstood], [true, isMisunderstood]);
    const [, why] = /^w:1: UNAVAILABLE: no connection: (.*)$/.exec(error.message)!;
    if (typeof told === "string") assertEquals(why, told);
    else assertMatch(why!, told);
    assert(!/2026|ssl3/.test(error.message), error.message);
  });
}

for (const [said, expected] of Object.entries(SAID)) {
  Deno.test(`an internal error of "${said}" is ${expected.code}`, () => {
    const facts = { code: status.INTERNAL, details: said, metadata: new Metadata() };
    const error = new RpcError("w:1", Object.assign(new Error(), facts) as ServiceError);
    const { code, details, neverConnected, retryable } = error;
    assertEquals({ code, details, neverConnected, retryable }, expected);
    assertEquals(error.message, `w:1: ${expected.code}: ${expected.details}`);
  });
}
