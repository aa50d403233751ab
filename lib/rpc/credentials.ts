/** Who may speak to whom: TLS, with client certificates where a CA is given to the server, and a token. */
import { ChannelCredentials, Metadata, ServerCredentials } from "@grpc/grpc-js";
import { checkTls } from "./check_tls.ts";
import "./goaway_guard.ts"; // for every channel and every server, none of which is made without credentials

/** PEM texts. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Given: callers must show a certificate that it signed. */
  readonly ca?: string | undefined;
}

/** PEM texts. */
export interface ClientTls {
  /** Whom to trust. */
  readonly ca: string;
  /** Given, with `key`: what to show a server that asks for a certificate. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** @throws {TlsError} */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  checkTls(tls);
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  // without an authority of our own, grpc-js would announce every one that the machine trusts
  const authority = Buffer.from(tls.ca ?? tls.cert);
  return ServerCredentials.createSsl(authority, [pair], tls.ca !== undefined);
}

/** @throws {TlsError} */
export function clientCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  checkTls(tls);
  const pem = (text: string | undefined) => text === undefined ? null : Buffer.from(text);
  return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

/** @see RFC 6750, section 2.1, the bearer token. */
export function tokenMetadata(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}
