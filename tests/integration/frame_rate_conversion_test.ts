/** Frame rates converted chunk by chunk, through a worker, against the definition: FFmpeg's tools read both sides. */
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { encodePlan } from "../../lib/chunk/converted_plan.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import type { SegmentTarget } from "../../lib/chunk/plan_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { EncodeError } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { createRetrievedCheck } from "../../lib/fleet/check_retrieved.ts";
import { mediaChunks } from "../../lib/fleet/outgoing_chunks.ts";
import { roundTrip } from "../../lib/fleet/round_trip.ts";
import type { FrameRate } from "../../lib/frame_grid.ts";
import { h264, OWN_TIMES, picture } from "../media/ffmpeg_args.ts";
import { complaints, type ProbedFrame, probeFrames, type Seconds } from "../media/probe.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { wholeChunk } from "./encode_media.ts";
import { startInProcess } from "./in_process_worker.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOSSLESS = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } } as const;

interface ConversionCase {
  readonly name: string;
  /** Of the source; its extension tells the container. */
  readonly file: string;
  readonly make: readonly string[];
  /** Frames a second; default 25. */
  readonly sourceRate?: number;
  readonly rate: FrameRate;
  readonly frames: number;
}

const NTSC = { num: 30_000, den: 1_001 };
const OPEN = h264("open-gop=1");
/** Uneven times, none of them on a grid: about 25 frames a second, and every seventh missing. */
const UNEVEN = ["-vf", "settb=1/90000,select=mod(n\\,7),setpts=PTS+777*mod(N\\,3)", ...OWN_TIMES];
/** Nothing from 0.6 s to 1.5 s. */
const GAP = ["-vf", "select=lt(t\\,0.6)+gte(t\\,1.5)", ...OWN_TIMES];
const LATE = ["-vf", "setpts=PTS+1.23456/TB", ...OWN_TIMES];

const CASES: readonly ConversionCase[] = [
  { name: "25 to 30000/1001", file: "a.mp4", make: OPEN, rate: NTSC, frames: 60 },
  { name: "60 to 24", file: "b.mkv", make: OPEN, sourceRate: 60, rate: { num: 24, den: 1 }, frames: 48 },
  {
    name: "uneven times to 30",
    file: "c.mp4",
    make: [...UNEVEN, ...OPEN],
    rate: { num: 30, den: 1 },
    frames: 59, // to 1.9773 s, where its last picture ends
  },
  { name: "a gap to 25", file: "d.mp4", make: [...GAP, ...OPEN], rate: { num: 25, den: 1 }, frames: 50 },
  {
    name: "a late start to 50",
    file: "e.mp4",
    make: [...LATE, ...OPEN],
    rate: { num: 50, den: 1 },
    frames: 100,
  },
  {
    name: "25 to 1, with chunks of no frame",
    file: "f.mp4",
    make: OPEN,
    rate: { num: 1, den: 1 },
    frames: 2,
  },
];

const EACH_KEYFRAME: SegmentTarget = { kind: "bytes", bytes: 1 };
const WHOLE: SegmentTarget = { kind: "seconds", seconds: 1_000 };

for (const encoder of ["libav", "ffmpeg"] as const) {
  for (const { name, file, make, sourceRate = 25, rate, frames } of CASES) {
    Deno.test({
      name: `${encoder} converts ${name}: each frame is the latest at its time, however it is cut ${
        HAS_FFMPEG ? "" : WITHOUT_FFMPEG
      }`,
      ignore: !HAS_FFMPEG,
      async fn() {
        await using folder = await temporaryFolder();
        const path = join(folder.path, file);
        await runFfmpeg("ffmpeg", [...picture({ seconds: 2, rate: sourceRate }), ...make, path]);
        const expected = latestFrames(await probeFrames(path), rate, frames);
        await using worker = await startInProcess({ encoder });
        for (const target of [EACH_KEYFRAME, WHOLE]) {
          const outPath = join(folder.path, `out-${target.kind}.mp4`);
          const run = { path, outPath, folder: folder.path, client: worker.client, rate, target };
          const chunks = await convert(run);
          assertEquals(chunks === 1, target === WHOLE);
          const made = await probeFrames(outPath);
          assertEquals(made.map(({ md5 }) => md5), expected.map(({ md5 }) => md5));
          assertEquals(made.map(({ shown }) => shown), expected.map(({ shown }) => shown));
          assertEquals(await complaints(outPath), "");
        }
      },
    });
  }
}

interface Conversion {
  readonly path: string;
  readonly outPath: string;
  readonly folder: string;
  readonly client: Parameters<typeof roundTrip>[0];
  readonly rate: FrameRate;
  readonly target: SegmentTarget;
}

/** @returns How many chunks there were. */
async function convert({ path, outPath, folder, client, rate, target }: Conversion): Promise<number> {
  using source = await openSource(path);
  const planned = await planSource(source, target);
  const plan = encodePlan(planned, rate);
  const checkShard = createRetrievedCheck(plan.frames);
  const shards = [];
  for await (const chunk of mediaChunks(source, planned, { ...LOSSLESS, frameRate: rate })) {
    const options = {
      videoId: "v",
      outputDir: folder,
      timeoutMs: 60_000,
      attempts: 1,
      busyMs: 0,
      checkShard,
    };
    const { chunkIndex, path } = await roundTrip(client, chunk, options);
    shards.push({ segment: chunkIndex, worker: "w", data: path });
  }
  assertEquals(shards.length, plan.frames.segments.length);
  await assemble({ plan: plan.frames, source, path: outPath, shards: ReadableStream.from(shards) });
  const check = await checkFrames(plan.frames, outPath);
  assertEquals([check.framesOut, check.largestDifferenceSeconds], [check.framesIn, 0]);
  return shards.length;
}

/** The definition, in fractions: frame k has the picture of the latest source frame at or before first + k / rate. */
function latestFrames(source: readonly ProbedFrame[], { num, den }: FrameRate, count: number): ProbedFrame[] {
  assertGreater(source.length, 0);
  const times = source.map(({ shown }) => shown!);
  return Array.from({ length: count }, (_, k) => {
    const shown = sum(times[0]!, { num: BigInt(k * den), den: BigInt(num) });
    const latest = times.findLastIndex((time) => time.num * shown.den <= shown.num * time.den);
    return { shown, md5: source[latest]!.md5 };
  });
}

function sum(a: Seconds, b: Seconds): Seconds {
  let [x, y] = [a.num * b.den + b.num * a.den, a.den * b.den];
  while (y !== 0n) [x, y] = [y, x % y];
  const divisor = x === 0n ? 1n : x;
  return { num: (a.num * b.den + b.num * a.den) / divisor, den: a.den * b.den / divisor };
}

for (const [name, create] of [["libav", createLibavEncoder], ["ffmpeg", createFfmpegEncoder]] as const) {
  for (const sourceFrameCount of [29, 31]) {
    Deno.test({
      name: `${name} refuses to convert a chunk of 30 frames that is said to have ${sourceFrameCount} ${
        HAS_FFMPEG ? "" : WITHOUT_FFMPEG
      }`,
      ignore: name === "ffmpeg" && !HAS_FFMPEG,
      async fn() {
        const { bytes, segment } = await wholeChunk();
        const settings = { ...LOSSLESS, frameRate: { num: 5, den: 1 } };
        const converted = { originTicks: segment.startTicks, sourceFrameCount };
        const task = { settings, segment: { ...segment, frameCount: 10, converted } };
        const { shard } = (await create()).encode(new Blob([bytes]).stream(), task);
        const says = `it has 30 frames to convert, the task says ${sourceFrameCount}`;
        await assertRejects(() => new Response(shard).bytes(), EncodeError, says);
      },
    });
  }
}
