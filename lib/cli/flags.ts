/** Command lines as typed values. */
import { parseArgs } from "@std/cli";
import { distance } from "fastest-levenshtein";
import type { Command, Flag, Parsed, Positional } from "./command.ts";
import { type FlagValue, readFlagValue } from "./flag_value.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a command line. A flag is accepted in snake and in kebab case, as `--flag value` and `--flag=value`;
 * what follows `--` is never a flag.
 *
 * @throws {UsageError} For a flag that is unknown, repeated, missing, malformed or without its value, and for
 * an argument that is missing, malformed or one too many.
 */
export function parseCommand<C extends Command>(command: C, args: readonly string[]): Parsed<C> {
  const flags = Object.entries(command.flags);
  // "_" as well: otherwise a positional such as 0x10 would come back as the number 16
  const texts = parseArgs(canonicalArgs(command, args), { string: [...flags.map(([name]) => name), "_"] });
  const values = flags.map(([name, flag]): [string, FlagValue | undefined] => {
    const text: unknown = Object.hasOwn(texts, name) ? texts[name] : undefined;
    return [name, valueOf(`--${name}`, flag, text as string | undefined)];
  });
  const positionals = positionalValues(command.positionals ?? {}, texts._.map(String));
  // the declaration's own types say what the readers gave, kind by kind
  return { flags: Object.fromEntries(values), positionals } as unknown as Parsed<C>;
}

function positionalValues(
  declared: Readonly<Record<string, Positional>>,
  given: readonly string[],
): Record<string, FlagValue | undefined> {
  const entries = Object.entries(declared);
  if (given.length > entries.length) {
    throw new UsageError(`unexpected argument ${JSON.stringify(given[entries.length])}`);
  }
  return Object.fromEntries(
    entries.map(([name, positional], i) => [name, valueOf(name.toUpperCase(), positional, given[i])]),
  );
}

function valueOf(label: string, flag: Flag, text: string | undefined): FlagValue | undefined {
  if (text !== undefined) return readFlagValue(label, flag, text);
  if (flag.required) throw new UsageError(`${label} is required`);
  return flag.default ?? (flag.kind === "boolean" ? false : undefined);
}

/** Every flag as `--snake_case=text`, the one form on which all parsers agree, whatever the text looks like. */
function canonicalArgs(command: Command, args: readonly string[]): string[] {
  const canonical: string[] = [];
  const seen = new Set<string>();
  const rest = [...args];
  while (rest.length > 0 && rest[0] !== "--") {
    const arg = rest.shift()!;
    if (!isFlag(arg)) {
      canonical.push(arg);
      continue;
    }
    const { name, text } = readFlag(command, arg, rest);
    if (seen.has(name)) throw new UsageError(`--${name} is given twice`);
    seen.add(name);
    canonical.push(`--${name}=${text}`);
  }
  return [...canonical, ...rest];
}

/** Whether it starts like one; `-` alone means standard input or output. */
function isFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

/** Takes the flag's text from `rest` where `arg` itself has none. */
function readFlag(command: Command, arg: string, rest: string[]): { name: string; text: string } {
  const equals = arg.indexOf("=");
  const spelled = equals < 0 ? arg : arg.slice(0, equals);
  const { name, flag, isNegated } = findFlag(command, spelled);
  if (flag.kind === "boolean" && equals < 0) return { name, text: String(!isNegated) };
  if (isNegated) throw new UsageError(`${spelled} takes no value`);
  const text = equals < 0 ? takeValue(rest) : arg.slice(equals + 1);
  if (text === undefined || text === "") throw new UsageError(`--${name} needs a value`);
  return { name, text };
}

/** A negative number is a value: of a flag that wants none, its reader says so, with the flag's name. */
function takeValue(rest: string[]): string | undefined {
  const next = rest[0];
  const isValue = next !== undefined && (!isFlag(next) || /^-\.?\d/.test(next));
  return isValue ? rest.shift() : undefined;
}

interface FoundFlag {
  readonly name: string;
  readonly flag: Flag;
  /** `--no-name` was typed. */
  readonly isNegated: boolean;
}

function findFlag(command: Command, spelled: string): FoundFlag {
  const { flags } = command;
  if (!spelled.startsWith("--")) {
    const letter = spelled.slice(1);
    const found = Object.entries(flags).find(([, flag]) => flag.short === letter);
    if (found === undefined) throw new UsageError(`unknown flag ${spelled}`);
    return { name: found[0], flag: found[1], isNegated: false };
  }
  const name = spelled.slice(2).replaceAll("-", "_");
  const flag = ownFlag(flags, name);
  if (flag !== undefined) return { name, flag, isNegated: false };
  const positive = name.startsWith("no_") ? name.slice(3) : "";
  const negated = ownFlag(flags, positive);
  if (negated?.kind === "boolean") return { name: positive, flag: negated, isNegated: true };
  const nearest = nearestName(name, [...Object.keys(flags), "help", "version"]);
  throw new UsageError(
    `unknown flag ${spelled}` + (nearest === undefined ? "" : `: did you mean --${nearest}?`),
  );
}

/** Not what every object inherits: `--constructor` is no flag. */
function ownFlag(flags: Readonly<Record<string, Flag>>, name: string): Flag | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** The name most like the one typed; undefined where more than half of it would have to change. */
function nearestName(typed: string, names: readonly string[]): string | undefined {
  const longer = typed.length > 2 ? names.find((name) => name.startsWith(typed)) : undefined;
  if (longer !== undefined) return longer;
  const [nearest] = names
    .map((name) => ({ name, edits: distance(typed, name) }))
    .filter(({ name, edits }) => edits <= Math.max(typed.length, name.length) / 2)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.name;
}
