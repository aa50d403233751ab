/** The log of a server, one line an event. */
import type { LogFields, Logger, LogValue } from "../log.ts";
import { currentTrace } from "../trace.ts";
import { OutputError } from "./output.ts";
import { visible } from "./visible.ts";

export interface LoggerOptions {
  /** `text` for people, `json` (one object a line) for programs. */
  readonly format: "text" | "json";
  /**
   * Gets one line at a time, with its line feed.
   *
   * @throws {OutputError} If not all of it could be written: the line is lost.
   */
  readonly write: (line: string) => void;
  /** Now by default. */
  readonly now?: () => Date;
}

type Level = "info" | "warn" | "error";

/**
 * A logger whose lines are always one line: whatever a peer sends, in a message or in a field, cannot start
 * another, nor reach the terminal as a control sequence. Where there is a trace, each line names it.
 *
 * A server must not end for a line that its log does not take, since the disk is full or the reader has gone: the line
 * is lost, and before the next that is taken, one says how many were.
 */
export function createLogger({ format, write, now = () => new Date() }: LoggerOptions): Logger {
  const line = format === "json" ? jsonLine : textLine;
  let lostLines = 0;
  let reason = "";
  /** Whether the log ends amid a line. */
  let isCut = false;

  function writeLine(level: Level, message: string, fields: LogFields): void {
    const start = isCut ? "\n" : "";
    write(`${start}${visible(line(now().toISOString(), level, message, fields))}\n`);
    isCut = false;
  }

  const log = (level: Level) => (message: string, fields: LogFields = {}): void => {
    try {
      if (lostLines > 0) writeLine("warn", "Log lines were lost", { lines: lostLines, reason });
      lostLines = 0;
      writeLine(level, message, { trace_id: traceId(), ...fields });
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      lostLines++;
      isCut ||= error.writtenBytes > 0;
      reason = error.message;
    }
  };
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
