/** The one place that turns what a command did into an exit code. */
import config from "../../deno.json" with { type: "json" };
import { notCapableText } from "../not_capable.ts";
import type { Command, Parsed } from "./command.ts";
import { parseCommand } from "./flags.ts";
import { helpText } from "./help.ts";
import { INTERRUPTED, interruptSignal } from "./interrupt.ts";
import { writeError, writeOut } from "./output.ts";
import { terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

/**
 * What a command does. It returns its exit code, nothing meaning 0, or throws. Once `signal` aborts it either
 * ends its work and returns, or throws the signal's reason.
 */
export type Main<C extends Command> = (input: Parsed<C>, signal: AbortSignal) => Promise<number | void>;

/**
 * Runs a command and ends the process. Exit codes: 0 done, 1 something failed, 2 usage, 130 interrupted.
 *
 * ```ts
 * if (import.meta.main) await exitWith(COMMAND, main);
 * ```
 */
export async function exitWith<C extends Command>(command: C, main: Main<C>): Promise<never> {
  const { signal } = interruptSignal();
  const { columns } = terminal("stdout");
  Deno.exit(await runCommand(command, main, { args: Deno.args, signal, columns, writeOut, writeError }));
}

/** What {@link exitWith} takes from the process. */
export interface CommandHost {
  readonly args: readonly string[];
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Width of the help text. */
  readonly columns: number;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** {@link exitWith} without the process: gives the exit code back. */
export async function runCommand<C extends Command>(
  command: C,
  main: Main<C>,
  host: CommandHost,
): Promise<number> {
  try {
    if (asks(host.args, /^(--help(=.*)?|-h)$/)) {
      host.writeOut(`${helpText(command, { width: Math.min(host.columns, 110) })}\n`);
      return 0;
    }
    if (asks(host.args, /^--version(=.*)?$/)) {
      host.writeOut(`${command.name} ${config.version}\n`);
      return 0;
    }
    return await main(parseCommand(command, host.args), host.signal) ?? 0;
  } catch (error) {
    const { code, text } = failure(error, host.signal);
    host.writeError(`${text}\n`);
    return code;
  }
}

/** Whether a flag is asked for, beside whatever else is typed. */
function asks(args: readonly string[], flag: RegExp): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => flag.test(arg));
}

/** Errors that a defect of this program throws; subclasses of them are somebody's own. */
const BUGS: readonly unknown[] = [TypeError, ReferenceError, RangeError];

function failure(error: unknown, signal: AbortSignal): { code: number; text: string } {
  if (error instanceof UsageError) {
    return { code: 2, text: `error: ${visible(error.message)} (see --help)` };
  }
  if (signal.aborted && isAbort(error, signal)) return { code: INTERRUPTED, text: "interrupted" };
  if (!(error instanceof Error)) return { code: 1, text: `error: ${visible(String(error))}` };
  if (BUGS.includes(error.constructor)) {
    return { code: 1, text: `error: this is a bug: ${error.stack ?? error.message}` };
  }
  const message = error instanceof Deno.errors.NotCapable ? notCapableText(error) : error.message.trim();
  return { code: 1, text: `error: ${visible(message || error.name)}` };
}

/** Whether the error says no more than that the work was called off. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  return error instanceof Error && (error.name === "AbortError" || isAbort(error.cause, signal));
}
