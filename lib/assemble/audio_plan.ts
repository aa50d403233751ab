/** What becomes of each audio track of the source: pure. */
import type { AudioCodec } from "mediabunny";
import {
  type AudioFacts,
  isReadable,
  type ReadableAudio,
  type SourceAudioCodec,
} from "../chunk/source_audio.ts";
import type { AudioCodecName, AudioTarget } from "../encode/audio_settings.ts";
import { AssembleError } from "./assemble_error.ts";
import { audioFits, type Container, CONTAINERS } from "./output_container.ts";

/** `copy`: packet for packet, as far as the container can hold them. A target: all of them are encoded so. */
export type AudioMode = "copy" | "none" | AudioTarget;

/** One whose packets a muxer takes. */
export interface CopiableAudio extends ReadableAudio {
  readonly codec: AudioCodec;
}

export type AudioTreatment =
  | { readonly kind: "copy"; readonly audio: CopiableAudio }
  | { readonly kind: "encode"; readonly audio: ReadableAudio; readonly target: AudioTarget };

/** What became of an audio track. */
export type AudioResult =
  | { readonly title: string; readonly kind: "copied" }
  | {
    readonly title: string;
    readonly kind: "encoded";
    readonly from: SourceAudioCodec;
    readonly to: AudioCodecName;
  };

export interface AudioPlan {
  /** In the order of the source's tracks. */
  readonly treatments: readonly AudioTreatment[];
  /** Titles of the tracks that cannot be read. */
  readonly notCarried: readonly string[];
}

/** What a container gets where it cannot hold a track as it is. */
const FALLBACK: Readonly<Record<Container, AudioCodecName>> = {
  mp4: "aac",
  mov: "aac",
  mkv: "opus",
  webm: "opus",
};

/**
 * Which tracks are copied, and which are encoded to what.
 *
 * @throws {AssembleError} If the container cannot hold what `mode` asks for.
 */
export function planAudio(tracks: readonly AudioFacts[], container: Container, mode: AudioMode): AudioPlan {
  if (mode === "none") return { treatments: [], notCarried: [] };
  if (mode !== "copy") checkAudioFits(container, mode.codec);
  return {
    treatments: tracks.filter(isReadable).map((audio) => {
      if (mode !== "copy") return { kind: "encode", audio, target: mode };
      if (isCopiable(container, audio)) return { kind: "copy", audio };
      return { kind: "encode", audio, target: { codec: FALLBACK[container] } };
    }),
    notCarried: tracks.filter((audio) => !isReadable(audio)).map(({ title }) => title),
  };
}

/** @throws {AssembleError} If the container cannot hold sound of that codec, naming those that can. */
export function checkAudioFits(container: Container, codec: AudioCodecName): void {
  if (audioFits(container, codec)) return;
  const fitting = CONTAINERS.filter((name) => audioFits(name, codec));
  throw new AssembleError(
    `Cannot put ${codec} audio into .${container}: use ${fitting.map((name) => `.${name}`).join(", ")}`,
  );
}

export function resultOf(treatment: AudioTreatment): AudioResult {
  const { title, codec } = treatment.audio;
  if (treatment.kind === "copy") return { title, kind: "copied" };
  return { title, kind: "encoded", from: codec, to: treatment.target.codec };
}

function isCopiable(container: Container, audio: ReadableAudio): audio is CopiableAudio {
  return audioFits(container, audio.codec);
}
