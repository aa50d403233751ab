import { assertEquals } from "@std/assert";
import { afterAccepted, afterBlame, afterBusy, afterFailure, FRESH } from "../../lib/fleet/standing.ts";

Deno.test("afterFailure() rests a worker twice as long each time, up to half a minute; afterAccepted() forgets", () => {
  let standing = FRESH;
  const rests = [0, 1, 2, 3, 4, 5, 6, 7].map(() => {
    standing = afterFailure(standing, 1_000);
    return standing.restUntilMs - 1_000;
  });
  assertEquals(rests, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assertEquals(afterAccepted(standing), FRESH);
});

Deno.test("afterBlame() sets a worker aside the third time in a row, for good, with the reason", () => {
  const twice = afterBlame(afterBlame(FRESH, "first"), "second");
  assertEquals(twice.setAside, "");
  assertEquals(afterBlame(afterAccepted(twice), "again").setAside, "");
  const aside = afterBlame(twice, "third");
  assertEquals(aside.setAside, "third");
  assertEquals(afterAccepted(afterBlame(aside, "fourth")).setAside, "third");
});

Deno.test("afterBusy() counts as no failure, and shortens no rest", () => {
  const busy = afterBusy(FRESH, 700);
  assertEquals([busy.restUntilMs, busy.failuresInRow], [700, 0]);
  assertEquals(afterBusy(afterFailure(FRESH, 1_000), 1_100).restUntilMs, 1_500);
});
