/**
 * A stand-in for `jsr:@std/assert`: the functions this project uses, on `node:assert/strict`.
 * See docs/dependencies.md.
 */
import nodeAssert, { AssertionError } from "node:assert/strict";

// deno-lint-ignore no-explicit-any -- the real package's own signature: a class of any constructor
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

export { AssertionError };

export function assert(expr: unknown, msg = ""): asserts expr {
  nodeAssert.ok(expr, msg || "expected a truthy value");
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, msg as string);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, msg as string);
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  nodeAssert.ok(actual.includes(expected), msg ?? `expected ${q(actual)} to include ${q(expected)}`);
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  nodeAssert.match(actual, expected, msg as string);
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.ok(actual > expected, msg ?? `expected ${actual} > ${expected}`);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.ok(actual < expected, msg ?? `expected ${actual} < ${expected}`);
}

export function assertInstanceOf<E extends Error>(
  actual: unknown,
  expectedType: ErrorClass<E>,
  msg?: string,
): asserts actual is E {
  nodeAssert.ok(actual instanceof expectedType, msg ?? `expected an instance of ${expectedType.name}`);
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any -- as above
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  expected?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checked(error, expected, msgIncludes, msg);
  }
  throw new AssertionError({ message: msg ?? "expected function to throw" });
}

export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any -- as above
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  expected?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  try {
    await fn();
  } catch (error) {
    return checked(error, expected, msgIncludes, msg);
  }
  throw new AssertionError({ message: msg ?? "expected function to reject" });
}

function checked<E extends Error>(
  error: unknown,
  expected: ErrorClass<E> | string | undefined,
  msgIncludes?: string,
  msg?: string,
): unknown {
  if (typeof expected !== "function") return error;
  assertInstanceOf(error, expected, msg ?? `expected ${expected.name}, found ${error}`);
  if (msgIncludes !== undefined) assertStringIncludes(error.message, msgIncludes, msg);
  return error;
}

const q = (text: string) => JSON.stringify(text);
