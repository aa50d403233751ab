/** JSON in which the same value is always the same text, so that it can be hashed: pure. */

/**
 * Names in the order of their UTF-16 units, nothing between the parts; members that are undefined are left out.
 *
 * @throws {TypeError} If there is something in it that JSON has no form for, such as NaN.
 * @see RFC 8785, whose form this is for all that it takes.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  const isPlain = value === null || typeof value === "string" || typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value));
  if (!isPlain) throw new TypeError(`Cannot write ${String(value)} as JSON: it has no form there`);
  return JSON.stringify(value);
}
