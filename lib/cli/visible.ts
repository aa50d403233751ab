/** Makes text from outside safe to print. */

/** Control characters, line and paragraph separators, marks that reorder a line, and halves of a character. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Replaces every character that could start a line, move the cursor or reorder the text by an escape such as
 * `\n` or `\u001b`, so that a name or a message sent by a peer cannot pose as anything else. Inside the strings
 * of JSON these escapes mean what they replace.
 */
export function visible(text: string): string {
  return text.replace(
    UNSAFE,
    (char) => NAMED[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
