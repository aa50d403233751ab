import { assertEquals, assertThrows } from "@std/assert";
import { fromInt64, UnsafeIntegerError } from "../../lib/rpc/int64.ts";

Deno.test("fromInt64() reads whole numbers up to 2^53 - 1, of either sign, as text and as numbers", () => {
  for (const value of [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)]) {
    assertEquals(fromInt64(String(value), "size"), value);
    assertEquals(fromInt64(value, "size"), value);
  }
});

for (const value of ["9007199254740992", "9007199254740993", "-9007199254740992", "9223372036854775807"]) {
  Deno.test(`fromInt64() refuses ${value}, which no number holds exactly, with the field's name`, () => {
    assertThrows(() => fromInt64(value, "original_size"), UnsafeIntegerError, `original_size ${value}`);
  });
}
