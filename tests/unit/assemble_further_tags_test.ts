import { assertEquals } from "@std/assert";
import { type FurtherTags, furtherTags, omittedTags, shortFields } from "../../lib/assemble/further_tags.ts";
import { ROOM_TAG } from "../../lib/assemble/matroska_header.ts";
import type { Container } from "../../lib/assemble/output_container.ts";
import { creationNs, hasCreationSeconds, setCreation } from "../../lib/chunk/mp4_creation_time.ts";

function sorted(
  raw: Record<string, unknown>,
  container: Container,
  options: Partial<Parameters<typeof furtherTags>[1]> = {},
): FurtherTags {
  return furtherTags(raw, { fields: {}, used: new Set(), made: {}, container, ...options });
}

Deno.test("furtherTags() names what is binary, too long, or would not be told from what a muxer needs", () => {
  const raw = { bits: Uint8Array.of(1), long: "x".repeat(65_536), 7: "seven", [ROOM_TAG]: "1", ok: "é" };
  for (const container of ["mkv", "mp4"] as const) {
    const { raw: written, keys, omitted } = sorted(raw, container);
    assertEquals([...written, ...keys], [["ok", "é"]]);
    assertEquals(omitted.toSorted(), ["7", "bits", "long", ROOM_TAG].toSorted());
  }
});

Deno.test("furtherTags() takes no more than 256 tags, nor 1 MiB of them", () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`K${index}`, "v"]));
  const few = sorted(many, "mkv");
  assertEquals([few.raw.size, few.omitted.length], [256, 744]);
  const large = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`K${index}`, "v".repeat(65_000)]),
  );
  assertEquals(sorted(large, "mp4").keys.size, 16);
});

Deno.test("furtherTags() leaves to the muxer what it writes, and names what differs from that", () => {
  const raw = {
    "©nam": "A",
    "com.apple.quicktime.title": "B",
    trkn: Uint8Array.of(0, 0, 0, 1),
    encoder: "x",
  };
  const fields = { title: "A", trackNumber: 1 };
  assertEquals(sorted(raw, "mp4", { fields }).omitted, ["com.apple.quicktime.title"]);
  assertEquals(sorted(raw, "mov", { fields }).omitted, ["com.apple.quicktime.title", "trkn"]);
  const made = { DATE: "2020" };
  assertEquals(sorted({ Date: "2020", date: "2021" }, "mkv", { made }).omitted, ["date"]);
});

Deno.test("furtherTags() keeps a second place under its own name in Matroska", () => {
  const apple = "com.apple.quicktime.location.ISO6709";
  const same = sorted({ "©xyz": "+1+2/", [apple]: "+1+2/" }, "mkv");
  assertEquals([...same.raw], [["LOCATION", "+1+2/"]]);
  const other = sorted({ "©xyz": "+1+2/", [apple]: "+1+3/" }, "mkv");
  assertEquals([...other.raw], [["LOCATION", "+1+2/"], [apple, "+1+3/"]]);
  assertEquals([same.omitted, other.omitted], [[], []]);
});

Deno.test("omittedTags() names ten, without control characters", () => {
  assertEquals(omittedTags([]), []);
  assertEquals(omittedTags(["a\x1b[31m\n\u202eb", "\0"]), ["tags (a[31mb, without a name)"]);
  const names = Array.from({ length: 12 }, (_, index) => `${index}`);
  assertEquals(omittedTags(names), ["tags (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more)"]);
  assertEquals(omittedTags(["x".repeat(1000)]), [`tags (${"x".repeat(64)})`]);
});

Deno.test("shortFields() leaves out a text that no tag can hold", () => {
  assertEquals(shortFields({ title: "é".repeat(32_768), comment: "c", trackNumber: 1 }), {
    comment: "c",
    trackNumber: 1,
  });
});

for (const version of [0, 1] as const) {
  Deno.test(`setCreation() writes what creationNs() reads, in version ${version} of a header`, () => {
    const moov = new Uint8Array(8 + 8 + 32);
    const view = new DataView(moov.buffer);
    for (const [at, size, type] of [[0, moov.length, "moov"], [8, moov.length - 8, "mvhd"]] as const) {
      view.setUint32(at, size);
      moov.set(new TextEncoder().encode(type), at + 4);
    }
    moov[16] = version;
    const contents = new DataView(moov.buffer, 8);
    assertEquals(creationNs(contents), undefined);
    for (const seconds of [1_620_284_889n, -1n]) {
      setCreation(moov, seconds * 1_000_000_000n);
      assertEquals(creationNs(contents), seconds * 1_000_000_000n);
    }
    setCreation(moov, -1n); // within the second before 1970
    assertEquals(creationNs(contents), -1_000_000_000n);
  });
}

Deno.test("hasCreationSeconds() is false for times that 32 bits cannot say", () => {
  const ns = (date: string) => BigInt(Date.parse(date)) * 1_000_000n;
  assertEquals(
    ["1903-12-31", "1904-01-02", "2040-02-06", "2040-02-07"].map((date) => hasCreationSeconds(ns(date))),
    [
      false,
      true,
      true,
      false,
    ],
  );
});
