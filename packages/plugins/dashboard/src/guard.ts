import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a request shows of where it comes from. */
export interface Visit {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of the query of `/`: the printed link's. */
  readonly linkToken: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  readonly fetchSite: string | undefined;
  readonly cookies: string | undefined;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
}

/** What the guard goes by. */
export interface House {
  /** Values of `Host` that are ours, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly token: string;
  readonly cookieName: string;
  /** What the cookie says once the token was shown. */
  readonly cookieValue: string;
}

/** What becomes of a request. `enter`: it has shown the link's token and gets the cookie. */
export type Ruling =
  | { readonly verdict: "allow" }
  | { readonly verdict: "enter" }
  | {
      readonly verdict: "deny";
      readonly status: 401 | 403 | 405 | 415 | 421;
      /** For people; nothing that helps to guess. */
      readonly reason: string;
      /** A token was shown, and it is not ours: counts towards the limit on guesses. */
      readonly isGuess: boolean;
    };

/**
 * What the cookie says for a token: bound to it, so that it holds over a restart with the same token, and nobody who reads the cookie
 * learns the token. Pure.
 */
export function cookieFor(token: string): string {
  return createHmac("sha256", token).update("pitlane dashboard cookie").digest("base64url");
}

/** Compares secrets in a time that does not tell where they differ. Pure. */
export function isSameSecret(shown: string, ours: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest(); // alike in length
  return timingSafeEqual(digest(shown), digest(ours));
}

/**
 * Whether a request may pass, from its headers alone. Pure.
 *
 * In this order: a name that is not ours (DNS rebinding), a method we do not have, another site's page (`Origin`, `Sec-Fetch-Site`), no or
 * a wrong secret, and what is posted in another form than JSON. A request that shows the token as `Authorization: Bearer` is no browser's
 * doing, so it needs no origin.
 */
export function rule(visit: Visit, house: House): Ruling {
  const { method, path, host = "" } = visit;
  if (!house.names.has(host.toLowerCase())) return deny(421, "this server goes by another name");
  const isPost = method === "POST";
  if (isPost ? !path.startsWith("/api/actions/") : method !== "GET" && method !== "HEAD")
    return deny(405, "there is no such method here");

  const bearer = bearerOf(visit.authorization);
  if (bearer !== undefined) {
    if (!isSameSecret(bearer, house.token)) return deny(401, "open the link that the terminal printed", true);
    return isPost ? ruleForm(visit) : ALLOW;
  }
  if (isForeign(visit, isPost)) return deny(403, "only its own page may ask this server");
  if (path === "/" && visit.linkToken !== undefined) {
    if (isSameSecret(visit.linkToken, house.token)) return { verdict: "enter" };
    return deny(401, "open the link that the terminal printed", true);
  }
  const cookie = cookieOf(visit.cookies, house.cookieName);
  // A cookie of another token is an old page's, which asks again and again: no guess, and 256 bits are not to be guessed.
  if (cookie === undefined || !isSameSecret(cookie, house.cookieValue))
    return deny(401, "open the link that the terminal printed");
  return isPost ? ruleForm(visit) : ALLOW;
}

const ALLOW: Ruling = { verdict: "allow" };

function deny(status: 401 | 403 | 405 | 415 | 421, reason: string, isGuess = false): Ruling {
  return { verdict: "deny", status, reason, isGuess };
}

/** A form or an image of another page cannot say that it is JSON without being asked for leave first. */
function ruleForm({ contentType = "" }: Visit): Ruling {
  const isJson = contentType.split(";")[0]?.trim().toLowerCase() === "application/json";
  return isJson ? ALLOW : deny(415, "actions are posted as application/json");
}

/**
 * Another site's page asks. What changes something must name its origin; what only reads has one in no browser when the page is ours. A
 * link in another page may still lead to `/`: it shows nothing that the cookie, which is then left out, would not open.
 */
function isForeign({ path, host = "", origin, fetchSite }: Visit, isPost: boolean): boolean {
  if (origin !== undefined) {
    if (
      origin.toLowerCase() !== `http://${host.toLowerCase()}` &&
      origin.toLowerCase() !== `https://${host.toLowerCase()}`
    )
      return true;
  } else if (isPost) return true;
  if (fetchSite === undefined || fetchSite === "same-origin" || fetchSite === "none") return false;
  return path.startsWith("/api/");
}

function bearerOf(authorization: string | undefined): string | undefined {
  const match = /^Bearer (.+)$/i.exec(authorization ?? "");
  return match?.[1]?.trim();
}

function cookieOf(cookies: string | undefined, name: string): string | undefined {
  for (const part of (cookies ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}
