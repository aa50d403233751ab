/**
 * What the page loads, all of it from here: the page's own modules without their types, and Preact's as its package
 * has them. They are part of the program as any import is, so that nothing is built, downloaded or read later.
 */
import { createHash } from "node:crypto";
import { transform } from "sucrase";
import preact from "preact" with { type: "text" };
import preactHooks from "preact/hooks" with { type: "text" };
import preactJsx from "preact/jsx-runtime" with { type: "text" };
import settings from "../../encode/settings.ts" with { type: "text" };
import jobView from "../job_view.ts" with { type: "text" };
import styles from "./client/styles.css" with { type: "text" };
import icon from "./client/icon.svg" with { type: "text" };
import theme from "./client/theme.ts" with { type: "text" };
import app from "./client/app.tsx" with { type: "text" };
import dashboardState from "./client/dashboard_state.ts" with { type: "text" };
import dialogues from "./client/dialogues.tsx" with { type: "text" };
import facts from "./client/facts.ts" with { type: "text" };
import focus from "./client/focus.ts" with { type: "text" };
import format from "./client/format.ts" with { type: "text" };
import jobCard from "./client/job_card.tsx" with { type: "text" };
import jobTexts from "./client/job_texts.ts" with { type: "text" };
import main from "./client/main.tsx" with { type: "text" };
import newsReader from "./client/news_reader.tsx" with { type: "text" };
import pageHeader from "./client/page_header.tsx" with { type: "text" };
import player from "./client/player.tsx" with { type: "text" };
import server from "./client/server.ts" with { type: "text" };
import settingsForm from "./client/settings_form.tsx" with { type: "text" };
import sparkline from "./client/sparkline.tsx" with { type: "text" };
import timeline from "./client/timeline.tsx" with { type: "text" };
import timelineLayout from "./client/timeline_layout.ts" with { type: "text" };
import uploadPanel from "./client/upload_panel.tsx" with { type: "text" };
import uploadQuery from "./client/upload_query.ts" with { type: "text" };
import uploads from "./client/uploads.ts" with { type: "text" };
import videoName from "./client/video_name.ts" with { type: "text" };
import workerMark from "./client/worker_mark.tsx" with { type: "text" };
import workerPanel from "./client/worker_panel.tsx" with { type: "text" };

export interface Asset {
  readonly mediaType: string;
  readonly body: string;
  /** Of the body, in quotes. */
  readonly etag: string;
}

export interface Assets {
  /** By address, such as `/assets/styles.css`. */
  readonly byPath: ReadonlyMap<string, Asset>;
  /** Addresses of the page's own modules. */
  readonly modules: readonly string[];
  readonly main: string;
  /** JSON: the addresses of the packages. */
  readonly importMap: string;
}

const JAVASCRIPT = "text/javascript; charset=utf-8";

/** By what the page's modules import them as. */
const PACKAGES: Readonly<Record<string, string>> = {
  "preact": preact,
  "preact/hooks": preactHooks,
  "preact/jsx-runtime": preactJsx,
};

/** Below `/assets/`, by their place in lib/, which keeps what they import of each other right. */
const MODULES: Readonly<Record<string, string>> = {
  "encode/settings.ts": settings,
  "master/job_view.ts": jobView,
  "master/web/client/app.tsx": app,
  "master/web/client/dashboard_state.ts": dashboardState,
  "master/web/client/dialogues.tsx": dialogues,
  "master/web/client/facts.ts": facts,
  "master/web/client/focus.ts": focus,
  "master/web/client/format.ts": format,
  "master/web/client/job_card.tsx": jobCard,
  "master/web/client/job_texts.ts": jobTexts,
  "master/web/client/main.tsx": main,
  "master/web/client/news_reader.tsx": newsReader,
  "master/web/client/page_header.tsx": pageHeader,
  "master/web/client/player.tsx": player,
  "master/web/client/server.ts": server,
  "master/web/client/settings_form.tsx": settingsForm,
  "master/web/client/sparkline.tsx": sparkline,
  "master/web/client/timeline.tsx": timeline,
  "master/web/client/timeline_layout.ts": timelineLayout,
  "master/web/client/upload_panel.tsx": uploadPanel,
  "master/web/client/upload_query.ts": uploadQuery,
  "master/web/client/uploads.ts": uploads,
  "master/web/client/video_name.ts": videoName,
  "master/web/client/worker_mark.tsx": workerMark,
  "master/web/client/worker_panel.tsx": workerPanel,
};
const MAIN = "/assets/master/web/client/main.tsx";

/** Takes the types out, and is to be called once. */
export function createAssets(): Assets {
  const modules = Object.entries(MODULES).map(([path, source]) =>
    [`/assets/${path}`, asset(JAVASCRIPT, withoutTypes(source))] as const
  );
  const packages = Object.entries(PACKAGES).map(([name, source]) =>
    [`/assets/${name.replace("/", "-")}.js`, asset(JAVASCRIPT, source), name] as const
  );
  return {
    byPath: new Map([
      ...modules,
      ...packages.map(([address, asset]) => [address, asset] as const),
      ["/assets/theme.js", asset(JAVASCRIPT, withoutTypes(theme))],
      ["/assets/styles.css", asset("text/css; charset=utf-8", styles)],
      ["/assets/icon.svg", asset("image/svg+xml", icon)],
    ]),
    modules: modules.map(([address]) => address),
    main: MAIN,
    importMap: JSON.stringify({
      imports: Object.fromEntries(packages.map(([address, , name]) => [name, address])),
    }),
  };
}

const withoutTypes = (source: string): string =>
  transform(source, {
    transforms: ["typescript", "jsx"],
    jsxRuntime: "automatic",
    jsxImportSource: "preact",
    production: true,
    disableESTransforms: true,
  }).code;

const asset = (mediaType: string, body: string): Asset => ({
  mediaType,
  body,
  etag: `"${createHash("sha256").update(body).digest("base64url")}"`,
});
