/// <reference lib="dom" />
/** The page within its browser: beside other tabs, out of sight, about to be left, and where it may store nothing. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { GIVE_UP_MS } from "./browser.ts";
import { browserTest, countIs, emptyFile } from "./dashboard_visit.ts";
import { fakeDashboardMaster } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** As if another tab were shown in its place, which a browser without windows has no notion of. */
const setSeen = (page: Page, isSeen: boolean) =>
  page.evaluate((isSeen) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: !isSeen });
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      value: isSeen ? "visible" : "hidden",
    });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isSeen);

/** In the same browser, with which it shares the connections. */
async function openTab(page: Page, address: string): Promise<Page> {
  const opening = page.context().waitForEvent("page");
  await page.evaluate((address) => void open(address, "_blank", "noopener"), address);
  const tab = await opening;
  tab.setDefaultTimeout(GIVE_UP_MS);
  return tab;
}

browserTest(
  "works in eight tabs at once, and each knows what went on while it was not seen",
  async (visit) => {
    const { master, page, address } = visit;
    master.add({ id: "a", originalFilename: "a.mp4" });
    await page.getByRole("article", { name: "a.mp4" }).waitFor();
    let tab = page;
    for (let tabs = 2; tabs <= 8; tabs++) {
      const before = tab;
      tab = await openTab(page, address);
      await setSeen(before, false);
      await tab.getByRole("article", { name: "a.mp4" }).waitFor();
    }
    await tab.getByRole("button", { name: "Cancel a.mp4" }).click();
    await tab.getByText("Cancelled", { exact: true }).waitFor();
    master.add({ id: "b", originalFilename: "b.mp4" });
    await tab.getByRole("article", { name: "b.mp4" }).waitFor();
    assertEquals(await page.locator("article.job").count(), 1);

    await setSeen(tab, false);
    await setSeen(page, true);
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await page.getByRole("article", { name: "b.mp4" }).waitFor();
    await page.getByRole("button", { name: "Cancel b.mp4" }).click();
    await page.getByText("Cancelled", { exact: true }).nth(1).waitFor();
    await page.getByText("Live").waitFor();
  },
);

browserTest("asks for nothing until it is seen, if it was opened out of sight", async ({ master, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    Object.defineProperty(document, "visibilityState", { configurable: true, value: "hidden" });
  });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.reload();
  await page.getByText("Connecting").waitFor();
  master.add({ id: "a", originalFilename: "a.mp4" });
  assert(!asked.includes("/api/events"), "it listens unseen");
  await setSeen(page, true);
  await page.getByRole("article", { name: "a.mp4" }).waitFor();
});

browserTest("goes on with an upload while it is not seen", async ({ master, page }) => {
  const held = Promise.withResolvers<void>();
  master.readOn = held.promise;
  await using folder = await temporaryFolder();
  await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 40e6));
  await page.getByRole("progressbar", { name: "Upload of long.mp4" }).waitFor();
  await setSeen(page, false);
  held.resolve();
  await countIs(page, ".upload-row", 0);
  assertEquals(master.uploaded.map(({ job }) => job.sourceBytes), [40e6]);
  await setSeen(page, true);
  master.change(master.jobs()[0]!.id, { state: "segmenting" });
  await page.getByText("Splitting", { exact: true }).waitFor();
});

browserTest("says so when the master does not answer to a button", async ({ master, page }) => {
  await page.clock.install();
  await page.reload();
  await page.route("**/cancel", () => {}); // for ever
  master.add({ id: "a", originalFilename: "a.mp4" });
  const asking = page.waitForRequest("**/cancel");
  await page.getByRole("button", { name: "Cancel a.mp4" }).click();
  await asking;
  await page.clock.fastForward(10_000);
  await page.getByRole("alert").filter({ hasText: "The master has not answered for 10 s" }).waitFor();
});

browserTest(
  "asks before an upload is thrown away by a reload, and not afterwards",
  async ({ master, page }) => {
    const held = Promise.withResolvers<void>();
    master.readOn = held.promise;
    await page.getByRole("heading", { name: "Transcoder" }).click(); // who did nothing on a page is asked nothing
    await using folder = await temporaryFolder();
    await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 40e6));
    await page.getByRole("progressbar", { name: "Upload of long.mp4" }).waitFor();
    const asking = page.waitForEvent("dialog");
    await page.evaluate(() => void setTimeout(() => location.reload()));
    const question = await asking;
    assertEquals(question.type(), "beforeunload");
    await question.dismiss();
    held.resolve();
    await page.getByRole("article", { name: "long.mp4" }).waitFor();
    await countIs(page, ".upload-row", 0);

    const asked: string[] = [];
    page.on("dialog", (dialog) => (asked.push(dialog.type()), dialog.accept()));
    await page.reload();
    await page.getByRole("article", { name: "long.mp4" }).waitFor();
    assertEquals(asked, []);
  },
);

browserTest("does not log out who stays for the upload", async ({ page }) => {
  await using master = fakeDashboardMaster();
  const held = Promise.withResolvers<void>();
  master.readOn = held.promise;
  const stop = new AbortController();
  const { address, finished } = serveDashboard(master, { port: 0, signal: stop.signal, token: "secret" });
  try {
    await page.goto(`http://${address}`);
    await page.getByLabel("Token").fill("secret");
    await page.keyboard.press("Enter");
    await page.getByText("Live").waitFor();
    await using folder = await temporaryFolder();
    await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 40e6));
    await page.getByRole("progressbar", { name: "Upload of long.mp4" }).waitFor();
    const asking = page.waitForEvent("dialog");
    // nor does it wait for the next page, which does not come
    const clicking = page.getByRole("button", { name: "Log out" }).click({ noWaitAfter: true });
    await (await asking).dismiss();
    await clicking;
    held.resolve();
    await page.getByRole("article", { name: "long.mp4" }).waitFor();
    await page.getByRole("button", { name: "Cancel long.mp4" }).click();
    await page.getByText("Cancelled", { exact: true }).waitFor();
  } finally {
    stop.abort();
    await finished;
  }
});

browserTest("is there where the browser lets it store nothing, and changes its theme", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get(): never {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  });
  await page.reload();
  await page.getByText("Live").waitFor();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: "Dark", pressed: false }).click();
  await page.getByRole("button", { name: "Dark", pressed: true }).waitFor();
  assertNotEquals(await ground(), light);
});
