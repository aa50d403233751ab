/** A peer sent a whole number that JavaScript cannot hold exactly. */
export class UnsafeIntegerError extends RangeError {
  override readonly name = "UnsafeIntegerError";
}

/**
 * Reads an int64 field, which arrives as decimal text since a JavaScript number holds 53 bits.
 *
 * @param field Named in the error.
 * @throws {UnsafeIntegerError} If the value is past ±(2^53 - 1), where numbers stop being exact.
 */
export function fromInt64(value: string | number, field: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new UnsafeIntegerError(
    `Cannot read ${field} ${value}: past 2^53 - 1, where numbers stop being exact`,
  );
}
