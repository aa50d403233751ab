/** The embedded encoder: FFmpeg's libraries as an npm package, in a child process for each encode. */
import * as v from "valibot";
import { askProgram } from "./ask_program.ts";
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import { encodeInProcess, type EncoderProgram, type ProcessEnd } from "./encode_in_process.ts";
import {
  EncodeError,
  type EncodeFacts,
  type EncodeOptions,
  type Encoder,
  EncoderCrashedError,
  EncoderUnavailableError,
} from "./encoder.ts";
import { encoderBuild } from "./encoder_build.ts";
import { failedEncoding } from "./failed_encoding.ts";
import { type ChildMessage, LibavProbe, type LibavTask, parseMessageLine } from "./libav_messages.ts";
import { takesPixelFormat } from "./video_filters.ts";

const CHILD_URL = new URL("./libav_child.ts", import.meta.url);
const CHILD_PERMISSIONS = ["--allow-ffi", "--allow-env=AV_FROM_SOURCE"];

/**
 * Starts the child once to see whether the addon loads here. The first time on a machine this downloads it.
 *
 * @throws {EncoderUnavailableError} If it does not load or cannot encode.
 * @throws `options.signal.reason` once aborted.
 */
export async function createLibavEncoder(options: { readonly signal?: AbortSignal } = {}): Promise<Encoder> {
  const { version, encoders } = await probe(options);
  if (Object.keys(encoders).length === 0) {
    throw new EncoderUnavailableError(
      `Cannot encode with libav ${version}: it is built without every encoder`,
    );
  }
  const pids = new Set<number>();
  return {
    name: "libav",
    version,
    supports: (settings) => takesPixelFormat(encoders[CODEC_ENCODERS[settings.codec].name] ?? [], settings),
    encode(source, { settings, segment }, options = {}) {
      if (!segment) {
        return failedEncoding(source, new EncodeError("Cannot encode an opaque chunk as video"));
      }
      const encoder = encoderBuild("libav", settings.codec, version);
      const program = libavProgram({ settings, segment }, encoder, options);
      return encodeInProcess(program, source, { pids, signal: options.signal });
    },
    pids,
  };
}

async function probe(options: { readonly signal?: AbortSignal }): Promise<LibavProbe> {
  const args = childArgs(["--probe"], { cachedOnly: false });
  return v.parse(LibavProbe, JSON.parse(await askProgram(Deno.execPath(), args, options)));
}

function childArgs(args: string[], { cachedOnly }: { readonly cachedOnly: boolean }): string[] {
  // Encodes wait for no download: the probe has made it.
  const network = cachedOnly ? ["--cached-only"] : [];
  return ["run", "--no-prompt", "--quiet", ...network, ...CHILD_PERMISSIONS, CHILD_URL.href, ...args];
}

function libavProgram(
  { settings, segment }: Omit<LibavTask, "token">,
  encoder: string,
  { onProgress }: EncodeOptions,
): EncoderProgram {
  const token = crypto.randomUUID();
  const task: LibavTask = { token, settings, segment };
  let last: ChildMessage | undefined;
  return {
    command: Deno.execPath(),
    args: childArgs([JSON.stringify(task)], { cachedOnly: true }),
    readLine(line) {
      const message = parseMessageLine(token, line);
      if (!message) return false;
      last = message;
      if (message.kind === "progress") onProgress?.(message.frames);
      return true;
    },
    conclude: (end) => libavFacts(last, end, encoder),
  };
}

/** Pure: what the child's last message and its end come to. */
export function libavFacts(
  last: ChildMessage | undefined,
  { status, logTail }: ProcessEnd,
  encoder: string,
): EncodeFacts {
  if (last?.kind === "refused") {
    throw new EncodeError(`Cannot encode the chunk: ${last.message}`, { logTail });
  }
  if (last?.kind === "done" && status.success) {
    return { encoder, frameCount: last.frames, notes: last.notes };
  }
  const cause = last?.kind === "broken" ? last.message : describeStatus(status);
  throw new EncoderCrashedError(`The libav encoder's process ended: ${cause}`, { logTail });
}

function describeStatus({ signal, code }: Deno.CommandStatus): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}
