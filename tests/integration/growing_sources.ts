/** Videos that can be read before they are whole, a keyframe every second. */
import {
  EncodedAudioPacketSource,
  EncodedVideoPacketSource,
  MpegTsOutputFormat,
  Output,
  StreamTarget,
} from "mediabunny";
import { join } from "node:path";
import { seekableSink } from "../../lib/assemble/seekable_sink.ts";
import { openSource, packetsOf } from "../../lib/chunk/source_file.ts";
import type { MakeVideoOptions } from "../../lib/encode/make_video.ts";
import { videoFile } from "./assemble_fixture.ts";

export const SECONDS = 12;
/** Large enough that there is something to look at early. */
export const VIDEO: MakeVideoOptions = { seconds: SECONDS, crf: 10 };

/** The same packets as a transport stream. */
async function transportStream(folder: string): Promise<string> {
  using source = await openSource(await videoFile(folder, "source.mp4", VIDEO));
  const path = join(folder, "source.ts");
  using file = await Deno.open(path, { write: true, read: true, createNew: true });
  const output = new Output({
    format: new MpegTsOutputFormat(),
    target: new StreamTarget(seekableSink(file)),
  });
  const { codec, decoderConfig } = source.video;
  const video = new EncodedVideoPacketSource(codec);
  const audio = new EncodedAudioPacketSource("aac");
  output.addVideoTrack(video);
  output.addAudioTrack(audio);
  await output.start();
  const [sound] = source.audio;
  const audioConfig = await sound!.track.getDecoderConfig();
  const sounds = packetsOf(sound!);
  let nextSound = await sounds.next();
  for await (const packet of packetsOf(source.video)) {
    await video.add(packet, { decoderConfig });
    for (
      ;
      !nextSound.done && nextSound.value.timestamp <= packet.timestamp;
      nextSound = await sounds.next()
    ) {
      await audio.add(nextSound.value, { decoderConfig: audioConfig! });
    }
  }
  await sounds.return();
  await output.finalize();
  return path;
}

/** By container; each writes its video into a folder. */
export const GROWING_SOURCES: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  "Matroska": (folder) => videoFile(folder, "source.mkv", VIDEO),
  "MPEG-TS": transportStream,
  "fragmented MP4": (folder) => videoFile(folder, "source.mp4", { ...VIDEO, layout: "fragmented" }),
  "MP4 with its index in front": (folder) => videoFile(folder, "source.mp4", VIDEO),
};
