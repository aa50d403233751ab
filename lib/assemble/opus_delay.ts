/** What an Opus decoder makes before the sound begins, which Matroska states apart from the times: pure. */
import type { EncodedPacket } from "mediabunny";
import { descriptionBytes } from "../chunk/description_bytes.ts";
import type { AudioDecoderConfig } from "../chunk/source_audio.ts";
import { type Container, reservesIndex } from "./output_container.ts";

const OPUS_HZ = 48_000;
const [MAGIC, LEAST_HEAD_BYTES, PRE_SKIP_AT] = ["OpusHead", 19, 10] as const;

/**
 * The pre-skip of an identification header, in samples at 48 kHz; undefined where there is no such header.
 *
 * @see RFC 7845, 5.1
 */
export function preSkipSamples(head: Uint8Array | undefined): number | undefined {
  if (!head || head.length < LEAST_HEAD_BYTES) return undefined;
  if (new TextDecoder("latin1").decode(head.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  return head[PRE_SKIP_AT]! + 256 * head[PRE_SKIP_AT + 1]!;
}

export function preSkipNs(samples: number): number {
  return Math.round(samples * 1e9 / OPUS_HZ);
}

/**
 * A packet as a container has it: in Matroska and WebM, players take the delay that is stated for the track off the
 * time of every block (RFC 9559, 5.1.4.1.19).
 */
export function asContained(
  packet: EncodedPacket,
  container: Container,
  config: Pick<AudioDecoderConfig, "codec" | "description"> | undefined,
): EncodedPacket {
  if (reservesIndex(container) || config?.codec !== "opus") return packet;
  const samples = preSkipSamples(descriptionBytes(config.description)) ?? 0;
  return samples === 0 ? packet : packet.clone({ timestamp: packet.timestamp + samples / OPUS_HZ });
}
