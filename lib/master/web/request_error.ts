/** A request that cannot be understood. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** Which part of it, such as a name in the query; empty: none in particular. */
  readonly field: string;

  constructor(message: string, field = "") {
    super(message);
    this.field = field;
  }
}
