import { assert, assertEquals, assertMatch } from "@std/assert";
import { createAssets } from "../../lib/master/web/assets.ts";
import { dashboardDocument, loginDocument, pageFacts } from "../../lib/master/web/page.ts";

const assets = createAssets();
const page = dashboardDocument({ ...assets, facts: pageFacts(true) });

/** What a module asks for as it is loaded. */
const importsOf = (code: string): string[] =>
  [...code.matchAll(/\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"/gm)].map(([, from, bare]) => from ?? bare!);

Deno.test("every module that the page loads, and each that those load, is served, and none in vain", () => {
  const { imports } = JSON.parse(assets.importMap);
  const loaded = new Set<string>();
  function load(address: string): void {
    if (loaded.has(address)) return;
    loaded.add(address);
    const asset = assets.byPath.get(address);
    assert(asset, `${address} is not served`);
    for (const specifier of importsOf(asset.body)) {
      load(imports[specifier] ?? new URL(specifier, `http://page${address}`).pathname);
    }
  }
  load(assets.main);
  assert(loaded.size > 20, "hardly anything was followed");
  const scripts = [...assets.byPath.keys()].filter((path) =>
    /\.(js|tsx?)$/.test(path) && path !== "/assets/theme.js"
  );
  assertEquals([...loaded].sort(), scripts.sort());
});

Deno.test("what is served is JavaScript without types", () => {
  for (const address of assets.modules) {
    const { body } = assets.byPath.get(address)!;
    assert(!/^(export )?(interface|type) /m.test(body), address);
  }
});

Deno.test("the documents ask for nothing that is not served here", () => {
  for (const document of [page, loginDocument()]) {
    const asked = [...document.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, address = ""]) => address);
    assert(asked.length > 2);
    assertEquals(asked.filter((address) => !assets.byPath.has(address)), []);
    assert(!/<[^>]+ (on\w+|style)=/i.test(document), "no script or style stands in an attribute");
  }
});

Deno.test("each asset has a tag that goes with its bytes", () => {
  const tags = [...assets.byPath.values()].map(({ etag }) => etag);
  assertEquals(new Set(tags).size, tags.length);
  for (const tag of tags) assertMatch(tag, /^"[\w-]{43}"$/);
});

Deno.test("the page knows which containers hold which codec", () => {
  const { containers } = pageFacts(false);
  assertEquals([containers.h264.includes("webm"), containers.vp9.includes("webm"), containers.h264[0]], [
    false,
    true,
    "mp4",
  ]);
});
