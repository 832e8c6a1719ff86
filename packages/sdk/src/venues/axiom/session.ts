import { type Clock, InvalidInputError, type Random } from "@pitlane/perf";
import type { CallControl } from "../../calls.ts";
import { checkControl, checkObject } from "../../checks.ts";
import type { ClientEmitter } from "../../client-events.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import { SessionLostError } from "../../session/errors.ts";
import type { Login } from "../../session/login.ts";
import { isRefusal, whyNotRenewed } from "../../session/renewal.ts";
import type { Redactor } from "../../session/secrets.ts";
import type { SessionStatus } from "../../session/session.ts";
import { createSessionManager, type SessionManager } from "../../session/session-manager.ts";
import { checkStore, type SessionStore } from "../../session/store.ts";
import { type WaitOptions, waitWithin } from "../../transport/deadline.ts";
import type { Send } from "../../transport/transport.ts";
import { type PasswordCredentials, passwordLogin, type WalletCredentials, walletLogin } from "./login.ts";
import { refreshSession } from "./refresh.ts";
import { type AxiomSession, type AxiomTokens, type BroughtSession, sortTokens, toSession } from "./tokens.ts";

export type AxiomCredentials = PasswordCredentials | WalletCredentials;

export interface SessionParts {
  readonly credentials: AxiomCredentials | undefined;
  readonly session: AxiomTokens | undefined;
  readonly store: SessionStore<AxiomSession> | undefined;
  readonly refreshAheadMs: number | undefined;
  readonly keepAlive: boolean | undefined;
  /** Sends to any of the REST hosts. */
  readonly send: Send;
  /** Sends to the origin a call has begun with. */
  readonly sendTo: Send;
  readonly endpoints: EndpointChoice;
  readonly events: ClientEmitter;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly random: Random;
}

/** What may be known of a session: no token is in it. */
export interface SessionInfo {
  readonly status: SessionStatus;
  /** Who is logged in; undefined while nobody is. */
  readonly userId: string | undefined;
  /**
   * When the access token ends, by our clock; it is renewed before. Infinity when it does not say, undefined while there is none that
   * is good: before the first, and from when the venue has refused it until it is renewed.
   */
  readonly expiresAtUs: number | undefined;
}

const REMEDY =
  "give createAxiom a `session`, `credentials`, or a `sessionStore` that holds one; a client that runs takes one up by `session.use`";

/** @throws {InvalidInputError | UnreadableTokenError} When credentials or tokens break a rule; before any I/O. */
export function createSession(parts: SessionParts): SessionManager<AxiomSession> {
  const { credentials, session, store, refreshAheadMs, keepAlive, events, redactor, clock, random } = parts;
  if (store !== undefined) checkStore("sessionStore", store); // by the name that its option has here
  const brought = session === undefined ? undefined : sortTokens(session);
  const renew = { send: parts.sendTo, endpoints: parts.endpoints, clock };
  if (brought !== undefined) {
    const { accessToken, refreshToken, cookies } = brought;
    redactor.set(
      "brought",
      [accessToken, refreshToken, ...Object.values(cookies)].filter((secret) => secret !== undefined),
    );
  }
  const logIn = credentials === undefined ? undefined : loginBy(credentials, parts);
  return createSessionManager<AxiomSession>({
    refresh: (before, signal) => refreshSession(before, renew, signal),
    login: firstBy(brought, logIn, (bare, signal) => refreshSession(bare, renew, signal)),
    remedy: REMEDY,
    tokens: brought?.accessToken === undefined ? undefined : whole(brought, brought.accessToken),
    store,
    refreshAheadMs,
    keepAlive,
    events,
    redactor,
    clock,
    random,
  });
}

/**
 * The calls about the session. None of them shows a token.
 *
 * `ensure`, `login` and `refresh` take as long as they need, a code that a user types included, unless `timeoutMs` says how long
 * their caller waits. The renewal or login itself goes on after that, for whoever else waits for it.
 */
export function sessionCalls(sessions: SessionManager<AxiomSession>, place: WaitOptions) {
  const info = (session: AxiomSession | undefined): SessionInfo => ({
    status: sessions.status,
    userId: session?.account,
    expiresAtUs: sessions.expiresAtUs,
  });
  const wait = async (
    what: string,
    control: CallControl,
    outcome: "unsent" | "unknown",
    start: (signal: AbortSignal) => Promise<AxiomSession>,
  ): Promise<SessionInfo> => {
    checkControl(control);
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = control;
    signal?.throwIfAborted();
    const deadlineNs = place.clock.monotonicNs() + timeoutMs * 1e6;
    try {
      return info(await waitWithin({ what, signal, deadlineNs }, "the session", { ...place, outcome }, start));
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  };
  return {
    /** What is known now; asks nobody. */
    getInfo: (): SessionInfo => info(sessions.tryGet()),
    /** Waits for a session: reads the store, renews, or logs in when it must. Calls do that by themselves. */
    ensure: (control: CallControl = {}): Promise<SessionInfo> =>
      wait("session.ensure", control, "unsent", (signal) => sessions.get(signal)),
    /** Logs in anew, also when the session was lost. @throws {InvalidInputError} When there are no `credentials`. */
    login: (control: CallControl = {}): Promise<SessionInfo> =>
      wait("session.login", control, "unknown", (signal) => sessions.login(signal)),
    /** Renews now, though the session lives. */
    refresh: (control: CallControl = {}): Promise<SessionInfo> =>
      wait("session.refresh", control, "unknown", (signal) => sessions.refresh(signal)),
    /** Takes up tokens from elsewhere, a browser say, in place of the session. @throws {InvalidInputError} When they need an accessToken. */
    use: async (tokens: AxiomTokens): Promise<void> => {
      const brought = sortTokens(tokens);
      if (brought.accessToken === undefined) {
        throw new InvalidInputError(
          "session.use needs an accessToken; a refreshToken alone is for createAxiom({ session })",
        );
      }
      await sessions.use(whole(brought, brought.accessToken));
    },
    /** Forgets the session, here and in the store. The venue is not told: how the site logs out is not known. */
    clear: (): Promise<void> => sessions.clear(),
  };
}

export type AxiomSessionCalls = ReturnType<typeof sessionCalls>;

function whole({ refreshToken, cookies }: BroughtSession, accessToken: string): AxiomSession {
  return toSession(accessToken, refreshToken, cookies);
}

function loginBy(credentials: AxiomCredentials, parts: SessionParts): Login<AxiomSession> {
  checkObject("credentials", credentials);
  if ("password" in credentials) return passwordLogin(credentials, parts);
  if ("sign" in credentials) return walletLogin(credentials, parts);
  throw new InvalidInputError("credentials must have email and password, or walletAddress and sign");
}

/** A refresh token without an access token is used for the first login, once; then, or when it is refused, `logIn`, where there is one. */
function firstBy(
  brought: BroughtSession | undefined,
  logIn: Login<AxiomSession> | undefined,
  renew: (brought: BroughtSession, signal: AbortSignal) => Promise<AxiomSession>,
): Login<AxiomSession> | undefined {
  if (brought === undefined || brought.accessToken !== undefined) return logIn;
  let isUsed = false;
  return async (signal) => {
    if (isUsed && logIn !== undefined) return logIn(signal);
    try {
      const session = await renew(brought, signal);
      isUsed = true;
      return session;
    } catch (error) {
      if (signal.aborted || !isRefusal(error)) throw error;
      if (logIn === undefined) {
        throw new SessionLostError(whyNotRenewed(error, brought.refreshToken, REMEDY), { cause: error });
      }
      isUsed = true;
      return logIn(signal);
    }
  };
}
