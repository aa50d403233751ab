/** The flag by which a command says where the times of its output begin. */
import { lateStartNote, OUTPUT_STARTS } from "../assemble/output_start.ts";

export const START_FLAG = {
  start: {
    kind: "choice",
    choices: OUTPUT_STARTS,
    defaultText: "source",
    help: "Where times begin: as the source's do, or at 0, by one offset for pictures, sound and texts.",
  },
} as const;

/** Of an output whose source begins late: what it is, and how to change it. */
export function startHint(seconds: number): string {
  return `${lateStartNote(seconds)}; --start zero makes it begin at 0`;
}
