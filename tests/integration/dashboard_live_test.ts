/** The page beside a master that changes, restarts, and says whatever it was told. */
import { assertEquals, assertGreater } from "@std/assert";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { browserTest, cells, countIs, encodeChunks, fileOf } from "./dashboard_visit.ts";
import { fakeDashboardMaster, fakeWorker } from "./fake_dashboard_master.ts";

browserTest("cancels a job, which then can be sent again under its name", async ({ master, page }) => {
  const file = fileOf("film.mp4", 9);
  await page.setInputFiles("input[type=file]", file);
  await page.getByRole("button", { name: "Cancel film.mp4" }).click();
  await page.getByText("Cancelled", { exact: true }).waitFor();
  await page.setInputFiles("input[type=file]", file);
  await page.getByText("Waiting", { exact: true }).waitFor();
  assertEquals(master.jobs().map(({ videoId, state }) => [videoId, state]), [["film.mp4", "queued"]]);
});

browserTest("comes back by itself when the master does, and forgets what is gone", async ({ page }) => {
  await using former = fakeDashboardMaster();
  former.add({ id: "a", videoId: "gone.mp4", originalFilename: "gone.mp4" });
  former.add({ id: "b", videoId: "kept.mp4", originalFilename: "kept.mp4" });
  const first = new AbortController();
  const running = serveDashboard(former, { port: 0, signal: first.signal });
  await page.goto(`http://${running.address}`);
  await page.getByRole("article", { name: "gone.mp4" }).waitFor();
  first.abort();
  await running.finished;
  await page.getByText("Reconnecting").waitFor();

  await using latter = fakeDashboardMaster();
  latter.add({ id: "b", videoId: "kept.mp4", originalFilename: "kept.mp4", state: "segmenting" });
  const second = new AbortController();
  const port = Number(running.address.split(":").at(-1));
  const again = serveDashboard(latter, { port, signal: second.signal });
  try {
    await page.getByText("Live").waitFor();
    await page.getByText("Splitting", { exact: true }).waitFor();
    await countIs(page, "article.job", 1);
    latter.change("b", { state: "concatenating" });
    await page.getByText("Joining", { exact: true }).waitFor();
  } finally {
    second.abort();
    await again.finished;
  }
}, { ignore: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/ });

const NASTY = `"><img src=x onerror="hacked=1"><script>hacked=1</script>.mp4`;
browserTest("shows names and messages as text, whatever they hold", async ({ master, page }) => {
  await page.setInputFiles("input[type=file]", fileOf(NASTY, 9));
  await page.getByRole("article", { name: NASTY }).waitFor();
  const [{ id }] = [master.jobs()[0]!];
  master.setWorkers([fakeWorker("a:1", { state: "unhealthy", reason: NASTY })]);
  master.change(id, { state: "failed", failure: { stage: "segmenting", message: NASTY }, notes: [NASTY] });
  await page.locator(".failure").getByText(NASTY).nth(1).waitFor();
  await page.getByText("1 note").click();
  await page.locator(".notes").getByText(NASTY).waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByText(NASTY).waitFor();
  assertEquals(await page.locator("img[src=x], #app script").count(), 0);
  assertEquals(await page.evaluate(() => "hacked" in globalThis), false);
});

browserTest("draws thousands of chunks with a few hundred shapes", async ({ master, page }) => {
  master.add({ id: "long" });
  master.plan("long", { chunks: 5_000, durationSeconds: 50_000, frames: 1_250_000 });
  encodeChunks(master, "long", { to: 4_000 });
  await page.getByText("4000 / 5000").waitFor();
  await page.getByText("4000 done").waitFor();
  assertGreater(300, await page.locator(".timeline rect").count() / 3);
  await page.getByRole("slider").press("End");
  await page.getByText("Chunk 5000 of 5000").waitFor();
});

browserTest(
  "asks for the chunks of a job that is over when somebody wants to see them",
  async ({ master, page }) => {
    assertEquals(await cells(page, "done").count(), 0);
    await page.getByRole("button", { name: "Show who did what" }).click();
    await countIs(page, ".strip rect.done", 6);
    assertEquals(master.jobs().length, 1);
  },
  {
    before(master) {
      master.add({ id: "old" });
      master.plan("old", { chunks: 6, durationSeconds: 60, frames: 1_500 });
      encodeChunks(master, "old", { to: 6 });
      master.complete("old", new Uint8Array(9));
    },
  },
);
