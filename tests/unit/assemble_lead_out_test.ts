import { assertEquals } from "@std/assert";
import { LeadOut } from "../../lib/assemble/lead_out.ts";

/** The frames of chunks, one after another; `undefined` stands for a copy of one of the next chunk. */
async function joined(chunks: readonly (readonly (string | undefined)[])[]): Promise<string[]> {
  const leadOut = new LeadOut<string>();
  const frames: string[] = [];
  for (const chunk of chunks) {
    frames.push(...await Array.fromAsync(leadOut.reordered(ReadableStream.from(chunk))));
  }
  return frames;
}

Deno.test("LeadOut.reordered() puts frames back behind the keyframe that they follow", async () => {
  const chunks = [["I0", "P3", "B1", undefined, "B4", "B5"], ["I6", "P9", "B7"]];
  assertEquals(await joined(chunks), ["I0", "P3", "B1", "I6", "B4", "B5", "P9", "B7"]);
});

Deno.test("LeadOut.reordered() puts each frame behind as many of the next chunk as it had copies before it", async () => {
  const chunks = [["I0", undefined, "B1", undefined, undefined, "B2", "B3"], ["I4", "P8", "P6", "B5"]];
  assertEquals(await joined(chunks), ["I0", "I4", "B1", "P8", "P6", "B2", "B3", "B5"]);
});

Deno.test("LeadOut.reordered() goes on through chunks that each have a lead-out", async () => {
  const chunks = [["I0", undefined, "B1"], ["I2", undefined, "B3"], ["I4"]];
  assertEquals(await joined(chunks), ["I0", "I2", "B1", "I4", "B3"]);
});

Deno.test("LeadOut.reordered() loses no frame where the next chunk is shorter than the lead-out", async () => {
  const chunks = [["I0", undefined, undefined, "B1"], ["I2"], ["I3"]];
  assertEquals(await joined(chunks), ["I0", "I2", "B1", "I3"]);
});

Deno.test("LeadOut.reordered() leaves chunks without lead-outs as they are", async () => {
  assertEquals(await joined([["I0", "P1"], [], ["I2"]]), ["I0", "P1", "I2"]);
});
