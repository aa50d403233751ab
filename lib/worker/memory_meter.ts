import { residentBytes } from "./machine_load.ts";

/** Encoders come and go within seconds; reading their sizes more often would cost more than it tells. */
const SAMPLE_MS = 1_000;

/** Resident memory of this process and, as of the last sample, of the given ones. */
export function createMemoryMeter(pids: () => ReadonlySet<number>): Disposable & { bytes(): number } {
  let childBytes = 0;
  let isSampling = false;

  async function sample(): Promise<void> {
    if (isSampling) return;
    isSampling = true;
    try {
      childBytes = await residentBytes(pids());
    } catch {
      childBytes = 0; // a machine without `cat` or `ps` tells only of this process
    } finally {
      isSampling = false;
    }
  }

  const timer = setInterval(sample, SAMPLE_MS);
  return {
    bytes: () => Deno.memoryUsage().rss + childBytes,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
