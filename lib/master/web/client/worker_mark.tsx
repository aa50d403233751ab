/** @jsxImportSource preact */
/** How a worker is told from others: a number, and a colour that goes with it. */
import type { VNode } from "preact";

/** As many as styles.css has; then they come again, and the numbers go on. */
const COLOURS = 6;

export const workerClass = (number: number | undefined): string =>
  number === undefined ? "worker-none" : `worker-${number % COLOURS}`;

export const WorkerMark = ({ number }: { readonly number: number | undefined }): VNode => (
  <span class={`worker-mark ${workerClass(number)}`} aria-hidden="true">
    {number === undefined ? "" : number + 1}
  </span>
);
