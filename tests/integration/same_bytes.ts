/** Files and shards compared. */
import { assert } from "@std/assert";

/**
 * Says where two runs of bytes part. `assertEquals()` draws the difference line by line, a line a byte: of two
 * unlike shards of 200 kB it takes all of the machine's memory.
 */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what = "the bytes differ"): void {
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  const where = at === -1 ? "" : `, first at ${at}`;
  const difference = `${what}: ${actual.length} bytes, expected ${expected.length}${where}`;
  assert(at === -1 && actual.length === expected.length, difference);
}
