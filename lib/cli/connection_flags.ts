/** The flags by which a command shows who it is and whom it trusts. */
import { whyNotCapable } from "../not_capable.ts";
import type { ClientTls, ServerTls } from "../rpc/credentials.ts";
import type { ConnectOptions } from "../rpc/worker_client.ts";
import { UsageError } from "./usage_error.ts";

export const CLIENT_FLAGS = {
  tls_ca: { kind: "string", valueName: "FILE", help: "PEM of the authority to trust; turns TLS on." },
  tls_cert: {
    kind: "string",
    valueName: "FILE",
    help: "PEM certificate to show to servers that ask for one.",
  },
  tls_key: { kind: "string", valueName: "FILE", help: "PEM key of that certificate." },
  token_file: { kind: "string", valueName: "FILE", help: "File with the token to send." },
} as const;

export const SERVER_FLAGS = {
  tls_cert: { kind: "string", valueName: "FILE", help: "PEM certificate of this server; turns TLS on." },
  tls_key: { kind: "string", valueName: "FILE", help: "PEM key of that certificate." },
  tls_ca: {
    kind: "string",
    valueName: "FILE",
    help: "PEM of the authority that callers' certificates must be from.",
  },
  token_file: { kind: "string", valueName: "FILE", help: "File with a token that every caller must send." },
} as const;

type ConnectionFlags = { readonly [Name in keyof typeof CLIENT_FLAGS]: string | undefined };

/** @throws {UsageError} If flags are missing beside others, or a file cannot be read. */
export async function readClientFlags(flags: ConnectionFlags): Promise<ConnectOptions> {
  const { tls_ca, tls_cert, tls_key, token_file } = flags;
  if ((tls_cert === undefined) !== (tls_key === undefined)) {
    throw new UsageError("--tls_cert and --tls_key are needed together");
  }
  if (tls_cert !== undefined && tls_ca === undefined) throw new UsageError("--tls_cert needs --tls_ca");
  const ca = await readFlagFile("tls_ca", tls_ca);
  const cert = await readFlagFile("tls_cert", tls_cert);
  const key = await readFlagFile("tls_key", tls_key);
  return { tls: ca === undefined ? undefined : { ca, cert, key }, token: await readToken(token_file) };
}

/** @throws {UsageError} As {@link readClientFlags}. */
export async function readServerFlags(
  flags: ConnectionFlags,
): Promise<{ tls: ServerTls | undefined; token: string | undefined }> {
  const { tls_ca, tls_cert, tls_key, token_file } = flags;
  if ((tls_cert === undefined) !== (tls_key === undefined)) {
    throw new UsageError("--tls_cert and --tls_key are needed together");
  }
  if (tls_ca !== undefined && tls_cert === undefined) {
    throw new UsageError("--tls_ca needs --tls_cert and --tls_key");
  }
  const cert = await readFlagFile("tls_cert", tls_cert);
  const key = await readFlagFile("tls_key", tls_key);
  const ca = await readFlagFile("tls_ca", tls_ca);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, ca };
  return { tls, token: await readToken(token_file) };
}

/**
 * How a worker speaks to its master, to which it shows its own certificate.
 *
 * @throws {UsageError} If the file cannot be read.
 */
export async function readMasterTls(
  { master_ca }: { readonly master_ca: string | undefined },
  own: ServerTls | undefined,
): Promise<ClientTls | undefined> {
  const ca = await readFlagFile("master_ca", master_ca);
  return ca === undefined ? undefined : { ca, cert: own?.cert, key: own?.key };
}

/**
 * How a master speaks to its workers, to which it shows its own certificate.
 *
 * @throws {UsageError} If the file cannot be read.
 */
export async function readWorkersTls(
  { workers_ca }: { readonly workers_ca: string | undefined },
  own: ServerTls | undefined,
): Promise<ClientTls | undefined> {
  const ca = await readFlagFile("workers_ca", workers_ca);
  return ca === undefined ? undefined : { ca, cert: own?.cert, key: own?.key };
}

async function readToken(path: string | undefined): Promise<string | undefined> {
  const token = (await readFlagFile("token_file", path))?.trim();
  // it travels in a header, which holds printable ASCII only
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`--token_file ${path} must hold one line of printable ASCII without spaces`);
}

async function readFlagFile(flag: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new UsageError(`--${flag} ${path}: ${whyNotCapable(error)}`);
    }
    throw new UsageError(`--${flag} ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
