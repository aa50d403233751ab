import { assert, assertEquals, assertRejects } from "@std/assert";
import { EncodedPacket } from "mediabunny";
import { interleave, type TrackFeed } from "../../lib/assemble/interleave.ts";

interface RecordingFeed extends TrackFeed {
  isEnded(): boolean;
}

/** A feed that writes down what it is asked to add. */
function feed(name: string, times: readonly number[], log: string[]): RecordingFeed {
  let ended = false;
  return {
    packets: (async function* () {
      try {
        for (const time of times) yield new EncodedPacket(new Uint8Array(1), "key", time, 1);
      } finally {
        ended = true;
      }
    })(),
    add: ({ timestamp }) => {
      log.push(`${name}${timestamp}`);
      return Promise.resolve();
    },
    close: () => log.push(`${name} closed`),
    isEnded: () => ended,
  };
}

Deno.test("interleave() goes on with the track that has come least far", async () => {
  const log: string[] = [];
  await interleave([feed("v", [0, 3, 1, 2, 4], log), feed("a", [0, 0.9, 1.8, 2.7, 3.6], log)]);
  assertEquals(log.join(" "), "v0 a0 v3 a0.9 a1.8 a2.7 a3.6 v1 v2 v4 a closed v closed");
});

Deno.test("interleave() adds the first packet of a track that starts much later before the rest of the others", async () => {
  const log: string[] = [];
  await interleave([feed("v", [0, 1, 2, 3], log), feed("a", [100, 101], log)]);
  assertEquals(log.slice(0, 4), ["v0", "a100", "v1", "v2"]);
});

Deno.test("interleave() ends every feed when one fails", async () => {
  const feeds = [feed("v", [0, 1, 2], []), feed("a", [0, 1, 2], [])];
  let added = 0;
  const failing = {
    ...feeds[0]!,
    add: () => ++added === 2 ? Promise.reject(new Error("disk full")) : Promise.resolve(),
  };
  await assertRejects(() => interleave([failing, feeds[1]!]), Error, "disk full");
  assert(feeds.every((feed) => feed.isEnded()));
});

Deno.test("interleave() stops with the signal's reason and ends every feed", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const log: string[] = [];
  const feeds = [feed("v", [0, 1, 2, 3], log), feed("a", [0, 1, 2, 3], log)];
  const stopping = {
    ...feeds[1]!,
    add: () => Promise.resolve(stop.abort(reason)),
  };
  assertEquals(await assertRejects(() => interleave([feeds[0]!, stopping], { signal: stop.signal })), reason);
  assertEquals(log, ["v0"]);
  assert(feeds.every((feed) => feed.isEnded()));
});
