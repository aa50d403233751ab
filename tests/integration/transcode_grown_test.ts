/** A source to which minutes were added. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileNames, videoFile } from "./assemble_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, lastEvent, LIMIT_MS } from "./transcode_events.ts";

const MINUTES = { before: 2, added: 10 } as const;
const NOTHING = new Uint8Array();
const FLAGS = [
  "--chunk_seconds",
  "60",
  "--preset",
  "ultrafast",
  "--memory_dir",
  "memory",
  "--json",
  "--quiet",
];

Deno.test({
  name: ["transcode encodes only what is new of a source with ten minutes appended"]
    .concat(HAS_FFMPEG ? [] : [WITHOUT_FFMPEG]).join(" "),
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    const seconds = 60 * (MINUTES.before + MINUTES.added);
    // without B-frames, so that ffmpeg cuts at a time and not some frames later
    const picture = { width: 64, height: 64, frameRate: { num: 5, den: 1 }, bFrames: 0, tone: null } as const;
    const whole = await videoFile(cwd, "whole.mp4", { seconds, ...picture });
    const path = (name: string) => join(cwd, name);
    const ffmpeg = (...args: string[]) => runSystem("ffmpeg", args, NOTHING);
    await ffmpeg("-i", whole, "-t", `${60 * MINUTES.before}`, "-c", "copy", path("source.mp4"));
    await ffmpeg("-ss", `${60 * MINUTES.before}`, "-i", whole, "-c", "copy", path("added.mp4"));
    await Deno.writeTextFile(path("list.txt"), "file 'source.mp4'\nfile 'added.mp4'\n");
    // ffmpeg writes parameter sets into the keyframes then, which are no part of what the chunks are known by
    await ffmpeg(
      "-f",
      "concat",
      "-i",
      path("list.txt"),
      "-c",
      "copy",
      path("grown.mp4"),
    );

    const transcode = async (input: string) => {
      const args = [input, "-o", `${input}.mkv`, ...FLAGS];
      const result = await runScript("transcode.ts", args, { cwd, limitMs: LIMIT_MS });
      const { reused_chunks, encoded_chunks, sha256 } = lastEvent(result);
      const encoded = eventsIn(result.stdout).filter(({ event }) => event === "encoded");
      const chunks = encoded.map(({ chunk }) => Number(chunk)).sort((a, b) => a - b);
      return { reused: reused_chunks, encoded: encoded_chunks, chunks, sha256 };
    };
    const first = await transcode("source.mp4");
    assertEquals([first.reused, first.encoded], [0, MINUTES.before]);
    const grown = await transcode("grown.mp4");
    assertEquals([grown.reused, grown.encoded], [MINUTES.before, MINUTES.added]);
    assertEquals(grown.chunks, Array.from({ length: MINUTES.added }, (_, index) => MINUTES.before + index));

    const [before, after] = await Promise.all(
      ["grown.mp4", "grown.mp4.mkv"].map((name) => mediaFacts(path(name))),
    );
    assertEquals(after!.frameSeconds.length, 5 * seconds);
    assertEquals(after!.frameSeconds, before!.frameSeconds);
    const again = await transcode("grown.mp4");
    assertEquals([again.reused, again.encoded], [MINUTES.before + MINUTES.added, 0]);
    assertEquals(again.sha256, grown.sha256);
    assertEquals((await fileNames(cwd)).includes(".transcode"), false);
  },
});
