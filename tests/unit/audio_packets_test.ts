import { assert, assertEquals } from "@std/assert";
import { EncodedPacket } from "mediabunny";
import { packetsInTurn } from "../../lib/assemble/audio_packets.ts";

const CONFIG = { sampleRate: 48_000, numberOfChannels: 2 };
const AC3 = { codec: "ac3", decoderConfig: CONFIG } as const;
const VORBIS = { codec: "vorbis", decoderConfig: CONFIG } as const;

type Times = readonly (readonly [seconds: number, durationSeconds: number])[];

async function inTurn(audio: typeof AC3 | typeof VORBIS, times: Times): Promise<[number, number][]> {
  const packets = times.map(([seconds, duration]) =>
    new EncodedPacket(Uint8Array.of(1), "key", seconds, duration)
  );
  const found = packetsInTurn(audio, ReadableStream.from(packets));
  return await Array.fromAsync(found, ({ timestamp, duration }) => [timestamp, duration]);
}

async function assertInTurn(audio: typeof AC3 | typeof VORBIS, times: Times, expected: Times): Promise<void> {
  const found = await inTurn(audio, times);
  const isRight = found.length === expected.length &&
    found.flat().every((seconds, index) => Math.abs(seconds - expected.flat()[index]!) < 1e-9);
  assert(isRight, `${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}

Deno.test("packetsInTurn() has packets of one time follow each other, each as long as its codec tells", async () => {
  await assertInTurn(
    AC3,
    [[0, 0.032], [0.032, 0], [0.032, 0], [0.032, 0], [0.128, 0.032]],
    [[0, 0.032], [0.032, 0.032], [0.064, 0.032], [0.096, 0.032], [0.128, 0.032]],
  );
});

Deno.test("packetsInTurn() goes on behind the last of one time as far as the codec tells, and leaves a gap", async () => {
  await assertInTurn(AC3, [[1, 0], [1, 0]], [[1, 0.032], [1.032, 0.032]]);
  await assertInTurn(AC3, [[1, 0], [1, 0], [5, 0.032]], [[1, 0.032], [1.032, 0.032], [5, 0.032]]);
});

Deno.test("packetsInTurn() takes the length of the one before where the codec does not tell", async () => {
  await assertInTurn(VORBIS, [[0, 0.02], [0.02, 0], [0.02, 0]], [[0, 0.02], [0.02, 0.02], [0.04, 0.02]]);
});

Deno.test("packetsInTurn() divides the time until the next one where that is all there is, or less", async () => {
  await assertInTurn(VORBIS, [[0, 0], [0, 0], [0.04, 0.02]], [[0, 0.02], [0.02, 0.02], [0.04, 0.02]]);
  await assertInTurn(AC3, [[0, 0], [0, 0], [0.05, 0.032]], [[0, 0.025], [0.025, 0.025], [0.05, 0.032]]);
  await assertInTurn(AC3, [[0, 0], [0, 0.032], [0.032, 0.032]], [[0, 0.016], [0.016, 0.016], [0.032, 0.032]]);
});

Deno.test("packetsInTurn() moves no packets where no time is left for them", async () => {
  const back = await inTurn(AC3, [[1, 0], [1, 0], [0.5, 0.032]]);
  assertEquals(back.map(([seconds]) => seconds), [1, 1, 0.5]);
  const many = await inTurn(AC3, Array.from({ length: 300 }, () => [1, 0] as const));
  assertEquals(many.every(([seconds], index) => index === 0 || seconds >= many[index - 1]![0]), true);
});

Deno.test("packetsInTurn() leaves other packets as they are, and gives the last its length", async () => {
  const times: Times = [[0, 0.03], [0.03, 0.034], [0.064, 0]];
  await assertInTurn(AC3, times, [[0, 0.03], [0.03, 0.034], [0.064, 0.032]]);
});
