/// <reference lib="dom" />
/** The dashboard of a real master, whose real workers encode what the browser sends. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { connectFleet } from "../../lib/fleet/grpc_fleet.ts";
import { openDiskMemory } from "../../lib/job/disk_memory.ts";
import { runJob } from "../../lib/job/run_job.ts";
import { startMaster } from "../../lib/master/serve_master.ts";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { HAS_CHROMIUM, openPage, WITHOUT_CHROMIUM } from "./browser.ts";
import { byNumber } from "./by_number.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test({
  name: ["a video that is dropped on the page comes back from real workers, frame for frame"]
    .concat(HAS_CHROMIUM ? [] : [WITHOUT_CHROMIUM]).join(" "),
  ignore: !HAS_CHROMIUM,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "film.mkv");
    await makeVideo(path, { seconds: 25, width: 160, height: 90 });
    await using workers = new AsyncDisposableStack();
    const addresses: string[] = [];
    for (const name of ["left", "right"]) {
      const worker = workers.use(await startOurWorker({ shardsDir: join(folder.path, name) }));
      addresses.push(byNumber(worker.address));
    }
    const logger = { info() {}, warn() {}, error() {} };
    await using fleet = connectFleet({ workers: addresses, giveUpMs: 60_000, logger });
    const running = await startMaster({
      host: "127.0.0.1",
      port: 0,
      dataDir: join(folder.path, "data"),
      fleet,
      openMemory: () => openDiskMemory(join(folder.path, "memory"), { maxBytes: 1e9 }),
      runJob,
      maxJobs: 1,
      logger,
    });
    const stop = new AbortController();
    const dashboard = serveDashboard(running.master, { host: "127.0.0.1", port: 0, signal: stop.signal });
    try {
      await using opened = await openPage();
      const { page, complaints } = opened;
      await page.goto(`http://${dashboard.address}`);
      for (const address of addresses) {
        await page.getByRole("article", { name: address }).getByText("Healthy").waitFor();
      }
      await page.getByText("Settings").click();
      await page.getByLabel("Preset").selectOption("ultrafast");
      await page.setInputFiles("input[type=file]", path);
      const card = page.getByRole("article", { name: "film.mkv" });
      await card.getByText("Done", { exact: true }).waitFor({ timeout: 60_000 });
      await card.getByText("3 / 3").waitFor();
      assertEquals(await card.locator(".strip rect.done").count(), 3);
      const lanes = await card.locator(".lane .address").allTextContents();
      assert(lanes.length > 0 && lanes.every((worker) => addresses.includes(worker)));

      await card.getByRole("button", { name: "Play film.mkv" }).click();
      await page.waitForFunction(() =>
        [...document.querySelectorAll("video")].every(({ readyState }) => readyState >= 3)
      );
      await page.getByLabel("Position").fill("24");
      await page.getByRole("dialog").getByRole("button", { name: "Play" }).click();
      await page.waitForFunction(() =>
        document.querySelector<HTMLVideoElement>("video[aria-label=Result]")!.ended
      );
      await page.getByRole("button", { name: "Close" }).click();

      const downloading = page.waitForEvent("download");
      await card.getByRole("link", { name: "Download film.mkv", exact: true }).click();
      const download = await downloading;
      assertEquals(download.suggestedFilename(), "film.mp4");
      const saved = join(folder.path, "film.mp4");
      await download.saveAs(saved);
      const [before, after] = [await mediaFacts(path), await mediaFacts(saved)];
      assertEquals(after.frameSeconds.length, 375);
      const isClose = after.frameSeconds.every((time, n) =>
        Math.abs(time - before.frameSeconds[n]!) <= 0.0005
      );
      assert(isClose, "each frame is at its time");

      await card.getByRole("button", { name: "Delete film.mkv" }).click();
      await page.getByRole("button", { name: "Delete it" }).click();
      await page.getByText("No videos yet").waitFor();
      assertEquals(running.master.jobs(), []);
      assertEquals(complaints, []);
    } finally {
      stop.abort();
      await dashboard.finished;
      await running.drain(0);
    }
  },
});

Deno.test("master.ts serves the dashboard beside its calls, and stops although a page is open", async () => {
  await using folder = await temporaryFolder();
  await using master = await startOurMaster({ dataDir: join(folder.path, "data") });
  await until(() => Promise.resolve(master.output().includes("Dashboard on")));
  const [address = ""] = /http:\/\/localhost:\d+/.exec(master.output()) ?? [];
  const upload = await fetch(`${address}/api/jobs?video_id=film`, { method: "POST", body: "no video" });
  assertEquals([upload.status, (await upload.json()).sourceBytes], [201, 8]);
  const events = await fetch(`${address}/api/events`);
  master.child.kill("SIGTERM");
  await events.text();
  assertEquals((await master.child.status).code, 0);
});

Deno.test("master.ts does not leave the dashboard open to those without a certificate", async () => {
  await using folder = await temporaryFolder();
  const flags = ["--tls_ca", "--tls_cert", "--tls_key"].flatMap((
    flag,
  ) => [flag, join(folder.path, "any.pem")]);
  await Deno.writeTextFile(join(folder.path, "any.pem"), "");
  const { code, stderr } = await runScript("master.ts", flags, { cwd: folder.path });
  assertEquals([code, stderr.includes("--token_file or --no-dashboard")], [2, true]);
});
