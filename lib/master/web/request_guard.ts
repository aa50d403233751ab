/** Which requests are answered at all: those of our own page and of programs, not those of other people's pages. */
import { isIP } from "node:net";

/** Line and headers of a request, in characters; a browser's cookies and ours fit many times. */
export const MAX_HEADER_CHARACTERS = 16_384;

export interface GuardOptions {
  /** Names beside `localhost` and addresses under which this machine is reached, without port. */
  readonly hosts: readonly string[];
}

export interface Refusal {
  readonly status: 403 | 421 | 431;
  readonly message: string;
}

/** Why a request is refused before anything looks at it; undefined: it is not. */
export function refusalOf(request: Request, { hosts }: GuardOptions): Refusal | undefined {
  if (headerCharacters(request) > MAX_HEADER_CHARACTERS) {
    return {
      status: 431,
      message: `The request's headers have more than ${MAX_HEADER_CHARACTERS} characters`,
    };
  }
  // HTTP/2 has it in place of the header, and Deno in the address
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!isOurs(host, hosts)) {
    return { status: 421, message: "This is not a name that the dashboard is reached by" };
  }
  if (!["GET", "HEAD"].includes(request.method) && isFromElsewhere(request, host)) {
    return { status: 403, message: "Refused: the request comes from another site" };
  }
  return undefined;
}

function headerCharacters(request: Request): number {
  let characters = request.url.length;
  for (const [name, value] of request.headers) characters += name.length + value.length;
  return characters;
}

/**
 * A page of somebody else's may have its own name lead here (DNS rebinding), and would be of our origin then. Its
 * requests carry that name; an address in place of a name nobody else can own.
 */
function isOurs(host: string, hosts: readonly string[]): boolean {
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || hosts.some((ours) => ours.toLowerCase() === name);
}

/**
 * Every browser says where a request that changes something comes from; programs say nothing.
 *
 * @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
function isFromElsewhere(request: Request, host: string): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = request.headers.get("origin");
  if (origin === null) return false;
  return !URL.canParse(origin) || new URL(origin).host !== new URL(`http://${host}`).host;
}
