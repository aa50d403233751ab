/// <reference lib="dom" />
/** Where those are who use the keyboard, after what they pressed has gone. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { QuotaError } from "../../lib/master/master_errors.ts";
import { browserTest, countIs, emptyFile, encodeChunks, fileOf } from "./dashboard_visit.ts";
import { temporaryFolder } from "./temporary_folder.ts";

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).focus();
  await page.keyboard.press("Enter");
}

/** What has the focus: its element, and how it is called. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { tagName, textContent, ariaLabel } = document.activeElement!;
    return `${tagName} ${ariaLabel ?? (tagName === "BODY" ? "" : textContent)}`;
  });

browserTest(
  "leaves the focus on a card whose button has gone, so that Tab leads on from there",
  async (visit) => {
    const { master, page } = visit;
    for (const id of ["a", "b", "c"]) master.add({ id, originalFilename: `${id}.mp4` });
    await countIs(page, "article.job", 3);
    await press(page, "Cancel b.mp4");
    await page.getByText("Cancelled", { exact: true }).waitFor();
    assertEquals(await focused(page), "H3 b.mp4");
    await page.keyboard.press("Tab");
    assertEquals(await focused(page), "BUTTON Delete b.mp4");

    // the button also goes when the job comes to its end by itself
    await page.getByRole("button", { name: "Cancel a.mp4" }).focus();
    master.complete("a", new Uint8Array(9));
    await page.getByText("Done", { exact: true }).waitFor();
    assertEquals(await focused(page), "H3 a.mp4");

    // who is elsewhere stays there
    await page.getByRole("button", { name: "Choose a file" }).focus();
    await master.cancel("c");
    await page.getByText("Cancelled", { exact: true }).nth(1).waitFor();
    assertEquals(await focused(page), "BUTTON Choose a file");
  },
);

browserTest("leaves the focus on the card whose chunks were asked for", async ({ page }) => {
  await press(page, "Show who did what");
  await countIs(page, ".timeline", 1);
  assertEquals(await focused(page), "H3 film.mp4");
}, {
  before(master) {
    master.add({ id: "old" });
    master.plan("old", { chunks: 6, durationSeconds: 60, frames: 1_500 });
    encodeChunks(master, "old", { to: 6 });
    master.complete("old", new Uint8Array(9));
  },
});

browserTest(
  "leads from the Delete question back to where it was, or to the jobs",
  async ({ master, page }) => {
    for (const id of ["a", "b", "c"]) master.add({ id, originalFilename: `${id}.mp4` });
    await countIs(page, "article.job", 3);
    const dialogue = page.getByRole("dialog");
    await press(page, "Delete a.mp4");
    await press(page, "Keep it");
    await dialogue.waitFor({ state: "detached" });
    assertEquals(await focused(page), "BUTTON Delete a.mp4");

    await page.keyboard.press("Enter");
    await press(page, "Delete it");
    await countIs(page, "article.job", 2);
    assertEquals(await focused(page), "H2 Jobs");

    // somebody else is quicker
    await press(page, "Delete b.mp4");
    await dialogue.waitFor();
    await master.remove("b");
    await dialogue.waitFor({ state: "detached" });
    assertEquals(await focused(page), "H2 Jobs");
    await page.keyboard.press("Tab");
    assertEquals(await focused(page), "BUTTON Cancel c.mp4");
  },
);

browserTest("leaves the focus with the uploads when one of them has gone", async ({ master, page }) => {
  const held = Promise.withResolvers<void>();
  master.readOn = held.promise;
  await using folder = await temporaryFolder();
  await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 40e6));
  await press(page, "Stop long.mp4");
  await countIs(page, ".upload-row", 0);
  assertEquals(await focused(page), "DIV Upload");

  master.refusal = new QuotaError("The videos would take up more than 1 GB");
  await page.setInputFiles("input[type=file]", fileOf("long.mp4", 9));
  await press(page, "Dismiss long.mp4");
  await countIs(page, ".upload-row", 0);
  assertEquals(await focused(page), "DIV Upload");
  held.resolve();
}, { ignore: /status of 507/ });
