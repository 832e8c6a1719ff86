import { type Clock, InvalidInputError, inRange } from "@pitlane/perf";
import { RetriesExhaustedError, retry } from "@pitlane/perf/flow";
import { check, checkFlag, checkFunction, checkMethods, checkObject, checkSignal } from "../checks.ts";
import type { RequestError } from "../errors.ts";
import { CallAbortedError } from "../transport/errors.ts";
import type { Authenticator, HttpCall } from "../transport/transport.ts";
import { Era } from "./era.ts";
import { SessionCorruptError, SessionLostError, SessionUnavailableError } from "./errors.ts";
import { readTokenTimes, type TokenTimes } from "./jwt.ts";
import { isRefusal, isThrottled, mayLogInAgain, RenewalPause, whyNotRenewed } from "./renewal.ts";
import { RenewalAlarm } from "./renewal-alarm.ts";
import {
  checkTokens,
  expireSession,
  type HeldSession,
  holdSession,
  isNewerSession,
  type SessionStatus,
  type SessionTokens,
  sessionStatus,
  tokenTexts,
} from "./session.ts";
import { sessionAuthenticator } from "./session-authenticator.ts";
import type { SessionManager, SessionManagerOptions } from "./session-manager.ts";
import { checkStore, memoryStore, type SessionStore } from "./store.ts";

const FLIGHT_RETRIES = 2; // what waits at the end of a session should not fail for one lost packet
const SHARED_LOOKS_MS = [0, 1_000, 4_000]; // another process's refresh may have been answered and not saved yet
const SETTLE_NS = 5e9; // a call that is always refused must not become a storm of refreshes and logins

/** What `createSessionManager` makes; the rules are told there. */
export class SessionKeeper<S extends SessionTokens> implements SessionManager<S> {
  readonly #options: SessionManagerOptions<S>;
  readonly #store: SessionStore<S>;
  readonly #clock: Clock;
  readonly #aheadUs: number;
  readonly #remedy: string;
  #era = new Era<S>();
  #held: HeldSession<S> | undefined;
  #lost: { readonly message: string; readonly cause: unknown } | undefined;
  readonly #pause: RenewalPause;
  #mended: { readonly session: S; readonly atNs: number } | undefined; // renewed because the venue refused the one before
  readonly #alarm: RenewalAlarm | undefined;
  #saved: Promise<void> = Promise.resolve();
  #hadSession = false;
  #isClosed = false;

  constructor(options: SessionManagerOptions<S>) {
    checkObject("options", options);
    checkFunction("refresh", options.refresh);
    for (const name of ["login", "timesOf", "onStoreError"] as const) {
      if (options[name] !== undefined) checkFunction(name, options[name]);
    }
    if (options.store !== undefined) checkStore("store", options.store);
    checkMethods("events", options.events, "emit");
    checkMethods("clock", options.clock, "nowUs", "monotonicNs", "sleep");
    checkMethods("random", options.random, "next");
    if (options.redactor !== undefined) checkMethods("redactor", options.redactor, "set");
    if (options.keepAlive !== undefined) checkFlag("keepAlive", options.keepAlive);
    const { remedy } = options;
    check(remedy === undefined || typeof remedy === "string", "remedy", "text", remedy);
    this.#options = options;
    this.#store = options.store ?? memoryStore<S>();
    this.#clock = options.clock;
    this.#remedy = remedy ?? "supply `tokens`, a `login`, or a store that holds a session";
    this.#pause = new RenewalPause(options.clock, options.random);
    this.#aheadUs = inRange("refreshAheadMs", options.refreshAheadMs ?? 120_000, 0, 3_600_000) * 1000;
    if (options.keepAlive) {
      const renew = () => this.#join("renew", undefined).catch(() => {}); // told as #renewBehind tells
      this.#alarm = new RenewalAlarm({ dueInMs: () => this.#dueInMs(), renew, clock: options.clock });
    }
    if (options.tokens !== undefined) this.#adopt(this.#hold(options.tokens, false));
  }

  get status(): SessionStatus {
    const isRenewing = this.#era.isRenewing;
    return sessionStatus(this.#held, { nowUs: this.#clock.nowUs(), isRenewing, isLost: this.#lost !== undefined });
  }

  get expiresAtUs(): number | undefined {
    const expiresAtUs = this.#held?.expiresAtUs;
    return expiresAtUs === Number.NEGATIVE_INFINITY ? undefined : expiresAtUs; // refused: see `expireSession`
  }

  tryGet(): S | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    const nowUs = this.#clock.nowUs();
    if (nowUs < held.refreshAtUs) return held.session;
    if (nowUs >= held.expiresAtUs) return undefined;
    this.#renewBehind();
    return held.session;
  }

  async get(signal?: AbortSignal): Promise<S> {
    checkWanted(signal);
    const session = this.tryGet();
    if (session !== undefined) return session;
    try {
      return await this.#renewed(signal);
    } catch (error) {
      signal?.throwIfAborted();
      const living = this.tryGet(); // of the store, not renewed ahead of its end, or brought by `use` meanwhile
      if (living !== undefined) return living;
      throw error;
    }
  }

  async refresh(signal?: AbortSignal): Promise<S> {
    checkWanted(signal);
    if (this.#held !== undefined) this.#held = { ...this.#held, refreshAtUs: Number.NEGATIVE_INFINITY };
    return this.#renewed(signal);
  }

  async renewRefused(session: S, signal?: AbortSignal): Promise<S> {
    checkWanted(signal);
    const held = this.#held;
    if (held?.session !== session) return this.get(signal);
    const mended = this.#mended;
    const isTooSoon = mended?.session === session && this.#clock.monotonicNs() - mended.atNs < SETTLE_NS;
    if (isTooSoon && !this.#era.isRenewing) return session;
    this.#held = expireSession(held);
    const renewed = await this.get(signal);
    if (this.#held?.session === renewed) this.#mended = { session: renewed, atNs: this.#clock.monotonicNs() };
    return renewed;
  }

  async login(signal?: AbortSignal): Promise<S> {
    checkWanted(signal);
    this.#checkOpen();
    if (this.#options.login === undefined) throw new InvalidInputError("there is no login: supply tokens by `use`");
    try {
      return await this.#join("login", signal);
    } catch (error) {
      const isFailedLogin = error instanceof SessionLostError || error instanceof SessionUnavailableError;
      throw isFailedLogin && error.cause instanceof Error ? error.cause : error;
    }
  }

  async use(session: S): Promise<void> {
    this.#checkOpen();
    const held = this.#hold(session, false);
    this.#endEra(new SessionLostError("the session was replaced while the call waited for it", { cause: undefined }));
    this.#adopt(held);
    await this.#store.save(session);
  }

  async clear(): Promise<void> {
    this.#checkOpen();
    this.#endEra(new SessionLostError("the session was cleared while the call waited for it", { cause: undefined }));
    await this.#store.clear();
  }

  authenticator(apply: (call: HttpCall, session: S) => void): Authenticator {
    return sessionAuthenticator(this, apply);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endEra(closed("the client was closed while the call waited for its session"));
    await this.#saved;
  }

  /** The session as held by our clock. @throws {InvalidInputError | UnreadableTokenError} When it cannot be one. */
  #hold(session: S, isFresh: boolean): HeldSession<S> {
    checkTokens(session);
    const times = (this.#options.timesOf ?? timesOfAccessToken)(session);
    const aheadUs = this.#aheadUs * (1 + 0.1 * this.#options.random.next());
    return holdSession(session, times, { aheadUs, nowUs: this.#clock.nowUs(), isFresh });
  }

  #adopt(held: HeldSession<S>): void {
    const last = this.#held?.session;
    this.#held = held;
    this.#lost = undefined;
    this.#pause.clear();
    this.#options.redactor?.set("session", [...tokenTexts(held.session), ...tokenTexts(last)]);
    if (this.#hadSession) this.#options.events.emit("sessionRefreshed", { expiresAtUs: held.expiresAtUs });
    this.#hadSession = true;
    this.#alarm?.set();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed("the call was refused: the client is closed");
  }

  #renewed(signal: AbortSignal | undefined): Promise<S> {
    this.#checkOpen();
    if (this.#lost !== undefined) throw new SessionLostError(this.#lost.message, this.#lost);
    if (this.#pause.leftMs() > 0) throw this.#pause.error();
    return this.#join("renew", signal);
  }

  /** Without making anybody wait: what fails is told as `retried` or `sessionLost`, and to the next call after the end. */
  #renewBehind(): void {
    const isBusy = this.#era.isRenewing || this.#lost !== undefined;
    if (!isBusy && this.#pause.leftMs() <= 0) this.#join("renew", undefined).catch(() => {});
  }

  #join(kind: "renew" | "login", signal: AbortSignal | undefined): Promise<S> {
    const era = this.#era;
    return era.join(kind, () => (kind === "login" ? this.#logIn(era) : this.#renew(era)), signal);
  }

  async #renew(era: Era<S>): Promise<S> {
    if (this.#isFresh()) return (this.#held as HeldSession<S>).session; // a login was quicker
    await this.#takeUpStored(era);
    for (;;) {
      const held = this.#held;
      if (held === undefined) return this.#logIn(era);
      if (this.#isFresh()) return held.session;
      let fresh: HeldSession<S>;
      try {
        fresh = this.#hold(await this.#refreshed(held.session, era.stop.signal), true);
      } catch (error) {
        era.stop.signal.throwIfAborted();
        if (!isRefusal(error)) throw this.#putOff("refresh", error);
        if (await this.#wasRenewedElsewhere(era)) continue;
        if (this.#options.login === undefined) {
          throw this.#lose(whyNotRenewed(error, held.session.refreshToken, this.#remedy), error);
        }
        return this.#logIn(era);
      }
      return this.#take(era, fresh);
    }
  }

  async #refreshed(session: S, signal: AbortSignal): Promise<S> {
    const { refresh, clock, random } = this.#options;
    const rules = { retries: FLIGHT_RETRIES, baseMs: 250, capMs: 2_000, clock, random };
    const mayRetry = (error: unknown) => !isRefusal(error) && !isThrottled(error);
    try {
      return await retry(() => refresh(session, signal), { ...rules, mayRetry }, signal);
    } catch (error) {
      throw error instanceof RetriesExhaustedError ? error.cause : error;
    }
  }

  async #logIn(era: Era<S>): Promise<S> {
    const { login } = this.#options;
    if (login === undefined) {
      throw new InvalidInputError(`there is no session: ${this.#remedy}`);
    }
    let fresh: HeldSession<S>;
    try {
      fresh = this.#hold(await login(era.stop.signal), true);
    } catch (error) {
      era.stop.signal.throwIfAborted();
      if (mayLogInAgain(error)) throw this.#putOff("login", error);
      if (error instanceof SessionLostError) throw this.#lose(error.message, error.cause);
      throw this.#lose("the session is lost: the login failed", error);
    }
    return this.#take(era, fresh);
  }

  /** Takes up what has just come from the venue, and saves it. */
  async #take(era: Era<S>, fresh: HeldSession<S>): Promise<S> {
    era.stop.signal.throwIfAborted();
    this.#adopt(fresh);
    const { session } = fresh;
    this.#saved = this.#store.save(session).catch((error: unknown) => this.#storeFailed("saved", error));
    await this.#saved;
    return session;
  }

  /** Takes up what is stored, when another process has renewed the session or there is none here. */
  async #takeUpStored(era: Era<S>): Promise<void> {
    let stored: HeldSession<S> | undefined;
    try {
      const session = await this.#store.load(era.stop.signal);
      if (session !== undefined) stored = this.#holdStored(session);
    } catch (error) {
      era.stop.signal.throwIfAborted();
      if (this.#held === undefined) throw error;
      this.#storeFailed("read", error);
    }
    era.stop.signal.throwIfAborted();
    if (stored !== undefined && isNewerSession(stored, this.#held)) this.#adopt(stored);
  }

  #holdStored(session: S): HeldSession<S> {
    try {
      return this.#hold(session, false);
    } catch (cause) {
      throw new SessionCorruptError("what the session store holds is no session of this venue", { cause });
    }
  }

  async #wasRenewedElsewhere(era: Era<S>): Promise<boolean> {
    if (!this.#store.isShared) return false;
    const refused = this.#held?.session;
    for (const lookMs of SHARED_LOOKS_MS) {
      if (lookMs > 0) await this.#clock.sleep(lookMs, era.stop.signal);
      await this.#takeUpStored(era);
      if (this.#held?.session !== refused) return true;
    }
    return false;
  }

  #isFresh(): boolean {
    return this.#held !== undefined && this.#clock.nowUs() < this.#held.refreshAtUs;
  }

  #putOff(kind: "refresh" | "login", cause: unknown): SessionUnavailableError {
    const delayMs = this.#pause.begin(kind, cause);
    const error = this.#pause.error();
    const attempt = this.#pause.failures;
    this.#options.events.emit("retried", { call: `session ${kind}`, attempt, delayMs, error });
    return error;
  }

  #lose(message: string, cause: unknown): SessionLostError {
    this.#lost = { message, cause };
    const error = new SessionLostError(message, { cause });
    this.#options.events.emit("sessionLost", { error });
    return error;
  }

  #storeFailed(what: "saved" | "read", cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(`the session store failed with a ${typeof cause}`);
    if (this.#options.onStoreError !== undefined) return this.#options.onStoreError(error);
    process.emitWarning(`the session could not be ${what}: ${error.message}`, { code: "PITLANE_SESSION_STORE" });
  }

  #endEra(why: RequestError): void {
    this.#era.stop.abort(why);
    this.#alarm?.stop();
    this.#era = new Era();
    this.#held = undefined;
    this.#lost = undefined;
    this.#pause.clear();
  }

  #dueInMs(): number {
    if (this.#lost !== undefined || this.#held === undefined) return Number.POSITIVE_INFINITY;
    return Math.max((this.#held.refreshAtUs - this.#clock.nowUs()) / 1000, this.#pause.leftMs());
  }
}

/** @throws {InvalidInputError} When `signal` is none. @throws Its reason, when it has aborted. */
function checkWanted(signal: AbortSignal | undefined): void {
  checkSignal(signal);
  signal?.throwIfAborted();
}

function closed(message: string): CallAbortedError {
  return new CallAbortedError(message, { outcome: "unsent" });
}

function timesOfAccessToken(session: SessionTokens): TokenTimes {
  return readTokenTimes(session.accessToken, "accessToken");
}
