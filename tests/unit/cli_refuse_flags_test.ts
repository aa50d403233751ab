import { assertThrows } from "@std/assert";
import { refuseFlags } from "../../lib/cli/refuse_flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

Deno.test("refuseFlags() names the first flag that is given, and lets those be that are not", () => {
  const flags = { crf: undefined, deinterlace: false, threads: 0, width: 640 };
  refuseFlags(flags, ["crf", "deinterlace"], "here");
  for (const [names, named] of [[["crf", "width", "threads"], "width"], [["threads"], "threads"]] as const) {
    assertThrows(() => refuseFlags(flags, names, "here"), UsageError, `--${named} has no effect here`);
  }
  assertThrows(() => refuseFlags({ json: true }, ["json"], "here"), UsageError, "--json has no effect here");
});
