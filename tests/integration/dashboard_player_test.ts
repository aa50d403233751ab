/// <reference lib="dom" />
/** Source and result side by side where they are not alike: one slower, one shorter, one that cannot be played. */
import { assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { browserTest, madeVideo } from "./dashboard_visit.ts";
import type { FakeMaster } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Opens the player on a source of so many seconds, and on a result that may be another. */
async function openPlayer(
  { master, page }: { readonly master: FakeMaster; readonly page: Page },
  { seconds, resultSeconds }: { readonly seconds: number; readonly resultSeconds?: number },
): Promise<void> {
  await using folder = await temporaryFolder();
  await page.setInputFiles("input[type=file]", await madeVideo(folder.path, seconds));
  await page.getByRole("article", { name: "film.mp4" }).waitFor();
  let result: Uint8Array<ArrayBuffer> | undefined;
  if (resultSeconds !== undefined) {
    const path = join(folder.path, "result.mp4");
    await makeVideo(path, { seconds: resultSeconds, width: 320, height: 180 });
    result = await Deno.readFile(path);
  }
  master.complete(master.jobs()[0]!.id, result);
  await page.getByRole("button", { name: "Play film.mp4" }).click();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("video")].every(({ readyState }) => readyState >= 3)
  );
}

browserTest("brings a source that is slow to seek to where the result has come meanwhile", async (visit) => {
  const { page } = visit;
  await openPlayer(visit, { seconds: 4 });
  await page.evaluate(() => {
    const [source] = document.querySelectorAll("video");
    Object.defineProperty(source, "seeking", { configurable: true, value: true });
  });
  const position = page.getByRole("dialog").getByLabel("Position");
  for (const seconds of ["1", "2", "2.5"]) await position.fill(seconds);
  await page.waitForFunction(() => {
    const [, result] = document.querySelectorAll("video");
    return !result!.seeking && result!.currentTime === 2.5;
  });
  await page.evaluate(() => {
    const [source] = document.querySelectorAll("video");
    delete (source as unknown as Record<string, unknown>)["seeking"];
    source!.dispatchEvent(new Event("seeked"));
  });
  await page.waitForFunction(() => {
    const [source, result] = document.querySelectorAll("video");
    return !source!.seeking && source!.currentTime === result!.currentTime;
  });
});

browserTest(
  "leaves a source that is over at its end, and takes it along when one goes back",
  async (visit) => {
    const { page } = visit;
    await openPlayer(visit, { seconds: 2, resultSeconds: 4 });
    await page.evaluate(() => {
      const [source, result] = document.querySelectorAll("video");
      const seen: number[] = [];
      result!.addEventListener("timeupdate", () => {
        if (result!.currentTime > 2.5) seen.push(source!.currentTime);
      });
      Object.assign(globalThis, { seen });
    });
    const dialogue = page.getByRole("dialog");
    async function seek(to: number): Promise<void> {
      await dialogue.getByLabel("Position").fill(`${to}`);
      await page.waitForFunction(
        (to) =>
          [...document.querySelectorAll("video")].every(({ seeking, currentTime }) =>
            !seeking && currentTime === to
          ),
        to,
      );
    }
    let seen: number[] = [];
    // a browser that has much to do tells of the time less often
    for (let round = 0; round < 20 && seen.length <= 2; round++) {
      await seek(1.5);
      await dialogue.getByRole("button", { name: "Play" }).click();
      await page.waitForFunction(() => document.querySelectorAll("video")[1]!.ended);
      // @ts-expect-error what was put there above
      seen = await page.evaluate(() => globalThis.seen);
    }
    assertGreater(seen.length, 2);
    assertGreater(Math.min(...seen), 1.84); // while both play, one may be off by 0.15 s

    await seek(1);
  },
);

browserTest(
  "offers nothing to press where the result cannot be played",
  async ({ master, page }) => {
    master.add({ id: "a", originalFilename: "a.mp4" });
    master.complete("a", new Uint8Array(9));
    await page.getByRole("button", { name: "Play a.mp4" }).click();
    const dialogue = page.getByRole("dialog");
    await dialogue.getByText("This browser cannot play it").nth(1).waitFor();
    const usable = dialogue.locator(".play-controls :is(button, input):enabled");
    assertEquals(await usable.count(), 0);
    assertEquals(await dialogue.locator(".play-controls :is(button, input)").count(), 3);
  },
  { ignore: /ERR_REQUEST_RANGE_NOT_SATISFIABLE|status of 416/ },
);
