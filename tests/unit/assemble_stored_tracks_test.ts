import { assertEquals } from "@std/assert";
import { type Container, CONTAINERS } from "../../lib/assemble/output_container.ts";
import { carried } from "../../lib/assemble/stored_tracks.ts";
import type { SampleIndex } from "../../lib/chunk/sample_index.ts";
import type { StoredKind, StoredTrack } from "../../lib/chunk/stored_track.ts";

const END_SECONDS = 60;
const DAY_SECONDS = 24 * 3600;

function index(ticks: readonly number[], sizeBytes = 100): SampleIndex {
  const { length } = ticks;
  const isInOrder = ticks.every((tick, at) => at === 0 || tick >= ticks[at - 1]!);
  return {
    ...{ length, timescale: 1000, ticks: Float64Array.from(ticks), durationTicks: new Float64Array(length) },
    ...{ positions: new Float64Array(length), sizesBytes: new Uint32Array(length).fill(sizeBytes) },
    keys: new Uint8Array(length).fill(1),
    displayOrder: isInOrder ? undefined : Uint32Array.from(ticks.keys()),
  };
}

async function startOf(
  blocks: SampleIndex | undefined,
  delaySeconds = 0,
  { kind = "matroska", container = "mkv" }: { kind?: StoredKind; container?: Container } = {},
): Promise<number | undefined> {
  const track: StoredTrack = {
    kind,
    ...{ id: 3, isSound: false, title: "subtitles (S_HDMV/PGS, deu)", entry: new Uint8Array(), delaySeconds },
    readIndex: () => Promise.resolve(blocks),
    packets: async function* () {},
  };
  return (await carried(track, container, END_SECONDS))?.startSeconds;
}

Deno.test("carried() takes blocks that come one after another, and tells when the first does", async () => {
  assertEquals(await startOf(index([500, 500, 900_000])), 0.5);
  assertEquals(await startOf(index([100_500]), 100), 0.5);
  assertEquals(await startOf(index([-20, 500])), 0);
});

Deno.test("carried() takes tracks into files of their kind alone", async () => {
  const fits: Record<StoredKind, Container[]> = { matroska: ["mkv"], mp4: ["mp4", "mov"], mov: ["mov"] };
  for (const kind of ["matroska", "mp4", "mov"] as const) {
    for (const container of CONTAINERS) {
      const start = await startOf(index([500]), 0, { kind, container });
      assertEquals(start, fits[kind].includes(container) ? 0.5 : undefined, `${kind} in ${container}`);
    }
  }
});

Deno.test("carried() takes none that cannot be read, are out of order, too large or long after the video", async () => {
  assertEquals(await startOf(undefined), undefined);
  assertEquals(await startOf(index([])), undefined);
  assertEquals(await startOf(index([500, 400])), undefined);
  assertEquals(await startOf(index([500], 17 * 2 ** 20)), undefined);
  const lastMs = (END_SECONDS + DAY_SECONDS) * 1000;
  assertEquals(await startOf(index([500, lastMs])), 0.5);
  assertEquals(await startOf(index([500, lastMs + 1])), undefined);
  assertEquals(await startOf(index([500, lastMs + 1]), 1), 0);
});
