/** Makes the sample video, so that there is something to try everything on. */
import { makeVideo, muxerFor } from "../encode/make_video.ts";
import { defineCommand, type Parsed } from "./command.ts";
import { exitWith } from "./exit.ts";
import { formatBytes } from "./format.ts";
import { writeOut } from "./output.ts";
import { checkVideoPlace } from "./output_place.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

const COMMAND = defineCommand({
  name: "sample",
  summary:
    "Makes a short test video: 5 s, 320x240, 15 frames a second, a 220 Hz tone, H.264 and AAC, a keyframe " +
    "every second.",
  usage: "deno task sample [flags]",
  flags: {
    output: {
      kind: "string",
      short: "o",
      valueName: "FILE",
      default: "test_video_small.mp4",
      help: "Where it goes.",
    },
  },
});

async function main({ flags: { output } }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<void> {
  checkName(output);
  await checkVideoPlace(output);
  await makeVideo(output, {}, { signal });
  writeOut(`Made ${visible(output)} (${formatBytes((await Deno.stat(output)).size)})\n`);
}

/** @throws {UsageError} If it stands for no container that is made here. */
function checkName(output: string): void {
  try {
    muxerFor(output);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--output: ${error.message}`);
    throw error;
  }
}

if (import.meta.main) await exitWith(COMMAND, main);
