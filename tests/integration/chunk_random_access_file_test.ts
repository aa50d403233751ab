import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { RandomAccessFile } from "../../lib/chunk/random_access_file.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// That the file is closed, and no read under way, is what Deno checks at the end of each test.

async function opened(folder: string): Promise<RandomAccessFile> {
  const path = join(folder, "file");
  await Deno.writeFile(path, new Uint8Array(100).map((_, index) => index));
  return await RandomAccessFile.open(path);
}

Deno.test("RandomAccessFile.settled() waits for the reads that a read has led to", async () => {
  await using folder = await temporaryFolder();
  using file = await opened(folder.path);
  const steps: string[] = [];
  const reading = (async () => {
    for (const start of [10, 20, 30]) {
      const [byte] = await file.read(start, start + 1);
      steps.push(`read ${byte}`);
    }
  })();
  await file.settled();
  steps.push("settled");
  await reading;
  assertEquals(steps, ["read 10", "read 20", "read 30", "settled"]);
});

Deno.test("RandomAccessFile refuses what is still to be read once it is disposed of, and closes", async () => {
  await using folder = await temporaryFolder();
  const file = await opened(folder.path);
  const reads = [0, 1, 2].map((start) =>
    assertRejects(() => file.read(start, start + 1), Deno.errors.BadResource)
  );
  file[Symbol.dispose]();
  await file.settled();
  await assertRejects(() => file.read(5, 6), Deno.errors.BadResource);
  file[Symbol.dispose]();
  await Promise.all(reads);
});

Deno.test("RandomAccessFile finishes the read that is under way when it is disposed of", async () => {
  await using folder = await temporaryFolder();
  const file = await opened(folder.path);
  const first = file.read(7, 9);
  await Promise.resolve(); // for it to begin
  await Promise.resolve();
  file[Symbol.dispose]();
  assertEquals([...await first], [7, 8]);
});
