/// <reference lib="dom" />
/** Videos into the page, and results out of it. */
import { assertEquals, assertGreater } from "@std/assert";
import { QuotaError } from "../../lib/master/master_errors.ts";
import { browserTest, cells, countIs, emptyFile, encodeChunks, madeVideo } from "./dashboard_visit.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { runSystem } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

browserTest(
  "takes a file, shows the timeline fill, plays the result to its end, and gives it to ffprobe's satisfaction",
  async ({ master, page }) => {
    await using folder = await temporaryFolder();
    const path = await madeVideo(folder.path);
    await page.setInputFiles("input[type=file]", path);
    const card = page.getByRole("article", { name: "film.mp4" });
    await card.getByText("Waiting").waitFor();
    const [{ job, bytes } = { job: undefined, bytes: undefined }] = master.uploaded;
    assertSameBytes(bytes!, await Deno.readFile(path));
    assertEquals([job!.videoId, job!.originalFilename, job!.priority], ["film.mp4", "film.mp4", 0]);

    master.plan(job!.id, { chunks: 8, durationSeconds: 8, frames: 120 });
    await countIs(page, ".strip rect.queued", 8);
    encodeChunks(master, job!.id, { to: 3 });
    master.startChunk(job!.id, 3, { worker: "right:2", startedMs: 1_700_000_003_000 });
    await countIs(page, ".strip rect.done", 3);
    await countIs(page, ".strip rect.encoding", 1); // which may come a little later
    await card.getByText("37 %").waitFor();
    await card.getByText("3 / 8").waitFor();
    // both workers' colours, in the strip and beside their names
    assertGreater(await cells(page, "done.worker-0").count(), 0);
    assertGreater(await cells(page, "done.worker-1").count(), 0);
    assertEquals(await card.locator(".lane").count(), 2);
    await card.getByText("1 chunk, 1 running").waitFor();

    master.endChunk(job!.id, 3, { endedMs: 1_700_000_004_000, outcome: "encoded" });
    encodeChunks(master, job!.id, { from: 4, to: 8 });
    master.complete(job!.id);
    await card.getByText("Done", { exact: true }).waitFor();
    await card.getByText("8 / 8").waitFor();

    await card.getByRole("button", { name: "Play film.mp4" }).click();
    const dialogue = page.getByRole("dialog");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("video")].every(({ readyState }) => readyState >= 3)
    );
    await dialogue.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() =>
      document.querySelector<HTMLVideoElement>("video[aria-label=Result]")!.ended
    );
    await dialogue.getByText("0:02 / 0:02").waitFor();
    await dialogue.getByRole("button", { name: "Close" }).click();

    const downloading = page.waitForEvent("download");
    await card.getByRole("link", { name: "Download film.mp4" }).click();
    const download = await downloading;
    assertEquals(download.suggestedFilename(), "film.mp4");
    const saved = await Deno.readFile(await download.path());
    const said = await runSystem(
      "ffprobe",
      [
        "-count_frames",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=codec_name,nb_read_frames",
        "-of",
        "csv",
        "-",
      ],
      saved,
    );
    assertEquals(said.trim(), "stream,h264,30");
  },
  { needsFfmpeg: true },
);

browserTest(
  "keeps source and result at the same moment through play, pause and seek",
  async ({ master, page }) => {
    await using folder = await temporaryFolder();
    // so long that it is not over before a slow browser has pressed Pause
    await page.setInputFiles("input[type=file]", await madeVideo(folder.path, 30));
    await page.getByRole("article", { name: "film.mp4" }).waitFor();
    master.complete(master.jobs()[0]!.id);
    await page.getByRole("button", { name: "Play film.mp4" }).click();
    const dialogue = page.getByRole("dialog");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("video")].every(({ readyState }) => readyState >= 3)
    );

    const isTogether = (wanted: number) =>
      page.waitForFunction((wanted) => {
        const [source, result] = [...document.querySelectorAll("video")];
        return !source!.seeking && !result!.seeking && Math.abs(result!.currentTime - wanted) < 0.01 &&
          Math.abs(source!.currentTime - wanted) < 0.01;
      }, wanted);
    await dialogue.getByLabel("Position").fill("2.5");
    await isTogether(2.5);
    await dialogue.getByLabel("Position").fill("1");
    await isTogether(1);

    await dialogue.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("video")].every(({ currentTime }) => currentTime > 1.5)
    );
    await dialogue.getByRole("button", { name: "Pause" }).click();
    await page.waitForFunction(() => {
      const [source, result] = [...document.querySelectorAll("video")];
      return source!.paused && result!.paused && !source!.seeking &&
        Math.abs(source!.currentTime - result!.currentTime) < 0.01;
    });
  },
);

browserTest("takes what is dropped on the page, with the settings of the form", async ({ master, page }) => {
  await page.getByText("Settings").click();
  await page.getByLabel("Codec").selectOption("vp9");
  await page.getByLabel("Container").selectOption("webm");
  await page.getByLabel("Size").selectOption("720");
  await page.getByLabel("Sound").selectOption("opus:96k");
  await page.getByLabel("Priority").fill("5");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["one"], "film.mkv"));
    dataTransfer.items.add(new File(["two!"], "film.mkv"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await countIs(page, "article.job", 2);
  assertEquals(master.uploaded.map(({ job }) => job.videoId), ["film.mkv", "film-2.mkv"]);
  assertEquals(master.uploaded.map(({ job }) => job.sourceBytes), [3, 4]);
  const [{ settings, priority }] = [master.uploaded[0]!.job];
  const { codec, rate, height, width } = settings.encode;
  assertEquals([codec, rate, height, width], ["vp9", { kind: "crf", crf: 31 }, 720, 0]);
  assertEquals(settings.audio, { codec: "opus", bitsPerSecond: 96_000 });
  assertEquals([settings.container, priority], ["webm", 5]);
});

browserTest("says how far an upload is, and stops it when asked", async ({ master, page }) => {
  const held = Promise.withResolvers<void>();
  master.readOn = held.promise;
  // a twentieth of it is read, and what is left no connection holds
  master.readFirstBytes = 20e6;
  await using folder = await temporaryFolder();
  await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 400e6));
  const progress = page.getByRole("progressbar", { name: "Upload of long.mp4" });
  await progress.waitFor();
  await page.waitForFunction(() => {
    const { value } = document.querySelector<HTMLProgressElement>(".upload-row progress")!;
    return value > 0 && value < 100;
  });
  await page.getByRole("button", { name: "Stop long.mp4" }).click();
  await progress.waitFor({ state: "detached" });
  held.resolve();
  assertEquals(master.uploaded, []);
});

browserTest(
  "gives the master's reason for refusing a long upload before a byte of it is sent",
  async ({ master, page }) => {
    master.refusal = new QuotaError("The videos would take up more than 1 GB");
    const posted: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST") posted.push(new URL(request.url()).pathname);
    });
    await using folder = await temporaryFolder();
    await page.setInputFiles("input[type=file]", await emptyFile(folder.path, 100e6));
    await page.getByText("The videos would take up more than 1 GB").waitFor();
    await page.getByRole("button", { name: "Dismiss long.mp4" }).click();
    await countIs(page, ".upload-row", 0);
    assertEquals(posted, ["/api/jobs/check"]);
  },
  { ignore: /status of 507/ },
);
