import type { IncomingHttpHeaders } from "node:http";
import type { Tokens } from "./sessions.ts";

export const ACCESS_COOKIE = "auth-access-token";
export const REFRESH_COOKIE = "auth-refresh-token";
export const CHALLENGE_COOKIE = "auth-otp-login-token";

/** The value of cookie `name` in a request's headers; undefined when it is not there. Source: RFC 6265, section 4.2.1. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * A Set-Cookie header. Without a domain it is the host's own: the venue's, `.axiom.trade`, would be refused by a cookie jar that talks
 * to a local address.
 */
export function setCookie(name: string, value: string, domain: string | undefined): string {
  return `${name}=${value}; ${domain === undefined ? "" : `Domain=${domain}; `}Path=/; HttpOnly; SameSite=Lax`;
}

/** The headers that give both tokens. */
export function tokenCookies({ accessToken, refreshToken }: Tokens, domain: string | undefined): string[] {
  return [setCookie(ACCESS_COOKIE, accessToken, domain), setCookie(REFRESH_COOKIE, refreshToken, domain)];
}
