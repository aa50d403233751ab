/** Whether a worker can encode as asked, before any chunk is sent to it. */
import { type Clock, SYSTEM_CLOCK } from "../fleet/clock.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import type { WorkerCapabilities, WorkerClient } from "../rpc/worker_client.ts";

/** How long a worker may try codecs, which takes it about a second each; after that the chunks will tell. */
const TRIAL_MS = 20_000;
const ASK_AGAIN_MS = 100;
const CALL_MS = 3_000;

export interface CheckEncodesOptions {
  readonly clock?: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks for the codec and the pixel format. A worker that has no such call passes.
 *
 * @throws {Error} If the worker lacks one of them, naming what it has instead.
 * @throws {RpcError} If it does not answer. @throws `signal.reason` once aborted.
 */
export async function checkEncodes(
  worker: Pick<WorkerClient, "address" | "getCapabilities">,
  { codec, pixelFormat }: Pick<RequestedSettings, "codec" | "pixelFormat">,
  options: CheckEncodesOptions,
): Promise<void> {
  const known = await capabilitiesOf(worker, [codec], options);
  if (!known) return;
  const found = known.codecs.find((capability) => capability.codec === codec);
  if (found && found.problem === "") {
    if (found.pixelFormats.includes(pixelFormat)) return;
    throw new Error(
      `Worker ${worker.address} cannot encode ${codec} as ${pixelFormat} (--pixel_format): it can as ${
        orList(found.pixelFormats)
      }`,
    );
  }
  const all = await capabilitiesOf(worker, [], options);
  const working = all?.codecs.flatMap(({ codec, problem }) => problem === "" ? [codec] : []) ?? [];
  const why = found ? ` (${found.problem})` : "";
  const instead = working.length === 0
    ? "it encodes no video at all"
    : `it can encode ${orList(working)} (--codec)`;
  throw new Error(`Worker ${worker.address} cannot encode ${codec}${why}: ${instead}`);
}

/** Undefined: the worker does not say. */
async function capabilitiesOf(
  worker: Pick<WorkerClient, "getCapabilities">,
  codecs: readonly RequestedSettings["codec"][],
  { clock = SYSTEM_CLOCK, signal }: CheckEncodesOptions,
): Promise<WorkerCapabilities | undefined> {
  const giveUpMs = clock.monotonicMs() + TRIAL_MS;
  try {
    for (;;) {
      const known = await worker.getCapabilities(codecs, { timeoutMs: CALL_MS, signal });
      if (known.isComplete) return known;
      if (clock.monotonicMs() >= giveUpMs) return undefined;
      await clock.sleep(ASK_AGAIN_MS, signal);
    }
  } catch (error) {
    if (error instanceof RpcError && error.code === "UNIMPLEMENTED") return undefined;
    throw error;
  }
}

const orList = (names: readonly string[]) =>
  [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(" or ");
