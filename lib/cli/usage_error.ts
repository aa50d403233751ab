/** The command was typed wrongly; the message is one line that names the flag or argument. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
