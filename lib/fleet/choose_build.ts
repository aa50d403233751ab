/** Which encoder build a job keeps to. Pure. */
import { CODEC_ENCODERS } from "../encode/codec_encoder.ts";
import { type Codec, CODECS, type EncodeSettings } from "../encode/settings.ts";
import type { CodecCapability } from "../rpc/worker_client.ts";

/** What one worker says to a job's settings. */
export type BuildAnswer =
  /** It has not been reached, or has gone. */
  | { readonly kind: "silent"; readonly worker: string }
  /** It has not tried the codec yet. */
  | { readonly kind: "pending"; readonly worker: string }
  | { readonly kind: "can"; readonly worker: string; readonly build: string }
  | { readonly kind: "cannot"; readonly worker: string; readonly reason: string };

export type BuildChoice =
  | { readonly kind: "chosen"; readonly build: string }
  /** All have answered, and none can. */
  | { readonly kind: "none"; readonly reasons: readonly string[] }
  | { readonly kind: "wait" };

/**
 * The build of most workers that can.
 *
 * @param options Whether those that are still trying are waited for.
 */
export function chooseBuild(
  answers: readonly BuildAnswer[],
  { waitForPending }: { readonly waitForPending: boolean },
): BuildChoice {
  const isPending = answers.some(({ kind }) => kind === "pending");
  const votes = new Map<string, number>();
  for (const answer of answers) {
    if (answer.kind === "can") votes.set(answer.build, (votes.get(answer.build) ?? 0) + 1);
  }
  if (votes.size > 0 && !(isPending && waitForPending)) {
    // by name where they are equal, so that it does not depend on who answers first
    const [[build]] = [...votes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)) as [[string, number]];
    return { kind: "chosen", build };
  }
  const refusals = answers.flatMap((answer) =>
    answer.kind === "cannot" ? [`${answer.worker}: ${answer.reason}`] : []
  );
  if (answers.length > 0 && refusals.length === answers.length) return { kind: "none", reasons: refusals };
  return { kind: "wait" };
}

/** What a worker's finding about a codec says to the settings. */
export function answerOf(
  worker: string,
  capability: CodecCapability,
  { pixelFormat }: EncodeSettings,
): BuildAnswer {
  const { codec, encoder, problem, pixelFormats } = capability;
  if (encoder === "") return { kind: "cannot", worker, reason: problem || `it encodes no ${codec}` };
  if (pixelFormats.includes(pixelFormat)) return { kind: "can", worker, build: encoder };
  return {
    kind: "cannot",
    worker,
    reason: `its ${codec} encoder, ${encoder}, takes no ${pixelFormat} but ${pixelFormats.join(", ")}`,
  };
}

/** The codecs that a build may be of: one, where its name says so. */
export function codecsOfBuild(build: string): readonly Codec[] {
  const named = CODECS.filter((codec) => build.includes(`/${CODEC_ENCODERS[codec].name} `));
  return named.length > 0 ? named : CODECS;
}
