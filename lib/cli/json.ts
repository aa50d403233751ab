import { visible } from "./visible.ts";

/** A value as JSON over several lines, in which nothing that a peer sent can reach the terminal as a control sequence. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).split("\n").map(visible).join("\n");
}
