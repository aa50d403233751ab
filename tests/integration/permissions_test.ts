/** What commands say with the permissions that their tasks give them, of places that need more. */
import { assertEquals } from "@std/assert";
import { sourceIn } from "./job_fixture.ts";
import { PROJECT, startCommand } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const WHY = "Deno does not let programs use /dev, /proc or /sys without all permissions";
const GIVEN = ["--no-prompt", "--allow-net", "--allow-read", "--allow-write", "--allow-sys", "--allow-env"];

const CASES: readonly (readonly [script: string, args: readonly string[], attempted: string])[] = [
  ["transcode.ts", ["/dev/shm/in.mp4", "-o", "out.mp4"], 'read "/dev/shm/in.mp4"'],
  ["transcode.ts", ["/dev/stdin", "-o", "out.mp4"], 'read "/dev/stdin"'],
  ["transcode.ts", ["source.mp4", "-o", "/dev/shm/out.mp4"], 'make files in folder "/dev/shm"'],
  [
    "transcode.ts",
    ["source.mp4", "-o", "out.mp4", "--memory_dir", "/dev/shm/m"],
    'use "/dev/shm/m" as a memory',
  ],
  [
    "worker.ts",
    ["--port", "0", "--encoder", "simulated", "--shards_dir", "/dev/shm/s"],
    'open the store "/dev/shm/s"',
  ],
  ["lib/cli/sample.ts", ["-o", "/dev/shm/s.mp4"], 'make files in folder "/dev/shm"'],
  ["lib/cli/verify.ts", ["/dev/shm/x.mp4"], 'use "/dev/shm/x.mp4"'],
];

for (const [script, args, attempted] of CASES) {
  Deno.test({
    name: `${script} ${args.join(" ")} says that Deno does not let it`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using folder = await temporaryFolder();
      await sourceIn(folder.path);
      const command = [Deno.execPath(), "run", ...GIVEN, `${PROJECT}${script}`, ...args];
      const { code, stderr } = await startCommand(command, { cwd: folder.path }).result;
      assertEquals([code, stderr], [1, `error: Cannot ${attempted}: ${WHY}\n`]);
    },
  });
}
