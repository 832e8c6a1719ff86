import type { Clock, Random } from "@pitlane/perf";
import type { ClientEmitter } from "../client-events.ts";
import type { Authenticator, HttpCall } from "../transport/transport.ts";
import type { TokenTimes } from "./jwt.ts";
import type { Login } from "./login.ts";
import type { Redactor } from "./secrets.ts";
import type { SessionStatus, SessionTokens } from "./session.ts";
import { SessionKeeper } from "./session-keeper.ts";
import type { SessionStore } from "./store.ts";

export interface SessionManagerOptions<S extends SessionTokens> {
  /**
   * Renews a session; resolves to the whole new one, whatever the venue rotated.
   * @throws A `RequestError` with outcome `refused` that is not retryable, or an `InvalidInputError`, when it cannot be renewed
   * for good. Anything else is tried again.
   */
  readonly refresh: (session: S, signal: AbortSignal) => Promise<S>;
  /** Logs in anew: when there is no session, and when a refresh was refused. Without it the session is lost then. A `SessionLostError` that it throws says itself why. See `createLogin`. */
  readonly login?: Login<S> | undefined;
  /** What helps a user without a session, in the words of his options: ends the messages that say so. Default: in the words of these. */
  readonly remedy?: string | undefined;
  /** A session the user brings, to begin with. */
  readonly tokens?: S | undefined;
  /** Default: in memory. */
  readonly store?: SessionStore<S> | undefined;
  /** Told `sessionRefreshed`, `sessionLost`, and `retried` after a renewal that failed and will be repeated. */
  readonly events: ClientEmitter;
  /** How long before its end a session is renewed, in milliseconds; 0 to 3,600,000, default 120,000; never more than half its life, and up to a tenth earlier, so that processes sharing a session do not all renew it at once. */
  readonly refreshAheadMs?: number | undefined;
  /** Renews by a timer too, for sockets, which make no calls. The timer holds the process open until `close`. Default false. */
  readonly keepAlive?: boolean | undefined;
  /** When a session's token was issued and ends; by default as its access token says, a JSON Web Token. */
  readonly timesOf?: ((session: S) => TokenTimes) | undefined;
  /** Learns the tokens, the present and the last ones, under the name `session`. */
  readonly redactor?: Redactor | undefined;
  /** Told when the store fails while a session lives in memory: it goes on, and is saved again with its next renewal. Default: a process warning. */
  readonly onStoreError?: ((error: Error) => void) | undefined;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

/** Keeps one session alive. What it hands out holds secrets: never log it. */
export interface SessionManager<S extends SessionTokens> {
  readonly status: SessionStatus;
  /** When the present session ends, by our clock; Infinity when its token does not say, undefined when there is none, or the venue has refused it. */
  readonly expiresAtUs: number | undefined;
  /** The session when it lives, at once; begins its renewal when that is due. Undefined when `get` would have to wait. */
  tryGet(): S | undefined;
  /**
   * A session that lives: waits for the store, a renewal or a login when it must. An abort ends this wait alone, never what
   * others wait for.
   * @throws {SessionLostError} When it cannot be renewed, for this and every later call until `login` or `use`.
   * @throws {SessionUnavailableError} When it cannot be renewed for now; nothing is asked of the venue before `retryAfterMs`.
   * @throws {SessionStoreError} When the store cannot be read and there is nothing else to begin with.
   * @throws {InvalidInputError} When `signal` is none, or there are neither tokens nor a login.
   * @throws {CallAbortedError} When the manager is closed, or closes meanwhile; so do `refresh`, `login`, `use` and `clear`.
   */
  get(signal?: AbortSignal): Promise<S>;
  /** Renews now, though the session lives. Throws as `get`; calls meanwhile use the old one. */
  refresh(signal?: AbortSignal): Promise<S>;
  /**
   * The venue refused `session`: renews it, unless another has taken its place, and resolves to the present one. Throws as `get`.
   *
   * One that was itself renewed for a refusal less than 5 s ago is not: it resolves to that same session, unless a renewal is under way.
   */
  renewRefused(session: S, signal?: AbortSignal): Promise<S>;
  /** Logs in anew, also when the session was lost. @throws What the login throws; {@link InvalidInputError} when there is none. */
  login(signal?: AbortSignal): Promise<S>;
  /** Takes up and saves a session the user brings; whoever waits for one gets it. @throws {InvalidInputError | UnreadableTokenError} When it cannot be one; {@link SessionStoreError} when it could not be saved, and is used all the same. */
  use(session: S): Promise<void>;
  /** Forgets the session, here and in the store. Whoever waits for one gets a `SessionLostError`. @throws {SessionStoreError} */
  clear(): Promise<void>;
  /** Sends calls under this session. @param apply Writes the session into one attempt; must not keep it. */
  authenticator(apply: (call: HttpCall, session: S) => void): Authenticator;
  /** Ends the timer and whatever is under way; the store keeps the session. */
  close(): Promise<void>;
}

/**
 * Keeps a login session alive: the expiry is read from the token, the renewal runs ahead of it without making a call wait, and
 * once for all calls. See {@link SessionManagerOptions}.
 *
 * In use, the first call inside the last two minutes begins the renewal and goes out with the old token; calls after the end
 * wait. A refused refresh leads to a login where there is one. Before each renewal the store is read again: another process
 * may have renewed. A session whose renewal was refused is used to its end, after `sessionLost` was told.
 *
 * @throws {InvalidInputError | UnreadableTokenError} When an option breaks its rule; nothing was read or sent then.
 * @example
 * const sessions = createSessionManager({ login, refresh, store, events, clock, random });
 * const authenticator = sessions.authenticator((call, { accessToken }) => {
 *   call.sentHeaders = { ...call.headers, cookie: `auth-access-token=${accessToken}` };
 * });
 */
export function createSessionManager<S extends SessionTokens>(options: SessionManagerOptions<S>): SessionManager<S> {
  return new SessionKeeper(options);
}
