/** What library code may say while it works; how and where it is written is the caller's affair. */

export type LogValue = string | number | boolean | undefined;

/** Facts beside the message, by name; an undefined one is left out. */
export type LogFields = Readonly<Record<string, LogValue>>;

export interface Logger {
  info(message: string, fields?: LogFields): void;
  /** Something went wrong and was dealt with. */
  warn(message: string, fields?: LogFields): void;
  /** Something asked for was not done. */
  error(message: string, fields?: LogFields): void;
}
