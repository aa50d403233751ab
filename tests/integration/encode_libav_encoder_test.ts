import { assertRejects } from "@std/assert";
import { EncodeError } from "../../lib/encode/encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { testEncoderContract } from "./encode_contract.ts";
import { wholeChunk } from "./encode_media.ts";

testEncoderContract({ name: "libav", create: createLibavEncoder });

Deno.test("libav: encode() tells a chunk that is cut off from one that is damaged", async () => {
  const { bytes, segment } = await wholeChunk();
  const encoder = await createLibavEncoder();
  const half = new Blob([bytes.slice(0, bytes.length / 2)]).stream();
  const { shard } = encoder.encode(half, { settings: DEFAULT_SETTINGS, segment });
  await assertRejects(() => new Response(shard).bytes(), EncodeError, "it is cut off");
});
