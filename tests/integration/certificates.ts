/** Certificates made on the spot by the openssl program, which tests may use where there is one. */
import { join } from "node:path";

/** Ends the name of a test that is left out for lack of it. */
export const WITHOUT_OPENSSL = "(needs openssl: install the package openssl)";

export const HAS_OPENSSL: boolean = await starts("openssl");

async function starts(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["version"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** PEM texts, and the files that hold them. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Authority {
  /** PEM. */
  readonly ca: string;
  readonly caPath: string;
  /** A certificate for localhost and 127.0.0.1, unless told otherwise, as good for a server as for a client. */
  issue(name: string, hosts?: string): Promise<Identity>;
}

const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const HOSTS = "DNS:localhost,IP:127.0.0.1";

/** @param name Of its files in the folder. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  const [keyPath, caPath] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  await openssl(
    "req",
    "-x509",
    ...EC_KEY,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    keyPath,
    "-out",
    caPath,
  );
  return {
    ca: await Deno.readTextFile(caPath),
    caPath,
    async issue(subject, hosts = HOSTS) {
      const path = (ending: string) => join(folder, `${name}-${subject}.${ending}`);
      const [subjectKey, request, cert, extensions] = [path("key"), path("csr"), path("pem"), path("ext")];
      await Deno.writeTextFile(extensions, `subjectAltName=${hosts}`);
      await openssl("req", ...EC_KEY, "-subj", `/CN=${subject}`, "-keyout", subjectKey, "-out", request);
      const signing = ["-CA", caPath, "-CAkey", keyPath, "-CAcreateserial", "-extfile", extensions];
      await openssl("x509", "-req", "-in", request, ...signing, "-days", "2", "-out", cert);
      return {
        cert: await Deno.readTextFile(cert),
        key: await Deno.readTextFile(subjectKey),
        certPath: cert,
        keyPath: subjectKey,
      };
    },
  };
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args }).output();
  if (!success) throw new Error(`openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
