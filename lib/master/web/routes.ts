/** The dashboard's addresses. */
import { createHash } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { Logger } from "../../log.ts";
import type { MetricsPage } from "../../rpc/metrics_server.ts";
import { withTrace } from "../../trace.ts";
import { parseTraceparent } from "../../traceparent.ts";
import type { Master } from "../master.ts";
import { DrainingError } from "../master_errors.ts";
import { type Access, createAccess } from "./access.ts";
import { createAssets } from "./assets.ts";
import { errorAnswer } from "./error_answer.ts";
import { eventStream } from "./event_stream.ts";
import { dashboardDocument, loginDocument, pageFacts } from "./page.ts";
import { refusalOf } from "./request_guard.ts";
import { RequestError } from "./request_error.ts";
import { readUploadFacts } from "./upload_facts.ts";
import { videoResponse } from "./video_response.ts";

export interface DashboardRoutesOptions {
  /** Names beside `localhost` and addresses under which this machine is reached. */
  readonly hosts: readonly string[];
  /** Undefined: everyone who reaches the port may do everything. */
  readonly token?: string | undefined;
  /** Whether the page comes over TLS. */
  readonly isSecure?: boolean | undefined;
  /** What `/metrics` answers; undefined: there is no such page. */
  readonly metrics?: MetricsPage | undefined;
  readonly logger?: Logger | undefined;
  /** Ends uploads, downloads and event streams; who comes then is told that the master is about to stop. */
  readonly signal: AbortSignal;
}

/** Of an upload's body no byte is counted here: that is the master's quota. */
const MAX_FORM_BYTES = 4_096;
/** Well within the minute after which proxies give a silent connection up. */
const HEARTBEAT_MS = 15_000;

/** As a fetch handler, which a test can call without a socket. */
export function dashboardRoutes(
  master: Master,
  options: DashboardRoutesOptions,
): (request: Request) => Response | Promise<Response> {
  const { hosts, token, isSecure, metrics, logger, signal } = options;
  const access = token === undefined ? undefined : createAccess(token, { isSecure });
  const assets = createAssets();
  const app = new Hono();

  app.use(securityHeaders(assets.importMap));
  app.use(async (_, next) => {
    if (signal.aborted) throw new DrainingError(); // on a connection that is still open
    await next();
  });
  app.use(async (context, next) => {
    const refusal = refusalOf(context.req.raw, { hosts });
    if (refusal === undefined) return await next();
    return context.json({ error: refusal.message }, refusal.status);
  });
  app.onError((error, context) => {
    const { status, message, isUnexpected } = errorAnswer(error);
    if (error instanceof Deno.errors.BadResource) logger?.info("An upload was broken off"); // the body has gone
    else if (isUnexpected && !signal.aborted) {
      logger?.error("Dashboard request failed", { error: String(error) });
    }
    const field = error instanceof RequestError && error.field !== "" ? { field: error.field } : {};
    return context.json({ error: message, ...field }, status);
  });
  app.notFound((context) => context.json({ error: "There is no such page" }, 404));

  app.get("/assets/*", (context) => {
    const asset = assets.byPath.get(context.req.path);
    if (!asset) return context.notFound();
    const headers = { "content-type": asset.mediaType, "cache-control": "no-cache", etag: asset.etag };
    const isKnown = context.req.header("if-none-match") === asset.etag;
    return isKnown ? context.body(null, 304, headers) : context.body(asset.body, 200, headers);
  });

  if (access) addLogin(app, access);

  const page = dashboardDocument({ ...assets, facts: pageFacts(access !== undefined) });
  app.get("/", (context) => context.html(page, 200, { "cache-control": "no-cache" }));
  if (metrics) {
    app.get("/metrics", async () => {
      const { contentType, text } = await metrics.page();
      return new Response(text, { headers: { "content-type": contentType } });
    });
  }

  app.use("/api/*", async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control")) context.header("cache-control", "no-store");
  });
  app.get("/api/events", (context) => {
    const stream = context.req.method === "HEAD"
      ? null
      : eventStream(master, { signal: signal, heartbeatMs: HEARTBEAT_MS });
    return new Response(stream, {
      headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
    });
  });
  app.get("/api/workers", (context) => context.json({ workers: master.workers() }));
  app.get("/api/jobs", (context) => context.json({ jobs: master.jobs() }));
  app.post("/api/jobs", async (context) => {
    const { raw } = context.req;
    const facts = readUploadFacts(new URL(raw.url).searchParams);
    const sizeBytes = announcedBytes(facts.sizeBytes, raw.headers.get("content-length"));
    const video = raw.body ?? new Blob([]).stream();
    const trace = parseTraceparent(raw.headers.get("traceparent") ?? "");
    const job = await withTrace(trace, () => master.upload(video, { ...facts, sizeBytes }, { signal }));
    return context.json(job, 201, { location: `/api/jobs/${encodeURIComponent(job.id)}` });
  });
  app.post("/api/jobs/check", async (context) => {
    await master.checkUpload(readUploadFacts(new URL(context.req.url).searchParams));
    return context.body(null, 204);
  });
  app.get("/api/jobs/:id", (context) => context.json(master.job(context.req.param("id"))));
  app.delete("/api/jobs/:id", async (context) => {
    await master.remove(context.req.param("id"));
    return context.body(null, 204);
  });
  app.post(
    "/api/jobs/:id/cancel",
    async (context) => context.json(await master.cancel(context.req.param("id"))),
  );
  for (const which of ["source", "result", "proof"] as const) {
    app.get(`/api/jobs/:id/${which}`, async (context) => {
      const id = context.req.param("id");
      const video = await master[which](id);
      return await videoResponse(video, {
        request: context.req.raw,
        etag: JSON.stringify(`${encodeURIComponent(id)}-${which}-${video.sizeBytes}`),
        isDownload: context.req.query("download") !== undefined,
        signal: signal,
      });
    });
  }
  return (request) => app.fetch(request);
}

/** @throws {RequestError} If the two differ. */
function announcedBytes(sizeBytes: number | undefined, contentLength: string | null): number | undefined {
  if (contentLength === null) return sizeBytes;
  const length = Number(contentLength);
  if (sizeBytes === undefined || sizeBytes === length) return length;
  throw new RequestError(`size_bytes is ${sizeBytes}, but content-length is ${length}`, "size_bytes");
}

/** Nothing but this server may be asked for anything, and no script runs that is not one of its files. */
function securityHeaders(importMap: string): MiddlewareHandler {
  const importMapHash = createHash("sha256").update(importMap).digest("base64");
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'", `'sha256-${importMapHash}'`],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      mediaSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    // with none at all, a browser would not say of a form of ours where it is from
    referrerPolicy: "same-origin",
    // says nothing where there is no TLS, and is not ours to say where a proxy adds it
    strictTransportSecurity: false,
  });
}

/** What is added after this needs the token. */
function addLogin(app: Hono, access: Access): void {
  const tooLong = (context: Context) => context.html(loginDocument("That is not the token."), 413);
  app.get("/login", (context) => context.html(loginDocument()));
  app.post("/login", bodyLimit({ maxSize: MAX_FORM_BYTES, onError: tooLong }), async (context) => {
    const { token } = await context.req.parseBody();
    const cookie = access.logIn(typeof token === "string" ? token.trim() : "");
    if (cookie === undefined) return context.html(loginDocument("That is not the token."), 401);
    context.header("set-cookie", cookie);
    return context.redirect("/", 303);
  });
  app.post("/logout", (context) => {
    context.header("set-cookie", access.logOut());
    return context.redirect("/login", 303);
  });
  app.use(async (context, next) => {
    if (access.isAllowed(context.req.raw)) return await next();
    if (context.req.path === "/") return context.redirect("/login", 303);
    return context.json({ error: "A valid token is needed: see --token_file" }, 401);
  });
}
