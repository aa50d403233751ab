/** What Deno refuses a program, in words for who runs it. */

/** What no permission for reading or writing gives, only all of them at once. */
const ALL_NEEDED = /^Requires all access to (".*"),/s;
const WHY = "Deno does not let programs use /dev, /proc or /sys without all permissions";

/** Why a file could not be used, as in "Cannot <attempted>: <why>". */
export function whyNotCapable({ message }: Deno.errors.NotCapable): string {
  return ALL_NEEDED.test(message) ? WHY : message;
}

/** {@link whyNotCapable} as a sentence of its own. */
export function notCapableText(error: Deno.errors.NotCapable): string {
  const [, path] = ALL_NEEDED.exec(error.message) ?? [];
  return path === undefined ? error.message : `Cannot use ${path}: ${WHY}`;
}
