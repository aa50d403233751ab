import { ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { hostOf } from "./address.ts";
import { checkTls } from "./check_tls.ts";
import type { ClientTls } from "./credentials.ts";
import "./session_ends.ts";

const OPTIONS: ChannelOptions = {
  // a server that restarts is found again at once, not after a backoff of minutes
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  // a server sends so much before it waits for us; HTTP/2's own 64 KiB make it wait most of the time
  "grpc-node.flow_control_window": 256 * 1024,
};

/**
 * What a client of grpc-js is made with.
 *
 * @param address `host:port`
 * @throws {TlsError}
 */
export function channelTo(
  address: string,
  tls: ClientTls | undefined,
  options: ChannelOptions = {},
): [target: string, credentials: ChannelCredentials, options: ChannelOptions] {
  // without it, a host called "unix" would say what kind of address this is
  const target = `dns:${address}`;
  if (!tls) return [target, ChannelCredentials.createInsecure(), { ...OPTIONS, ...options }];
  checkTls(tls);
  const pem = (text: string | undefined) => text === undefined ? null : Buffer.from(text);
  const identity = identityOf(hostOf(address));
  const credentials = ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), identity.verify);
  return [target, credentials, { ...OPTIONS, ...identity.options, ...options }];
}

/**
 * How a server shows that it is the one at the address. An IP address grpc-js would send as the server's name,
 * which it is not (RFC 6066, section 3), and Deno throws. With a dot behind it none is sent, and whether the
 * certificate is for the address is checked here.
 */
function identityOf(host: string) {
  if (isIP(host) === 0) return { verify: {}, options: {} };
  const checkAddress = (_host: string, cert: PeerCertificate) => checkServerIdentity(host, cert);
  return {
    verify: { checkServerIdentity: checkAddress },
    options: { "grpc.ssl_target_name_override": `${host}.` },
  };
}
