import { assertEquals } from "@std/assert";
import { formatAddress, hostOf } from "../../lib/rpc/address.ts";

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
