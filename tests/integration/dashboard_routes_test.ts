/** The dashboard's addresses, as programs and hostile pages use them. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { request as httpRequest } from "node:http";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { BindError } from "../../lib/rpc/server.ts";
import { QuotaError } from "../../lib/master/master_errors.ts";
import { type DashboardOptions, serveDashboard } from "../../lib/master/web/serve_dashboard.ts";
import { createAuthority, HAS_OPENSSL, WITHOUT_OPENSSL } from "./certificates.ts";
import { fakeDashboardMaster, type FakeMaster } from "./fake_dashboard_master.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

interface Served extends AsyncDisposable {
  readonly master: FakeMaster;
  /** `http://localhost:port`. */
  readonly address: string;
  readonly log: readonly string[];
  /** Status and body, as text. */
  ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; text: string }>;
  stop(): Promise<void>;
}

function serve(options: Partial<DashboardOptions> = {}): Served {
  const master = fakeDashboardMaster();
  const ended = new AbortController();
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const { address, finished } = serveDashboard(master, {
    port: 0,
    signal: ended.signal,
    logger: { info: write, warn: write, error: write },
    ...options,
  });
  const stop = async () => {
    ended.abort(new Error("stopped"));
    await finished;
  };
  return {
    master,
    address: `http://${address}`,
    log,
    async ask(path, init) {
      const response = await fetch(`http://${address}${path}`, { redirect: "manual", ...init });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const BYTES = Uint8Array.from({ length: 1_000 }, (_, index) => index % 251);

/** A job that is completed, with {@linkcode BYTES} as its source and its result. */
async function completed({ master, ask }: Served, name = "film.mp4"): Promise<string> {
  const query = new URLSearchParams({ video_id: "film", original_filename: name });
  const { status, text } = await ask(`/api/jobs?${query}`, { method: "POST", body: BYTES });
  assertEquals(status, 201, text);
  const { id } = JSON.parse(text);
  master.complete(id);
  return id;
}

Deno.test("a video goes in, is listed, cancelled and removed by requests alone", async () => {
  await using served = serve();
  const { ask, master } = served;
  const sent = await ask("/api/jobs?video_id=a&codec=av1&crf=40&priority=2", { method: "POST", body: BYTES });
  assertEquals(sent.status, 201);
  const job = JSON.parse(sent.text);
  assertEquals(sent.headers.get("location"), `/api/jobs/${job.id}`);
  assertEquals([job.videoId, job.sourceBytes, job.priority, job.settings.encode.codec], [
    "a",
    1_000,
    2,
    "av1",
  ]);
  assertEquals(master.uploaded[0]!.bytes, BYTES);

  assertEquals(JSON.parse((await ask("/api/jobs")).text), { jobs: [job] });
  assertEquals(JSON.parse((await ask(`/api/jobs/${job.id}`)).text), { job, chunks: [] });
  assertEquals(JSON.parse((await ask("/api/workers")).text), { workers: [] });
  const cancelled = await ask(`/api/jobs/${job.id}/cancel`, { method: "POST" });
  assertEquals([cancelled.status, JSON.parse(cancelled.text).state], [200, "cancelled"]);
  assertEquals((await ask(`/api/jobs/${job.id}`, { method: "DELETE" })).status, 204);
  assertEquals(master.jobs(), []);
});

Deno.test("what is wrong is said with a status that tells whose fault it is", async () => {
  await using served = serve();
  const { ask, master } = served;
  const id = await completed(served);
  master.add({ id: "waiting" });
  const post = { method: "POST", body: "x" };
  const cases: readonly [path: string, init: RequestInit, status: number, error: string][] = [
    ["/api/jobs", post, 400, 'video_id: Invalid key: Expected "video_id" but received undefined'],
    [
      "/api/jobs?video_id=..%2Fx",
      post,
      400,
      'Cannot use video_id "../x": it must not contain a slash or backslash',
    ],
    [
      "/api/jobs?video_id=b&crf=52",
      post,
      400,
      "Cannot encode with crf 52: it must be a real number from 0 to 51",
    ],
    [
      "/api/jobs?video_id=b&container=webm&codec=h264",
      post,
      400,
      "Cannot put avc video into .webm: use .mp4, .mov, .mkv",
    ],
    [
      "/api/jobs?video_id=b",
      { method: "POST" },
      400,
      "Cannot take the video: size_bytes must be a positive whole number, not 0",
    ],
    ["/api/jobs?video_id=b&size_bytes=99", post, 400, "size_bytes is 99, but content-length is 1"],
    ["/api/jobs?video_id=film", post, 409, 'There is a video "film" already'],
    ["/api/jobs/check?video_id=film", { method: "POST" }, 409, 'There is a video "film" already'],
    [`/api/jobs/${id}/cancel`, { method: "POST" }, 409, "Cannot cancel the job: it is completed"],
    ["/api/jobs/waiting/result", {}, 409, "Cannot read the result: the job is queued"],
    ["/api/jobs/none", {}, 404, 'There is no job "none"'],
    ["/api/jobs/none/source", {}, 404, 'There is no job "none"'],
    ["/api/nothing", {}, 404, "There is no such page"],
    ["/assets/../serve_dashboard.ts", {}, 404, "There is no such page"],
  ];
  assertEquals((await ask("/api/jobs/check?video_id=b&size_bytes=9", { method: "POST" })).status, 204);
  for (const [path, init, status, error] of cases) {
    const answer = await ask(path, init);
    assertEquals([path, answer.status, JSON.parse(answer.text).error], [path, status, error]);
  }
  assertEquals(served.log, []);
});

Deno.test("an upload may name its size, beside content-length or in place of it", async () => {
  await using served = serve();
  const { status } = await served.ask("/api/jobs?video_id=a&size_bytes=1000", {
    method: "POST",
    body: BYTES,
  });
  const body = new Blob([BYTES]).stream(); // sent without a content-length
  const streamed = await served.ask("/api/jobs?video_id=b&size_bytes=1000", { method: "POST", body });
  assertEquals([status, streamed.status], [201, 201]);
});

Deno.test("an upload that is broken off is told of as that, and as no fault of the server", async () => {
  await using served = serve();
  const { hostname, port } = new URL(served.address);
  {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const head = `POST /api/jobs?video_id=b HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc`;
    await connection.write(new TextEncoder().encode(head));
    await until(() => Promise.resolve(served.master.receiving > 0));
  }
  await until(() => Promise.resolve(served.log.length > 0));
  assertEquals(served.log, ["An upload was broken off {}"]);
});

Deno.test("an error that nobody expected, or that names files, goes to the log and not to the caller", async () => {
  await using served = serve();
  const cases: readonly [error: Error, status: number, told: string][] = [
    [
      new QuotaError("The videos would take up more than 1 GB"),
      507,
      "The videos would take up more than 1 GB",
    ],
    [
      new StoreFullError('Cannot write "/srv/data/uploads/1": no space left'),
      507,
      "The master's disk is full",
    ],
    [new Error("/srv/data/secret is broken"), 500, "Internal error"],
  ];
  for (const [error, status, told] of cases) {
    served.master.refusal = error;
    const answer = await served.ask("/api/jobs?video_id=a", { method: "POST", body: "x" });
    assertEquals([answer.status, JSON.parse(answer.text)], [status, { error: told }]);
  }
  assertEquals(served.log.filter((line) => line.includes("/srv/data")).length, 2);
});

Deno.test("a player gets the bytes that it asks for, and a download its name", async () => {
  await using served = serve();
  const id = await completed(served);
  const path = `/api/jobs/${id}/result`;
  const whole = await fetch(served.address + path);
  const etag = whole.headers.get("etag")!;
  assertEquals([whole.status, await whole.bytes()], [200, BYTES]);
  const { headers } = whole;
  assertEquals(
    ["content-type", "content-length", "accept-ranges", "content-disposition"].map((name) =>
      headers.get(name)
    ),
    ["video/mp4", "1000", "bytes", "inline; filename=film.mp4"],
  );
  const get = async (headers: Record<string, string>, method = "GET") => {
    const response = await fetch(served.address + path, { headers, method });
    return [response.status, response.headers.get("content-range"), await response.bytes()] as const;
  };
  assertEquals(await get({ range: "bytes=10-19" }), [206, "bytes 10-19/1000", BYTES.slice(10, 20)]);
  assertEquals(await get({ range: "bytes=-5" }), [206, "bytes 995-999/1000", BYTES.slice(995)]);
  assertEquals(await get({ range: "bytes=0-1", "if-range": etag }), [
    206,
    "bytes 0-1/1000",
    BYTES.slice(0, 2),
  ]);
  assertEquals(await get({ range: "bytes=0-1", "if-range": '"other"' }), [200, null, BYTES]);
  assertEquals((await get({ range: "bytes=1000-" })).slice(0, 2), [416, "bytes */1000"]);
  assertEquals(await get({ "if-none-match": etag }), [304, null, new Uint8Array()]);
  assertEquals(await get({ range: "bytes=10-19" }, "HEAD"), [206, "bytes 10-19/1000", new Uint8Array()]);
  assertEquals((await served.ask(`/api/jobs/${id}/proof`)).text, JSON.stringify({ job: id }));
  const source = await fetch(`${served.address}/api/jobs/${id}/source`);
  assertNotEquals(source.headers.get("etag"), etag);
  await source.body!.cancel();
});

const NAMES: readonly [name: string, header: string][] = [
  ["plain.mp4", "attachment; filename=plain.mp4"],
  ['a"b\\c;d.mp4', 'attachment; filename="c;d.mp4"'],
  [
    "été 映画.mp4",
    "attachment; filename=\"?t? ??.mp4\"; filename*=UTF-8''%C3%A9t%C3%A9%20%E6%98%A0%E7%94%BB.mp4",
  ],
  ["x\r\nset-cookie: a=b.mp4", 'attachment; filename="x__set-cookie_ a=b.mp4"'],
];

for (const [name, header] of NAMES) {
  Deno.test(`a download of ${JSON.stringify(name)} is called ${header}`, async () => {
    await using served = serve();
    const id = await completed(served, name);
    const response = await fetch(`${served.address}/api/jobs/${id}/result?download`);
    await response.body!.cancel();
    assertEquals([response.headers.get("content-disposition"), response.headers.get("set-cookie")], [
      header,
      null,
    ]);
  });
}

Deno.test("the page may load nothing from elsewhere, and nobody may put it in a frame", async () => {
  await using served = serve();
  const { headers, text } = await served.ask("/");
  const policy = headers.get("content-security-policy")!;
  assertMatch(policy, /^default-src 'none'; script-src 'self' 'sha256-[^']+'; style-src 'self';/);
  assert(!/unsafe|https?:|\*/.test(policy), policy);
  assertMatch(policy, /frame-ancestors 'none'/);
  assertEquals(
    ["x-content-type-options", "cross-origin-resource-policy", "referrer-policy"].map((name) =>
      headers.get(name)
    ),
    ["nosniff", "same-origin", "same-origin"],
  );
  assert(!/(?:src|href)="(?:https?:)?\/\//.test(text));
  const asset = await served.ask("/assets/styles.css");
  const again = await served.ask("/assets/styles.css", {
    headers: { "if-none-match": asset.headers.get("etag")! },
  });
  assertEquals([asset.status, again.status, again.text], [200, 304, ""]);
});

/** As a browser does, which fetch does not let one do: with any Host. */
function rawStatus(
  address: string,
  options: { path: string; method?: string; headers: Record<string, string> },
): Promise<number> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, agent: false, ...options }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    });
    request.on("error", reject);
    request.end();
  });
}

Deno.test("a page of another site can neither change anything nor pass for ours under a name of its own", async () => {
  await using served = serve({ hosts: ["encoder.example.net"] });
  const { master, address } = served;
  master.add({ id: "a" });
  const elsewhere = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
  for (
    const [method, path] of [["POST", "/api/jobs?video_id=b"], ["POST", "/api/jobs/a/cancel"], [
      "DELETE",
      "/api/jobs/a",
    ]]
  ) {
    assertEquals((await served.ask(path!, { method: method!, headers: elsewhere })).status, 403);
  }
  assertEquals(master.jobs().map(({ state }) => state), ["queued"]);
  assertEquals(await rawStatus(address, { path: "/api/jobs", headers: { host: "evil.example" } }), 421);
  assertEquals(
    await rawStatus(address, { path: "/api/jobs", headers: { host: "encoder.example.net" } }),
    200,
  );
  assertEquals(
    await rawStatus(address, { path: "/", headers: { host: "localhost", x: "y".repeat(20_000) } }),
    431,
  );
});

Deno.test("with a token, everything but the page's own code needs it or a login", async () => {
  await using served = serve({
    token: "secret-token",
    metrics: { page: () => Promise.resolve({ contentType: "text/plain", text: "up 1\n" }) },
  });
  const { ask } = served;
  for (const path of ["/api/jobs", "/api/events", "/api/jobs/x/result", "/metrics", "/nothing"]) {
    assertEquals([path, (await ask(path)).status], [path, 401]);
  }
  assertEquals((await ask("/api/jobs?video_id=a", { method: "POST", body: "x" })).status, 401);
  const sentAway = await ask("/");
  assertEquals([sentAway.status, sentAway.headers.get("location")], [303, "/login"]);
  assertEquals((await ask("/login")).status, 200);
  assertEquals((await ask("/assets/styles.css")).status, 200);
  const headers = { authorization: "Bearer secret-token" };
  assertEquals((await ask("/metrics", { headers })).text, "up 1\n");

  const wrong = await ask("/login", { method: "POST", body: new URLSearchParams({ token: "guess" }) });
  assertEquals([wrong.status, wrong.headers.get("set-cookie")], [401, null]);
  assertMatch(wrong.text, /That is not the token/);
  const right = await ask("/login", { method: "POST", body: new URLSearchParams({ token: "secret-token" }) });
  const cookie = right.headers.get("set-cookie")!.split(";")[0]!;
  assertEquals([right.status, right.headers.get("location")], [303, "/"]);
  assertEquals((await ask("/api/jobs", { headers: { cookie } })).status, 200);
  assertEquals((await ask("/login", { method: "POST", body: "x".repeat(5_000) })).status, 413);
});

Deno.test("a stop ends event streams and downloads, and frees the port", async () => {
  await using served = serve();
  const id = await completed(served);
  const events = (await fetch(`${served.address}/api/events`)).body!.getReader();
  const { value } = await events.read();
  assertMatch(new TextDecoder().decode(value), /^retry: 1000\ndata: \{"kind":"hello","jobIds":\["[\w-]+"\]/);
  const download = (await fetch(`${served.address}/api/jobs/${id}/result`)).body!;
  assertEquals(served.master.watchers, 1);
  await served.stop();
  while (!(await events.read()).done);
  await download.cancel();
  assertEquals(served.master.watchers, 0);
  const port = Number(new URL(served.address).port);
  await using again = serve({ port });
  assertEquals((await again.ask("/api/jobs")).status, 200);
});

Deno.test("a reader of events who leaves is watched for no more", async () => {
  await using served = serve();
  const leave = new AbortController();
  const response = await fetch(`${served.address}/api/events`, { signal: leave.signal });
  const reader = response.body!.getReader();
  await reader.read();
  assertEquals(served.master.watchers, 1);
  leave.abort();
  await reader.read().catch(() => {});
  // only a write shows the server that nobody is there
  await until(() => {
    served.master.setWorkers([]);
    return Promise.resolve(served.master.watchers === 0);
  });
});

Deno.test({
  name: HAS_OPENSSL
    ? "with a certificate the page and its cookie come over TLS only"
    : `with a certificate the page and its cookie come over TLS only ${WITHOUT_OPENSSL}`,
  ignore: !HAS_OPENSSL,
  async fn() {
    await using folder = await temporaryFolder();
    const authority = await createAuthority(folder.path, "authority");
    const { cert, key } = await authority.issue("server");
    await using served = serve({ tls: { cert, key }, token: "secret" });
    using client = Deno.createHttpClient({ caCerts: [authority.ca] });
    const response = await fetch(`${served.address.replace("http:", "https:")}/login`, {
      client,
      method: "POST",
      body: new URLSearchParams({ token: "secret" }),
      redirect: "manual",
    });
    await response.body?.cancel();
    assertEquals(response.status, 303);
    assertMatch(response.headers.get("set-cookie")!, /; Secure$/);
    const plain = await fetch(`${served.address}/login`).then((r) => r.text(), () => "no answer");
    assertEquals(plain, "no answer");
  },
});

Deno.test("a port that is taken is said at once", async () => {
  await using served = serve();
  const port = Number(new URL(served.address).port);
  assertThrows(
    () => serve({ port }),
    BindError,
    `Cannot serve the dashboard on localhost:${port}: the port is in use`,
  );
});
