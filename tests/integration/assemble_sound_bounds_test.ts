/** Sound with a wrong time: refused in words, at once, and nothing written. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Output,
} from "mediabunny";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import type { AudioMode } from "../../lib/assemble/audio_plan.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { copies, fileNames, planned } from "./assemble_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const AVCC = Uint8Array.fromHex(
  "0164000cffe100196764000cacd94141fb0110000003001000000301e0f142996001000468ef8fcbfdf8f800",
);

/** A second of video, and uncompressed sound of a tenth of a second at each of these times. */
async function mkv(soundSeconds: readonly number[]): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget();
  const output = new Output({ format: new MkvOutputFormat(), target });
  const video = new EncodedVideoPacketSource("avc");
  const audio = new EncodedAudioPacketSource("pcm-s16");
  output.addVideoTrack(video);
  output.addAudioTrack(audio);
  await output.start();
  for (let frame = 0; frame < 25; frame++) {
    const packet = new EncodedPacket(Uint8Array.of(0, 0, 0, 2, 0x65, frame), "key", frame / 25, 1 / 25);
    await video.add(packet, {
      decoderConfig: { codec: "avc1.64000c", codedWidth: 320, codedHeight: 240, description: AVCC },
    });
  }
  video.close();
  for (const seconds of soundSeconds) {
    const packet = new EncodedPacket(new Uint8Array(2 * 4_800), "key", seconds, 0.1);
    const decoderConfig = { codec: "pcm-s16", sampleRate: 48_000, numberOfChannels: 1 };
    await audio.add(packet, { decoderConfig });
  }
  await output.finalize();
  return new Uint8Array(target.buffer!);
}

async function assembled(folder: string, name: string, soundSeconds: readonly number[], audio: AudioMode) {
  const path = join(folder, "source.mkv");
  await Deno.writeFile(path, await mkv(soundSeconds));
  using video = await planned(path, { kind: "seconds", seconds: 1 });
  const { source, plan } = video;
  const shards = copies(source, plan);
  return await assemble({ plan, source, path: join(folder, name), shards, audio, copied: true });
}

for (
  const [name, audio, seconds, words] of [
    ["out.mov", "copy", 8_000, "has gaps of 8000 s"],
    ["out.mp4", "copy", 8_000, "has gaps of 8000 s"],
    ["out.mkv", { codec: "opus" }, 8_000, "has gaps of 8000 s"],
    ["out.mov", "copy", 8e7, "goes on 79999999 s after the video's end"],
    ["out.mkv", "copy", 8e7, "goes on 79999999 s after the video's end"],
  ] as const
) {
  const mode = audio === "copy" ? audio : audio.codec;
  Deno.test(`assemble() writes no ${name} (${mode}) of sound that leaps to ${seconds} s`, async () => {
    await using folder = await temporaryFolder();
    const startMs = performance.now();
    const times = [0, 0.1, 0.2, seconds];
    const error = await assertRejects(() => assembled(folder.path, name, times, audio), SourceError, words);
    assert(error.message.includes("its audio track 1 (pcm-s16, und)") && !error.message.includes("\n"));
    assert(performance.now() - startMs < 10_000);
    assertEquals(await fileNames(folder.path), ["source.mkv"]);
  });
}

Deno.test("assemble() fills gaps of minutes, and leaves times in Matroska as they are", async () => {
  await using folder = await temporaryFolder();
  const { sizeBytes } = await assembled(folder.path, "out.mov", [0, 0.1, 60], "copy");
  assert(sizeBytes > 60 * 96_000 && sizeBytes < 61 * 96_000, `${sizeBytes} bytes`);
  await assembled(folder.path, "out.mkv", [0, 0.1, 8_000], "copy");
});
