/** What the libav encoder and its child process say to each other. */
import * as v from "valibot";
import type { SegmentSpan } from "./encoder.ts";
import type { EncodeSettings } from "./settings.ts";

/** The child's one argument, as JSON. */
export interface LibavTask {
  /** Stands before every message, so that no line of a log can be taken for one. */
  readonly token: string;
  readonly settings: EncodeSettings;
  readonly segment: SegmentSpan;
}

const ChildMessage = v.variant("kind", [
  /** Frames encoded so far; about once a second. */
  v.object({ kind: v.literal("progress"), frames: v.number() }),
  /** The shard is written. */
  v.object({ kind: v.literal("done"), frames: v.number(), notes: v.array(v.string()) }),
  /** FFmpeg does not take the input, or it is not what the task says. */
  v.object({ kind: v.literal("refused"), message: v.string() }),
  /** Something else went wrong, which says nothing sure about the input. */
  v.object({ kind: v.literal("broken"), message: v.string() }),
]);
/** A line of the child's stderr, besides FFmpeg's own. */
export type ChildMessage = v.InferOutput<typeof ChildMessage>;

/** What `--probe` prints on stdout. */
export const LibavProbe = v.object({
  version: v.string(),
  /** By the name of each encoder that is there: the pixel formats that it takes. */
  encoders: v.record(v.string(), v.array(v.string())),
});
export type LibavProbe = v.InferOutput<typeof LibavProbe>;

/** Of the text in a message, as JSON: token and text have to fit into a line that is read to its end. */
const MAX_TEXT_LENGTH = 1_500;

/** Begins a line of its own, wherever FFmpeg's threads have left theirs; a long text is cut. */
export function messageLine(token: string, message: ChildMessage): string {
  const said = "message" in message ? { ...message, message: shortened(message.message) } : message;
  return `\n${token} ${JSON.stringify(said)}\n`;
}

function shortened(text: string): string {
  let short = text.slice(0, MAX_TEXT_LENGTH);
  while (JSON.stringify(short).length > MAX_TEXT_LENGTH + 2) short = short.slice(0, short.length / 2);
  return short;
}

/** The message in a line of stderr, or undefined where it holds none. */
export function parseMessageLine(token: string, line: string): ChildMessage | undefined {
  if (!line.startsWith(`${token} `)) return undefined;
  return v.parse(ChildMessage, JSON.parse(line.slice(token.length + 1)));
}
