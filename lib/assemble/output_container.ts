/** The container of the finished video, which the extension of its name chooses. */
import {
  MkvOutputFormat,
  type MkvOutputFormatOptions,
  MovOutputFormat,
  Mp4OutputFormat,
  type OutputFormat,
  type VideoCodec,
  WebMOutputFormat,
} from "mediabunny";
import type { SourceAudioCodec } from "../chunk/source_audio.ts";
import { AssembleError } from "./assemble_error.ts";

export const CONTAINERS = ["mp4", "mov", "mkv", "webm"] as const;
export type Container = typeof CONTAINERS[number];

/**
 * The container that the extension of `path` stands for.
 *
 * @throws {AssembleError} If it stands for none that can be written.
 */
export function containerOf(path: string): Container {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase();
  const container = CONTAINERS.find((container) => container === extension);
  if (container) return container;
  throw new AssembleError(
    `Cannot write "${path}": its extension must be one of ${CONTAINERS.map((name) => `.${name}`).join(", ")}`,
  );
}

/**
 * @throws {AssembleError} If the container cannot hold video of that codec, naming those that can.
 */
export function checkVideoFits(container: Container, codec: VideoCodec): void {
  if (formatOf(container).getSupportedVideoCodecs().includes(codec)) return;
  const fitting = CONTAINERS.filter((name) => formatOf(name).getSupportedVideoCodecs().includes(codec));
  throw new AssembleError(
    `Cannot put ${codec} video into .${container}: use ${fitting.map((name) => `.${name}`).join(", ")}`,
  );
}

/** Whether the container can hold sound of that codec so that players know what it is. */
export function audioFits(container: Container, codec: SourceAudioCodec): boolean {
  // ISO/IEC 23003-5 has a way, which older players do not know: FFmpeg 5 plays noise.
  if (container === "mp4" && codec.startsWith("pcm-")) return false;
  const fitting: readonly SourceAudioCodec[] = formatOf(container).getSupportedAudioCodecs();
  return fitting.includes(codec);
}

/** Whether the container's index needs to know beforehand how many packets there will be. */
export function reservesIndex(container: Container): boolean {
  return container === "mp4" || container === "mov";
}

/**
 * How the container is written: a player can start each before it has all of it. MP4 and MOV get their index in
 * front (see `write_mp4.ts`, which has it made for the first packets and fills it in at the end); Matroska and WebM
 * are read cluster by cluster as they are.
 *
 * @param options For Matroska and WebM.
 */
export function formatOf(
  container: Container,
  options: Pick<MkvOutputFormatOptions, "onSegmentHeader"> = {},
): OutputFormat {
  switch (container) {
    case "mp4":
      return new Mp4OutputFormat({ fastStart: "in-memory" });
    case "mov":
      return new MovOutputFormat({ fastStart: "in-memory" });
    case "mkv":
      return new MkvOutputFormat(options);
    case "webm":
      return new WebMOutputFormat(options);
  }
}
