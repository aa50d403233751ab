/** Child process of damaged_source_test.ts: reads the files it is given as a client would, and says how that went. */
import { planSource, readSegment } from "../../lib/chunk/keyframe_segments.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { audioPackets } from "../../lib/assemble/audio_packets.ts";

/** A line of output. */
export interface Reading {
  readonly path: string;
  readonly seconds: number;
  /** Frames of its segments; undefined: refused. */
  readonly frames?: number;
  /** Why it was refused. */
  readonly reason?: string;
  readonly message?: string;
}

async function read(path: string): Promise<Omit<Reading, "path" | "seconds">> {
  try {
    using source = await openSource(path);
    const plan = await planSource(source, { kind: "seconds", seconds: 1 });
    for (const { index } of plan.segments) await readSegment(source, plan, index);
    for (const audio of source.audio) {
      for await (const _ of audioPackets(source, audio));
    }
    return { frames: plan.shownTicks.length };
  } catch (error) {
    if (error instanceof SourceError) return { reason: error.reason, message: error.message };
    throw error;
  }
}

async function writeAll(text: string): Promise<void> {
  await new Blob([text]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
}

if (import.meta.main) {
  for (const path of Deno.args) {
    const startMs = performance.now();
    const outcome = await read(path);
    const reading: Reading = { path, seconds: (performance.now() - startMs) / 1000, ...outcome };
    await writeAll(`${JSON.stringify(reading)}\n`);
  }
}
