/** The container of the finished video, which the extension of its name chooses. */
import {
  type AudioCodec,
  type IsobmffOutputFormatOptions,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  type OutputFormat,
  type VideoCodec,
  WebMOutputFormat,
} from "mediabunny";
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

export function audioFits(container: Container, codec: AudioCodec): boolean {
  return formatOf(container).getSupportedAudioCodecs().includes(codec);
}

/** Whether the container's index needs to know beforehand how many packets there will be. */
export function reservesIndex(container: Container): boolean {
  return container === "mp4" || container === "mov";
}

/**
 * How the container is written: a player can start each before it has all of it. MP4 and MOV get their index in
 * front (room for it is kept, about 35 bytes a packet, and filled in at the end); Matroska and WebM are read
 * cluster by cluster as they are.
 */
export function formatOf(
  container: Container,
  onMoov?: IsobmffOutputFormatOptions["onMoov"],
): OutputFormat {
  const indexFirst = { fastStart: "reserve", ...(onMoov && { onMoov }) } as const;
  switch (container) {
    case "mp4":
      return new Mp4OutputFormat(indexFirst);
    case "mov":
      return new MovOutputFormat(indexFirst);
    case "mkv":
      return new MkvOutputFormat();
    case "webm":
      return new WebMOutputFormat();
  }
}
