/// <reference lib="dom" />
/** The page for those who use no mouse, see little, or have a small screen. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import axe from "axe-core" with { type: "text" };
import type { Page } from "playwright-core";
import { JOB_STATES } from "../../lib/master/job_view.ts";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { browserTest, countIs, encodeChunks, fileOf, madeVideo } from "./dashboard_visit.ts";
import { fakeDashboardMaster, type FakeMaster, fakeWorker } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const REFUSED = { ignore: /status of 400|ERR_REQUEST_RANGE_NOT_SATISFIABLE|status of 416/ };

browserTest("needs no mouse", async ({ master, page }) => {
  const { keyboard } = page;
  /** Tabs on until the element with that name has the focus, and is seen to have it. */
  async function tabTo(name: string): Promise<void> {
    for (let tabs = 0; tabs < 40; tabs++) {
      await keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const name = element.getAttribute("aria-label") ?? element.textContent ?? "";
        return { name, isVisible: outlineStyle !== "none" && outlineWidth !== "0px" };
      });
      if (!focused.name.startsWith(name)) continue;
      assert(focused.isVisible, `the focus is not seen on ${name}`);
      return;
    }
    throw new Error(`no Tab leads to ${name}`);
  }

  await tabTo("Settings");
  await keyboard.press("Enter");
  await keyboard.press("Tab");
  await keyboard.press("ArrowDown"); // its name would have to be typed without a pause
  const choosing = page.waitForEvent("filechooser");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await tabTo("Choose a file");
  await keyboard.press("Enter");
  await using folder = await temporaryFolder();
  await (await choosing).setFiles(await madeVideo(folder.path));
  await page.getByRole("article", { name: "film.mp4" }).waitFor();
  const [{ id, settings }] = [master.jobs()[0]!];
  assertEquals(settings.encode.codec, "hevc");

  master.plan(id, { chunks: 4, durationSeconds: 8, frames: 100 });
  encodeChunks(master, id, { to: 4 });
  master.complete(id);
  await page.getByText("Done", { exact: true }).waitFor();
  await tabTo("Chunks along the video");
  for (const key of ["ArrowRight", "ArrowRight", "End", "ArrowLeft"]) await keyboard.press(key);
  const text = "Chunk 3 of 4, 0:04 to 0:06, 25 frames: done on left:1, 22.5 kB in 0.9 s";
  await page.getByText(text).waitFor();
  assertEquals(await page.getByRole("slider").getAttribute("aria-valuetext"), text);

  await tabTo("Play film.mp4");
  await keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  assertEquals(await focused(), "Play film.mp4");

  await tabTo("Delete film.mp4");
  await keyboard.press("Enter");
  await page.getByText("Delete film.mp4?").waitFor();
  await keyboard.press("Enter");
  await page.getByText("No videos yet").waitFor();
  assertEquals(master.jobs(), []);
});

browserTest(
  "opens what is asked for while another dialogue closes",
  async ({ master, page }) => {
    master.add({ id: "a", videoId: "a", originalFilename: "a.mp4" });
    master.complete("a", new Uint8Array(9));
    await page.getByRole("button", { name: "Play a.mp4" }).click();
    await page.getByRole("dialog").waitFor();
    await page.evaluate(() => {
      const dialog = document.querySelector("dialog")!;
      const button = document.querySelector<HTMLElement>("[aria-label='Delete a.mp4']")!;
      dialog.close(); // which is told of later than a key that is pressed now
      button.click();
    });
    await page.getByText("Delete a.mp4?").waitFor();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByText("No videos yet").waitFor();
  },
  REFUSED,
);

browserTest("tells those who only hear it what becomes of a job", async ({ master, page }) => {
  const news = page.locator("[aria-live=polite]");
  await page.getByText("No videos yet").waitFor(); // what comes before the page knows that is no news
  assertEquals(await news.textContent(), "");
  await page.setInputFiles("input[type=file]", fileOf("a.mp4", 9));
  await news.filter({ hasText: "a.mp4: Waiting" }).waitFor({ state: "attached" });
  await page.setInputFiles("input[type=file]", fileOf("b.mp4", 9));
  await news.filter({ hasText: "b.mp4: Waiting" }).waitFor({ state: "attached" });
  const { id } = master.jobs().find(({ originalFilename }) => originalFilename === "b.mp4")!;
  master.plan(id, { chunks: 4, durationSeconds: 8, frames: 100 });
  encodeChunks(master, id, { to: 2 });
  await news.filter({ hasText: "b.mp4: 50 percent" }).waitFor({ state: "attached" });
  master.change(id, {
    state: "failed",
    failure: { stage: "processing", message: "Chunk 2 crashes every encoder" },
  });
  await news.filter({ hasText: "b.mp4: Failed. Chunk 2 crashes every encoder" }).waitFor({
    state: "attached",
  });
});

/** A page with all that there can be: every state of jobs and workers, an upload that failed, names without end. */
function busy(master: FakeMaster): void {
  master.setWorkers([
    fakeWorker("render-1.example.net:50061"),
    fakeWorker("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:50061", {
      state: "unhealthy",
      reason: `no answer: ${LONG}`,
    }),
    fakeWorker("c:3", { state: "suspect" }),
    fakeWorker("d:4", { state: "unknown", lastSeenMs: undefined, framesPerSecond: undefined }),
    fakeWorker("e:5", { state: "set-aside", reason: "its shards failed the check" }),
  ]);
  for (const state of JOB_STATES) {
    master.add({ id: state, videoId: state, originalFilename: `${state} ${LONG}.mp4`, notes: [LONG] });
    master.plan(state, { chunks: 12, durationSeconds: 60, frames: 1_500 });
    encodeChunks(master, state, { to: 6 });
    master.startChunk(state, 6, { worker: "c:3", startedMs: 1_700_000_006_000 });
    master.endChunk(state, 6, { endedMs: 1_700_000_007_000, outcome: "failed", reason: LONG });
    master.startChunk(state, 7, { worker: "d:4", startedMs: 1_700_000_007_000 });
    master.changeChunk(state, 8, { state: "reused" });
    master.changeChunk(state, 9, { state: "failed" });
    const failure = state === "failed" ? { stage: "processing" as const, message: LONG } : undefined;
    master.change(state, { state, failure });
  }
  master.complete("completed", new Uint8Array(9));
}

const LONG = "without-a-space-".repeat(12);

/** Everything is opened that can be, and the failed upload is there. */
async function openAll(page: Page): Promise<void> {
  await countIs(page, "article.job", JOB_STATES.length);
  await countIs(page, "article.worker", 5); // which are told of last
  for (const summary of await page.locator("summary").all()) await summary.click();
  for (let left = 3; left > 0; left--) {
    await countIs(page, ".show-chunks", left);
    await page.locator(".show-chunks").first().click();
  }
  await countIs(page, ".timeline", JOB_STATES.length);
  await page.setInputFiles("input[type=file]", fileOf(`${LONG}.mp4`, 0));
  await page.getByText("Cannot take the video: size_bytes").waitFor();
}

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(
    `has no fault that axe can find, contrast included, when it is ${colorScheme}`,
    async ({ page }) => {
      await openAll(page);
      assertEquals(await faults(page), []);
      await page.getByRole("button", { name: "Delete" }).first().click();
      await page.getByRole("dialog").waitFor();
      assertEquals(await faults(page), []);
      await page.getByRole("button", { name: "Keep it" }).click();
      await page.getByRole("button", { name: "Play" }).first().click();
      await page.getByText("This browser cannot play it").first().waitFor();
      assertEquals(await faults(page), []);
    },
    { colorScheme, reducedMotion: "reduce", before: busy, ...REFUSED },
  );
}

/** By the rules of WCAG 2.2, A and AA, and those of good practice. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() =>
    // @ts-expect-error what the line before has brought
    globalThis.axe.run({ resultTypes: ["violations", "passes"] }) as Promise<{
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      passes: { id: string }[];
    }>
  );
  assert(passes.some(({ id }) => id === "color-contrast"), "no contrast was measured");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}

browserTest("has no horizontal scroll on a phone of 320 pixels", async ({ page }) => {
  const widthOf = (selector: string) => page.locator(selector).evaluate((element) => element.scrollWidth);
  assertEquals(await widthOf("html"), 320);
  await openAll(page);
  assertEquals(await widthOf("html"), 320);
  await page.getByRole("button", { name: "Play" }).first().click();
  const dialogue = await page.getByRole("dialog").boundingBox();
  assert(dialogue!.x >= 0 && dialogue!.x + dialogue!.width <= 320);
  await page.getByText("This browser cannot play it").first().waitFor();
  assertEquals(
    await widthOf("dialog"),
    await page.locator("dialog").evaluate(({ clientWidth }) => clientWidth),
  );
}, { viewport: { width: 320, height: 640 }, before: busy, ...REFUSED });

browserTest("stands still where people ask for less motion", async ({ page }) => {
  await countIs(page, "article.job", JOB_STATES.length);
  const animated = () => page.evaluate(() => document.getAnimations().length);
  assertEquals(await animated(), 0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  assert(await animated() > 0);
}, { reducedMotion: "reduce", before: busy });

browserTest(
  "follows the system's theme until the switch is used, and keeps what it was switched to",
  async ({ page }) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await ground();
    assertNotEquals(dark, light);
    const theSwitch = (pressed: boolean) => page.getByRole("button", { name: "Dark", pressed });
    await theSwitch(true).click();
    await theSwitch(false).waitFor();
    assertEquals(await ground(), light);
    await page.reload();
    await theSwitch(false).waitFor();
    assertEquals(await ground(), light);
  },
);

browserTest("lets people in by the token and out again, with no fault on the way", async ({ page }) => {
  await using master = fakeDashboardMaster();
  const stop = new AbortController();
  const { address, finished } = serveDashboard(master, { port: 0, signal: stop.signal, token: "secret" });
  try {
    await page.goto(`http://${address}`);
    await page.getByLabel("Token").fill("a guess");
    await page.keyboard.press("Enter");
    await page.getByText("That is not the token").waitFor();
    assertEquals(await faults(page), []);
    await page.getByLabel("Token").fill("secret");
    await page.keyboard.press("Enter");
    await page.getByText("Live").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.goto(`http://${address}`);
    await page.getByLabel("Token").waitFor();
  } finally {
    stop.abort();
    await finished;
  }
}, { ignore: /status of 401/ });
