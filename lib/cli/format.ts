/** Figures for people. A figure that is no number, as a peer may send it, shows as `?`. */

const BYTE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Such as `512 B` or `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "?";
  if (bytes < 0) return `-${formatBytes(-bytes)}`;
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  // 1023.95 and more would round to 1024.0 of the same unit
  while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Such as `120 ms`, `4.2 s`, `1 m 05 s` or `2 h 03 m`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 0) return `-${formatSeconds(-seconds)}`;
  const ms = Math.round(seconds * 1000);
  if (ms < 1000) return `${ms} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} m`;
}

/** @param percent 0 to 100. */
export function formatPercent(percent: number): string {
  return Number.isFinite(percent) ? `${percent.toFixed(1)} %` : "?";
}

/** Such as `1,234`, or `1 chunk` and `2 chunks` where a noun is given. */
export function formatCount(count: number, noun = "", plural = `${noun}s`): string {
  if (!Number.isFinite(count)) return "?";
  const digits = count.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return noun === "" ? digits : `${digits} ${count === 1 ? noun : plural}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
