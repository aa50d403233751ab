/** What the form says, by the names that the server's query has. Pure. */
import { type Codec, CODECS, DEFAULT_CRF } from "../../../encode/settings.ts";
import type { Container } from "../../../assemble/output_container.ts";

export type UploadQuery = Readonly<Record<string, string>>;

export const DEFAULT_QUERY: UploadQuery = {
  codec: "h264",
  crf: String(DEFAULT_CRF.h264),
  preset: "medium",
  height: "0",
  container: "mp4",
  audio: "copy",
  priority: "0",
};

/**
 * With one field changed, and those that it has a say in: each codec has a quality scale of its own, and not every
 * container holds it.
 */
export function withField(
  query: UploadQuery,
  name: string,
  value: string,
  containers: Readonly<Record<Codec, readonly Container[]>>,
): UploadQuery {
  const next = { ...query, [name]: value };
  const codec = CODECS.find((codec) => codec === next["codec"]);
  if (name !== "codec" || codec === undefined) return next;
  const fitting: readonly string[] = containers[codec];
  const container = fitting.includes(next["container"]!) ? next["container"]! : fitting[0]!;
  return { ...next, crf: String(DEFAULT_CRF[codec]), container };
}
