/** Outputs of the commands that have no job: what is there before is not lost to one that fails. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { FrameMismatchError } from "../../lib/assemble/check_frames.ts";
import { encodePlan } from "../../lib/chunk/converted_plan.ts";
import type { VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import type { SourceFile } from "../../lib/chunk/source_file.ts";
import { copyVideo, reconstruct } from "../../lib/cli/reconstruct.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import type { RetrievedShard } from "../../lib/fleet/round_trip.ts";
import { copies, fileNames, planned, videoFile } from "./assemble_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const OLD = ["out.mkv", "out.mkv.proof.json"] as const;

interface Prepared extends AsyncDisposable {
  readonly source: SourceFile;
  readonly plan: VideoPlan;
  readonly path: string;
  /** What is in the output's folder, and whether what was there before has stayed. */
  left(): Promise<{ readonly names: readonly string[]; readonly isOld: boolean }>;
}

/** A video of three chunks, and an older output with its proof. */
async function prepared(): Promise<Prepared> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const { source, plan } = stack.use(
    await planned(await videoFile(folder, "in.mp4", { seconds: 3 }), { kind: "seconds", seconds: 1 }),
  );
  const outputs = join(folder, "outputs");
  await Deno.mkdir(outputs);
  for (const name of OLD) await Deno.writeTextFile(join(outputs, name), `old ${name}`);
  const done = stack.move();
  return {
    source,
    plan,
    path: join(outputs, OLD[0]),
    async left() {
      const names = await fileNames(outputs);
      const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(outputs, name))));
      return { names, isOld: texts.every((text, index) => text === `old ${names[index]}`) };
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** A source of which `then` is called when all of its video has been written, and nothing been checked. */
function withEnd(source: SourceFile, then: () => void): SourceFile {
  return Object.create(source, {
    otherContents: {
      get() {
        then();
        return source.otherContents;
      },
    },
  });
}

/** As if a worker had given back the chunks themselves. */
async function shardsOf({ source, plan, path }: Prepared): Promise<RetrievedShard[]> {
  return await Array.fromAsync(copies(source, plan), async ({ segment, data }) => {
    const shard = join(path, "..", "..", `${segment}.shard`);
    await Deno.writeFile(shard, data as Uint8Array);
    const stored = { workerId: "w", encoder: "libav/libx264 8.1 form 2" } as RetrievedShard["stored"];
    return { chunkIndex: segment, path: shard, sizeBytes: data.length, stored };
  });
}

const MAKERS: Record<string, (video: Prepared, source: SourceFile, signal: AbortSignal) => Promise<unknown>> =
  {
    copyVideo: ({ plan, path }, source, signal) => copyVideo(plan, { source, path, audio: "copy", signal }),
    async reconstruct(video, source, signal) {
      const plan = encodePlan(video.plan, "source", source);
      const settings = DEFAULT_SETTINGS;
      const { path } = video;
      return await reconstruct(await shardsOf(video), {
        plan,
        settings,
        source,
        path,
        audio: "copy",
        signal,
      });
    },
  };

for (const [name, make] of Object.entries(MAKERS)) {
  Deno.test(`${name}() leaves the older output and its proof where a frame turns out to be at another time`, async () => {
    await using video = await prepared();
    const source = withEnd(video.source, () => video.plan.shownTicks[20]! += video.source.video.timescale);
    const error = await assertRejects(
      () => make(video, source, new AbortController().signal),
      Error,
      "chunk 1: frame 20 is shown at",
    );
    assertEquals((error.cause ?? error) instanceof FrameMismatchError, true);
    assertEquals(await video.left(), { names: OLD, isOld: true });
  });

  Deno.test(`${name}() that is called off before its check leaves the older output and its proof`, async () => {
    await using video = await prepared();
    const stop = new AbortController();
    const reason = new Error("stopped by the test");
    const source = withEnd(video.source, () => stop.abort(reason));
    await assertRejects(() => make(video, source, stop.signal), Error, reason.message);
    assertEquals(await video.left(), { names: OLD, isOld: true });
  });

  Deno.test(`${name}() takes the place of the older output, whose proof goes`, async () => {
    await using video = await prepared();
    await make(video, video.source, new AbortController().signal);
    assertEquals(await video.left(), { names: ["out.mkv"], isOld: false });
  });
}
