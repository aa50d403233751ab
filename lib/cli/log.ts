/** The log of a server, one line an event. */
import type { LogFields, Logger, LogValue } from "../log.ts";
import { currentTrace } from "../trace.ts";
import { visible } from "./visible.ts";

export interface LoggerOptions {
  /** `text` for people, `json` (one object a line) for programs. */
  readonly format: "text" | "json";
  /** Gets one line at a time, with its line feed. */
  readonly write: (line: string) => void;
  /** Now by default. */
  readonly now?: () => Date;
}

type Level = "info" | "warn" | "error";

/**
 * A logger whose lines are always one line: whatever a peer sends, in a message or in a field, cannot start
 * another, nor reach the terminal as a control sequence. Where there is a trace, each line names it.
 */
export function createLogger({ format, write, now = () => new Date() }: LoggerOptions): Logger {
  const line = format === "json" ? jsonLine : textLine;
  const log = (level: Level) => (message: string, fields: LogFields = {}): void =>
    write(`${visible(line(now().toISOString(), level, message, { trace_id: traceId(), ...fields }))}\n`);
  return { info: log("info"), warn: log("warn"), error: log("error") };
}

/** Of the call that the line is about, or of what set it off. */
const traceId = (): string | undefined => currentTrace()?.traceId;

function textLine(time: string, level: Level, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textValue(value)}`);
  return `${time} ${level.toUpperCase()} ${message}${pairs.join("")}`;
}

/** In quotes where it would otherwise not be clear where the value ends. */
function textValue(value: LogValue): string {
  const text = String(value);
  const isPlain = text !== "" && !/[\s"=\\]/.test(text) && visible(text) === text;
  return isPlain ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function jsonLine(time: string, level: Level, message: string, fields: LogFields): string {
  const head = { time, level, message };
  // first for the order, and last because no field may pose as one of these
  const values = Object.entries(fields).map(([name, value]) => [name, jsonValue(value)]);
  return JSON.stringify({ ...head, ...Object.fromEntries(values), ...head });
}

/** JSON has no NaN and no infinities: they are given by name, not as null. */
function jsonValue(value: LogValue): LogValue {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
