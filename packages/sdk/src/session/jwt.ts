import { UnreadableTokenError } from "./errors.ts";

/** When a token was issued and when it ends, in microseconds since the epoch; undefined where it does not say. */
export interface TokenTimes {
  readonly issuedAtUs: number | undefined;
  readonly expiresAtUs: number | undefined;
}

const MAX_TOKEN_LENGTH = 16_384; // no cookie or header carries more

/**
 * The claims of a JSON Web Token, read without checking its signature: a client has no key to check it with, and asks its own
 * token only how long it will be accepted. Never decide by them whom to trust.
 *
 * Source: RFC 7515, section 3.1 (compact form); RFC 7519, section 4.
 *
 * @param name What the token is called in an error: `tokens.accessToken`.
 * @throws {UnreadableTokenError} When it is not three base64url parts with a JSON object in the second. Never shows it.
 */
export function readTokenClaims(token: string, name = "the token"): Readonly<Record<string, unknown>> {
  const parts = typeof token === "string" && token.length <= MAX_TOKEN_LENGTH ? token.split(".") : [];
  const [head, payload, signature] = parts;
  if (parts.length !== 3 || !isBase64url(head) || !isBase64url(payload) || !isBase64url(signature, 0)) {
    throw new UnreadableTokenError(`${name} is not a JSON Web Token: three base64url parts between dots are expected`);
  }
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    // Without the cause: a parser's words quote what they could not parse.
    throw new UnreadableTokenError(`${name} is not a JSON Web Token: its claims are not JSON`);
  }
  if (typeof claims === "object" && claims !== null && !Array.isArray(claims)) return claims as Record<string, unknown>;
  throw new UnreadableTokenError(`${name} is not a JSON Web Token: its claims are not an object`);
}

/**
 * When a token was issued and ends, from its `iat` and `exp` claims. A token without `exp` has no end that could be known ahead.
 *
 * Source: RFC 7519, sections 2 (NumericDate: seconds, a fraction allowed), 4.1.4 and 4.1.6.
 *
 * @throws {UnreadableTokenError} As `readTokenClaims`, and when a claim is there but is no time.
 * @example
 * const { expiresAtUs } = readTokenTimes(session.accessToken);
 */
export function readTokenTimes(token: string, name = "the token"): TokenTimes {
  const claims = readTokenClaims(token, name);
  return { issuedAtUs: timeUs(claims, "iat", name), expiresAtUs: timeUs(claims, "exp", name) };
}

function timeUs(claims: Readonly<Record<string, unknown>>, claim: string, name: string): number | undefined {
  const seconds = claims[claim];
  if (seconds === undefined) return undefined;
  const us = typeof seconds === "number" ? Math.round(seconds * 1e6) : Number.NaN;
  if (Number.isSafeInteger(us) && us >= 0) return us;
  throw new UnreadableTokenError(`${name} has a claim ${claim} that is not a number of seconds since the epoch`);
}

function isBase64url(part: string | undefined, minLength = 1): part is string {
  return part !== undefined && part.length >= minLength && /^[A-Za-z0-9_-]*$/.test(part);
}
