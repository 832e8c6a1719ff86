import { InvalidInputError } from "@pitlane/perf";
import type { TokenTimes } from "./jwt.ts";

/** What a login gives. A venue adds fields of its own: all must survive JSON, since a store keeps them so. */
export interface SessionTokens {
  readonly accessToken: string;
  /** Renews the access token; without one, or a `refresh` that needs none, only a login does. */
  readonly refreshToken?: string | undefined;
  /** Whose session it is, where that is known: a stored session of another account is never taken up. */
  readonly account?: string | undefined;
}

/**
 * - `none`: none yet; the first use reads the store or logs in.
 * - `active`: calls go out with it.
 * - `refreshing`: a renewal or a login is under way; calls go out with the old one while that lives, and wait from then on.
 * - `expired`: it has ended, or was refused, and nothing is under way; the next use renews it.
 * - `lost`: it cannot be renewed; only new tokens or an explicit login help.
 */
export type SessionStatus = "none" | "active" | "refreshing" | "expired" | "lost";

/** A session with its times, by our clock. */
export interface HeldSession<S> {
  readonly session: S;
  /** From when it is renewed ahead of its end. */
  readonly refreshAtUs: number;
  /** Infinity when its token does not say; -Infinity once the venue has refused it, so that no clock makes it good again. */
  readonly expiresAtUs: number;
  /** When the venue issued it, by the venue's clock; undefined when its token does not say. */
  readonly issuedAtUs: number | undefined;
}

export interface HoldRules {
  /** How long before its end it is renewed. At most half of its life is taken for that, so that a short-lived token is not renewed by every call. */
  readonly aheadUs: number;
  readonly nowUs: number;
  /**
   * It has just come from the venue: its life is then counted from its arrival, so that a wrong clock of ours costs nothing.
   * Otherwise, from a store or a user, only its absolute times are known.
   */
  readonly isFresh: boolean;
}

/** When `session`, whose token says `times`, is renewed and ends. Pure. */
export function holdSession<S>(session: S, times: TokenTimes, { aheadUs, nowUs, isFresh }: HoldRules): HeldSession<S> {
  const { issuedAtUs, expiresAtUs } = times;
  if (expiresAtUs === undefined) {
    return { session, refreshAtUs: Number.POSITIVE_INFINITY, expiresAtUs: Number.POSITIVE_INFINITY, issuedAtUs };
  }
  const lifeUs = Math.max(0, expiresAtUs - (issuedAtUs ?? nowUs));
  const endsAtUs = isFresh ? nowUs + lifeUs : expiresAtUs;
  return { session, refreshAtUs: endsAtUs - Math.min(aheadUs, lifeUs / 2), expiresAtUs: endsAtUs, issuedAtUs };
}

/** `held` as one that must not be used any more: the venue refused it. Pure. */
export function expireSession<S>(held: HeldSession<S>): HeldSession<S> {
  return { ...held, refreshAtUs: Number.NEGATIVE_INFINITY, expiresAtUs: Number.NEGATIVE_INFINITY };
}

/**
 * Whether `stored` is to be taken up in place of `held`: another process has renewed the session since. By the venue's own
 * times; one that says none is newer when it differs. Pure.
 */
export function isNewerSession(
  stored: HeldSession<SessionTokens>,
  held: HeldSession<SessionTokens> | undefined,
): boolean {
  if (held === undefined) return true;
  const { session } = stored;
  if (session.account !== held.session.account) return false;
  if (session.accessToken === held.session.accessToken && session.refreshToken === held.session.refreshToken)
    return false;
  if (stored.issuedAtUs === undefined || held.issuedAtUs === undefined) return true;
  return stored.issuedAtUs >= held.issuedAtUs;
}

/** What a session is at a moment. Pure. */
export function sessionStatus(
  held: HeldSession<unknown> | undefined,
  { nowUs, isRenewing, isLost }: { readonly nowUs: number; readonly isRenewing: boolean; readonly isLost: boolean },
): SessionStatus {
  if (isLost) return "lost";
  if (isRenewing) return "refreshing";
  if (held === undefined) return "none";
  return nowUs < held.expiresAtUs ? "active" : "expired";
}

/** @throws {InvalidInputError} When a token is no text that a header can hold. Never shows it. */
export function checkTokens(session: SessionTokens): void {
  checkToken("accessToken", session?.accessToken);
  if (session.refreshToken !== undefined) checkToken("refreshToken", session.refreshToken);
}

/** The secrets among a session's tokens. */
export function tokenTexts(session: SessionTokens | undefined): string[] {
  return [session?.accessToken, session?.refreshToken].filter((token) => token !== undefined);
}

function checkToken(name: string, token: unknown): void {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return;
  throw new InvalidInputError(`tokens.${name} must be the venue's token: printable characters without spaces`);
}
