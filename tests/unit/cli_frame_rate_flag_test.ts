import { assertEquals, assertThrows } from "@std/assert";
import { readFrameRate } from "../../lib/cli/frame_rate_flag.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const READ: [text: string, rate: string][] = [
  ["24", "24/1"],
  ["30000/1001", "30000/1001"],
  ["60/2", "30/1"],
  ["29.97", "30000/1001"],
  ["23.976", "24000/1001"],
  ["23.98", "24000/1001"],
  ["59.94", "60000/1001"],
  ["119.88", "120000/1001"],
  ["14.985", "15000/1001"],
  ["12.5", "25/2"],
  ["29.9", "299/10"],
  ["29.98", "1499/50"],
  ["25.00", "25/1"],
  ["0.1", "1/10"],
  ["1000", "1000/1"],
];
for (const [text, rate] of READ) {
  Deno.test(`readFrameRate() takes ${text} for ${rate}`, () => {
    const { num, den } = readFrameRate(text);
    assertEquals(`${num}/${den}`, rate);
  });
}

const REFUSED = [
  "",
  "0",
  "0.09",
  "1001",
  "-24",
  "+24",
  "24fps",
  "1e2",
  "24/0",
  "0/1",
  "30000/",
  "24/1/1",
  "24,5",
  "1000001/1000001000",
];
for (const text of [...REFUSED, " 24", "NaN", "9".repeat(400), "999999/10007001"]) {
  Deno.test(`readFrameRate() refuses ${JSON.stringify(text.slice(0, 20))}, naming the flag`, () => {
    assertThrows(() => readFrameRate(text), UsageError, "--fps must be frames a second from 0.1 to 1000");
  });
}
