/** How a command is declared: once, as data, from which come its values, their types and its help. */

interface Described {
  /** What it does, for the help text. */
  readonly help: string;
  /** One letter, for `-o` beside `--output`. */
  readonly short?: string;
  /** What the help text calls the value, such as `FILE`. */
  readonly valueName?: string;
  /** How the help text words the default where the value itself would say little. */
  readonly defaultText?: string;
  /** Has to be given; pointless with a default. */
  readonly required?: true;
}

/** `min` and `max` are inclusive. */
export interface NumberFlag extends Described {
  readonly kind: "integer" | "number";
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

/** `address`: `host:port`, IPv6 in brackets. */
export interface TextFlag extends Described {
  readonly kind: "string" | "address";
  readonly default?: string;
}

/** `--json`, `--json=true`, `--no-json`, `--json=false`; false unless its default says otherwise. */
export interface BooleanFlag extends Described {
  readonly kind: "boolean";
  readonly default?: boolean;
}

export interface ChoiceFlag extends Described {
  readonly kind: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

/** Addresses with commas between, none of them twice. */
export interface AddressesFlag extends Described {
  readonly kind: "addresses";
  readonly default?: readonly string[];
}

/** An argument known by its place. */
export type Positional = NumberFlag | TextFlag | ChoiceFlag | AddressesFlag;

export type Flag = Positional | BooleanFlag;

export interface Command {
  readonly name: string;
  /** What it is for, in a sentence or two. */
  readonly summary: string;
  /** How it is typed, such as `deno task worker [flags]`. */
  readonly usage: string;
  /** By name in snake case; each is accepted in kebab case too. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** In the order in which they are typed; the required ones first. */
  readonly positionals?: Readonly<Record<string, Positional>>;
  readonly examples?: readonly string[];
}

/** Gives the declaration back; what it adds is its exact type, from which {@link Parsed} follows. */
export function defineCommand<const C extends Command>(command: C): C {
  return command;
}

type ValueOf<F extends Flag> = F extends { readonly kind: "integer" | "number" } ? number
  : F extends { readonly kind: "boolean" } ? boolean
  : F extends { readonly kind: "addresses" } ? readonly string[]
  : F extends { readonly kind: "choice"; readonly choices: readonly (infer Choice)[] } ? Choice
  : string;

type IsAlwaysThere<F extends Flag> = F extends
  { readonly default: unknown } | { readonly required: true } | { readonly kind: "boolean" } ? true
  : false;

type Values<Flags> = {
  readonly [Name in keyof Flags]: Flags[Name] extends Flag
    ? IsAlwaysThere<Flags[Name]> extends true ? ValueOf<Flags[Name]> : ValueOf<Flags[Name]> | undefined
    : never;
};

/** The values that a command line gives; undefined for what was neither typed nor has a default. */
export interface Parsed<C extends Command> {
  readonly flags: Values<C["flags"]>;
  readonly positionals: C["positionals"] extends object ? Values<C["positionals"]>
    : Readonly<Record<never, never>>;
}
