import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openSource, packetsOf } from "../../lib/chunk/source_file.ts";
import { forEachConcurrently } from "../../lib/fleet/for_each_concurrently.ts";
import { fileNames } from "./assemble_fixture.ts";
import { sourceIn, UNENDING, unendingVideo } from "./job_fixture.ts";
import { childrenOf, isAlive } from "./child_processes.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

const FAST = ["--chunk_seconds", "1", "--preset", "ultrafast"] as const;

/** Overwrites the data of all frames of a second, so that no decoder can make anything of them. */
async function ruinSecond(path: string, second: number): Promise<void> {
  const ruined: Uint8Array[] = [];
  {
    using source = await openSource(path);
    for await (const { timestamp, data } of packetsOf(source.video)) {
      if (Math.floor(timestamp + 1e-6) === second) ruined.push(data.slice());
    }
  }
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder("latin1").decode(bytes);
  for (const data of ruined) {
    const at = text.indexOf(new TextDecoder("latin1").decode(data));
    // The lengths and types of its units stay, which the plan looks at.
    bytes.fill(0xff, at + Math.min(64, data.length - 1), at + data.length);
  }
  await Deno.writeFile(path, bytes);
}

Deno.test("transcode fails naming the chunk that no worker can encode, and what the encoder said", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await ruinSecond(await sourceIn(cwd), 3);
  const { code, stdout, stderr } = await runScript(
    "transcode.ts",
    ["source.mp4", "-o", "out.mp4", "--local_workers", "1", ...FAST],
    { cwd },
  );
  assertEquals(code, 1, stdout);
  assert(/^error: Cannot encode chunk 3: .*: a frame of it is damaged/m.test(stderr), stderr);
  assertEquals(await fileNames(cwd), [".transcode", "source.mp4"]);
});

Deno.test("the workers of a transcode that was killed end by themselves, and the next one removes what they left", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await unendingVideo(await sourceIn(cwd), join(cwd, "unending.mp4"), 0);
  const start = (input: string, flags: readonly string[]) => {
    const args = [input, "-o", "out.mp4", "--local_workers", "1", ...flags, "--json"];
    return startScript("transcode.ts", args, { cwd });
  };
  await using killed = start("unending.mp4", UNENDING);
  await killed.untilWritten(/"started"/);
  const workers = await childrenOf(killed.child.pid);
  await until(async () => (await Promise.all(workers.map(childrenOf))).flat().length > 0);
  const processes = [...workers, ...(await Promise.all(workers.map(childrenOf))).flat()];
  killed.child.kill("SIGKILL");
  await until(async () => !(await Promise.all(processes.map(isAlive))).includes(true));
  assertEquals((await fileNames(join(cwd, ".transcode", "running"))).length, 1);
  await using again = start("source.mp4", FAST);
  assertEquals((await again.result).code, 0);
  assertEquals(await fileNames(join(cwd, ".transcode", "running")), []);
});

Deno.test("transcode says in one line what cannot be, before anything is started", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  await Deno.writeTextFile(join(cwd, "text.mp4"), "not a video");
  const cases: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
    [["source.mp4"], 2, /--output/],
    [["-o", "out.mp4"], 2, /input/i],
    [["source.mp4", "-o", "out.avi"], 2, /\.mp4, \.mov, \.mkv, \.webm/],
    [["source.mp4", "-o", "out.webm"], 2, /\.webm/],
    [["source.mp4", "-o", "out.mp4", "--crf", "60"], 2, /crf/],
    [["source.mp4", "-o", "out.mp4", "--audio", "mp3:1k"], 2, /--audio/],
    [["absent.mp4", "-o", "out.mp4"], 1, /absent\.mp4/],
    [["-", "-o", "out.mp4"], 1, /"-": there is no such file; standard input is not taken/],
    [["https://a.example/b.mp4", "-o", "out.mp4"], 1, /there is no such file; URLs are not taken/],
    [["text.mp4", "-o", "out.mp4"], 1, /text\.mp4/],
    [["source.mp4", "-o", "source.mp4"], 1, /the source itself/],
    [
      ["source.mp4", "-o", "out.mp4", "--master", "localhost:1"],
      1,
      /^error: Cannot reach master localhost:1: .*\(is it running\? deno task master\)/,
    ],
    [["source.mp4", "-o", "out.mp4", "--tls_ca", "ca.pem"], 2, /--tls_ca is for --workers or --master/],
    [["source.mp4", "-o", "out.mp4", "--token_file", "t"], 2, /--token_file is for --workers or --master/],
    ...[
      [["--codec", "copy", "--workers", "localhost:1"], /--workers has no effect with --codec copy/],
      [["--codec", "copy", "--memory_gib", "1"], /--memory_gib has no effect with --codec copy/],
      [["--codec", "copy", "--threads", "1"], /--threads has no effect with --codec copy/],
      [["--codec", "copy", "--give_up_after", "4"], /--give_up_after has no effect with --codec copy/],
      [["--codec", "copy", "--no-resume"], /--no-resume has no effect with --codec copy/],
      [["--no-resume", "--memory_gib", "1"], /--memory_gib has no effect with --no-resume/],
      [["--workers", "localhost:1", "--local_workers", "2"], /--local_workers has no effect with --workers/],
      [["--master", "localhost:1", "--local_workers", "2"], /--local_workers has no effect with --master/],
      [["--master", "localhost:1", "--memory_dir", "."], /--memory_dir has no effect with --master/],
      [["--master", "localhost:1", "--no-resume"], /--no-resume has no effect with --master/],
      [["--master", "localhost:1", "--codec", "copy"], /--codec copy has no effect with --master/],
      [["--master", "localhost:1", "--workers", "localhost:1"], /--workers and --master exclude each other/],
    ].map(([flags, said]) =>
      [["source.mp4", "-o", "out.mp4", ...flags as string[]], 2, said as RegExp] as const
    ),
    [["source.mp4", "-o", "no/such/folder/out.mp4"], 1, /no\/such\/folder/],
  ];
  // so few at a time that their memory is no matter
  await forEachConcurrently(ReadableStream.from(cases), async ([args, code, said]) => {
    const result = await runScript("transcode.ts", args, { cwd });
    assertEquals(result.code, code, `${args}: ${result.stderr}`);
    assert(said.test(result.stderr), `${args}: ${result.stderr}`);
    assertEquals(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
  }, { concurrency: 4 });
  assertEquals(await fileNames(cwd), ["source.mp4", "text.mp4"]);
});

Deno.test("transcode gives up when no worker is there for as long as it may wait", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const args = [
    "source.mp4",
    "-o",
    "out.mp4",
    "--workers",
    "localhost:1",
    "--give_up_after",
    "0.5",
    "--json",
  ];
  const { code, stdout } = await runScript("transcode.ts", args, { cwd });
  assertEquals(code, 1);
  const last = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals(last.event, "error");
  assert(/worker.*: localhost:1 has not answered \(UNAVAILABLE/i.test(last.message), stdout);
});

Deno.test("transcode copies a video without any worker, and verify says that there is no proof of it", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  await Deno.writeTextFile(join(cwd, "copy.mkv.proof.json"), "of another output");
  const args = ["source.mp4", "-o", "copy.mkv", "--codec", "copy"];
  const { code, stdout, stderr } = await runScript("transcode.ts", args, { cwd });
  assertEquals(code, 0, stderr);
  assert(/^Reconstructed copy\.mkv \(.*75 frames in, 75 out/m.test(stdout), stdout);
  assertEquals(await fileNames(cwd), ["copy.mkv", "source.mp4"]);
  const verified = await runScript("lib/cli/verify.ts", ["copy.mkv"], { cwd });
  assertEquals(verified.code, 1);
  assert(verified.stderr.includes("Cannot find the proof"), verified.stderr);
});

Deno.test("transcode --codec copy tells programs of its end in one line, and keeps quiet when told to", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const args = ["source.mp4", "-o", "copy.mkv", "--codec", "copy", "--json", "--quiet"];
  const { code, stdout, stderr } = await runScript("transcode.ts", args, { cwd });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trim().split("\n").length, 1);
  const { event, path, frames_in, frames_out, proof_path } = JSON.parse(stdout);
  assertEquals([event, path, frames_in, frames_out, proof_path], ["done", "copy.mkv", 75, 75, null]);
});

Deno.test("transcode --codec copy that is refused leaves the output of that name, and its proof, as they were", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const names = ["out.webm", "out.webm.proof.json"];
  for (const name of names) await Deno.writeTextFile(join(cwd, name), `old ${name}`);
  const args = ["source.mp4", "-o", "out.webm", "--codec", "copy"];
  const { code, stderr } = await runScript("transcode.ts", args, { cwd });
  assertEquals([code, stderr], [1, "error: Cannot put avc video into .webm: use .mp4, .mov, .mkv\n"]);
  assertEquals(await fileNames(cwd), [...names, "source.mp4"]);
  for (const name of names) assertEquals(await Deno.readTextFile(join(cwd, name)), `old ${name}`);
});
