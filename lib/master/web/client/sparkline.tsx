/** @jsxImportSource preact */
/** A figure, and a small chart of how it was. */
import type { VNode } from "preact";

export interface SparklineProps {
  readonly label: string;
  /** The figure as it is now. */
  readonly value: string;
  readonly points: readonly { readonly timeMs: number; readonly value: number }[];
  /** Times at the left and right edge. */
  readonly startMs: number;
  readonly endMs: number;
  /** The value at the top; undefined: the highest there is. */
  readonly top?: number | undefined;
}

const [WIDTH, HEIGHT] = [100, 24];

export function Sparkline({ label, value, points, startMs, endMs, top }: SparklineProps): VNode {
  const highest = top ?? Math.max(...points.map(({ value }) => value), 1e-9) * 1.1;
  const xOf = (timeMs: number) => (Math.max(timeMs - startMs, 0) / (endMs - startMs)) * WIDTH;
  const yOf = (value: number) => HEIGHT - 1 - (Math.min(value / highest, 1)) * (HEIGHT - 2);
  const line = points.map(({ timeMs, value }) => `${xOf(timeMs).toFixed(2)},${yOf(value).toFixed(2)}`);
  const [first, last] = [points[0], points.at(-1)];
  return (
    <div class="meter">
      <span class="meter-label">{label}</span>
      <span class="meter-value">{value}</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {first && last && (
          <>
            <polygon
              class="area"
              points={`${xOf(first.timeMs)},${HEIGHT} ${line.join(" ")} ${xOf(last.timeMs)},${HEIGHT}`}
            />
            <polyline class="line" points={line.join(" ")} />
          </>
        )}
      </svg>
    </div>
  );
}
