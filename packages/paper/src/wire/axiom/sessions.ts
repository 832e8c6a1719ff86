import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "@pitlane/perf";
import { signJwt, verifyJwt } from "./jwt.ts";

export interface SessionsOptions {
  readonly clock: Pick<Clock, "nowUs">;
  readonly accessTokenLifeS: number;
  /** True gives a new refresh token with every refresh, after which the old one is dead. */
  readonly rotatesRefreshTokens: boolean;
}

/** What a login or a refresh gives. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Who an access token is of, and until when. */
export interface Access {
  readonly userId: string;
  /** Seconds since the epoch. */
  readonly expiresS: number;
}

const MOST_SESSIONS = 10_000;

/**
 * Access and refresh tokens, with the venue's claims: `authenticatedUserId`, `scope`, `iat` and `exp`; `refreshTokenId` and `iat`.
 *
 * Keys come from the host's randomness and live in memory only. At most 10,000 refresh tokens are alive; the oldest dies for a new one.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #refreshKey = randomBytes(32);
  readonly #refreshable = new Map<string, string>(); // id of a refresh token -> user
  #accessKey = randomBytes(32);

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** A new session of `userId`. */
  open(userId: string): Tokens {
    return { accessToken: this.#accessToken(userId), refreshToken: this.#refreshToken(userId) };
  }

  /** A new access token, and the refresh token that is good from now on; undefined when `refreshToken` is dead or no token. */
  refresh(refreshToken: string): Tokens | undefined {
    const id = verifyJwt(refreshToken, this.#refreshKey)?.["refreshTokenId"];
    const userId = typeof id === "string" ? this.#refreshable.get(id) : undefined;
    if (typeof id !== "string" || userId === undefined) return undefined;
    if (!this.#options.rotatesRefreshTokens) return { accessToken: this.#accessToken(userId), refreshToken };
    this.#refreshable.delete(id);
    return this.open(userId);
  }

  /** Who `accessToken` is of; undefined when it is no token of ours, has expired or was made worthless. */
  accessOf(accessToken: string | undefined): Access | undefined {
    if (accessToken === undefined) return undefined;
    const claims = verifyJwt(accessToken, this.#accessKey);
    const userId = claims?.["authenticatedUserId"];
    const expiresS = claims?.["exp"];
    if (typeof userId !== "string" || typeof expiresS !== "number") return undefined;
    return this.#options.clock.nowUs() < expiresS * 1e6 ? { userId, expiresS } : undefined;
  }

  /** Makes every access token given out so far worthless; refresh tokens stay good. */
  expireAccess(): void {
    this.#accessKey = randomBytes(32); // by their key: nothing is kept about those that are out
  }

  /** Ends all sessions: refresh tokens too. */
  endAll(): void {
    this.expireAccess();
    this.#refreshable.clear();
  }

  #accessToken(userId: string): string {
    const iat = this.#nowS();
    const exp = iat + this.#options.accessTokenLifeS;
    return signJwt({ authenticatedUserId: userId, scope: "web", iat, exp }, this.#accessKey);
  }

  #refreshToken(userId: string): string {
    const refreshTokenId = randomUUID();
    if (this.#refreshable.size >= MOST_SESSIONS) this.#refreshable.delete(this.#refreshable.keys().next().value!);
    this.#refreshable.set(refreshTokenId, userId);
    return signJwt({ refreshTokenId, iat: this.#nowS() }, this.#refreshKey);
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowUs() / 1e6);
  }
}
