/** The generated test files are what they are said to be, as ffprobe and ffmpeg see them. */
import { assert, assertEquals } from "@std/assert";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import type { MediaCase } from "../media/media_case.ts";
import { type ProbedStream, probeFile, probeFrames, probePackets } from "../media/probe.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";

for (const media of MEDIA_CASES) {
  const behaviour = `${media.file} is what it is said to be: ${media.name}`;
  Deno.test({
    name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    fn: () => checkFile(media),
  });
}

async function checkFile({ expect, ...media }: MediaCase): Promise<void> {
  const path = await mediaFile({ expect, ...media });
  const { streams } = await probeFile(path);
  const video = streams.find(({ kind, dispositions }) =>
    kind === "video" && !dispositions.includes("attached_pic")
  );
  if (!video) return assertEquals(expect.frames, 0);
  for (const [name, value] of Object.entries(expect.says ?? {})) assertEquals(said(video, name), value, name);
  const packets = await probePackets(path, "v:0");
  const unshown = expect.unshownPackets ?? 0;
  if (unshown === 0) assertEquals((await probeFrames(path)).length, expect.frames);
  // A reader that follows an edit list does not tell of all that it hides.
  assert(
    packets.length >= expect.frames && packets.length <= expect.frames + unshown,
    `${packets.length} packets`,
  );
}

function said({ field, tags, sideData }: ProbedStream, name: string): unknown {
  return field[name] ?? tags[name] ?? sideData.find((data) => name in data)?.[name];
}
