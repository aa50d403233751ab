import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { filesUnder } from "./files_under.ts";
import { PROJECT, startCommand } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const GENERATED = "lib/rpc/generated";

Deno.test("the generated types are those of proto/ (otherwise run: deno task proto)", async () => {
  await using folder = await temporaryFolder();
  const [deno, ...args] = config.tasks.proto.split(" ");
  assertEquals(deno, "deno");
  const elsewhere = args.map((arg) => arg === `--outDir=${GENERATED}` ? `--outDir=${folder.path}` : arg);
  assert(elsewhere.includes(`--outDir=${folder.path}`));
  await using generator = startCommand([Deno.execPath(), ...elsewhere], { cwd: PROJECT });
  const { code, stderr } = await generator.result;
  assertEquals(code, 0, stderr);

  const names = await filesUnder(folder.path);
  assert(names.length > 10);
  assertEquals(await filesUnder(join(PROJECT, GENERATED)), names);
  for (const name of names) {
    const [ours, fresh] = [join(PROJECT, GENERATED), folder.path].map((root) =>
      Deno.readTextFile(join(root, name))
    );
    assert(await ours === await fresh, `${GENERATED}/${name} is stale: run deno task proto`);
  }
});
