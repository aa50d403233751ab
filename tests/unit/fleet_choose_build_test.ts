import { assertEquals } from "@std/assert";
import { CODECS, DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { answerOf, type BuildAnswer, chooseBuild, codecsOfBuild } from "../../lib/fleet/choose_build.ts";

const can = (worker: string, build: string): BuildAnswer => ({ kind: "can", worker, build });
const cannot = (worker: string): BuildAnswer => ({ kind: "cannot", worker, reason: "no such encoder" });
const PENDING: BuildAnswer = { kind: "pending", worker: "p" };
const SILENT: BuildAnswer = { kind: "silent", worker: "s" };
const choose = (...answers: BuildAnswer[]) => chooseBuild(answers, { waitForPending: true });

Deno.test("chooseBuild() takes the build of most workers; of as many, the first by name", () => {
  assertEquals(choose(can("a", "x 2"), can("b", "x 1"), can("c", "x 1")), { kind: "chosen", build: "x 1" });
  assertEquals(choose(can("a", "x 2"), can("b", "x 1")), { kind: "chosen", build: "x 1" });
  assertEquals(choose(can("b", "x 1"), can("a", "x 2")), { kind: "chosen", build: "x 1" });
});

Deno.test("chooseBuild() waits for workers that are still trying, if told to, but not for those that are not there", () => {
  assertEquals(choose(can("a", "x"), PENDING), { kind: "wait" });
  assertEquals(chooseBuild([can("a", "x"), PENDING], { waitForPending: false }), {
    kind: "chosen",
    build: "x",
  });
  assertEquals(choose(can("a", "x"), SILENT, cannot("b")), { kind: "chosen", build: "x" });
});

Deno.test("chooseBuild() finds none only once all have answered", () => {
  assertEquals(choose(), { kind: "wait" });
  assertEquals(choose(cannot("a"), SILENT), { kind: "wait" });
  assertEquals(choose(cannot("a"), PENDING), { kind: "wait" });
  assertEquals(choose(cannot("a"), cannot("b")), {
    kind: "none",
    reasons: ["a: no such encoder", "b: no such encoder"],
  });
});

Deno.test("answerOf() asks for the pixel format too", () => {
  const capability = {
    codec: "h264",
    encoder: "libav/libx264 8.1",
    framesPerSecond: 9,
    pixelFormats: ["source", "yuv420p"],
    problem: "",
  } as const;
  assertEquals(answerOf("a", capability, DEFAULT_SETTINGS), can("a", "libav/libx264 8.1"));
  assertEquals(answerOf("a", capability, { ...DEFAULT_SETTINGS, pixelFormat: "yuv444p" }), {
    kind: "cannot",
    worker: "a",
    reason: "its h264 encoder, libav/libx264 8.1, takes no yuv444p but source, yuv420p",
  });
  const broken = { ...capability, encoder: "", problem: "it crashed" };
  assertEquals(answerOf("a", broken, DEFAULT_SETTINGS), {
    kind: "cannot",
    worker: "a",
    reason: "it crashed",
  });
});

Deno.test("codecsOfBuild() knows a build's codec by its encoder, and any codec where it says nothing", () => {
  assertEquals(codecsOfBuild("libav/libx265 8.1"), ["hevc"]);
  assertEquals(codecsOfBuild("ffmpeg/libsvtav1 5.1.9-0+deb12u1"), ["av1"]);
  assertEquals(codecsOfBuild("something else"), CODECS);
});
