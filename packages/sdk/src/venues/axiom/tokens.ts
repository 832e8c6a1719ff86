import { InvalidInputError } from "@pitlane/perf";
import { checkObject } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import { CookieJar } from "../../session/cookies.ts";
import { readTokenClaims } from "../../session/jwt.ts";
import type { SessionTokens } from "../../session/session.ts";
import type { HttpReply } from "../../transport/transport.ts";

const ACCESS_COOKIE = "auth-access-token";
const REFRESH_COOKIE = "auth-refresh-token";
export const OTP_COOKIE = "auth-otp-login-token";

/** A session as it is kept. All of it is secret. */
export interface AxiomSession extends SessionTokens {
  /** Cookies beside those of the tokens: `cf_clearance`, say. */
  readonly cookies?: Readonly<Record<string, string>>;
}

/** A session that the user brings, from a browser or an earlier login. */
export interface AxiomTokens {
  /** Lives 16 minutes; left out, the refresh token brings one. */
  readonly accessToken?: string | undefined;
  /** Left out, the session ends with its access token. */
  readonly refreshToken?: string | undefined;
  /** Names and values, or a `Cookie` header copied from a browser; `auth-access-token` and `auth-refresh-token` may be among them. */
  readonly cookies?: Readonly<Record<string, string>> | string | undefined;
}

/** What a user brought, sorted: a session, or no more than what one can be renewed with. */
export interface BroughtSession {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly cookies: Readonly<Record<string, string>>;
}

/** @throws {InvalidInputError} When there is no token in it, or a cookie cannot be one. Never shows a value. */
export function sortTokens(tokens: AxiomTokens): BroughtSession {
  checkObject("session", tokens);
  const jar = new CookieJar(tokens.cookies ?? {});
  if (tokens.accessToken !== undefined) jar.set(ACCESS_COOKIE, tokens.accessToken);
  if (tokens.refreshToken !== undefined) jar.set(REFRESH_COOKIE, tokens.refreshToken);
  const accessToken = jar.get(ACCESS_COOKIE);
  const refreshToken = jar.get(REFRESH_COOKIE);
  if (accessToken === undefined && refreshToken === undefined) {
    throw new InvalidInputError(
      `session must have an accessToken, a refreshToken, or cookies with ${ACCESS_COOKIE} or ${REFRESH_COOKIE}`,
    );
  }
  return { accessToken, refreshToken, cookies: others(jar) };
}

/** A session of its parts; whose it is stands in the token. @throws {UnreadableTokenError} When the access token is no JSON Web Token. */
export function toSession(
  accessToken: string,
  refreshToken: string | undefined,
  cookies: Readonly<Record<string, string>>,
): AxiomSession {
  const userId = readTokenClaims(accessToken, "accessToken")["authenticatedUserId"];
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(typeof userId === "string" ? { account: userId } : {}),
    cookies,
  };
}

/** The `Cookie` header of a session: both tokens, as a browser sends them, and what else it has. */
export function cookieHeader({ accessToken, refreshToken, cookies = {} }: AxiomSession): string {
  const jar = new CookieJar(cookies);
  jar.set(ACCESS_COOKIE, accessToken);
  if (refreshToken !== undefined) jar.set(REFRESH_COOKIE, refreshToken);
  return jar.header(Number.NEGATIVE_INFINITY);
}

/** As `cookieHeader`, without the access token, which has ended. */
export function refreshCookieHeader(refreshToken: string, cookies: Readonly<Record<string, string>> = {}): string {
  const jar = new CookieJar(cookies);
  jar.set(REFRESH_COOKIE, refreshToken);
  return jar.header(Number.NEGATIVE_INFINITY);
}

/**
 * The session that a login or a refresh was answered with: its cookies, or else the tokens in its JSON. What it does not bring, a
 * refresh token that was not rotated, say, stays as it was.
 *
 * @throws {ProtocolError} When it brings no access token.
 */
export function sessionOf(
  what: string,
  { headers, body }: HttpReply,
  before: Omit<BroughtSession, "accessToken">,
  nowUs: number,
): AxiomSession {
  const jar = new CookieJar(before.cookies);
  jar.merge(headers["set-cookie"], nowUs);
  const json = tokensOfJson(body.toString("utf8"));
  const accessToken = jar.get(ACCESS_COOKIE) ?? json.accessToken;
  const refreshToken = jar.get(REFRESH_COOKIE) ?? json.refreshToken ?? before.refreshToken;
  if (accessToken === undefined) throw new ProtocolError(`${what}: there is no access token in the answer`);
  return toSession(accessToken, refreshToken, others(jar));
}

/** The challenge of the first step of a login: in a cookie, in JSON, or both. @throws {ProtocolError} When there is none. */
export function otpTokenOf(what: string, { headers, body }: HttpReply, nowUs: number): string {
  const jar = new CookieJar();
  jar.merge(headers["set-cookie"], nowUs);
  const token = jar.get(OTP_COOKIE) ?? textField(tryObject(body.toString("utf8")), "otpJwtToken");
  if (token === undefined) throw new ProtocolError(`${what}: there is no challenge in the answer`);
  return token;
}

function others(jar: CookieJar): Readonly<Record<string, string>> {
  const { [ACCESS_COOKIE]: _access, [REFRESH_COOKIE]: _refresh, [OTP_COOKIE]: _otp, ...cookies } = jar.toRecord(0);
  return cookies;
}

// Spellings that clients have read: the venue's own answer to a refresh is a JSON string without a token.
function tokensOfJson(text: string) {
  const fields = tryObject(text);
  const field = (...names: readonly string[]) =>
    names.map((name) => textField(fields, name)).find((one) => one !== undefined);
  return {
    accessToken: field("accessToken", ACCESS_COOKIE, "access_token"),
    refreshToken: field("refreshToken", REFRESH_COOKIE, "refresh_token"),
  };
}

function tryObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // not JSON: the cookies tell
  }
}

function textField(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
