/** Progress at a real terminal of a usual size. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { HAS_TERMINAL, startAtTerminal, WITHOUT_TERMINAL } from "./pseudo_terminal.ts";
import { PROJECT } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const REASON = "INVALID_ARGUMENT: Cannot decode it: the libav encoder's last words are Invalid NAL unit size";

/** 40 of 120 chunks are encoded, one has failed, and time has passed. */
const SCRIPT = `
import { transcodeDisplay } from "${PROJECT}lib/cli/transcode_display.ts";
import { progressBar } from "${PROJECT}lib/cli/progress.ts";
const { signal } = new AbortController();
const size = { frames: 300, startSeconds: 0, durationSeconds: 10 };
const chunks = Array.from({ length: 120 }, (_, index) => ({ index, ...size }));
const worker = "studio.local:50061";
{
  using display = transcodeDisplay({ workers: () => [], signal });
  display.show({ kind: "planned", chunks, frames: 36_000, durationSeconds: 1_200, sourceBytes: 1, build: "x" });
  for (let chunk = 0; chunk < 40; chunk++) {
    display.show({ kind: "started", chunk, worker, attempt: 1, isHedge: false });
    display.show({ kind: "encoded", chunk, worker, attempt: 1, shardBytes: 2_000_000, encodeSeconds: 3 });
  }
  display.show({ kind: "failed", chunk: 41, worker, attempt: 1, reason: "${REASON}" });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
}
using progress = progressBar({ label: "Uploading", total: 2_000_000_000, unit: "bytes" });
progress.advance(1_100_000_000);
progress.note("Note: ${REASON}");
`;

Deno.test({
  name: `a terminal of 80 columns shows every figure, and every note as a whole ${WITHOUT_TERMINAL}`,
  ignore: !HAS_TERMINAL,
  fn: async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(join(folder.path, "show.ts"), SCRIPT);
    const run = ["run", "-A", "--no-check", `--config=${PROJECT}deno.json`, "show.ts"];
    const env = { TERM: "xterm-256color" }; // whatever the test's own is
    await using terminal = startAtTerminal([Deno.execPath(), ...run], { cwd: folder.path, env });
    const { stdout } = await terminal.result;
    // deno-lint-ignore no-control-regex -- what moves the cursor and clears
    const rows = stdout.split(/\r|\n|\x1b\[\d*[A-K]/).map((row) => row.slice(0, 80));
    const last = (label: string) => rows.findLast((row) => row.startsWith(`${label} [`)) ?? "";
    assertMatch(
      last("Encoding"),
      /^Encoding \[[=-]+\] 33 % \| [\d. ms]+ left \| [\d,.]+ x \| [\d,.]+ fps \| 76\.3 MiB$/,
    );
    assertMatch(last("Uploading"), /^Uploading \[[=-]+\] 55 % \| 1\.0 GiB of 1\.9 GiB \| .+ left$/);
    const shown = rows.join(" ").replaceAll(/ +/g, " ");
    assertStringIncludes(shown, `Chunk 41 failed on studio.local:50061 (attempt 1): ${REASON}`);
    assertStringIncludes(shown, `Note: ${REASON}`);
  },
});

/** Of a task that shows progress, as one argument. */
const ENVIRONMENT = /--allow-env=\S+/.exec(config.tasks.transcode)![0];

const TABLE_SCRIPT = `
import { writeOut } from "${PROJECT}lib/cli/output.ts";
import { liveRegion } from "${PROJECT}lib/cli/table.ts";
import { terminal } from "${PROJECT}lib/cli/terminal.ts";
const { isTerminal } = terminal("stdout");
const draw = liveRegion({ write: writeOut, isTerminal, rows: () => 24 });
draw("first");
draw("second");
`;

Deno.test({
  name:
    `a terminal that is dumb gets lines as a file does, and nothing that moves a cursor ${WITHOUT_TERMINAL}`,
  ignore: !HAS_TERMINAL,
  fn: async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(join(folder.path, "show.ts"), SCRIPT + TABLE_SCRIPT.trimStart());
    const allowed = ["--allow-read", "--no-prompt", ENVIRONMENT];
    const run = ["run", "--quiet", ...allowed, "--no-check", `--config=${PROJECT}deno.json`, "show.ts"];
    for (const [TERM, isDrawn] of [["dumb", false], ["xterm-256color", true]] as const) {
      await using terminal = startAtTerminal([Deno.execPath(), ...run], { cwd: folder.path, env: { TERM } });
      const { code, stdout } = await terminal.result;
      assertEquals(code, 0, stdout);
      assertEquals(stdout.includes("\x1b"), isDrawn, stdout);
      assertStringIncludes(stdout, "Note: INVALID_ARGUMENT");
      if (!isDrawn) assertStringIncludes(stdout, "Encoding: 30 % (36 of 120 chunks");
    }
  },
});

Deno.test("tasks that draw over what they have shown may read TERM", () => {
  for (const task of ["transcode", "client", "shards", "health", "demo"] as const) {
    assert(/--allow-env=\S*\bTERM\b/.test(config.tasks[task]), task);
  }
});
