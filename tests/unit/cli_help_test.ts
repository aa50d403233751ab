import { assert, assertEquals } from "@std/assert";
import { defineCommand } from "../../lib/cli/command.ts";
import { helpText } from "../../lib/cli/help.ts";

const COMMAND = defineCommand({
  name: "shards",
  summary: "Lists the shards of a worker, and fetches one of them.",
  usage: "deno task shards ADDRESS [VIDEO_ID] [flags]",
  flags: {
    output: { kind: "string", short: "o", valueName: "FILE", help: "Where to save the shard." },
    port: { kind: "integer", min: 0, max: 65535, default: 50061, help: "Port to ask." },
    shards_dir: { kind: "string", default: "/x", defaultText: "beside the script", help: "Folder." },
    preset: { kind: "choice", choices: ["ultrafast", "superfast", "veryfast", "medium"], help: "Speed." },
    workers: { kind: "addresses", required: true, help: "Workers to ask." },
    json: { kind: "boolean", help: "Print JSON." },
    resume: { kind: "boolean", default: true, help: "Go on where the last run ended." },
  },
  positionals: { address: { kind: "address", required: true, help: "The worker." } },
  examples: ["deno task shards localhost:50061"],
});

Deno.test("helpText() lists usage, arguments, flags with ranges and defaults, and examples", () => {
  assertEquals(
    helpText(COMMAND, { width: 100 }),
    `Usage: deno task shards ADDRESS [VIDEO_ID] [flags]

Lists the shards of a worker, and fetches one of them.

Arguments:
  ADDRESS  The worker. (required)

Flags:
  -o, --output FILE            Where to save the shard.
      --port N                 Port to ask. (from 0 to 65535; default: 50061)
      --shards_dir TEXT        Folder. (default: beside the script)
      --preset ultrafast|superfast|veryfast|medium
                               Speed.
      --workers HOST:PORT,...  Workers to ask. (required)
      --json                   Print JSON.
      --[no-]resume            Go on where the last run ended.
  -h, --help                   Show this text and exit.
      --version                Show the version and exit.

Examples:
  deno task shards localhost:50061`,
  );
});

Deno.test("helpText() keeps to the width given, but for words that are longer", () => {
  for (const width of [40, 60, 80]) {
    const lines = helpText({ ...COMMAND, usage: "shards", examples: [] }, { width }).split("\n");
    const tooLong = lines.filter((line) => line.length > width && !line.includes("--"));
    assertEquals(tooLong, []);
    assert(lines.every((line) => line === line.trimEnd()));
  }
});

Deno.test("helpText() loses no word by wrapping", () => {
  const words = (width: number) => helpText(COMMAND, { width }).split(/\s+/).filter(Boolean);
  assertEquals(words(40), words(500));
});
