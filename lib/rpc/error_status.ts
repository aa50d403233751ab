/** What callers see of an error, by tables of classes. */
import { status } from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import type { EndStatus } from "./server_call.ts";

type ErrorClass = new (...args: never[]) => Error;

/** The first class that fits decides. */
export type StatusTable = readonly (readonly [ErrorClass, status])[];

/** Details travel in a trailer, whose whole size clients bound to some 8 KiB; each unit takes up to 9 bytes of it. */
const MAX_DETAILS = 800;

/** What is not in the table goes out as "Internal error" and nothing more: see {@link logged}. */
export function statusFrom(table: StatusTable, error: unknown): EndStatus {
  if (error instanceof DOMException && error.name === "AbortError") {
    return { code: status.CANCELLED, details: "Call is over" };
  }
  for (const [type, code] of table) {
    if (error instanceof type) return { code, details: shortened(error.message) };
  }
  return { code: status.INTERNAL, details: "Internal error" };
}

/** As much of a text as may go out. */
export function shortened(details: string): string {
  return details.slice(0, MAX_DETAILS).toWellFormed(); // grpc-js would throw at half a surrogate pair
}

/** Puts in the log what became of a call; what the caller is not told with its stack. */
export function logged(answer: EndStatus, error: unknown, logger: Logger): EndStatus {
  const code = status[answer.code];
  if (answer.code === status.INTERNAL) {
    const stack = error instanceof Error ? error.stack ?? error.message : String(error);
    logger.error("Call failed", { code, error: stack });
  } else {
    logger.warn("Call refused", { code, details: answer.details });
  }
  return answer;
}
