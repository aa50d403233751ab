/** What a master has made, with its proof, on its way here. */
import { createHash } from "node:crypto";
import { withRetries } from "../fleet/retry.ts";
import { parseProof, type Proof, proofPathOf } from "../job/proof.ts";
import { TransferError } from "../rpc/worker_client.ts";
import { writeWhole } from "../store/write_file.ts";
import { type AbsenceOptions, LONG_MS, overAbsence, SHORT_MS } from "./over_absence.ts";
import { writeOutput } from "./write_output.ts";

export interface FetchOptions extends AbsenceOptions {
  /** Where it goes. */
  readonly output: string;
}

export interface FetchedResult {
  readonly path: string;
  readonly proofPath: string;
  readonly proof: Proof;
}

/**
 * Fetches a result, again if its master goes meanwhile and comes back. One that is there and breaks every download
 * off counts as gone until there is more of the result than ever before.
 *
 * @throws {RpcError} @throws {TransferError} If the result is not what its proof says. @throws {StoreFullError}
 * @throws {StoreUnwritableError} @throws As {@link overAbsence}.
 */
export async function fetchResult(options: FetchOptions): Promise<FetchedResult> {
  const { client, videoId, signal } = options;
  let mostBytes = 0;
  const fetchOverAbsence = () =>
    overAbsence(options, async (heard) => {
      await client.status(videoId, { timeoutMs: SHORT_MS, signal }); // a day is too long to connect
      return await fetchOnce(options, (bytes) => {
        if (bytes <= mostBytes) return;
        mostBytes = bytes;
        heard();
      });
    });
  return await withRetries(fetchOverAbsence, { attempts: 3, busyMs: 0, signal });
}

/** @param onBytes Told how many there are of the result, each time that there are more. */
async function fetchOnce(
  { client, videoId, output, signal }: FetchOptions,
  onBytes: (bytes: number) => void,
): Promise<FetchedResult> {
  const rpc = { timeoutMs: LONG_MS, signal };
  const text = await new Response(client.retrieveProof(videoId, rpc)).text();
  const proof = parseProof(text);
  await writeOutput(output, () => checked(client.retrieve(videoId, rpc), proof, onBytes), { signal });
  const proofPath = proofPathOf(output);
  await writeWhole(proofPath, new Blob([text]).stream(), { signal });
  return { path: output, proofPath, proof };
}

/** Fails before the file has its name, unless the bytes are those of the proof. */
function checked(
  bytes: ReadableStream<Uint8Array>,
  { output }: Proof,
  onBytes: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  return bytes.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        hash.update(part);
        size += part.length;
        onBytes(size);
        controller.enqueue(part);
      },
      flush() {
        if (hash.digest("hex") !== output.sha256) {
          throw new TransferError("Cannot fetch the result: it is not the one that its proof is of");
        }
      },
    }),
  );
}
