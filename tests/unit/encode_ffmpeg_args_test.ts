import { assert, assertEquals } from "@std/assert";
import { ffmpegArgs, lookArgs } from "../../lib/encode/ffmpeg_args.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";

const SEGMENT = { timescale: 30_000, startTicks: 0, frameCount: 60, frameRate: { num: 30_000, den: 1001 } };
const CRF = ffmpegArgs(DEFAULT_SETTINGS, SEGMENT);

/** The value that follows an option. */
function valueOf(args: readonly string[], option: string): string | undefined {
  const index = args.indexOf(option);
  return index < 0 ? undefined : args[index + 1];
}

Deno.test("ffmpegArgs() forces the demuxer and leaves it no protocol but the pipe", () => {
  const input = CRF.slice(0, CRF.indexOf("-i") + 2);
  assertEquals(valueOf(input, "-f"), "mov");
  assertEquals(valueOf(input, "-protocol_whitelist"), "pipe");
  assertEquals(valueOf(input, "-i"), "pipe:0");
  assertEquals(valueOf(input, "-max_pixels:v"), "67108864");
});

Deno.test("ffmpegArgs() bounds the frames to encode by the task's count", () => {
  assertEquals(valueOf(CRF, "-frames:v"), "61");
});

Deno.test("ffmpegArgs() counts times in ticks of the segment", () => {
  assertEquals(valueOf(CRF, "-enc_time_base"), "1/30000");
  assertEquals(valueOf(CRF, "-video_track_timescale"), "30000");
});

Deno.test("ffmpegArgs() asks for a constant rate factor or a bit rate, never both", () => {
  const settings = { ...DEFAULT_SETTINGS, rate: { kind: "bitrate", bitsPerSecond: 500_000 } } as const;
  const bitrate = ffmpegArgs(settings, SEGMENT);
  assertEquals([valueOf(CRF, "-crf:v"), valueOf(CRF, "-b:v")], ["23", undefined]);
  assertEquals([valueOf(bitrate, "-crf:v"), valueOf(bitrate, "-b:v")], [undefined, "500000"]);
});

Deno.test("ffmpegArgs() states the source's frame rate, or one that does not depend on the chunk", () => {
  assertEquals(valueOf(CRF, "-x264-params:v"), "fps=30000/1001:sync-lookahead=0");
  const unknown = ffmpegArgs(DEFAULT_SETTINGS, { ...SEGMENT, frameRate: undefined });
  assertEquals(valueOf(unknown, "-x264-params:v"), "fps=60/1:sync-lookahead=0");
});

Deno.test("ffmpegArgs() codes fields in their order, and states the display of an HDR picture", () => {
  const hdr = { contentLight: { max: 1_000, maxAverage: 400 } };
  for (const [fields, param] of [["top first", "tff=1"], ["bottom first", "bff=1"]] as const) {
    const args = ffmpegArgs(DEFAULT_SETTINGS, SEGMENT, { fields, hdr });
    assertEquals(valueOf(args, "-flags:v"), "+output_corrupt"); // the decoder's
    assertEquals(valueOf(args.slice(args.indexOf("-i")), "-flags:v"), "+ildct");
    assertEquals(valueOf(args, "-x264-params:v"), `fps=30000/1001:sync-lookahead=0:${param}:cll=1000,400`);
  }
  const output = CRF.slice(CRF.indexOf("-i"));
  assertEquals(valueOf(output, "-flags:v"), undefined);
});

Deno.test("lookArgs() decodes as the encode does, and only the first frame", () => {
  const args = lookArgs(DEFAULT_SETTINGS, SEGMENT);
  assertEquals(valueOf(args, "-frames:v"), "1");
  const input = (args: readonly string[]) =>
    args.slice(args.indexOf("-protocol_whitelist"), args.indexOf("-i") + 2);
  assertEquals(input(args), input(CRF));
  const chain = valueOf(CRF, "-filter:v");
  assertEquals(
    valueOf(args, "-filter:v"),
    `showinfo@decoded=checksum=0,${chain},showinfo@encoded=checksum=0`,
  );
});

Deno.test("ffmpegArgs() encodes with the settings' threads and decodes with one", () => {
  const args = ffmpegArgs({ ...DEFAULT_SETTINGS, threads: 6 }, SEGMENT);
  const output = args.slice(args.indexOf("-i") + 2);
  assertEquals(valueOf(args, "-threads:v"), "1");
  assertEquals(valueOf(output, "-threads"), "6");
  assert(args.indexOf("-threads:v") < args.indexOf("-i"));
});
