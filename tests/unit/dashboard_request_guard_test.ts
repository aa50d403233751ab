import { assertEquals } from "@std/assert";
import { MAX_HEADER_CHARACTERS, refusalOf } from "../../lib/master/web/request_guard.ts";

function statusOf(
  method: string,
  headers: Record<string, string>,
  hosts: readonly string[] = [],
): number | undefined {
  const request = new Request("http://localhost/", {
    method,
    headers: { host: "localhost:8080", ...headers },
  });
  return refusalOf(request, { hosts })?.status;
}

const OURS = [
  "localhost",
  "localhost:8080",
  "LOCALHOST:8080",
  "127.0.0.1:8080",
  "[::1]:8080",
  "192.168.1.7",
  "a.localhost",
];
const OTHERS = [
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "1",
  "",
  "a b",
  "evil.example:8080",
];

for (const host of OURS) {
  Deno.test(`refusalOf() lets a request to ${JSON.stringify(host)} pass`, () => {
    assertEquals(statusOf("GET", { host }), undefined);
  });
}

// a name that leads to this machine makes a stranger's page one of our origin
for (const host of OTHERS.filter((host) => host !== "1")) {
  Deno.test(`refusalOf() refuses a request to ${JSON.stringify(host)}`, () => {
    assertEquals(statusOf("GET", { host }), 421);
  });
}

Deno.test("refusalOf() looks at the address where there is no Host, as with HTTP/2", () => {
  assertEquals(refusalOf(new Request("https://localhost:8080/"), { hosts: [] }), undefined);
  assertEquals(refusalOf(new Request("https://evil.example/"), { hosts: [] })?.status, 421);
});

Deno.test("refusalOf() lets the names pass that it is told", () => {
  assertEquals(statusOf("GET", { host: "Encoder.example.net:8080" }, ["encoder.example.net"]), undefined);
});

const CHANGES: readonly [headers: Record<string, string>, status: number | undefined][] = [
  [{}, undefined],
  [{ origin: "http://localhost:8080", "sec-fetch-site": "same-origin" }, undefined],
  [{ origin: "http://localhost:8080" }, undefined],
  [{ "sec-fetch-site": "none" }, undefined],
  [{ origin: "http://evil.example", "sec-fetch-site": "cross-site" }, 403],
  [{ origin: "http://localhost:9090", "sec-fetch-site": "same-site" }, 403],
  [{ origin: "http://localhost:9090" }, 403],
  [{ origin: "null" }, 403],
  [{ "sec-fetch-site": "cross-site" }, 403],
];

for (const [headers, status] of CHANGES) {
  for (const method of ["POST", "DELETE"]) {
    Deno.test(`refusalOf() answers ${method} with ${JSON.stringify(headers)} by ${status}`, () => {
      assertEquals(statusOf(method, headers), status);
    });
  }
}

Deno.test("refusalOf() lets a link from another site lead to the page", () => {
  assertEquals(statusOf("GET", { "sec-fetch-site": "cross-site", origin: "http://evil.example" }), undefined);
});

Deno.test("refusalOf() bounds what the headers hold", () => {
  assertEquals(statusOf("GET", { cookie: "x".repeat(MAX_HEADER_CHARACTERS) }), 431);
  assertEquals(statusOf("GET", { cookie: "x".repeat(MAX_HEADER_CHARACTERS / 2) }), undefined);
});
