/** What the Python project's master got wrong, as ffprobe sees it, through a master with a worker that encodes. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { connectMaster, type VideoFacts } from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { runScript } from "./run_script.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LONG = { timeoutMs: 60_000 };
const NOTHING = new Uint8Array();
const FRAMES = 90;
/** A rate that no clock of milliseconds holds, sound, and cuts that the chunks are made at. */
const FILM = { seconds: 3, frameRate: { num: 30_000, den: 1001 }, keyframeInterval: 30 } as const;
const FAST = ["--chunk_seconds", "1", "--preset", "ultrafast", "--quiet"];

interface Probe {
  readonly format: { readonly format_name: string };
  readonly streams: readonly {
    readonly codec_type: string;
    readonly codec_name: string;
    readonly nb_read_frames: string;
    readonly nb_read_packets: string;
    readonly duration: string | undefined;
  }[];
}

async function probe(path: string): Promise<Probe> {
  const show = ["-show_format", "-show_streams", "-count_frames", "-count_packets", "-of", "json"];
  return JSON.parse(await runSystem("ffprobe", [...show, path], NOTHING));
}

const streamOfKind = ({ streams }: Probe, kind: "video" | "audio") =>
  streams.filter(({ codec_type }) => codec_type === kind);

/** MD5 of the sound's packets. */
const soundOf = (path: string) =>
  runSystem("ffmpeg", ["-i", path, "-map", "0:a", "-c", "copy", "-f", "md5", "-"], NOTHING);

Deno.test({
  name: ["what goes through a master, as ffprobe sees it"].concat(HAS_FFMPEG ? [] : [WITHOUT_FFMPEG]).join(
    " ",
  ),
  ignore: !HAS_FFMPEG,
  async fn(t) {
    await using folder = await temporaryFolder();
    const path = await videoFile(folder.path, "film.mp4", FILM);
    await using worker = await startOurWorker({ shardsDir: join(folder.path, "shards") });
    const flags = ["--workers", worker.address, "--no-dashboard"];
    await using master = await startOurMaster({ dataDir: join(folder.path, "data"), flags });
    using client = connectMaster(byNumber(master.address));
    /** The result of a video, as a file. */
    const through = async (facts: VideoFacts): Promise<string> => {
      await client.upload({ chunkSeconds: 1, ...facts }, streamOf(await Deno.readFile(path)), RPC);
      for await (const update of client.watch(facts.videoId, LONG)) {
        if (update.kind === "job") assert(update.job.state !== "failed", update.job.failureMessage);
      }
      const result = join(folder.path, `result of ${facts.videoId}`);
      await Deno.writeFile(result, client.retrieve(facts.videoId, LONG));
      return result;
    };
    const result = await through({ videoId: "film" });
    const [before, after] = [await probe(path), await probe(result)];

    await t.step("keeps its sound", async () => {
      const [[sound], [kept, ...more]] = [streamOfKind(before, "audio"), streamOfKind(after, "audio")];
      assertEquals([kept!.codec_name, kept!.nb_read_packets], [sound!.codec_name, sound!.nb_read_packets]);
      assertEquals([more, await soundOf(result)], [[], await soundOf(path)]);
    });

    await t.step("has as many frames as before", () => {
      const counts = [before, after].map((file) => streamOfKind(file, "video")[0]!.nb_read_frames);
      assertEquals(counts, [`${FRAMES}`, `${FRAMES}`]);
    });

    await t.step("is an MKV when MKV is asked for, and an MP4 otherwise", async () => {
      const mkv = await probe(await through({ videoId: "as mkv", outputFormat: "mkv" }));
      assertEquals(mkv.format.format_name, "matroska,webm");
      assertEquals(streamOfKind(mkv, "video")[0]!.nb_read_frames, `${FRAMES}`);
      assert(after.format.format_name.includes("mp4"), after.format.format_name);
    });

    for (
      const name of [
        "a [bracket]",
        "it's",
        'a "quoted" name',
        "  spaces  within  ",
        "映画 été 🎬",
        "%(d) $HOME `x` & *",
      ]
    ) {
      await t.step(`may be called ${name}`, async () => {
        await Deno.copyFile(path, join(folder.path, `${name}.mp4`));
        const args = [`${name}.mp4`, "-o", `to ${name}.mkv`, "--master", master.address, ...FAST];
        const { code, stderr } = await runScript("transcode.ts", args, { cwd: folder.path });
        assertEquals(code, 0, stderr);
        const { format, streams } = await probe(join(folder.path, `to ${name}.mkv`));
        assertEquals([format.format_name, streams.length], ["matroska,webm", 2]);
        assertEquals(streams[0]!.nb_read_frames, `${FRAMES}`);
      });
    }
  },
});
