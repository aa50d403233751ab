/** The flags of transcode.ts, and which of them go together. */
import { DEFAULT_SETTINGS, LIMITS } from "../encode/settings.ts";
import { AUDIO_FLAG } from "./audio_flag.ts";
import { defineCommand, type Parsed } from "./command.ts";
import { CLIENT_FLAGS } from "./connection_flags.ts";
import { ENCODE_FLAGS } from "./encode_flags.ts";
import { refuseFlags } from "./refuse_flags.ts";
import { START_FLAG } from "./start_flag.ts";
import { UsageError } from "./usage_error.ts";

const [MIN_THREADS, MAX_THREADS] = LIMITS.threads;

/** Workers that are started here take neither TLS nor a token. */
const REMOTE_FLAGS = {
  tls_ca: remoteOnly(CLIENT_FLAGS.tls_ca),
  tls_cert: remoteOnly(CLIENT_FLAGS.tls_cert),
  tls_key: remoteOnly(CLIENT_FLAGS.tls_key),
  token_file: remoteOnly(CLIENT_FLAGS.token_file),
} as const;

export const MEMORY_GIB = 20;
export const GIVE_UP_SECONDS = 600;

export const TRANSCODE = defineCommand({
  name: "transcode",
  summary:
    "Transcodes a video: splits it at keyframes, has the chunks encoded side by side, and puts them together " +
    "with the source's sound, every frame at its time. With no workers named it starts its own, one a core, and " +
    "ends them afterwards. Interrupted, the same command goes on where it was.",
  usage: "deno task transcode INPUT -o OUTPUT [flags]",
  positionals: { input: { kind: "string", required: true, help: "The video." } },
  flags: {
    output: {
      kind: "string",
      short: "o",
      valueName: "FILE",
      required: true,
      help: "What it becomes: .mp4, .mov, .mkv or .webm.",
    },
    ...ENCODE_FLAGS,
    threads: {
      kind: "integer",
      min: MIN_THREADS,
      max: MAX_THREADS,
      defaultText: String(DEFAULT_SETTINGS.threads),
      help: "Encoder threads a chunk; another number gives other bytes.",
    },
    ...AUDIO_FLAG,
    ...START_FLAG,
    chunk_seconds: {
      kind: "number",
      min: 0.1,
      max: 3_600,
      default: 10,
      help: "Target length of a chunk; it ends at a keyframe.",
    },
    workers: {
      kind: "addresses",
      defaultText: "its own",
      help: "Workers to use, with commas between.",
    },
    master: { kind: "address", help: "A master that does it in place of this machine." },
    local_workers: {
      kind: "integer",
      min: 1,
      max: 1_024,
      defaultText: "one a core",
      help: "Workers to start where none are named.",
    },
    give_up_after: {
      kind: "number",
      min: 0,
      max: 31_536_000,
      defaultText: String(GIVE_UP_SECONDS),
      help: "Seconds to wait when no worker is there at all, or the master is gone.",
    },
    resume: {
      kind: "boolean",
      default: true,
      help: "Use what was encoded before, and remember what is now.",
    },
    memory_dir: {
      kind: "string",
      valueName: "DIR",
      defaultText: ".transcode beside the output",
      help: "Where encoded chunks are remembered.",
    },
    memory_gib: {
      kind: "number",
      min: 0.001,
      max: 2 ** 20,
      defaultText: String(MEMORY_GIB),
      help: "GiB that it may have; those used longest ago go first.",
    },
    json: { kind: "boolean", help: "What happens as JSON, one event a line, on standard output." },
    quiet: { kind: "boolean", help: "No progress." },
    ...REMOTE_FLAGS,
  },
  examples: [
    "deno task transcode film.mkv -o film.mp4 --codec h264 --crf 23",
    "deno task transcode film.mkv -o film.webm --codec av1 --workers a:50061,b:50061",
    "deno task transcode film.mkv -o film.mp4 --master a:50051",
  ],
});

export type TranscodeCall = Parsed<typeof TRANSCODE>;
export type TranscodeFlags = TranscodeCall["flags"];

/** @throws {UsageError} If one of them would do nothing, beside the others. */
export function checkTranscodeFlags(flags: TranscodeFlags, { isCopy }: { readonly isCopy: boolean }): void {
  checkRemoteFlags(flags);
  checkEffects(flags, isCopy);
}

function checkRemoteFlags(flags: TranscodeFlags): void {
  if (flags.workers || flags.master !== undefined) return;
  for (const name of ["tls_ca", "tls_cert", "tls_key", "token_file"] as const) {
    if (flags[name] === undefined) continue;
    throw new UsageError(
      `--${name} is for --workers or --master: workers that are started here take neither TLS nor a token`,
    );
  }
}

function checkEffects(flags: TranscodeFlags, isCopy: boolean): void {
  const own = ["local_workers", "memory_dir", "memory_gib"] as const;
  const given = { ...flags, "no-resume": !flags.resume };
  if (flags.workers && flags.master) throw new UsageError("--workers and --master exclude each other");
  if (flags.workers) refuseFlags(given, ["local_workers"], "with --workers: none are started");
  if (flags.master !== undefined) {
    if (isCopy) throw new UsageError("--codec copy has no effect with --master");
    refuseFlags(given, ["no-resume"], "with --master, which remembers by itself");
    refuseFlags(given, ["start"], "with --master: times stay");
    refuseFlags(given, own, "with --master, which has workers and a memory of its own");
  }
  if (isCopy) {
    const ofEncodes = ["workers", ...own, "threads", "give_up_after", "no-resume"] as const;
    refuseFlags(given, ofEncodes, "with --codec copy: nothing is encoded");
  }
  // --memory_dir has one: the shards are in a folder there
  if (!flags.resume) refuseFlags(given, ["memory_gib"], "with --no-resume: nothing is remembered");
}

function remoteOnly<F extends { readonly help: string }>(flag: F): F {
  return { ...flag, help: `${flag.help} With --workers or --master only.` };
}
