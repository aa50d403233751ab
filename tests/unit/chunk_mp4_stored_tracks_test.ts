import { assertEquals } from "@std/assert";
import { box, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn, handlerOf } from "../../lib/chunk/mp4_boxes.ts";
import { mp4StoredTrack } from "../../lib/chunk/mp4_stored_tracks.ts";

const LABELS = { id: 3, title: "timecode track" };
const DESCRIPTION = box("tmcd", new Uint8Array(26));
const OWN_DATA = box("url ", words(1));

interface Parts {
  readonly handler?: string;
  readonly references?: readonly Uint8Array[];
  readonly descriptions?: readonly Uint8Array[];
}

function trakWith(
  { handler = "tmcd", references = [OWN_DATA], descriptions = [DESCRIPTION] }: Parts = {},
): DataView {
  const tables = box(
    "stbl",
    box("stsd", words(0, descriptions.length), ...descriptions),
    box("stts", words(0, 1, 1, 75)),
    box("stsz", words(0, 4, 1)),
  );
  const trak = box(
    "trak",
    box("tkhd", words(0, 0, 0, 3)),
    box(
      "mdia",
      box("hdlr", words(0, 0), new TextEncoder().encode(handler)),
      box("minf", box("dinf", box("dref", words(0, references.length), ...references)), tables),
    ),
  );
  return new DataView(trak.buffer, 8);
}

Deno.test("mp4StoredTrack() keeps the header of a track without its sample tables", () => {
  const { entry, ...labels } = mp4StoredTrack(trakWith(), "tmcd", LABELS)!;
  assertEquals(labels, { kind: "mp4", ...LABELS, isSound: false });
  const kept = new DataView(entry.buffer, entry.byteOffset, entry.length);
  assertEquals([...boxesIn(kept)].map(({ type }) => type), ["tkhd", "mdia"]);
  assertEquals(handlerOf(kept), "tmcd");
  const [stbl] = boxesAt(kept, "mdia", "minf", "stbl");
  assertEquals([...boxesIn(stbl!)].map(({ type }) => type), ["stsd"]);
});

Deno.test("mp4StoredTrack() tells sound that QuickTime alone describes so from other sound", () => {
  const kindOf = (version: number) => {
    const description = box("ac-4", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, version), new Uint8Array(18));
    const trak = trakWith({ handler: "soun", descriptions: [description] });
    return mp4StoredTrack(trak, "soun", LABELS)?.kind;
  };
  assertEquals([0, 1, 2].map(kindOf), ["mp4", "mov", "mov"]);
});

const REFUSED: Readonly<Record<string, Parts>> = {
  "whose samples are pictures": { handler: "pict" },
  "that says how to send other tracks": { handler: "hint" },
  "with several sample descriptions": { descriptions: [DESCRIPTION, DESCRIPTION] },
  "with none": { descriptions: [] },
  "whose samples are in another file": {
    references: [box("url ", words(0), new TextEncoder().encode("other.mov"))],
  },
  "whose samples are in several files": { references: [OWN_DATA, OWN_DATA] },
  "without data references": { references: [] },
  "with a header of megabytes": { descriptions: [box("tmcd", new Uint8Array(2 ** 20))] },
};

for (const [what, parts] of Object.entries(REFUSED)) {
  Deno.test(`mp4StoredTrack() carries no track ${what}`, () => {
    assertEquals(mp4StoredTrack(trakWith(parts), parts.handler ?? "tmcd", LABELS), undefined);
  });
}
