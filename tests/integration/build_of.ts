import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { byNumber } from "./by_number.ts";
import { until } from "./until.ts";

/** What a worker encodes H.264 with, once it has tried that, which takes its time after the start. */
export async function buildOf(address: string): Promise<string> {
  using client = connectWorker(byNumber(address));
  let build: string | undefined;
  await until(async () => {
    const { codecs, isComplete } = await client.getCapabilities(["h264"], { timeoutMs: 60_000 });
    build = isComplete ? codecs.find(({ codec }) => codec === "h264")?.encoder : undefined;
    return isComplete;
  });
  if (!build) throw new Error(`${address} encodes no H.264`);
  return build;
}
