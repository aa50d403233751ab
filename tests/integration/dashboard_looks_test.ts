/// <reference lib="dom" />
/** What can be read of names, addresses and figures, however long they are and however narrow the page. */
import { assertEquals } from "@std/assert";
import { browserTest, countIs, emptyFile, fileOf } from "./dashboard_visit.ts";
import { type FakeMaster, fakeWorker } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A job with thousands of chunks, of which so many workers did a few. */
function long(master: FakeMaster, { workers }: { readonly workers: number }): void {
  master.add({ id: "long", originalFilename: "Harbour at dawn, the long version (director's cut).mkv" });
  master.plan("long", { chunks: 5_000, durationSeconds: 50_000, frames: 1_250_000 });
  for (let index = 0; index < workers; index++) {
    const worker = `render-${index + 1}.studio.example.net:50061`;
    master.startChunk("long", index, { worker, startedMs: 1_700_000_000_000 });
    master.endChunk("long", index, { endedMs: 1_700_000_001_000, outcome: "encoded" });
  }
  master.change("long", { chunksDone: 3_721, percent: 74, sourceBytes: 2.14e9, outputBytes: 148e6 });
}

for (const width of [340, 1280]) {
  browserTest(
    `gives each figure of a job one line, and cuts no name and no address, at ${width} pixels`,
    async ({ page }) => {
      await page.setInputFiles("input[type=file]", fileOf("a-name-without-a-space-".repeat(5), 0));
      await page.getByText("Cannot take the video: size_bytes").waitFor();
      await page.getByText("3721 / 5000").waitFor();
      await countIs(page, ".lane", 2);
      await countIs(page, "article.worker", 2); // which are told of last
      const lines = await page.locator(".figures dd").evaluateAll((figures) =>
        figures.map((figure) => {
          const text = document.createRange();
          text.selectNodeContents(figure);
          return new Set([...text.getClientRects()].map(({ top }) => top)).size;
        })
      );
      assertEquals(lines, lines.map(() => 1));
      const names = page.locator(".panel > header > :is(h2, h3), .file-name, .address, .figures dd");
      assertEquals(await names.count(), 3 + 1 + 2 + lines.length);
      const cut = await names.evaluateAll((names) =>
        names.filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth)
          .map(({ textContent }) => textContent)
      );
      assertEquals(cut, []);
    },
    {
      viewport: { width, height: 800 },
      before(master) {
        long(master, { workers: 2 });
        master.setWorkers([
          fakeWorker("render-1.studio.example.net:50061"),
          fakeWorker("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:50061", { state: "suspect" }),
        ]);
      },
      ignore: /status of 400/,
    },
  );
}

browserTest("shows eight of forty workers of a job, and all when asked", async ({ page }) => {
  await countIs(page, ".lane", 8);
  const names = () => page.locator(".lane .address").allTextContents();
  const nameOf = (_: unknown, index: number) => `render-${index + 1}.studio.example.net:50061`;
  assertEquals(await names(), Array.from({ length: 8 }, nameOf));
  const all = (expanded: boolean) => page.getByRole("button", { name: "All 40 workers", expanded });
  await all(false).focus();
  await page.keyboard.press("Enter");
  await all(true).waitFor();
  assertEquals(await names(), Array.from({ length: 40 }, nameOf));
  await page.keyboard.press("Enter");
  await countIs(page, ".lane", 8);
}, { before: (master) => long(master, { workers: 40 }) });

browserTest("shows eight workers of a job without asking", async ({ page }) => {
  await countIs(page, ".lane", 8);
  assertEquals(await page.getByRole("button", { name: "workers" }).count(), 0);
}, { before: (master) => long(master, { workers: 8 }) });

browserTest("is not misled by a name that turns the direction of text", async ({ master, page }) => {
  const held = Promise.withResolvers<void>();
  master.readOn = held.promise;
  const name = "abc\u{202E}gpj.exe (1).mp4";
  const shown = "abc\u{FFFD}gpj.exe (1).mp4";
  await using folder = await temporaryFolder();
  await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 40e6, name));
  await page.getByRole("button", { name: `Stop ${shown}`, exact: true }).waitFor();
  assertEquals(await page.locator(".file-name bdi").textContent(), shown);
  held.resolve();
  await page.getByRole("article", { name: shown, exact: true }).waitFor();
  assertEquals(await page.locator("h3 bdi").textContent(), shown);
  await page.getByRole("button", { name: `Delete ${shown}`, exact: true }).click();
  const question = page.getByRole("dialog", { name: `Delete ${shown}`, exact: true }).getByRole("heading");
  assertEquals(await question.textContent(), `Delete ${shown}?`);
  assertEquals(await question.locator("bdi").textContent(), shown);
  await page.getByRole("button", { name: "Keep it" }).click();
  master.complete(master.jobs()[0]!.id);
  await page.getByRole("button", { name: `Play ${shown}`, exact: true }).click();
  assertEquals(await page.locator("dialog h2 bdi").textContent(), shown);
  assertEquals((await page.content()).includes("\u{202E}"), false);
});
