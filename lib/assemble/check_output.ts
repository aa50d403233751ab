/** Whether a planned video can be written as asked: to be known before anything is encoded. */
import type { VideoCodec } from "mediabunny";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import { AssembleError } from "./assemble_error.ts";
import { checkVideoFits, type Container, containerOf, reservesIndex } from "./output_container.ts";

export interface OutputWish {
  /** Its extension chooses the container. */
  readonly path: string;
  /** Of the shards; absent: not known yet. */
  readonly codec?: VideoCodec;
  /** Whether the chunks themselves are put together again. */
  readonly copied?: boolean | undefined;
}

/**
 * @returns The container.
 * @throws {AssembleError} If the container cannot hold the video, or not show it as its source does.
 */
export function checkOutput(plan: VideoPlan, { path, codec, copied = false }: OutputWish): Container {
  const container = containerOf(path);
  if (codec) checkVideoFits(container, codec);
  if (plan.hiddenFirst > 0 && !reservesIndex(container)) {
    throw new AssembleError(
      `Cannot put this video into .${container}: its edit list hides the first ${plan.hiddenFirst} frames, ` +
        `which only .mp4 and .mov can do`,
    );
  }
  if (copied && plan.droppedFirst > 0) {
    throw new AssembleError(
      `Cannot copy this video: its edit list hides the first ${plan.droppedFirst} frames, which the plan leaves out`,
    );
  }
  if (copied && plan.parametersChangeAt !== undefined) {
    throw new AssembleError(
      `Cannot copy this video: what it takes to decode it changes at frame ${plan.parametersChangeAt} (encode it)`,
    );
  }
  const last = plan.segments.at(-1);
  if (copied && plan.hiddenLast > 0 && last?.hasLeadOut) {
    throw new AssembleError(
      `Cannot copy this video: its edit list hides the last ${plan.hiddenLast} frames, which others need (encode it)`,
    );
  }
  return container;
}
