/// <reference lib="dom" />
/** What the tests of the dashboard's page have in common. */
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { HAS_CHROMIUM, openPage, type OpenPageOptions, WITHOUT_CHROMIUM } from "./browser.ts";
import { fakeDashboardMaster, type FakeMaster } from "./fake_dashboard_master.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";

export interface Visit {
  readonly master: FakeMaster;
  readonly page: Page;
  /** `http://localhost:port`. */
  readonly address: string;
}

/** With a page that has shown what the master has; in the end it must have had nothing to complain of. */
export function browserTest(
  name: string,
  test: (visit: Visit) => Promise<void>,
  options: OpenPageOptions & {
    readonly needsFfmpeg?: boolean;
    readonly before?: (master: FakeMaster) => void;
  } = {},
): void {
  const { needsFfmpeg = false, before, ...pageOptions } = options;
  const lacks = [
    ...HAS_CHROMIUM ? [] : [WITHOUT_CHROMIUM],
    ...!needsFfmpeg || HAS_FFMPEG ? [] : [WITHOUT_FFMPEG],
  ];
  Deno.test({
    name: ["dashboard", name, ...lacks].join(" "),
    ignore: lacks.length > 0,
    async fn() {
      const stop = new AbortController();
      await using master = fakeDashboardMaster();
      before?.(master);
      const { address, finished } = serveDashboard(master, { port: 0, signal: stop.signal });
      try {
        await using opened = await openPage(pageOptions);
        const { page, complaints } = opened;
        await page.goto(`http://${address}`);
        await page.getByText("Live").waitFor();
        await test({ master, page, address: `http://${address}` });
        assertEquals(complaints, []);
      } finally {
        stop.abort();
        await finished;
      }
    },
  });
}

export async function madeVideo(folder: string, seconds = 2): Promise<string> {
  const path = join(folder, "film.mp4");
  await makeVideo(path, { seconds, width: 320, height: 180 });
  return path;
}

export interface FilePayload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** As the browser's dialogue would hand it over. */
export const fileOf = (name: string, sizeBytes: number): FilePayload => ({
  name,
  mimeType: "video/mp4",
  buffer: Buffer.alloc(sizeBytes),
});

/** Of zeros that take no room; for an upload that takes a while. */
export async function emptyFile(folder: string, sizeBytes: number, name = "long.mp4"): Promise<string> {
  const path = join(folder, name);
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, sizeBytes);
  return path;
}

/** Encodes all of a job's chunks, in turn at two workers. */
export function encodeChunks(
  master: FakeMaster,
  jobId: string,
  { from = 0, to }: { from?: number; to: number },
): void {
  for (let index = from; index < to; index++) {
    const startedMs = 1_700_000_000_000 + index * 1_000;
    const worker = index % 2 === 0 ? "left:1" : "right:2";
    master.startChunk(jobId, index, { worker, startedMs });
    master.endChunk(jobId, index, { endedMs: startedMs + 900, outcome: "encoded" });
  }
}

export const cells = (page: Page, state: string): Locator => page.locator(`.strip rect.${state}`);
/** Waits until so many elements match. */
export async function countIs(page: Page, selector: string, count: number): Promise<void> {
  await page.waitForFunction(
    ([selector, count]) => document.querySelectorAll(selector).length === count,
    [selector, count] as const,
  );
}
