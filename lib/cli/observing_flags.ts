/** The flags by which a server can be watched. */

export const OBSERVING_FLAGS = {
  metrics_port: {
    kind: "integer",
    min: 0,
    max: 65_535,
    help: "Port of the Prometheus page /metrics (off).",
  },
  log_format: {
    kind: "choice",
    choices: ["text", "json"],
    default: "text",
    help: "How log lines are written.",
  },
} as const;
