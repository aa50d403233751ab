import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  Output,
  type Target,
} from "mediabunny";
import { GatheringTarget } from "../../lib/assemble/gathering_target.ts";
import { MemoryFile } from "./memory_file.ts";

const SIZES = [300_000, 10, 5_000, 70_000, 262_144, 1, 20_000];

async function writeMatroska(target: Target): Promise<void> {
  const output = new Output({ format: new MkvOutputFormat(), target });
  const track = new EncodedVideoPacketSource("vp8");
  output.addVideoTrack(track);
  await output.start();
  for (let frame = 0; frame < 400; frame++) {
    const data = new Uint8Array(SIZES[frame % SIZES.length]!).fill(frame);
    const packet = new EncodedPacket(data, frame % 30 === 0 ? "key" : "delta", frame / 30, 1 / 30);
    await track.add(packet, { decoderConfig: { codec: "vp8", codedWidth: 16, codedHeight: 16 } });
  }
  await output.finalize();
}

Deno.test("GatheringTarget writes what a muxer has written, in few writes", async () => {
  const whole = new BufferTarget();
  await writeMatroska(whole);
  const file = new MemoryFile();
  let writes = 0;
  await writeMatroska(
    new GatheringTarget({
      seek: (offset) => file.seek(offset),
      write(bytes) {
        writes++;
        return file.write(bytes);
      },
    }),
  );
  assertEquals(file.bytes, new Uint8Array(whole.buffer!));
  assert(writes < 600, `${writes} writes`);
});

Deno.test("GatheringTarget lets the muxer know when the file cannot be written", async () => {
  const file = { seek: () => Promise.resolve(0), write: () => Promise.reject(new Error("disk full")) };
  await assertRejects(() => writeMatroska(new GatheringTarget(file)), Error, "disk full");
});
