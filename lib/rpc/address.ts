import { isIP } from "node:net";

/** `host` and `port` as one address; an IPv6 host in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host of an address, without brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

/** The host as long as a name may be, RFC 1035, section 2.3.4; that has room for an IPv6 address and its zone. */
const ADDRESS = /^(?:[\p{L}\p{N}._-]{1,253}|\[(?<ipv6>[^\]]{1,253})\])(?::(?<port>[^/]*))?$/u;
/** In units of UTF-16, of which a letter may take two. */
const MAX_LENGTH = 2 * 253 + ":65535".length;

/**
 * Whether a text is `host:port`. The host is a name, with letters of any script, or an IPv4 address, or an IPv6
 * address in brackets, with the zone that a link-local one needs. One can connect to the port, so it is not 0.
 *
 * @returns What the text is instead, such as `an address without a port`; undefined: it is an address.
 */
export function addressProblem(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return "longer than an address can be";
  if (/^[\da-f]*:[\da-f:.]*:[\da-f.]*$/i.test(text)) return "an IPv6 address without brackets";
  const match = ADDRESS.exec(text);
  const { ipv6, port = "" } = match?.groups ?? {};
  if (match === null || (ipv6 !== undefined && isIP(ipv6) !== 6)) return "not an address";
  if (port === "") return "an address without a port";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return "an address whose port is not a whole number from 1 to 65535";
  }
  return undefined;
}
