import { assertEquals } from "@std/assert";
import { peerText } from "../../lib/rpc/peer_text.ts";

Deno.test("peerText() leaves up to 500 characters as they are, of whatever size", () => {
  for (const text of ["", "healthy", "x".repeat(500), "🎬".repeat(500)]) assertEquals(peerText(text), text);
});

Deno.test("peerText() cuts what is longer to 500 whole characters, the last of which says so", () => {
  assertEquals(peerText("x".repeat(501)), `${"x".repeat(499)}…`);
  assertEquals(peerText("🎬".repeat(501)), `${"🎬".repeat(499)}…`);
  assertEquals(peerText(`x${"🎬".repeat(1_000_000)}`), `x${"🎬".repeat(498)}…`);
});
