import { assertEquals } from "@std/assert";
import { FfmpegProgress } from "../../lib/encode/ffmpeg_progress.ts";

const REPORT = [
  "frame=42",
  "fps=0.00",
  "stream_0_0_q=28.0",
  "bitrate= 229.3kbits/s",
  "total_size=8192",
  "out_time_us=2800000",
  "out_time=00:00:02.800000",
  "dup_frames=0",
  "drop_frames=0",
  "speed=5.6x",
];

Deno.test("FfmpegProgress.read() takes every line of a report, and tells its last one", () => {
  const progress = new FfmpegProgress();
  for (const line of REPORT) assertEquals(progress.read(line), "part");
  assertEquals(progress.read("progress=continue"), "update");
  assertEquals([progress.frames, progress.tracks, progress.ended], [42, 1, false]);
  assertEquals(progress.read("progress=end"), "update");
  assertEquals(progress.ended, true);
});

Deno.test("FfmpegProgress.read() leaves the log's lines alone", () => {
  const progress = new FfmpegProgress();
  for (const line of ["[h264 @ 0x1] error while decoding MB 3 4", "pipe:0: frame=9", "Error: progress=end"]) {
    assertEquals(progress.read(line), undefined);
  }
  assertEquals([progress.frames, progress.ended], [0, false]);
});

Deno.test("FfmpegProgress.sourceFrames is what the counting filter said last", () => {
  const progress = new FfmpegProgress();
  for (const line of ["1.000000", "[Eval @ 0x7f1c] 12.000000"]) assertEquals(progress.read(line), "part");
  assertEquals(progress.sourceFrames, 12);
  for (const line of ["13.5", "nan", "[h264 @ 0x1] 14.000000 frames"]) {
    assertEquals(progress.read(line), undefined);
  }
  assertEquals(progress.sourceFrames, 12);
});

Deno.test("FfmpegProgress.tracks counts each video track once", () => {
  const progress = new FfmpegProgress();
  for (const line of ["stream_0_0_q=1.0", "stream_0_1_q=2.0", "stream_0_0_q=3.0"]) progress.read(line);
  assertEquals(progress.tracks, 2);
});
