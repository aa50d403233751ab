import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { EncodeError, EncoderCrashedError, EncoderUnavailableError } from "../../lib/encode/encoder.ts";
import { ffmpegFacts, ffmpegVersion } from "../../lib/encode/ffmpeg_encoder.ts";

const JOB = {
  encoder: "ffmpeg/libx264 7.1",
  segment: { timescale: 15, startTicks: 0, frameCount: 30 },
  notes: ["The picture is cut"],
};
const ENDED = { frames: 30, sourceFrames: 0, tracks: 1, ended: true };

function end(code: number, signal: Deno.Signal | null = null, logTail: string[] = []) {
  return { status: { success: code === 0, code, signal }, logTail };
}

const VERSIONS: [banner: string, version: string][] = [
  ["ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026", "5.1.9-0+deb12u1"],
  ["ffmpeg version n7.1 Copyright (c)", "n7.1"],
  ["ffmpeg version 8.0 Copyright (c)", "8.0"],
  ["ffmpeg version N-118193-g1234567 Copyright (c)", "N-118193-g1234567"],
  ["ffmpeg version 2024-12-19-git-494c961379-full_build", "2024-12-19-git-494c961379-full_build"],
];
for (const [banner, version] of VERSIONS) {
  Deno.test(`ffmpegVersion() takes ${version}`, () => assertEquals(ffmpegVersion(banner), version));
}

for (const version of ["4.4.2-0ubuntu0.22.04.1", "n5.0.1", "3.2"]) {
  Deno.test(`ffmpegVersion() refuses ${version} as too old`, () => {
    const banner = `ffmpeg version ${version} Copyright (c)`;
    const error = assertThrows(() => ffmpegVersion(banner), EncoderUnavailableError);
    assertStringIncludes(String(error), `${version}: 5.1 or later is needed`);
  });
}

Deno.test("ffmpegVersion() refuses a program that is not ffmpeg", () => {
  assertThrows(() => ffmpegVersion("avconv version 12"), EncoderUnavailableError);
});

Deno.test("ffmpegFacts() gives the frames of an encode that went well", () => {
  const facts = ffmpegFacts(ENDED, end(0), JOB);
  assertEquals(facts, { encoder: "ffmpeg/libx264 7.1", frameCount: 30, notes: ["The picture is cut"] });
});

Deno.test("ffmpegFacts() throws what ffmpeg said last, with the lines before it", () => {
  const log = ["[mov @ 0x1] moov atom not found", "pipe:0: Invalid data"];
  const error = assertThrows(() => ffmpegFacts({ ...ENDED, ended: false }, end(183, null, log), JOB));
  assertInstanceOf(error, EncodeError);
  assertStringIncludes(error.message, "pipe:0: Invalid data");
  assertEquals(error.logTail, log);
});

for (const frames of [29, 31]) {
  Deno.test(`ffmpegFacts() refuses ${frames} frames where the task says 30`, () => {
    const error = assertThrows(() => ffmpegFacts({ ...ENDED, frames }, end(0), JOB), EncodeError);
    assertStringIncludes(String(error), "30");
  });
}

Deno.test("ffmpegFacts() refuses an encode of which nothing was known", () => {
  assertThrows(() => ffmpegFacts(ENDED, end(0), { ...JOB, notes: undefined }), EncodeError, "tells nothing");
});

Deno.test("ffmpegFacts() refuses a chunk of fewer frames than are to be converted, however many came of them", () => {
  const segment = { ...JOB.segment, converted: { originTicks: 0, sourceFrameCount: 24 } };
  const facts = (sourceFrames: number) =>
    ffmpegFacts({ ...ENDED, sourceFrames }, end(0), { ...JOB, segment });
  assertEquals(facts(24).frameCount, 30);
  assertThrows(() => facts(23), EncodeError, "it has 23 frames to convert, the task says 24");
});

Deno.test("ffmpegFacts() refuses a second video track", () => {
  assertThrows(() => ffmpegFacts({ ...ENDED, tracks: 2 }, end(0), JOB), EncodeError, "more than one video");
});

Deno.test("ffmpegFacts() tells a process that a signal ended from one that refused the input", () => {
  assertThrows(() => ffmpegFacts(ENDED, end(137, "SIGKILL"), JOB), EncoderCrashedError, "SIGKILL");
  assertThrows(() => ffmpegFacts(ENDED, end(255), JOB), EncoderCrashedError);
  const refused = assertThrows(() => ffmpegFacts(ENDED, end(1), JOB));
  assertEquals(refused instanceof EncoderCrashedError, false);
});
