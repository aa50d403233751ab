import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { isVideoId, MAX_CHUNK_INDEX } from "../../lib/store/shard_key.ts";
import { chunkIndexOf, keyFromLocation, ShardPathError, shardPaths } from "../../lib/store/shard_path.ts";

const ROOT = "/srv/shards";

const keys = fc.record({
  videoId: fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter(isVideoId),
  chunkIndex: fc.integer({ min: 0, max: MAX_CHUNK_INDEX }),
}, { noNullPrototype: true });

Deno.test("shardPaths() keeps the layout that other programs know", () => {
  assertEquals(shardPaths(ROOT, { videoId: "a b", chunkIndex: 7 }), {
    videoDir: "/srv/shards/a b",
    shard: "/srv/shards/a b/chunk_7.shard",
    metadata: "/srv/shards/metadata/a b_chunk_7_metadata.json",
  });
});

Deno.test("keyFromLocation() undoes shardPaths() for every key", () => {
  fc.assert(fc.property(keys, fc.constantFrom(ROOT, "/", "/a/é"), (key, root) => {
    assertEquals(keyFromLocation(root, shardPaths(root, key).shard), key);
  }));
});

Deno.test("shardPaths() gives no two keys the same file", () => {
  fc.assert(fc.property(keys, keys, (one, other) => {
    fc.pre(one.videoId !== other.videoId || one.chunkIndex !== other.chunkIndex);
    const [a, b] = [shardPaths(ROOT, one), shardPaths(ROOT, other)];
    assertEquals([a.shard === b.shard, a.metadata === b.metadata], [false, false]);
  }));
});

Deno.test("shardPaths() keeps the metadata of a apart from that of a_chunk_1", () => {
  const names = ["a", "a_chunk_1"].map((videoId) => shardPaths(ROOT, { videoId, chunkIndex: 1 }).metadata);
  assertEquals(names, [
    "/srv/shards/metadata/a_chunk_1_metadata.json",
    "/srv/shards/metadata/a_chunk_1_chunk_1_metadata.json",
  ]);
});

const refused: [string, string][] = [
  ["nothing", ""],
  ["the root", ROOT],
  ["a sibling whose name begins with the root's", "/srv/shards-evil/v/chunk_0.shard"],
  ["a way out with ..", "/srv/shards/../shards-evil/v/chunk_0.shard"],
  ["a way out and back", "/srv/shards/v/../v/chunk_0.shard"],
  ["a video named ..", "/srv/shards/../chunk_0.shard"],
  ["a doubled slash", "/srv/shards//v/chunk_0.shard"],
  ["a dot segment", "/srv/shards/./v/chunk_0.shard"],
  ["a relative path", "v/chunk_0.shard"],
  ["a deeper folder", "/srv/shards/v/w/chunk_0.shard"],
  ["a file of the root", "/srv/shards/chunk_0.shard"],
  ["leading zeros", "/srv/shards/v/chunk_01.shard"],
  ["a sign", "/srv/shards/v/chunk_-1.shard"],
  ["an index past int32", "/srv/shards/v/chunk_2147483648.shard"],
  ["a thousand digits", `/srv/shards/v/chunk_1${"0".repeat(1000)}.shard`],
  ["another ending", "/srv/shards/v/chunk_0.json"],
  ["an ending after the ending", "/srv/shards/v/chunk_0.shard.tmp"],
  ["a slash at the end", "/srv/shards/v/chunk_0.shard/"],
  ["a line feed at the end", "/srv/shards/v/chunk_0.shard\n"],
  ["NUL", "/srv/shards/v\0/chunk_0.shard"],
  ["the metadata folder", "/srv/shards/metadata/chunk_0.shard"],
  ["the working area", "/srv/shards/metadata/.staging/chunk_0.shard"],
  ["a backslash for a slash", "/srv/shards/v\\chunk_0.shard"],
  ["a file of the system", "/etc/passwd"],
];

for (const [what, location] of refused) {
  Deno.test(`keyFromLocation() refuses ${what}`, () => {
    assertThrows(() => keyFromLocation(ROOT, location), ShardPathError, "Cannot read shard");
  });
}

Deno.test("keyFromLocation() takes no text but the store's own", () => {
  fc.assert(fc.property(keys, fc.string(), fc.nat({ max: 60 }), (key, inserted, at) => {
    const { shard } = shardPaths(ROOT, key);
    const location = shard.slice(0, at) + inserted + shard.slice(at);
    try {
      assertEquals(shardPaths(ROOT, keyFromLocation(ROOT, location)).shard, location);
    } catch (error) {
      assertEquals(error instanceof ShardPathError, true);
    }
  }));
});

Deno.test("chunkIndexOf() knows the names of shards from others", () => {
  const names = [
    "chunk_0.shard",
    "chunk_2147483647.shard",
    "chunk_2147483648.shard",
    "chunk_00.shard",
    "notes.txt",
  ];
  assertEquals(names.map(chunkIndexOf), [0, 2147483647, null, null, null]);
});
