import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { chooseEncoders } from "../../lib/encode/choose_encoder.ts";
import { type Encoder, EncoderUnavailableError } from "../../lib/encode/encoder.ts";
import { createSimulatedEncoder } from "../../lib/encode/simulated_encoder.ts";

function created(name: "libav" | "ffmpeg"): () => Promise<Encoder> {
  return () => Promise.resolve({ ...createSimulatedEncoder(), name });
}

function unavailable(reason: string): () => Promise<Encoder> {
  return () => Promise.reject(new EncoderUnavailableError(reason));
}

function never(): Promise<Encoder> {
  throw new Error("asked for without need");
}

Deno.test("chooseEncoders(auto) takes libav and does not look for ffmpeg", async () => {
  const { media, opaque } = await chooseEncoders("auto", {
    create: { libav: created("libav"), ffmpeg: never },
  });
  assertEquals([media?.name, opaque.name], ["libav", "simulated"]);
});

Deno.test("chooseEncoders(auto) takes ffmpeg where libav cannot run", async () => {
  const create = { libav: unavailable("no addon"), ffmpeg: created("ffmpeg") };
  assertEquals((await chooseEncoders("auto", { create })).media?.name, "ffmpeg");
});

Deno.test("chooseEncoders(auto) gives both reasons where neither can run", async () => {
  const create = { libav: unavailable("no addon"), ffmpeg: unavailable("no program") };
  const error = await assertRejects(() => chooseEncoders("auto", { create }), EncoderUnavailableError);
  assertStringIncludes(error.message, "no addon");
  assertStringIncludes(error.message, "no program");
});

Deno.test("chooseEncoders(auto) passes on what is no lack of an encoder", async () => {
  const create = { libav: () => Promise.reject(new Error("aborted")), ffmpeg: never };
  await assertRejects(() => chooseEncoders("auto", { create }), Error, "aborted");
});

Deno.test("chooseEncoders(ffmpeg) neither loads nor waits for libav", async () => {
  const { media } = await chooseEncoders("ffmpeg", { create: { libav: never, ffmpeg: created("ffmpeg") } });
  assertEquals(media?.name, "ffmpeg");
});

Deno.test("chooseEncoders(libav) does not fall back on ffmpeg", async () => {
  const create = { libav: unavailable("no addon"), ffmpeg: never };
  await assertRejects(() => chooseEncoders("libav", { create }), EncoderUnavailableError, "no addon");
});

Deno.test("chooseEncoders(simulated) starts nothing and takes no media", async () => {
  const { media, opaque } = await chooseEncoders("simulated", { create: { libav: never, ffmpeg: never } });
  assertEquals([media, opaque.name], [null, "simulated"]);
});
