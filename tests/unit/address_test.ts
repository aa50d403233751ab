import { assert, assertEquals } from "@std/assert";
import { addressProblem, formatAddress, hostOf } from "../../lib/rpc/address.ts";

for (
  const [host, address] of [
    ["localhost", "localhost:50061"],
    ["10.0.0.7", "10.0.0.7:50061"],
    ["::1", "[::1]:50061"],
    ["fe80::1%eth0", "[fe80::1%eth0]:50061"],
  ] as const
) {
  Deno.test(`formatAddress() and hostOf() are each other's inverse for ${address}`, () => {
    assertEquals(formatAddress(host, 50_061), address);
    assertEquals(hostOf(address), host);
  });
}

const LONGEST_HOST = "h".repeat(253);

Deno.test("addressProblem() takes names, IPv4 addresses and IPv6 addresses in brackets, with a port", () => {
  for (
    const text of [
      "localhost:1",
      "10.0.0.1:65535",
      "my_host-1.lan.:80",
      "bücher.example:50061",
      "unix:1",
      `${LONGEST_HOST}:50061`,
      "[::1]:50061",
      "[::ffff:10.0.0.1]:5",
      "[fe80::1%eth0]:5",
    ]
  ) assertEquals(addressProblem(text), undefined, text);
});

Deno.test("addressProblem() takes nothing that is too long, steers a terminal or is no address", () => {
  for (
    const text of [
      `${LONGEST_HOST}h:1`,
      "a,b:1",
      "a b:1",
      "unix:/run/socket:1",
      "dns://1.1.1.1/a:1",
      "\x1b[2J:1",
      "a\n:1",
      "a\0:1",
      "\u202Eabc:1",
      "a\u200Bb:1",
      "a\uD800:1",
      ":1",
      "[]:1",
      "[a]:1",
      "[10.0.0.1]:1",
      "[::1%\x1b[2J]:1",
      `[fe80::1%${"z".repeat(253)}]:1`,
      "[fe80::1::]:1",
    ]
  ) assertEquals(addressProblem(text), "not an address", JSON.stringify(text));
  for (const text of ["a:0", "a:65536", "a:99999", "a:000001", "a:1x", "host:1:2", "a:１"]) {
    assertEquals(addressProblem(text), "an address whose port is not a whole number from 1 to 65535", text);
  }
});

for (const text of ["h".repeat(60_000) + ":1", ":".repeat(60_000) + "x", `[${"1".repeat(60_000)}]:1`]) {
  Deno.test(`addressProblem() refuses ${text.length} characters that begin with ${text.slice(0, 5)} at once`, () => {
    // the shortest of a few times: the machine may have other things to do at any of them
    const tookMs = [1, 2, 3].map(() => {
      const startMs = performance.now();
      assertEquals(addressProblem(text), "longer than an address can be");
      return performance.now() - startMs;
    });
    assert(Math.min(...tookMs) < 1_000, `${tookMs} ms`);
  });
}
