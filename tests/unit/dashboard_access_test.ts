import { assert, assertEquals, assertMatch } from "@std/assert";
import { createAccess } from "../../lib/master/web/access.ts";

const TOKEN = "a-long-token";
const request = (headers: Record<string, string>) => new Request("http://localhost/", { headers });
const cookieOf = (setCookie: string) => setCookie.split(";")[0]!;

Deno.test("Access lets in who shows the token, and nobody else", () => {
  const access = createAccess(TOKEN);
  assert(access.isAllowed(request({ authorization: `Bearer ${TOKEN}` })));
  for (const authorization of [TOKEN, `Bearer ${TOKEN}x`, "Bearer ", `Basic ${btoa(`x:${TOKEN}`)}`]) {
    assert(!access.isAllowed(request({ authorization })), authorization);
  }
  assert(!access.isAllowed(request({})));
});

Deno.test("logging in takes the token and gives a cookie that scripts and other sites do not get", () => {
  const access = createAccess(TOKEN);
  assertEquals(access.logIn("wrong"), undefined);
  const setCookie = access.logIn(TOKEN)!;
  assertMatch(setCookie, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  assert(!setCookie.includes(TOKEN));
  assert(access.isAllowed(request({ cookie: `other=1; ${cookieOf(setCookie)}; more=2` })));
  assertMatch(createAccess(TOKEN, { isSecure: true }).logIn(TOKEN)!, /; Secure$/);
  assertMatch(access.logOut(), /=; .*Max-Age=0$/);
});

Deno.test("a cookie outlives a restart, and neither its time nor the token", () => {
  let nowMs = 1_000_000;
  const cookie = cookieOf(createAccess(TOKEN, { nowMs: () => nowMs }).logIn(TOKEN)!);
  assert(createAccess(TOKEN, { nowMs: () => nowMs }).isAllowed(request({ cookie })));
  assert(!createAccess("another", { nowMs: () => nowMs }).isAllowed(request({ cookie })));
  nowMs += 8 * 24 * 3_600_000;
  assert(!createAccess(TOKEN, { nowMs: () => nowMs }).isAllowed(request({ cookie })));
});

Deno.test("a cookie whose end was moved is worth nothing", () => {
  const access = createAccess(TOKEN);
  const [name, value] = cookieOf(access.logIn(TOKEN)!).split("=") as [string, string];
  const [endMs, mac] = value.split(".") as [string, string];
  for (
    const forged of [`${Number(endMs) + 1}.${mac}`, `${endMs}.`, `${endMs}`, "", `.${mac}`, `Infinity.${mac}`]
  ) {
    assert(!access.isAllowed(request({ cookie: `${name}=${forged}` })), forged);
  }
});
