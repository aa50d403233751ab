import { setTimeout } from "node:timers/promises";

/** For a machine that has other things to do, too: it costs nothing but where a test fails. */
const GIVE_UP_MS = 60_000;
const AGAIN_MS = 10;

/** Asks again and again until it is so, about something outside of this program that tells nobody. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + GIVE_UP_MS;
  while (!await isSo()) {
    if (performance.now() > giveUpMs) throw new Error(`not so after ${GIVE_UP_MS} ms: ${isSo}`);
    await setTimeout(AGAIN_MS);
  }
}
