/// <reference lib="dom" />
/**
 * Takes the pictures of the dashboard that the documentation shows: `deno task pictures`. The jobs in them are made up;
 * the page is the real one.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { openPage } from "./browser.ts";
import { fakeDashboardMaster, type FakeMaster, fakeWorker } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));
/** The page's clock stands at it. */
const NOW_MS = Date.now();
const WORKERS = ["render-1:50061", "render-2:50061", "studio:50061"] as const;

/** Nearly five minutes of three machines at work, as a page sees it that was open all the while. */
async function playWorkers(master: FakeMaster, page: Page): Promise<void> {
  const seconds = 295;
  for (let second = 0; second <= seconds; second += 5) {
    const nowMs = NOW_MS - (seconds - second) * 1_000;
    await page.clock.setFixedTime(nowMs);
    master.setWorkers(WORKERS.map((address, index) => {
      const isBusy = second > 40 + index * 12;
      const wave = Math.sin(second / 17 + index * 2) + Math.sin(second / 7 + index) / 2;
      return fakeWorker(address, {
        cpuPercent: isBusy ? Math.min(99, 84 + wave * 8) : 4 + wave * 2,
        memoryBytes: isBusy ? 410e6 + wave * 30e6 + index * 55e6 : 96e6,
        framesPerSecond: isBusy ? [118, 96, 61][index]! + wave * 7 : undefined,
        activeTasks: isBusy ? 2 : 0,
        lastSeenMs: nowMs,
      });
    }));
    await page.waitForFunction(
      ([selector, points]) =>
        document.querySelector(selector)?.getAttribute("points")?.split(" ").length === points,
      [".worker .line", second / 5 + 1] as const,
    );
  }
}

/** A film half way, encoded by workers of which one is slower, with one chunk that had to be tried again. */
function playFilm(master: FakeMaster): void {
  const [chunks, durationSeconds, frames] = [64, 640, 16_000];
  master.add({
    id: "film",
    videoId: "harbour.mkv",
    originalFilename: "Harbour at dawn.mkv",
    sourceBytes: 2.14e9,
    createdMs: NOW_MS - 262_000,
    startedMs: NOW_MS - 260_000,
  });
  master.plan("film", { chunks, durationSeconds, frames });
  const free = WORKERS.flatMap((worker, index) =>
    [0, 1].map((place) => ({ worker, index, atMs: place * 900 }))
  );
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (chunk < 5) {
      master.changeChunk("film", chunk, { state: "reused", shardBytes: 1e6 });
      continue;
    }
    const lane = free.sort((a, b) => a.atMs - b.atMs)[0]!;
    const startedMs = NOW_MS - 220_000 + lane.atMs;
    if (startedMs > NOW_MS - 1_500) break;
    const tookMs = [33_000, 38_000, 58_000][lane.index]! * (0.85 + 0.3 * Math.abs(Math.sin(chunk * 5)));
    const endedMs = startedMs + tookMs;
    lane.atMs += tookMs + 400;
    master.startChunk("film", chunk, { worker: lane.worker, startedMs });
    if (endedMs > NOW_MS) continue;
    if (chunk === 17) {
      master.endChunk("film", chunk, { endedMs, outcome: "failed", reason: "the connection was lost" });
      const other = { worker: WORKERS[0], startedMs: endedMs };
      master.startChunk("film", chunk, other);
      master.endChunk("film", chunk, { endedMs: endedMs + 22_000, outcome: "encoded" });
    } else master.endChunk("film", chunk, { endedMs, outcome: "encoded" });
  }
  master.change("film", { fps: 268, speed: 10.7, etaSeconds: 83, outputBytes: 148e6, chunksReused: 5 });
}

async function playOthers(master: FakeMaster, page: Page, folder: string): Promise<void> {
  const path = join(folder, "Interview.mp4");
  await makeVideo(path, { seconds: 4, width: 640, height: 360, frameRate: { num: 25, den: 1 } });
  await page.setInputFiles("input[type=file]", path);
  await page.getByRole("article", { name: "Interview.mp4" }).waitFor();
  const { id } = master.find("Interview.mp4")!;
  master.plan(id, { chunks: 4, durationSeconds: 4, frames: 100 });
  const startedMs = NOW_MS - 900_000;
  for (let chunk = 0; chunk < 4; chunk++) {
    master.startChunk(id, chunk, {
      worker: WORKERS[chunk % 3]!,
      startedMs: startedMs + 3_000 * Math.floor(chunk / 3),
    });
    master.endChunk(id, chunk, {
      endedMs: startedMs + 2_800 * (1 + Math.floor(chunk / 3)),
      outcome: "encoded",
    });
  }
  master.complete(id);
  master.change(id, { createdMs: startedMs, startedMs, finishedMs: startedMs + 9_000 });
  master.add({
    id: "broken",
    videoId: "talk.ts",
    originalFilename: "Talk, second half.ts",
    state: "failed",
    sourceBytes: 812e6,
    createdMs: NOW_MS - 2e6,
    startedMs: NOW_MS - 2e6,
    finishedMs: NOW_MS - 1.97e6,
    failure: {
      stage: "segmenting",
      message: "Cannot read the video: it ends in the middle of a frame, at 0:41:07",
    },
  });
}

const stop = new AbortController();
await using folder = await temporaryFolder();
await using master = fakeDashboardMaster();
const { address, finished } = serveDashboard(master, { port: 0, signal: stop.signal });
await using opened = await openPage({
  colorScheme: "light",
  reducedMotion: "reduce",
  viewport: { width: 1280, height: 860 },
});
const { page } = opened;
await page.clock.setFixedTime(NOW_MS);
await page.goto(`http://${address}`);
await page.getByText("No videos yet").waitFor();
await playWorkers(master, page);
await playOthers(master, page, folder.path);
playFilm(master);
await page.getByText("10.7 ×").waitFor();

const shoot = (name: string) => page.screenshot({ path: join(DOCS, `dashboard-${name}.png`) });
await shoot("light");
await page.emulateMedia({ colorScheme: "dark" });
await shoot("dark");
await page.setViewportSize({ width: 390, height: 1_500 });
await shoot("phone");
await page.setViewportSize({ width: 1280, height: 760 });
await page.emulateMedia({ colorScheme: "light" });
await page.getByRole("button", { name: "Play Interview.mp4" }).click();
await page.waitForFunction(() =>
  [...document.querySelectorAll("video")].every(({ readyState }) => readyState >= 3)
);
await page.getByLabel("Position").fill("1.6");
await page.waitForFunction(() => [...document.querySelectorAll("video")].every(({ seeking }) => !seeking));
await shoot("player");
stop.abort();
await opened[Symbol.asyncDispose]();
await finished;
