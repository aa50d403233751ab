/** Flags that would do nothing on a command line. */
import { UsageError } from "./usage_error.ts";

/**
 * @param flags By name; undefined or false: not given. A flag with a default is always given: it needs a `defaultText`
 * in place of that.
 * @param names Those that would do nothing.
 * @param why Ends the sentence "--crf has no effect".
 * @throws {UsageError} Naming the first one that is given.
 */
export function refuseFlags<Name extends string>(
  flags: Readonly<Record<Name, unknown>>,
  names: readonly NoInfer<Name>[],
  why: string,
): void {
  const given = names.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (given !== undefined) throw new UsageError(`--${given} has no effect ${why}`);
}
