import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import {
  audioText,
  parseProof,
  parseSettings,
  type Proof,
  ProofError,
  proofPathOf,
  proofText,
  settingsJson,
} from "../../lib/job/proof.ts";
import type { SegmentFacts, VideoFrameFacts } from "../../lib/job/output_facts.ts";
import { compareFrameFacts, proofContradictions } from "../../lib/job/verify_output.ts";

const hash = (digit: string): string => digit.repeat(64);

const PROOF: Proof = {
  proof_version: 2,
  source: { sha256: hash("0"), size_bytes: 10 },
  encoding: {
    build: "libav/libx264 8.1",
    settings: settingsJson(DEFAULT_SETTINGS),
    audio: "copy",
    chunk_seconds: 10,
  },
  segments: [0, 1].map((index) => ({
    chunk_sha256: hash("1"),
    task_sha256: hash("2"),
    shard_sha256: hash("3"),
    frames: 3,
    first_ticks: 300 * index,
    last_ticks: 300 * index + 200,
    packets_sha256: hash("4"),
  })),
  output: {
    container: "mp4",
    sha256: hash("5"),
    size_bytes: 5,
    frames: 6,
    timescale: 1_000,
    audio_tracks: [],
    not_carried: [],
  },
  run: { finished_at: "2025-01-01T00:00:00.000Z", seconds: 1, chunks: [] },
};

const FACTS: VideoFrameFacts = {
  container: "mp4",
  codec: "avc",
  timescale: 1_000,
  segments: PROOF.segments.map(({ frames, first_ticks, last_ticks, packets_sha256 }) => ({
    frames,
    firstTicks: first_ticks,
    lastTicks: last_ticks,
    packetsSha256: packets_sha256,
  })),
};

/** What is found where a segment is other than the proof says. */
function findings(segment: number, change: Partial<SegmentFacts>) {
  const segments = FACTS.segments.map((facts, index) => index === segment ? { ...facts, ...change } : facts);
  return compareFrameFacts(PROOF, { ...FACTS, segments });
}

Deno.test("parseProof() reads what proofText() wrote", () => {
  assertEquals(parseProof(proofText(PROOF)), PROOF);
});

Deno.test("parseProof() says what it cannot understand", () => {
  const changed = (change: (proof: Record<string, unknown>) => void): string => {
    const proof = JSON.parse(proofText(PROOF));
    change(proof);
    return JSON.stringify(proof);
  };
  const cases: readonly (readonly [string, string])[] = [
    ["", "not JSON"],
    ["[]", "proof_version"],
    [changed((proof) => proof.proof_version = 1), "version 1, and 2 is known"],
    [changed((proof) => proof.proof_version = 3), "version 3"],
    [changed((proof) => delete proof.output), "output"],
    [changed((proof) => (proof.source as Record<string, unknown>).sha256 = "short"), "source.sha256"],
    [changed((proof) => (proof.segments as Record<string, unknown>[])[1]!.frames = 0), "segments.1.frames"],
    [
      changed((proof) => (proof.encoding as Record<string, unknown>).chunk_seconds = 0),
      "encoding.chunk_seconds",
    ],
  ];
  for (const [text, said] of cases) assertThrows(() => parseProof(text), ProofError, said);
});

Deno.test("compareFrameFacts() finds nothing in what is as it was", () => {
  assertEquals(compareFrameFacts(PROOF, FACTS), []);
});

Deno.test("compareFrameFacts() names the segment that has other frames, times or data", () => {
  assertEquals(findings(1, { packetsSha256: hash("9") }), [{
    segment: 1,
    what: "its frames have other data",
  }]);
  assertEquals(findings(0, { frames: 2 }), [{ segment: 0, what: "it has 2 frames instead of 3" }]);
  for (const change of [{ firstTicks: 1 }, { lastTicks: 1 }]) {
    assertEquals(findings(0, change)[0]?.segment, 0);
  }
});

Deno.test("compareFrameFacts() finds missing and further segments, and another clock", () => {
  const [first, second] = FACTS.segments;
  assertEquals(compareFrameFacts(PROOF, { ...FACTS, segments: [first!] }).map(({ segment }) => segment), [1]);
  const more = compareFrameFacts(PROOF, { ...FACTS, segments: [first!, second!, second!] });
  assertEquals(more, [{ segment: undefined, what: "it has 3 frames after the last segment" }]);
  assertEquals(compareFrameFacts(PROOF, { ...FACTS, timescale: 999 }).length, 1);
});

Deno.test("a proof's words for settings and sound are those of the wire and of the flags", () => {
  assertEquals(settingsJson(DEFAULT_SETTINGS), {
    codec: "h264",
    crf: 23,
    preset: "medium",
    width: 0,
    height: 0,
    pixel_format: "source",
    keyframe_interval: 0,
    deinterlace: false,
    frame_rate: "source",
    threads: 1,
  });
  assertEquals(
    settingsJson({ ...DEFAULT_SETTINGS, rate: { kind: "bitrate", bitsPerSecond: 800 } }).bitrate,
    800,
  );
  assertEquals(["copy", "none"].map((mode) => audioText(mode as "copy")), ["copy", "none"]);
  assertEquals(audioText({ codec: "aac", bitsPerSecond: 128_000 }), "aac:128000");
  assertEquals(audioText({ codec: "opus" }), "opus");
  assertEquals(proofPathOf("a/b.mp4"), "a/b.mp4.proof.json");
});

Deno.test("compareFrameFacts() finds another container and another codec", () => {
  for (const change of [{ container: "mov" }, { container: undefined }, { codec: "hevc" }] as const) {
    const found = compareFrameFacts(PROOF, { ...FACTS, ...change });
    assertEquals(found.map(({ segment }) => segment), [undefined], JSON.stringify(change));
  }
});

Deno.test("proofContradictions() finds frames and chunks that are not those of the segments", () => {
  const ran = { reused: false, worker: "w", attempt: 1, encode_seconds: 1 };
  const sound: Proof = { ...PROOF, run: { ...PROOF.run, chunks: [ran, ran] } };
  assertEquals(proofContradictions(sound), []);
  assertEquals(proofContradictions({ ...sound, output: { ...sound.output, frames: 7 } }).length, 1);
  for (const chunks of [[], [ran], [ran, ran, ran]]) {
    assertEquals(proofContradictions({ ...sound, run: { ...sound.run, chunks } }).length, 1);
  }
});

Deno.test("parseSettings() reads what settingsJson() wrote", () => {
  const cases: readonly EncodeSettings[] = [
    DEFAULT_SETTINGS,
    {
      codec: "av1",
      rate: { kind: "bitrate", bitsPerSecond: 1_000_000 },
      preset: "slow",
      width: 640,
      height: 0,
      pixelFormat: "yuv420p10",
      keyframeInterval: 30,
      deinterlace: true,
      frameRate: { num: 30_000, den: 1_001 },
      threads: 4,
    },
  ];
  for (const settings of cases) {
    assertEquals(parseSettings(JSON.parse(JSON.stringify(settingsJson(settings)))), settings);
  }
});
