/** What tracks are for, through a split and a join, as ffprobe reads it before and after. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { complaints, probeFile } from "../media/probe.ts";
import { copyThrough } from "../media/round_trip.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const TEXT = "1\n00:00:00,100 --> 00:00:00,800\nHello\n";
/** By track, as ffmpeg is told; the last two are subtitles. */
const SOUND = ["original", "comment", "visual_impaired", "hearing_impaired", "dub"];
const SUBTITLES = ["hearing_impaired", "comment+forced"];

/** A video with a track for each. */
async function make(path: string, extension: string): Promise<void> {
  const texts = `${path}.srt`;
  await Deno.writeTextFile(texts, TEXT);
  const tracks = [
    ...SOUND.flatMap((roles, track) => ["-map", "1", `-disposition:a:${track}`, roles]),
    ...SUBTITLES.flatMap((roles, track) => ["-map", "2", `-disposition:s:${track}`, roles]),
  ];
  await runFfmpeg("ffmpeg", [
    ...["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1", "-f", "lavfi", "-i", "sine=duration=1"],
    ...["-i", texts, "-map", "0", ...tracks, "-c:v", "libx264", "-c:a", "aac"],
    ...["-c:s", extension === "mkv" ? "srt" : "mov_text", path],
  ]);
}

/** By track of sound and subtitles, what it is for besides being the default. */
async function rolesOf(path: string): Promise<string[]> {
  return (await probeFile(path)).streams.filter(({ kind }) => kind !== "video")
    .map(({ dispositions }) => dispositions.filter((name) => !IGNORED.has(name)).toSorted().join("+"));
}

/** The last two are its second names for what an MP4 says in one word. */
const IGNORED: ReadonlySet<string> = new Set(["default", "captions", "descriptions"]);

const WHOLE = [...SOUND, ...SUBTITLES];
/** An MP4 has no word for the original. */
const WITHOUT_ORIGINAL = WHOLE.map((role) => role === "original" ? "" : role);
const ROWS:
  readonly (readonly [from: string, to: string, roles: readonly string[], named: readonly string[]])[] = [
    ["mkv", "mkv", WHOLE.map((role) => role === "dub" ? "" : role), [
      'the role "dub" of audio track 5 (aac, und)',
    ]],
    ["mkv", "mp4", WITHOUT_ORIGINAL, ['the role "original" of audio track 1 (aac, und)']],
    ["mkv", "mov", WITHOUT_ORIGINAL, ['the role "original" of audio track 1 (aac, und)']],
    ["mp4", "mp4", WITHOUT_ORIGINAL, []],
    ["mp4", "mkv", WITHOUT_ORIGINAL.map((role) => role === "dub" ? "" : role), [
      'the role "dub" of audio track 5 (aac, und)',
    ]],
  ];

for (const [from, to, roles, named] of ROWS) {
  const name = `what tracks of .${from} are for is said in .${to}, or named`;
  Deno.test({
    name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    fn: async () => {
      await using folder = await temporaryFolder();
      const [input, path] = [join(folder.path, `in.${from}`), join(folder.path, `out.${to}`)];
      await make(input, from);
      assertEquals(await rolesOf(input), from === "mkv" ? WHOLE : WITHOUT_ORIGINAL);
      using source = await openSource(input);
      const plan = await planSource(source, { kind: "seconds", seconds: 1 });
      const { notCarried } = await copyThrough({ source, plan, path });
      assertEquals([await rolesOf(path), notCarried], [roles, named]);
      assertEquals(await complaints(path), "");
    },
  });
}
