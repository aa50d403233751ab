import { assertEquals, assertThrows } from "@std/assert";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { audioFits, checkVideoFits, containerOf } from "../../lib/assemble/output_container.ts";

for (
  const [path, container] of [
    ["out.mp4", "mp4"],
    ["/a.b/film.v2.MOV", "mov"],
    ["x.mkv", "mkv"],
    ["C:\\videos\\x.webm", "webm"],
  ] as const
) {
  Deno.test(`containerOf("${path}") is ${container}`, () => assertEquals(containerOf(path), container));
}

for (const path of ["out", "out.avi", "folder.mp4/out", "out.mp4.tmp", "mp4", ""]) {
  Deno.test(`containerOf("${path}") is refused, naming the extensions that can be written`, () => {
    assertThrows(() => containerOf(path), AssembleError, ".mp4, .mov, .mkv, .webm");
  });
}

Deno.test("checkVideoFits() refuses a codec that the container cannot hold, naming those that can", () => {
  for (const container of ["mp4", "mov", "mkv"] as const) checkVideoFits(container, "avc");
  checkVideoFits("webm", "vp9");
  assertThrows(() => checkVideoFits("webm", "avc"), AssembleError, "use .mp4, .mov, .mkv");
});

Deno.test("audioFits() tells which sound a container can hold", () => {
  assertEquals([audioFits("mp4", "aac"), audioFits("webm", "aac"), audioFits("webm", "opus")], [
    true,
    false,
    true,
  ]);
});
