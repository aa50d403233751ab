/** The address without a name in it, whose resolver would keep a timer for half a minute. */
export function byNumber(address: string): string {
  return address.replace("localhost", "127.0.0.1");
}
