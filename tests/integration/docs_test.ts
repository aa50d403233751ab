/** The documentation is true of the code, as far as a program can tell. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { createMetrics } from "../../lib/worker/metrics.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import {
  anchorsOf,
  codeSpansOf,
  commandLinesOf,
  linksOf,
  type Page,
  parsePage,
  sectionOf,
  tableRows,
} from "./markdown_page.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TASKS: Readonly<Record<string, string>> = config.tasks;

const read = (path: string) => Deno.readTextFile(join(ROOT, path));
const readPage = async (path: string) => parsePage(path, await read(path));

async function readPages(): Promise<Page[]> {
  const inDocs = (await Array.fromAsync(Deno.readDir(join(ROOT, "docs")))).map(({ name }) => `docs/${name}`);
  const atTop = (await Array.fromAsync(Deno.readDir(ROOT))).map(({ name }) => name);
  const wanted = atTop.filter((name) => ["README.md", "healthCheck.md"].includes(name));
  const paths = [...inDocs, ...wanted].filter((name) => name.endsWith(".md"));
  return await Promise.all(paths.sort().map(readPage));
}

async function run(command: string, args: readonly string[], cwd = ROOT) {
  const env = { NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env,
    stdin: "null",
  })
    .output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("every relative link of the documentation leads to a file, and to a heading of it", async () => {
  const pages = await readPages();
  const broken: string[] = [];
  for (const page of pages) {
    for (const link of linksOf(page).filter((link) => !/^[a-z]+:/.test(link))) {
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? page.path : normalize(join(dirname(page.path), decodeURIComponent(file)));
      const isThere = await Deno.stat(join(ROOT, path)).then(() => true, () => false);
      const target = pages.find((page) => page.path === path);
      const hasAnchor = anchor === undefined || target === undefined || anchorsOf(target).includes(anchor);
      if (!isThere || !hasAnchor) broken.push(`${page.path}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("every task that the documentation names is in deno.json", async () => {
  const unknown = (await readPages()).flatMap(({ path, text }) =>
    [...text.matchAll(/\bdeno task (?:--config \S+ )?([\w:-]+)/g)]
      .filter(([, name = ""]) => !Object.hasOwn(TASKS, name))
      .map(([mention]) => `${path}: ${mention}`)
  );
  assertEquals(unknown, []);
});

/** By task, the flags that its command's help has, in snake case. */
async function flagsByTask(): Promise<Map<string, Set<string>>> {
  const flags = new Map<string, Set<string>>();
  await Promise.all(
    Object.entries(TASKS).map(async ([task, command]) => {
      const script = /\bdeno run\b.* "\$PROJECT\/(\S+\.ts)"$/.exec(command)?.[1];
      if (script === undefined || !(await read(script)).includes("exitWith(")) return;
      const { code, out, err } = await run(Deno.execPath(), ["run", "-A", "--no-prompt", script, "--help"]);
      assertEquals(code, 0, err);
      const names = [...out.matchAll(/^ +(?:-\w,)? *--(?:\[no-\])?([a-z_]+)/gm)].map(([, name = ""]) => name);
      flags.set(task, new Set(names));
    }),
  );
  return flags;
}

/** `--no-json` is `json`, unless there is a flag of that very name. */
function isFlag(spelled: string, flags: ReadonlySet<string>): boolean {
  const name = spelled.replace(/^--/, "").replaceAll("-", "_");
  return flags.has(name) || flags.has(name.replace(/^no_/, ""));
}

const FLAG = /(?<![\w-])--[a-z][\w-]*/g;
const DENO_FLAG = /^--(allow-[a-z]+|no-prompt|cached-only)$/;

Deno.test("every flag that the documentation names is one of the command it is for", async () => {
  const byTask = await flagsByTask();
  const all = new Set([...byTask.values()].flatMap((flags) => [...flags]));
  let seen = 0;
  const unknown: string[] = [];
  const expectFlag = (flag: string, flags: ReadonlySet<string>, where: string) => {
    seen++;
    if (!isFlag(flag, flags)) unknown.push(`${where}: ${flag}`);
  };
  for (const page of await readPages()) {
    for (const line of commandLinesOf(page)) {
      const [, task = "", rest = ""] = /\bdeno task ([\w:-]+)([^|;&#]*)/.exec(line) ?? [];
      const where = `${page.path}: deno task ${task}`;
      for (const [flag] of rest.matchAll(FLAG)) expectFlag(flag, byTask.get(task) ?? new Set(), where);
    }
    const alone = codeSpansOf(page).filter((span) => span.startsWith("--"));
    const bare = page.prose.replaceAll(/`[^`\n]+`/g, "");
    for (const [flag] of [...alone, bare].flatMap((text) => [...text.matchAll(FLAG)])) {
      if (!DENO_FLAG.test(flag)) expectFlag(flag, all, page.path);
    }
  }
  assertEquals(unknown, []);
  assertGreater(seen, 20);
});

Deno.test("healthCheck.md names every metric, and none that is not there", async () => {
  const gauges = {
    activeTasks: () => 0,
    queuedTasks: () => 0,
    cpuPercent: () => 0,
    memoryBytes: () => 0,
    isHealthy: () => true,
  };
  const { text } = await createMetrics(gauges).page();
  const served = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => [name, type]);
  const rows = tableRows(sectionOf(await readPage("healthCheck.md"), "### Metrics"));
  assertEquals(rows.map(([name = "", type = ""]) => [name.replaceAll("`", ""), type]), served);
});

/** `NAME = value` in a page is quoted from a file that is linked in the same section. */
Deno.test("every constant that the documentation quotes has that value in the file that it links", async () => {
  let seen = 0;
  const wrong: string[] = [];
  for (const page of await readPages()) {
    for (const section of page.prose.split(/^(?=#+ )/m)) {
      const part = parsePage(page.path, section);
      const files = linksOf(part).filter((link) => link.endsWith(".ts"));
      // one that is not there is another test's affair
      const sources = await Promise.all(
        files.map((link) => read(join(dirname(page.path), link)).catch(() => "")),
      );
      for (const span of codeSpansOf(part)) {
        const [, name = "", value = ""] = /^([A-Z][A-Z0-9_]+) = (.+)$/.exec(span) ?? [];
        if (name === "") continue;
        seen++;
        const declared = sources.flatMap((source) => [
          ...source.matchAll(new RegExp(`\\bconst ${name}(?:: \\w+)? = ([^;]+);`, "g")),
        ]);
        if (!declared.some(([, actual]) => actual === value)) wrong.push(`${page.path}: ${span}`);
      }
    }
  }
  assertEquals(wrong, []);
  assertGreater(seen, 10);
});

Deno.test("docs/protocol.md has every field of the proto with its number", async () => {
  const proto = (await read("proto/video_processing.proto")).replaceAll(/\/\/.*/g, "");
  const declared = [...proto.matchAll(/^message (\w+) \{(.*?)^\}/gms)].map(([, message = "", body = ""]) => {
    const fields = [...body.matchAll(/(\w+) = (\d+);/g)].map(([, name, number]) => `\`${name}\` ${number}`);
    return [message, fields.sort()] as const;
  });
  const rows = tableRows(sectionOf(await readPage("docs/protocol.md"), "## Messages"));
  const documented = rows.map(([message = "", ...cells]) => {
    const fields = cells.flatMap((cell) => cell.split(",").map((field) => field.trim()).filter(Boolean));
    return [message.replaceAll("`", ""), fields.sort()] as const;
  });
  assertEquals(Object.fromEntries(documented), Object.fromEntries(declared));
});

Deno.test("docs/protocol.md has every status that the worker's table of errors gives", async () => {
  const given = (await read("lib/worker/error_status.ts")).matchAll(/\w+Error, status\.([A-Z_]+)\]/g);
  const rows = tableRows(sectionOf(await readPage("docs/protocol.md"), "## Statuses"));
  const documented = new Set(rows.map(([, status = ""]) => status.replaceAll("`", "")));
  const missing = [...new Set([...given].map(([, status = ""]) => status))].filter((s) => !documented.has(s));
  assertEquals(missing, []);
  assertGreater(documented.size, 5);
});

Deno.test("docs/master.md has every call, added field, status and metric of the master", async () => {
  const page = await readPage("docs/master.md");
  const spans = new Set(codeSpansOf(page));
  const text = page.text.replaceAll(/\s+/g, " ");
  const proto = (await read("proto/master.proto")).replaceAll(/\/\/.*/g, "");
  const calls = [...proto.matchAll(/\brpc (\w+)\(/g)].map(([, name = ""]) => name);
  const fields = [...proto.matchAll(/^message (\w+) \{(.*?)^\}/gms)]
    .filter(([, message = ""]) => /^(UploadVideo|RetrieveVideo|VideoStatus)/.test(message))
    .flatMap(([, , body = ""]) => [...body.matchAll(/(\w+) = (2\d);/g)]);
  const table = await read("lib/master/error_status.ts");
  const statuses = [...table.matchAll(/\w+Error, status\.([A-Z_]+)\]/g)].map(([, status = ""]) => status);
  const metrics = [...(await read("lib/master/metrics.ts")).matchAll(/"(master_\w+)"/g)].map(([, name]) =>
    name!
  );
  assertGreater(fields.length, 5);
  const missing = [
    ...[...calls, ...statuses, ...metrics].filter((name) => !spans.has(name)),
    ...fields.filter(([, name, number]) => !text.includes(`\`${name}\` ${number}`)).map(([field]) => field),
  ];
  assertEquals(missing, []);
});

Deno.test("docs/architecture.md draws the imports between the folders of lib/ as they are", async () => {
  const page = await readPage("docs/architecture.md");
  const diagram = page.blocks.find(({ text }) => text.startsWith("flowchart"))?.text ?? "";
  const drawn = [...diagram.matchAll(/^ *(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} --> ${to}`);
  const found = new Set<string>();
  for await (const { folder, source } of librarySources()) {
    for (const [, to] of source.matchAll(/from "(?:\.\.\/)+([a-z]+)\/[^"]+"/g)) {
      if (to !== folder && folder !== "cli" && await isFolder(`lib/${to}`)) found.add(`${folder} --> ${to}`);
    }
  }
  assertEquals(drawn.sort(), [...found].sort());
});

async function* librarySources(): AsyncGenerator<{ folder: string; source: string }> {
  for await (const { name: folder, isDirectory } of Deno.readDir(join(ROOT, "lib"))) {
    if (!isDirectory) continue;
    for (const source of await sourcesBelow(`lib/${folder}`)) yield { folder, source };
  }
}

async function sourcesBelow(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(ROOT, folder)));
  const sources = entries.map(async ({ name, isDirectory }) =>
    isDirectory ? await sourcesBelow(`${folder}/${name}`) : [await read(`${folder}/${name}`)]
  );
  return (await Promise.all(sources)).flat();
}

const isFolder = (path: string) =>
  Deno.stat(join(ROOT, path)).then(({ isDirectory }) => isDirectory, () => false);

Deno.test("docs/security.md has the permissions of each task as deno.json gives them", async () => {
  const rows = tableRows(sectionOf(await readPage("docs/security.md"), "## Deno's permissions"));
  const documented = rows.map(([task = "", flags = ""]) => [
    task.replaceAll("`", ""),
    flags.replaceAll("`", "").split(" ").sort(),
  ]);
  const limited = Object.entries(TASKS).filter(([, command]) =>
    command.includes("deno run ") && !/ (-A|--allow-all) /.test(command)
  );
  const given = limited.map(([task, command]) => [
    task,
    [...command.matchAll(/--allow-[a-z]+/g)].map(([flag]) => flag).sort(),
  ]);
  assertEquals(Object.fromEntries(documented), Object.fromEntries(given));
});

Deno.test("docs/dependencies.md names what deno.json imports", async () => {
  const page = await readPage("docs/dependencies.md");
  const listed = tableRows(page.text).flatMap(([names = ""]) => names.replaceAll("`", "").split(", "));
  const imported = Object.entries(config.imports).filter(([, from]) => from.startsWith("npm:"));
  assertEquals(
    listed.filter((name) => !name.startsWith("@types/")).sort(),
    imported.map(([name]) => name).sort(),
  );
  for (const [name, from] of Object.entries(config.imports)) {
    if (from.startsWith("jsr:")) assert(page.text.includes(`\`jsr:${name}\``), name);
  }
});

Deno.test("the TypeScript in the documentation passes the type checker", async () => {
  const pages = (await readPages()).filter(({ blocks }) => blocks.some(({ language }) => language === "ts"));
  assertGreater(pages.length, 0);
  const paths = pages.map(({ path }) => path);
  const { code, err } = await run(Deno.execPath(), ["check", "--doc-only", ...paths]);
  assertEquals(code, 0, err);
});

const hasOpenssl = await run("openssl", ["version"]).then(({ code }) => code === 0, () => false);

Deno.test({
  name: "the commands of docs/security.md make certificates and a token that worker and client accept",
  ignore: !hasOpenssl,
  async fn(t) {
    await using folder = await temporaryFolder();
    const page = await readPage("docs/security.md");
    const [making = ""] = page.blocks.map(({ text }) => text).filter((text) => text.includes("openssl req"));
    const made = await run("bash", ["-euc", making], folder.path);
    assertEquals(made.code, 0, made.err);
    const lines = commandLinesOf(page).filter((line) => /deno task (worker|health) .*certs\//.test(line));
    const flagsOf = (line: string) =>
      line.trim().split(/\s+/).slice(3).map((word) => word.replace(/^certs\//, `${folder.path}/certs/`));
    assertEquals(lines.length, 4);
    for (let at = 0; at < lines.length; at += 2) {
      const workerFlags = flagsOf(lines[at]!);
      const healthFlags = flagsOf(lines[at + 1]!);
      await t.step(lines[at]!.trim(), async () => {
        const shardsDir = join(folder.path, "shards");
        const flags = ["--encoder", "simulated", ...workerFlags];
        await using worker = await startOurWorker({ shardsDir, flags });
        const check = async (flags: readonly string[]) =>
          await run(Deno.execPath(), ["run", "-A", "test_health_check.ts", ...flags]);
        const given = healthFlags.map((word) => word.replace("localhost:50061", worker.address));
        const { code, out, err } = await check(given);
        assertEquals(code, 0, `${out}${err}${worker.output()}`);
        const withoutToken = given.slice(0, given.indexOf("--token_file"));
        assertEquals((await check(withoutToken)).code, 1);
      });
    }
  },
});
