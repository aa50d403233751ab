import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import {
  complaints,
  type ProbedPacket,
  type ProbedStream,
  probeFile,
  probePackets,
  spanOf,
  subtract,
  toNumber,
} from "../media/probe.ts";
import { copies, planned } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Of a packet of each codec, and of two clocks of a millisecond beside it. */
const FRAME_SECONDS = {
  aac: 1024 / 48_000,
  ac3: 1536 / 48_000,
  alac: 4096 / 48_000,
  mp2: 1152 / 48_000,
  opus: 0.02,
  pcm_s24be: 1024 / 48_000,
  truehd: 40 / 48_000,
  vorbis: 0.022,
} as const;
const CLOCKS_SECONDS = 0.002;

type Codec = keyof typeof FRAME_SECONDS;

interface Expected {
  readonly file: string;
  readonly extension: string;
  /** By track: the codec in the source, and, where it is another, in the output. */
  readonly codecs: readonly (readonly [Codec, Codec?])[];
  readonly notCarried?: readonly string[];
}

const CASES: readonly Expected[] = [
  { file: "silent.mp4", extension: "mkv", codecs: [] },
  { file: "late.mkv", extension: "mp4", codecs: [["aac"]] },
  { file: "audio_late.mkv", extension: "mp4", codecs: [["aac"]] },
  { file: "audio_late.mp4", extension: "mkv", codecs: [["aac"]] },
  { file: "audio_late.ts", extension: "mov", codecs: [["aac"]] },
  { file: "audio_long.mp4", extension: "mkv", codecs: [["aac"]] },
  { file: "audio_gap.mkv", extension: "mp4", codecs: [["aac"]] },
  { file: "languages.ts", extension: "mkv", codecs: [["aac"], ["aac"], ["aac"]] },
  { file: "vorbis.mkv", extension: "mp4", codecs: [["vorbis"]] },
  { file: "vp8.webm", extension: "mp4", codecs: [["vorbis"]] },
  { file: "pcm_be.mov", extension: "mp4", codecs: [["pcm_s24be", "aac"]] },
  { file: "pcm_be.mov", extension: "mov", codecs: [["pcm_s24be"]] },
  { file: "mp2.ts", extension: "mp4", codecs: [["mp2", "aac"]] },
  { file: "mp2.ts", extension: "mkv", codecs: [["mp2", "opus"]] },
  { file: "alac.mov", extension: "mp4", codecs: [["alac", "aac"]] },
  { file: "alac.mov", extension: "mkv", codecs: [["alac", "opus"]] },
  { file: "alac.mkv", extension: "mp4", codecs: [["alac", "aac"]] },
  { file: "truehd.mkv", extension: "mov", codecs: [["truehd", "aac"]] },
  { file: "wavpack.mkv", extension: "mp4", codecs: [], notCarried: ["audio track 1 (A_WAVPACK4, und)"] },
  { file: "opus.ts", extension: "mp4", codecs: [], notCarried: ["Opus audio (und), which cannot be read"] },
];

for (const { file, extension, codecs, notCarried = [] } of CASES) {
  const outcome = codecs.map(([from, to = from]) => from === to ? from : `${from} as ${to}`);
  Deno.test({
    name: `sound of ${file} in .${extension}: ${[...outcome, ...notCarried].join(", ") || "none"} ${
      HAS_FFMPEG ? "" : WITHOUT_FFMPEG
    }`,
    ignore: !HAS_FFMPEG,
    async fn() {
      await using folder = await temporaryFolder();
      const path = await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
      const outPath = join(folder.path, `out.${extension}`);
      using video = await planned(path, { kind: "seconds", seconds: 0.5 });
      const { source, plan } = video;
      const shards = copies(source, plan);
      const result = await assemble({ plan, source, path: outPath, shards, copied: true });
      assertEquals(result.notCarried, notCarried);
      assertEquals(
        result.audioTracks.map(({ kind }) => kind),
        codecs.map(([, to]) => to ? "encoded" : "copied"),
      );
      const [before, after] = await Promise.all([probe(path), probe(outPath)]);
      assertEquals(after.sounds.map(({ stream }) => stream.codec), codecs.map(([from, to = from]) => to));
      assertEquals(after.sounds.map(language), before.sounds.slice(0, codecs.length).map(language));
      assertEquals(after.sounds.map(isDefault), defaults(before).slice(0, codecs.length));
      for (const [track, [from, to]] of codecs.entries()) {
        assertSameSpan(before, after, track, FRAME_SECONDS[to ?? from]);
        if (!to) assertEquals(soundSize(after, track, before), soundSize(before, track, before));
      }
      if (codecs.some(([, to]) => to)) assertEquals(await complaints(outPath), "");
    },
  });
}

interface Track {
  readonly stream: ProbedStream;
  readonly packets: readonly ProbedPacket[];
}

interface Probed {
  readonly video: readonly ProbedPacket[];
  readonly sounds: readonly Track[];
}

async function probe(path: string): Promise<Probed> {
  const streams = (await probeFile(path)).streams.filter(({ kind }) => kind === "audio");
  return {
    video: await probePackets(path, "v:0"),
    sounds: await Promise.all(streams.map(async (stream, index) => {
      return { stream, packets: await probePackets(path, `a:${index}`) };
    })),
  };
}

const language = ({ stream }: Track) => stream.tags.language ?? "und";
const isDefault = ({ stream }: Track) => stream.dispositions.includes("default");

/** Which tracks are to be the default: those that are, or the first where the source has none. */
function defaults({ sounds }: Probed): boolean[] {
  return sounds.some(isDefault) ? sounds.map(isDefault) : sounds.map((_, index) => index === 0);
}

/** How much of a track there is: its packets; bytes of uncompressed sound, which each reader cuts as it likes. */
function soundSize({ sounds }: Probed, track: number, source: Probed): number {
  const { stream, packets } = sounds[track]!;
  if (stream.codec.startsWith("pcm")) return packets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  // What an MP4 hides is the packet before time 0, which decoders need, and which Matroska cannot hide.
  const canHide = source.sounds[track]!.packets.some(({ hidden }) => hidden);
  return packets.filter(({ hidden }) => canHide || !hidden).length;
}

/** The sound begins and ends where it did beside the video, give or take a frame of it. */
function assertSameSpan(before: Probed, after: Probed, track: number, frameSeconds: number): void {
  const [video, videoOut] = [spanOf(before.video)!, spanOf(after.video)!];
  const [sound, soundOut] = [before, after].map(({ sounds }) => spanOf(sounds[track]!.packets)!);
  for (const edge of ["start", "end"] as const) {
    const offset = subtract(subtract(soundOut![edge], videoOut.start), subtract(sound![edge], video.start));
    const seconds = toNumber(offset);
    assert(
      Math.abs(seconds) <= frameSeconds + CLOCKS_SECONDS,
      `the ${edge} of track ${track} is off by ${seconds} s`,
    );
  }
}
