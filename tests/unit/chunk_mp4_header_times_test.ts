import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { setHeaderTimes } from "../../lib/chunk/mp4_header_times.ts";
import { openSourceBytes } from "../../lib/chunk/source_file.ts";
import { evenPackets, readPackets, type SyntheticVideo, syntheticVideo } from "./chunk_synthetic_video.ts";

const LATE = evenPackets(6, 3, 1501).map((packet) => ({ ...packet, ticks: packet.ticks + 133_501 }));

/** A view of the movie box, which mediabunny puts last in an MP4 that is not fragmented. */
function moovOf(video: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(video.buffer);
  let position = 0;
  while (new TextDecoder().decode(video.subarray(position + 4, position + 8)) !== "moov") {
    const sizeBytes = view.getUint32(position);
    position += sizeBytes === 1 ? Number(view.getBigUint64(position + 8)) : sizeBytes;
  }
  return video.subarray(position, position + view.getUint32(position));
}

/** Ticks a second and duration, as the movie header's version 0 has them. */
function movieClock(video: Uint8Array<ArrayBuffer>): [number, number] {
  const moov = moovOf(video);
  const view = new DataView(moov.buffer, moov.byteOffset);
  return [view.getUint32(28), view.getUint32(32)];
}

async function videoAt(time: number, video: SyntheticVideo): Promise<Uint8Array<ArrayBuffer>> {
  const now = Date.now;
  Date.now = () => time;
  try {
    return await syntheticVideo(video);
  } finally {
    Date.now = now;
  }
}

// The second is past what 32 bits hold of seconds since 1904.
for (const time of [Date.UTC(2024, 5), Date.UTC(2050, 5)]) {
  Deno.test(`setHeaderTimes() leaves nothing of a file's being made in ${new Date(time).getUTCFullYear()}`, async () => {
    const video = { packets: evenPackets(5, 5), timescale: 25, audioSeconds: [0] };
    const [first, second] = [await videoAt(time, video), await videoAt(time + 86_400_000, video)];
    assertNotEquals(first, second);
    for (const file of [first, second]) setHeaderTimes(moovOf(file));
    assertEquals(first, second);
    using source = await openSourceBytes("video", first);
    assertEquals((await readPackets(source)).length, 5);
  });
}

Deno.test("setHeaderTimes() lets a track on a fine clock start at its very tick", async () => {
  const video = await syntheticVideo({ packets: LATE, timescale: 90_000, audioSeconds: [0.7] });
  const ticks = async () => {
    using source = await openSourceBytes("video", video.slice());
    return (await readPackets(source)).map(({ ticks }) => ticks);
  };
  const expected = LATE.map(({ ticks }) => ticks);
  assertNotEquals(await ticks(), expected); // what a movie clock of 57,600 makes of it
  setHeaderTimes(moovOf(video), {
    movieTimescale: 90_000,
    startSeconds: new Map([[1, 133_501 / 90_000], [2, 0.7]]),
  });
  assertEquals(await ticks(), expected);
  using source = await openSourceBytes("video", video);
  assertEquals(Math.round(await source.audio[0]!.track.getFirstTimestamp() * 48_000), 0.7 * 48_000);
  const [timescale, duration] = movieClock(video);
  assertEquals(timescale, 90_000);
  assert(Math.abs(duration - (LATE.at(-1)!.ticks + 1)) < 3, `the movie lasts ${duration} ticks`);
});

Deno.test("setHeaderTimes() keeps the movie's clock where a finer one would overflow", async () => {
  const video = await syntheticVideo({ packets: evenPackets(5, 5, 90_000 * 14_000), timescale: 90_000 });
  const clock = movieClock(video);
  assertEquals(clock[0], 57_600);
  setHeaderTimes(moovOf(video), { movieTimescale: 90_000 });
  assertEquals(movieClock(video), clock);
});
