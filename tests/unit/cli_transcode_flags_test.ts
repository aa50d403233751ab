import { assertThrows } from "@std/assert";
import { parseCommand } from "../../lib/cli/flags.ts";
import { checkTranscodeFlags, TRANSCODE } from "../../lib/cli/transcode_flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const WORKERS = ["--workers", "a:1,b:2"];
const MASTER = ["--master", "a:1"];

function check(...args: string[]): void {
  const { flags } = parseCommand(TRANSCODE, ["in.mkv", "-o", "out.mp4", ...args]);
  checkTranscodeFlags(flags, { isCopy: flags.codec === "copy" });
}

Deno.test("checkTranscodeFlags() takes flags that have an effect beside the others", () => {
  check();
  check(
    "--local_workers",
    "2",
    "--memory_dir",
    "m",
    "--memory_gib",
    "1",
    "--threads",
    "2",
    "--give_up_after",
    "4",
  );
  check("--no-resume", "--memory_dir", "m", "--start", "zero");
  check(...WORKERS, "--token_file", "t", "--tls_ca", "c", "--memory_gib", "1");
  check(...MASTER, "--token_file", "t", "--threads", "2", "--give_up_after", "4", "--chunk_seconds", "2");
  check("--codec", "copy", "--chunk_seconds", "2", "--start", "zero", "--audio", "none");
});

Deno.test("checkTranscodeFlags() refuses flags that would do nothing, and says why", () => {
  const refused: Record<string, readonly (readonly string[])[]> = {
    "has no effect with --workers: none are started": [[...WORKERS, "--local_workers", "2"]],
    "has no effect with --master": [
      ["--no-resume"],
      ["--start", "zero"],
      ["--local_workers", "2"],
      ["--memory_dir", "m"],
      ["--memory_gib", "1"],
      ["--codec", "copy"],
    ].map((flag) => [...MASTER, ...flag]),
    "has no effect with --codec copy: nothing is encoded": [
      WORKERS,
      ["--local_workers", "2"],
      ["--memory_dir", "m"],
      ["--memory_gib", "1"],
      ["--threads", "2"],
      ["--give_up_after", "4"],
      ["--no-resume"],
    ].map((flag) => ["--codec", "copy", ...flag]),
    "has no effect with --no-resume: nothing is remembered": [["--no-resume", "--memory_gib", "1"]],
    "--workers and --master exclude each other": [[...WORKERS, ...MASTER]],
    "is for --workers or --master": ["tls_ca", "tls_cert", "tls_key", "token_file"].map((name) => [
      `--${name}`,
      "file",
    ]),
  };
  for (const [says, calls] of Object.entries(refused)) {
    for (const call of calls) assertThrows(() => check(...call), UsageError, says, call.join(" "));
  }
});
