/**
 * A stand-in for `jsr:@std/cli`: `parseArgs`, on `npm:minimist`, which the real one descends from.
 * See docs/dependencies.md.
 */
// @ts-types="npm:@types/minimist@^1.2.5"
import minimist from "minimist";

/** Those of the real package's options that this project uses. */
export interface ParseOptions {
  boolean?: string[];
  string?: string[];
  unknown?: (arg: string) => unknown;
}

export interface Args {
  _: (string | number)[];
  // deno-lint-ignore no-explicit-any -- the real package's own type where names are not literals
  [name: string]: any;
}

export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const { unknown, ...rest } = options;
  // minimist's `unknown` has to answer with a boolean; the real package takes anything but false for true
  return minimist(args, { ...rest, ...(unknown && { unknown: (arg) => unknown(arg) !== false }) });
}
