/** docs/media.md says what the media matrix shows. */
import { assert, assertEquals } from "@std/assert";
import { checkVideoFits, CONTAINERS } from "../../lib/assemble/output_container.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { OUTCOMES } from "../media/outcomes.ts";
import { parsePage, sectionOf, tableRows } from "./markdown_page.ts";

const page = parsePage(
  "docs/media.md",
  await Deno.readTextFile(new URL("../../docs/media.md", import.meta.url)),
);

interface Row {
  readonly what: string;
  readonly copied: string;
  readonly encoded: string;
  readonly besides: string;
  readonly files: readonly string[];
}

const rows: readonly Row[] = [
  "Containers",
  "Codecs",
  "Groups of pictures",
  "Time",
  "Picture",
  "Sound",
  "Besides",
]
  .flatMap((section) => tableRows(sectionOf(page, `### ${section}`)))
  .map(([what = "", copied = "", encoded = "", besides = "", files = ""]) => ({
    ...{ what, copied, encoded, besides },
    files: files.replaceAll("`", "").split(", "),
  }));

Deno.test("docs/media.md shows each generated file in one row", () => {
  const named = rows.flatMap(({ files }) => files);
  assertEquals(named.toSorted(), MEDIA_CASES.map(({ file }) => file).toSorted());
});

Deno.test("docs/media.md says of each row what the matrix shows of its files", () => {
  for (const { what, copied, encoded, besides, files } of rows) {
    for (const file of files) {
      const { refused, notCopied, notEncoded, ...further } = OUTCOMES[file] ?? {};
      assertEquals(copied, refused || notCopied ? "refused" : "yes", `${what}: ${file}, copied`);
      assertEquals(encoded, refused || notEncoded ? "refused" : "yes", `${what}: ${file}, encoded`);
      const isAsItWas = refused === undefined && Object.keys(further).length === 0;
      assert(
        isAsItWas || besides !== "",
        `${what}: ${file} is not quite as it was, and the row says nothing of it`,
      );
    }
  }
});

Deno.test("docs/media.md says which container holds which codec", () => {
  const codecs = { "H.264": "avc", HEVC: "hevc", VP9: "vp9", AV1: "av1" } as const;
  const table = tableRows(sectionOf(page, "## What comes out"));
  assertEquals(table.map(([container]) => container), CONTAINERS.map((name) => `\`.${name}\``));
  for (const [index, container] of CONTAINERS.entries()) {
    const fits = Object.values(codecs).map((codec) => {
      try {
        checkVideoFits(container, codec);
        return "yes";
      } catch {
        return "no";
      }
    });
    assertEquals(table[index]!.slice(1, 5), fits, container);
  }
});
