/** Who may use the dashboard where there is a token: who shows it, or the cookie that a browser got for it. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** How long a browser stays logged in. */
const SESSION_MS = 7 * 24 * 3_600_000;
const COOKIE = "transcoder_session";

export interface Access {
  /** Whether the request carries `authorization: Bearer <token>` or a cookie of {@link logIn}. */
  isAllowed(request: Request): boolean;
  /** The Set-Cookie header for whoever gave the right token; undefined: it was a wrong one. */
  logIn(token: string): string | undefined;
  /** The Set-Cookie header that ends it. */
  logOut(): string;
}

export interface AccessOptions {
  /** Whether the page comes over TLS; the cookie then goes no other way. */
  readonly isSecure?: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs?: (() => number) | undefined;
}

/**
 * The cookie holds when it ends and a MAC of that under the token, and not the token: the server remembers nothing,
 * a restart logs nobody out, and a new token everybody.
 */
export function createAccess(
  token: string,
  { isSecure = false, nowMs = Date.now }: AccessOptions = {},
): Access {
  const mac = (text: string) => createHmac("sha256", token).update(text).digest();
  const isSame = (given: string, wanted: string) => timingSafeEqual(mac(given), mac(wanted));
  const cookie = (value: string, seconds: number) =>
    `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${isSecure ? "; Secure" : ""}`;

  function isSession(value: string): boolean {
    const [endMs = "", sealed = ""] = value.split(".");
    return isSame(sealed, mac(`session ${endMs}`).toString("hex")) && Number(endMs) > nowMs();
  }

  return {
    isAllowed({ headers }) {
      const authorization = headers.get("authorization");
      if (authorization !== null) return isSame(authorization, `Bearer ${token}`);
      return cookiesOf(headers).some(([name, value]) => name === COOKIE && isSession(value));
    },
    logIn(given) {
      if (!isSame(given, token)) return undefined;
      const endMs = nowMs() + SESSION_MS;
      return cookie(`${endMs}.${mac(`session ${endMs}`).toString("hex")}`, SESSION_MS / 1_000);
    },
    logOut: () => cookie("", 0),
  };
}

function cookiesOf(headers: Headers): [name: string, value: string][] {
  return (headers.get("cookie") ?? "").split(";").map((pair) => {
    const [name = "", ...value] = pair.trim().split("=");
    return [name, value.join("=")];
  });
}
