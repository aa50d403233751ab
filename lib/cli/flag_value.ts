/** One flag's text as a value; malformed text is an error, never a default. */
import { addressProblem } from "../rpc/address.ts";
import type { ChoiceFlag, Flag, NumberFlag } from "./command.ts";
import { UsageError } from "./usage_error.ts";

export type FlagValue = string | number | boolean | readonly string[];

/**
 * @param label How the user knows the flag, such as `--port`.
 * @throws {UsageError} Naming the label, what is wanted and what was given.
 */
export function readFlagValue(label: string, flag: Flag, text: string): FlagValue {
  switch (flag.kind) {
    case "integer":
    case "number":
      return readNumber(label, flag, text);
    case "boolean":
      return readBoolean(label, text);
    case "choice":
      return readChoice(label, flag, text);
    case "address":
      return readAddress(label, text);
    case "addresses":
      return readAddresses(label, text);
    case "string":
      if (text === "") throw new UsageError(`${label} must not be empty`);
      return text;
  }
}

/** The range of a number in words, such as ` from 0 to 65535`; empty where there is none. */
export function rangeText({ min, max }: NumberFlag): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  if (max !== undefined) return ` of at most ${max}`;
  return "";
}

const WHOLE = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function readNumber(label: string, flag: NumberFlag, text: string): number {
  const { kind, min = -Infinity, max = Infinity } = flag;
  const value = Number(text);
  const isOfKind = kind === "integer"
    ? WHOLE.test(text) && Number.isSafeInteger(value)
    : DECIMAL.test(text) && Number.isFinite(value);
  if (isOfKind && value >= min && value <= max) return value;
  const wanted = `a ${kind === "integer" ? "whole number" : "number"}${rangeText(flag)}`;
  throw new UsageError(`${label} must be ${wanted}, not ${JSON.stringify(text)}`);
}

function readBoolean(label: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new UsageError(`${label} must be true or false, not ${JSON.stringify(text)}`);
}

function readChoice(label: string, { choices }: ChoiceFlag, text: string): string {
  if (choices.includes(text)) return text;
  const listed = [choices.slice(0, -1).join(", "), ...choices.slice(-1)].filter(Boolean).join(" or ");
  throw new UsageError(`${label} must be ${listed}, not ${JSON.stringify(text)}`);
}

function readAddress(label: string, text: string): string {
  const problem = addressProblem(text);
  if (problem === undefined) return text;
  throw new UsageError(`${label} must be host:port, but ${JSON.stringify(text)} is ${problem}`);
}

function readAddresses(label: string, text: string): readonly string[] {
  const addresses = text.split(",").map((part) => readAddress(label, part.trim()));
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw new UsageError(`${label} names ${twice} twice`);
  return addresses;
}
