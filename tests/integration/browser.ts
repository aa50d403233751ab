/** Debian's Chromium, for tests of the page that people see. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** What has not happened on a page by then, will not. */
export const GIVE_UP_MS = 60_000;

export const HAS_CHROMIUM = await Deno.stat(PROGRAM).then(() => true, () => false);

/** Ends the name of a test that is left out for lack of it. */
export const WITHOUT_CHROMIUM = `(needs ${PROGRAM}: install the package chromium)`;

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of: errors, and what its policy kept it from. */
  readonly complaints: readonly string[];
}

export interface OpenPageOptions extends BrowserContextOptions {
  /** Refusals of the network that the test brings about itself. */
  readonly ignore?: RegExp;
}

/** A browser of its own, on a page with nothing stored. */
export async function openPage({ ignore = /^$/, ...options }: OpenPageOptions = {}): Promise<OpenedPage> {
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(GIVE_UP_MS);
  const complaints: string[] = [];
  const complain = (text: string) => ignore.test(text) ? undefined : complaints.push(text);
  page.on("pageerror", (error) => complain(String(error)));
  page.on("console", (message) => message.type() === "error" ? complain(message.text()) : undefined);
  return { page, complaints, [Symbol.asyncDispose]: () => browser.close() };
}

const launch = async (): Promise<Browser> =>
  await chromium.launch({
    executablePath: PROGRAM,
    // its sandbox does not work for root, which containers often are
    args: Deno.uid() === 0 ? ["--no-sandbox"] : [],
  });
