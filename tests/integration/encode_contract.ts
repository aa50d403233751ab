/** What every encoder of media has to do; each one's own test file runs it. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  EncodeError,
  type EncodeFacts,
  type EncodeOptions,
  type Encoder,
  EncoderCrashedError,
  type Encoding,
} from "../../lib/encode/encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import {
  type Chunk,
  groupChunk,
  readVideo,
  rewrittenVideo,
  videoBytes,
  type VideoReport,
  wholeChunk,
} from "./encode_media.ts";
import { hugePictureParameterSets } from "./encode_huge_picture.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { within } from "./within.ts";

export interface EncoderUnderTest {
  /** Begins the tests' names. */
  readonly name: string;
  /** Called once, when the first test runs. */
  readonly create: () => Promise<Encoder>;
  readonly ignore?: boolean;
}

/** With B-frames, which the fastest preset has not. */
const FAST: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "superfast" };

/** Every frame a keyframe of good quality: more bytes than all pipes and buffers hold. */
const LARGE = { keyframeInterval: 1, crf: 5, seconds: 4 };

/** On a machine that has other things to do; no encode of a source that does not end would be over by then. */
const AT_ONCE_MS = 5_000;
const GIVE_UP_MS = 60_000;

/** Registers the tests. */
export function testEncoderContract({ name, create, ignore = false }: EncoderUnderTest): void {
  let created: Promise<Encoder> | undefined;
  const test = (behaviour: string, run: (encoder: Encoder) => Promise<void>): void => {
    Deno.test({
      name: `${name}: ${behaviour}`,
      ignore,
      fn: async () => await run(await (created ??= create())),
    });
  };
  testFrames(test);
  testSettings(test);
  testRefusals(test);
  testProcess(test);
}

type RegisterTest = (behaviour: string, run: (encoder: Encoder) => Promise<void>) => void;

interface Encoded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly facts: EncodeFacts;
  readonly report: VideoReport;
}

/** Encodes a chunk with `changes` to fast settings, and reads the shard. */
async function encodeChunk(
  encoder: Encoder,
  { bytes, segment }: Pick<Chunk, "bytes" | "segment">,
  changes: Partial<EncodeSettings> = {},
): Promise<Encoded> {
  const task = { settings: { ...FAST, ...changes }, segment };
  const { shard, facts } = encoder.encode(new Blob([bytes]).stream(), task);
  const encoded = await new Response(shard).bytes();
  return { bytes: encoded, facts: await facts, report: await readVideo(encoded) };
}

function testFrames(test: RegisterTest): void {
  const sources = {
    "15 frames a second": {},
    "30000/1001 frames a second": { frameRate: { num: 30_000, den: 1001 } },
    "24000/1001 frames a second in open groups": {
      frameRate: { num: 24_000, den: 1001 },
      closedGop: false,
      bFrames: 4,
    },
    "uneven times": { irregular: true, seconds: 4 },
    "no B-frames": { bFrames: 0 },
    "keyframes alone": { keyframeInterval: 1 },
  };
  for (const [source, options] of Object.entries(sources)) {
    test(`encode() keeps every frame and its time, of ${source}`, async (encoder) => {
      const chunk = await wholeChunk(options);
      const { facts, report } = await encodeChunk(encoder, chunk);
      assertEquals(report.shownTicks, chunk.shownTicks);
      assertEquals(report.startTicks, 0);
      assertEquals(report.keyframes, 1); // the encoder's choice, not the source's
      assertEquals(report.timescale, chunk.segment.timescale);
      assertEquals(facts.frameCount, chunk.shownTicks.length);
      assertEquals(facts.notes, []);
      assertStringIncludes(facts.encoder, `${encoder.name}/libx264 ${encoder.version}`);
    });
  }

  test("encode() keeps a single frame", async (encoder) => {
    const { report } = await encodeChunk(encoder, await wholeChunk({ seconds: 1 / 15 }));
    assertEquals(report.shownTicks, [0]);
  });

  for (const closedGop of [true, false]) {
    for (const index of [0, 1]) {
      const group = `${closedGop ? "closed" : "open"} group ${index}`;
      test(`encode() drops the lead-out of ${group} and nothing else`, async (encoder) => {
        const chunk = await groupChunk(index, { seconds: 4, closedGop, bFrames: 4 });
        const { report } = await encodeChunk(encoder, chunk);
        assertEquals(report.shownTicks, chunk.shownTicks);
      });
    }
  }

  test("encode() leaves out the sound of a chunk that has some", async (encoder) => {
    const chunk = await wholeChunk();
    const bytes = await videoBytes({ seconds: 2, tone: 440 });
    const { report } = await encodeChunk(encoder, { ...chunk, bytes });
    assertEquals(report.shownTicks, chunk.shownTicks);
  });

  test("encode() counts in the task's ticks where the chunk's track has others", async (encoder) => {
    const chunk = await wholeChunk();
    const segment = { ...chunk.segment, timescale: chunk.segment.timescale * 2 };
    const { report } = await encodeChunk(encoder, { ...chunk, segment });
    assertEquals(report.shownTicks, chunk.shownTicks.map((tick) => tick * 2));
  });
}

function testSettings(test: RegisterTest): void {
  const wide = { width: 640, height: 360 };
  const sizes: [asked: Partial<EncodeSettings>, width: number, height: number][] = [
    [{}, 640, 360],
    [{ height: 180 }, 320, 180],
    [{ width: 160 }, 160, 90],
    [{ width: 201 }, 202, 114],
    [{ width: 200, height: 200 }, 200, 200],
  ];
  for (const [asked, width, height] of sizes) {
    test(`encode() makes ${width}x${height} of 640x360 for ${JSON.stringify(asked)}`, async (encoder) => {
      const { report } = await encodeChunk(encoder, await wholeChunk({ ...wide, seconds: 0.2 }), asked);
      assertEquals([report.width, report.height], [width, height]);
      assertLess(Math.abs(report.aspect - 640 / 360), 0.02);
    });
  }

  test("encode() keeps the shape of pixels that are not square", async (encoder) => {
    const chunk = await wholeChunk({ pixelAspect: { num: 4, den: 3 }, seconds: 0.2 });
    const { report } = await encodeChunk(encoder, chunk, { height: 120 });
    assertEquals([report.width, report.height], [160, 120]);
    assertLess(Math.abs(report.aspect - (320 * 4) / (240 * 3)), 0.01);
  });

  test("encode() keeps 10 bits and the colours that the source states", async (encoder) => {
    const chunk = await wholeChunk({ pixelFormat: "yuv420p10", colour: "bt2020-pq", seconds: 0.2 });
    const { report } = await encodeChunk(encoder, chunk);
    assertEquals(report.transfer, "pq");
    assertStringIncludes(report.codec, "avc1.6e"); // High 10
  });

  test("encode() gives the pixel format that is asked for", async (encoder) => {
    const chunk = await wholeChunk({ pixelFormat: "yuv444p", seconds: 0.2 });
    const { report } = await encodeChunk(encoder, chunk, { pixelFormat: "yuv420p", preset: "veryfast" });
    assertStringIncludes(report.codec, "avc1.64"); // High
    assertEquals(encoder.supports({ ...FAST, pixelFormat: "yuv420p" }), true);
  });

  test("encode() makes a smaller shard for a higher constant rate factor", async (encoder) => {
    const chunk = await wholeChunk();
    const good = await encodeChunk(encoder, chunk, { rate: { kind: "crf", crf: 18 } });
    const poor = await encodeChunk(encoder, chunk, { rate: { kind: "crf", crf: 40 } });
    assertLess(poor.bytes.length, good.bytes.length / 2);
  });

  test("encode() comes near the bit rate that is asked for", async (encoder) => {
    const chunk = await wholeChunk({ seconds: 10 });
    const { bytes } = await encodeChunk(encoder, chunk, {
      rate: { kind: "bitrate", bitsPerSecond: 200_000 },
    });
    const bitsPerSecond = (bytes.length * 8) / 10;
    assertLess(Math.abs(bitsPerSecond - 200_000), 40_000);
  });

  // Encoders whose threads race write other bytes in one run of ten to fifty, and that only beside other work.
  for (const codec of ["h264", "hevc"] as const) {
    test(`encode() gives the same bytes of ${codec} however its threads take turns`, async (encoder) => {
      const chunk = await wholeChunk();
      const encode = async () => await encodeChunk(encoder, chunk, { codec, threads: 4, preset: "faster" });
      const first = await encode();
      for (let round = 0; round < 5; round++) {
        for (const again of await Promise.all([encode(), encode(), encode(), encode()])) {
          assertSameBytes(again.bytes, first.bytes);
        }
      }
    });
  }

  test("encode() encodes with as many threads as it is told to", async (encoder) => {
    const { bytes } = await encodeChunk(encoder, await wholeChunk({ seconds: 0.2 }), { threads: 3 });
    assertStringIncludes(new TextDecoder("latin1").decode(bytes), " threads=3 "); // x264 writes its settings
  });

  test("encode() states the same parameter sets for every chunk of a video", async (encoder) => {
    const sets = async (chunk: Chunk): Promise<string> =>
      (await encodeChunk(encoder, chunk, { preset: "medium" })).report.parameterSets.toHex();
    const uneven = { irregular: true, seconds: 4 };
    const first = await sets(await groupChunk(0, uneven));
    assertEquals(await sets(await groupChunk(1, uneven)), first);
    assertEquals(await sets(await wholeChunk(uneven)), first);
  });

  test("encode() states the level that the source's frame rate asks for", async (encoder) => {
    const chunk = await wholeChunk({ width: 1280, height: 720, seconds: 0.2 });
    const levelAt = async (framesPerSecond: number): Promise<string> => {
      const segment = { ...chunk.segment, frameRate: { num: framesPerSecond, den: 1 } };
      return (await encodeChunk(encoder, { ...chunk, segment })).report.codec.slice(-2);
    };
    assertEquals([await levelAt(30), await levelAt(60)], ["1f", "20"]); // 3.1 and 3.2, by table A-1 of H.264
  });
}

function testRefusals(test: RegisterTest): void {
  const refused = async (
    encoder: Encoder,
    { bytes, segment }: Pick<Chunk, "bytes" | "segment">,
    changes: Partial<EncodeSettings> = {},
  ): Promise<EncodeError> => {
    const settings = { ...FAST, ...changes };
    const encoding = encoder.encode(new Blob([bytes]).stream(), { settings, segment });
    const error = await assertRejects(
      () => within(GIVE_UP_MS, new Response(encoding.shard).bytes()),
      EncodeError,
    );
    assertEquals(await encoding.facts.catch((reason) => reason), error);
    assert(!(error instanceof EncoderCrashedError), String(error));
    assertEquals(encoder.pids.size, 0);
    return error;
  };

  const damage: Record<string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>> = {
    "is empty": () => new Uint8Array(0),
    "is four bytes": (bytes) => bytes.slice(0, 4),
    "is noise": (bytes) => crypto.getRandomValues(new Uint8Array(Math.min(bytes.length, 65_536))),
    "is text": () => new TextEncoder().encode("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"),
    "ends in its header": (bytes) => bytes.slice(0, 500),
    "ends half way": (bytes) => bytes.slice(0, bytes.length / 2),
    "ends in its last frame": (bytes) => bytes.slice(0, bytes.length - 400),
    "has zeros in the middle": (bytes) => bytes.slice().fill(0, bytes.length / 2, bytes.length / 2 + 5_000),
  };
  for (const [what, damaged] of Object.entries(damage)) {
    test(`encode() refuses a chunk that ${what}, with the encoder's words`, async (encoder) => {
      const chunk = await wholeChunk();
      const error = await refused(encoder, { ...chunk, bytes: damaged(chunk.bytes) });
      assertStringIncludes(error.message, "Cannot encode the chunk: ");
      assertGreater(error.logTail.length, 0);
    });
  }

  test("encode() refuses an MP4 whose index comes last", async (encoder) => {
    const large = { ...LARGE, layout: "moov-last" } as const; // a small one fits into FFmpeg's first read
    await refused(encoder, await wholeChunk(large));
  });

  test("encode() refuses a chunk with two video tracks", async (encoder) => {
    const chunk = await wholeChunk();
    const bytes = await rewrittenVideo(chunk.bytes, { tracks: 2 });
    assertStringIncludes((await refused(encoder, { ...chunk, bytes })).message, "video track");
  });

  test("encode() refuses most chunks with one flipped bit, rather than patch them up", async (encoder) => {
    const chunk = await wholeChunk({ width: 640, height: 360 });
    const flips = 12;
    const outcomes = await Promise.all(Array.from({ length: flips }, async (_, index) => {
      const bytes = chunk.bytes.slice();
      bytes[Math.floor(bytes.length * (index + 1) / (flips + 1))]! ^= 0x10;
      const task = { settings: { ...FAST, height: 90 }, segment: chunk.segment };
      const { shard } = encoder.encode(new Blob([bytes]).stream(), task);
      return await new Response(shard).bytes().then(() => "taken", (error: unknown) => error);
    }));
    assertGreater(outcomes.filter((outcome) => outcome instanceof EncodeError).length, flips / 2);
  });

  test("encode() refuses a picture of more than 8192x8192 pixels", async (encoder) => {
    const chunk = await wholeChunk({ width: 8_208, height: 8_208, seconds: 1 / 15, preset: "ultrafast" });
    await refused(encoder, chunk, { height: 180 });
  });

  test("encode() refuses pictures said to be of 30000x30000, in bounded time", async (encoder) => {
    const chunk = await wholeChunk();
    const bytes = await rewrittenVideo(chunk.bytes, { description: hugePictureParameterSets(30_000) });
    await refused(encoder, { ...chunk, bytes });
  });

  for (const difference of [-1, 1]) {
    test(`encode() refuses a chunk of 30 frames said to be of ${30 + difference}`, async (encoder) => {
      const chunk = await wholeChunk();
      const segment = { ...chunk.segment, frameCount: 30 + difference };
      const { message } = await refused(encoder, { ...chunk, segment });
      const why = difference < 0 ? "it has more than the 29 frames" : "it has 30 frames, the task says 31";
      assertStringIncludes(message, why);
    });
  }

  test("encode() refuses an opaque chunk", async (encoder) => {
    const { shard, facts } = encoder.encode(new Blob(["bytes"]).stream(), { settings: FAST });
    await assertRejects(() => new Response(shard).bytes(), EncodeError, "opaque");
    await assertRejects(() => facts, EncodeError, "opaque");
  });
}

function testProcess(test: RegisterTest): void {
  test("encode() kills its process at once when aborted", async (encoder) => {
    const abort = new AbortController();
    const { encoding, pid } = await stalledEncode(encoder, { signal: abort.signal });
    const read = assertRejects(() => new Response(encoding.shard).bytes(), Error, "changed my mind");
    abort.abort(new Error("changed my mind"));
    await within(AT_ONCE_MS, read);
    assertDead(encoder, pid);
    await assertRejects(() => encoding.facts, Error, "changed my mind");
  });

  test("encode() tells of an abort where nobody reads the shard", async (encoder) => {
    const abort = new AbortController();
    const { encoding, pid } = await stalledEncode(encoder, { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await within(AT_ONCE_MS, assertRejects(() => encoding.facts, Error, "changed my mind"));
    assertDead(encoder, pid);
    await assertRejects(() => encoding.shard.getReader().read(), Error, "changed my mind");
  });

  test("encode() starts no process for a signal that has aborted", async (encoder) => {
    const cancelled = Promise.withResolvers<unknown>();
    const source = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
    const { segment } = await wholeChunk();
    const signal = AbortSignal.abort(new Error("too late"));
    const { shard, facts } = encoder.encode(source, { settings: FAST, segment }, { signal });
    assertEquals(encoder.pids.size, 0);
    await assertRejects(() => facts, Error, "too late");
    await assertRejects(() => new Response(shard).bytes(), Error, "too late");
    assertEquals(String(await cancelled.promise), "Error: too late");
  });

  test("encode() kills its process at once when the shard is cancelled", async (encoder) => {
    const { encoding, pid, sourceCancelled } = await stalledEncode(encoder);
    await within(AT_ONCE_MS, encoding.shard.cancel(new Error("no longer wanted")));
    assertDead(encoder, pid);
    await assertRejects(() => encoding.facts, Error, "no longer wanted");
    assertEquals(String(await sourceCancelled), "Error: no longer wanted");
  });

  test("encode() fails as its source does, with its process dead", async (encoder) => {
    const { encoding, pid, source } = await stalledEncode(encoder);
    source.error(new Error("connection lost"));
    await within(
      AT_ONCE_MS,
      assertRejects(() => new Response(encoding.shard).bytes(), Error, "connection lost"),
    );
    assertDead(encoder, pid);
    await assertRejects(() => encoding.facts, Error, "connection lost");
  });

  test("encode() tells a process that was killed from a chunk that was refused", async (encoder) => {
    const { encoding, sourceCancelled } = await stalledEncode(encoder);
    const read = assertRejects(() => new Response(encoding.shard).bytes(), EncoderCrashedError, "SIGKILL");
    // Again and again: one of two processes may just have ended by itself when it is killed.
    const killing = setInterval(() => encoder.pids.forEach(kill), 10);
    await within(AT_ONCE_MS, read).finally(() => clearInterval(killing));
    await assertRejects(() => encoding.facts, EncoderCrashedError, "SIGKILL");
    await within(AT_ONCE_MS, sourceCancelled);
    assertEquals(encoder.pids.size, 0);
  });

  test("encode() stops reading its source while nobody reads the shard", async (encoder) => {
    const chunk = await wholeChunk({ ...LARGE, seconds: 30, preset: "ultrafast" });
    let readBytes = 0;
    const source = inParts(chunk.bytes).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(part, controller) {
          readBytes += part.length;
          controller.enqueue(part);
        },
      }),
    );
    const settings = { ...FAST, rate: { kind: "crf", crf: 5 } } as const;
    const { shard, facts } = encoder.encode(source, { settings, segment: chunk.segment });
    const heldBack = await untilStill(() => readBytes);
    assertGreater(heldBack, 0);
    assertLess(heldBack, chunk.bytes.length * 0.9);
    const { shownTicks } = await readVideo(await new Response(shard).bytes());
    assertEquals(shownTicks, chunk.shownTicks);
    assertEquals((await facts).frameCount, chunk.shownTicks.length);
    assertEquals(readBytes, chunk.bytes.length);
  });

  test("encode() runs two encodes at once, as it does one", async (encoder) => {
    const [one, other] = [await wholeChunk(), await wholeChunk({ irregular: true })];
    const both = Promise.all([encodeChunk(encoder, one), encodeChunk(encoder, other)]);
    const pids = [...encoder.pids];
    const encoded = await both;
    assertSameBytes(encoded[0].bytes, (await encodeChunk(encoder, one)).bytes);
    assertSameBytes(encoded[1].bytes, (await encodeChunk(encoder, other)).bytes);
    assertNotEquals(encoded[0].bytes, encoded[1].bytes);
    assertEquals([pids.length, encoder.pids.size], [2, 0]);
  });

  test("encode() takes its source in pieces of any size", async (encoder) => {
    const chunk = await wholeChunk({ seconds: 0.2 });
    const { shard } = encoder.encode(inParts(chunk.bytes, 97), { settings: FAST, segment: chunk.segment });
    assertEquals((await readVideo(await new Response(shard).bytes())).shownTicks, chunk.shownTicks);
  });

  test("encode() tells of the frames encoded so far", async (encoder) => {
    const chunk = await wholeChunk(LARGE);
    const half = Math.ceil(chunk.bytes.length / 2);
    let frames = 0;
    const source = ReadableStream.from((async function* () {
      yield chunk.bytes.slice(0, half);
      // Little by little until it is told: a report comes with a frame, a second after the process has started.
      for await (const part of inParts(chunk.bytes.slice(half), Math.ceil(half / 600))) {
        yield part;
        if (frames === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })());
    const task = { settings: FAST, segment: chunk.segment };
    const { shard } = encoder.encode(source, task, { onProgress: (count) => void (frames ||= count) });
    await new Response(shard).bytes();
    assert(frames > 0 && frames <= chunk.segment.frameCount, `${frames} frames`);
  });
}

function inParts(bytes: Uint8Array<ArrayBuffer>, partBytes = 65_536): ReadableStream<Uint8Array> {
  return ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
  })());
}

interface StalledEncode {
  readonly encoding: Encoding;
  readonly pid: number;
  readonly source: ReadableStreamDefaultController<Uint8Array>;
  /** The reason, once the source is cancelled. */
  readonly sourceCancelled: Promise<unknown>;
}

/** An encode with much work left: it has got all of its chunk, but not been told that this was the end. */
async function stalledEncode(encoder: Encoder, options: EncodeOptions = {}): Promise<StalledEncode> {
  const { bytes, segment } = await wholeChunk(LARGE);
  const controller = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const cancelled = Promise.withResolvers<unknown>();
  const taken = Promise.withResolvers<void>();
  let given = false;
  const stream = new ReadableStream<Uint8Array>({
    start: controller.resolve,
    pull(controller) {
      if (given) return taken.resolve();
      given = true;
      controller.enqueue(bytes);
    },
    cancel: cancelled.resolve,
  }, { highWaterMark: 0 });
  const slow: EncodeSettings = { ...FAST, preset: "veryslow", width: 1_920 };
  const encoding = encoder.encode(stream, { settings: slow, segment }, options);
  const [pid] = encoder.pids;
  assert(pid !== undefined);
  await taken.promise;
  return { encoding, pid, source: await controller.promise, sourceCancelled: cancelled.promise };
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function assertDead(encoder: Encoder, pid: number): void {
  assertEquals([...encoder.pids], []);
  let alive = true;
  try {
    Deno.kill(pid, "SIGCONT");
  } catch {
    alive = false;
  }
  assert(!alive, `process ${pid} is alive`);
}

/** The value once it has not changed for half a second: that nothing more happens is no event to wait for. */
async function untilStill(value: () => number): Promise<number> {
  let last = -1;
  while (value() !== last || last === 0) {
    last = value();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return last;
}
