/** The dashboard's two documents. Everything that moves is in client/. */
import { AssembleError } from "../../assemble/assemble_error.ts";
import { checkVideoFits, type Container, CONTAINERS } from "../../assemble/output_container.ts";
import { type Codec, CODECS } from "../../encode/settings.ts";

/** What the page is told with the document, so that it needs not ask. */
export interface PageFacts {
  readonly containers: Readonly<Record<Codec, readonly Container[]>>;
  /** Whether people log in, and so may want to log out. */
  readonly hasLogin: boolean;
}

export interface DocumentParts {
  /** Addresses of the modules that bare names stand for. */
  readonly importMap: string;
  /** Addresses of all modules, so that the browser asks for them at once. */
  readonly modules: readonly string[];
  readonly main: string;
  readonly facts: PageFacts;
}

export function pageFacts(hasLogin: boolean): PageFacts {
  const containersOf = (codec: Codec) => CONTAINERS.filter((container) => fits(container, codec));
  const containers = CODECS.map((codec) => [codec, containersOf(codec)] as const);
  return { containers: Object.fromEntries(containers) as Record<Codec, Container[]>, hasLogin };
}

function fits(container: Container, codec: Codec): boolean {
  try {
    checkVideoFits(container, codec === "h264" ? "avc" : codec);
    return true;
  } catch (error) {
    if (error instanceof AssembleError) return false;
    throw error;
  }
}

export function dashboardDocument({ importMap, modules, main, facts }: DocumentParts): string {
  return document(`
    <script type="importmap">${importMap}</script>
    ${modules.map((address) => `<link rel="modulepreload" href="${address}">`).join("\n    ")}
    <script type="application/json" id="facts">${escapeScript(JSON.stringify(facts))}</script>
    <script type="module" src="${main}"></script>
  </head>
  <body>
    <div id="app"></div>
    <noscript><p class="plain">This page needs JavaScript. Without it: <code>deno task transcode</code>.</p></noscript>
  </body>`);
}

export function loginDocument(problem = ""): string {
  return document(`
  </head>
  <body>
    <main class="login">
      <form method="post" action="/login" class="panel">
        <h1>Transcoder</h1>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus
          ${problem === "" ? "" : `aria-invalid="true"`} aria-describedby="problem">
        <p id="problem" class="problem" role="alert">${problem}</p>
        <button type="submit" class="primary">Log in</button>
        <p class="hint">It is in the file that the master was started with, <code>--token_file</code>.</p>
      </form>
    </main>
  </body>`);
}

const document = (rest: string): string =>
  `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Transcoder</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/styles.css">
    <script src="/assets/theme.js"></script>${rest}
</html>
`;

const escapeScript = (json: string): string => json.replaceAll("<", "\\u003c");
