/** Who may speak to whom: TLS, with client certificates where a CA is given to the server, and a token. */
import { Metadata, ServerCredentials } from "@grpc/grpc-js";
import { checkTls } from "./check_tls.ts";

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

/** @see RFC 6750, section 2.1, the bearer token. */
export function tokenMetadata(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}
