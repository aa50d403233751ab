/** Finds out at the start what would otherwise fail with every connection, and less clearly. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** PEM texts. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Certificates or a key that TLS cannot work with. */
export class TlsError extends Error {
  override readonly name = "TlsError";
}

/** @throws {TlsError} If one of them is no PEM of its kind, or the key is not the certificate's. */
export function checkTls({ ca, cert, key }: TlsFiles): void {
  if (ca !== undefined) readCertificate(ca, "the authority (CA)");
  if (cert === undefined || key === undefined) return;
  if (!readCertificate(cert, "the certificate").checkPrivateKey(readKey(key))) {
    throw new TlsError("Cannot use TLS: the key is not that of the certificate");
  }
}

function readCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TlsError(`Cannot use TLS: ${what} is no certificate in PEM`, { cause });
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TlsError("Cannot use TLS: the key is no private key in PEM", { cause });
  }
}
