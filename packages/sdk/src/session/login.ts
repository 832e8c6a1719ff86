import { type Clock, InvalidInputError, integerInRange } from "@pitlane/perf";
import { checkFunction, checkMethods, checkObject } from "../checks.ts";
import { TimeoutError } from "../errors.ts";

/** A venue asks for the code it has just sent. A venue may add what its last step needs. */
export interface OtpChallenge {
  /** When the code was asked for, by our clock, in microseconds since the epoch: an older message holds an older code. */
  readonly askedAtUs: number;
  /** Where the code went, as the user knows it: a mail address. */
  readonly sentTo: string;
}

/**
 * Brings the code that a challenge is about: from a prompt, a mailbox (`@pitlane/sdk/imap`), a chat.
 *
 * What it throws ends the login as it is: `login()` rejects with it, and calls with a `SessionLostError` whose cause it is. It is not
 * asked again by itself, as each login has the venue send a code.
 *
 * @param signal Aborts when the login is given up or out of time.
 */
export interface OnOtp {
  (challenge: OtpChallenge, signal: AbortSignal): Promise<string>;
  /** Asked before each login begins: rejects when no code could be brought, so that the venue is not made to send one. */
  readonly ready?: (() => Promise<void>) | undefined;
}

/** A login of two steps with a code between them. */
export interface LoginFlow<S, C extends OtpChallenge = OtpChallenge> {
  /** Asks the venue for a login; it sends a code. */
  readonly begin: (signal: AbortSignal) => Promise<C>;
  readonly onOtp: OnOtp;
  /** Proves the code. */
  readonly finish: (challenge: C, code: string, signal: AbortSignal) => Promise<S>;
  /** How long `onOtp` may take, in milliseconds; 1,000 to 3,600,000, default 300,000. */
  readonly otpTimeoutMs?: number;
  readonly clock: Pick<Clock, "sleep">;
}

/** Logs in; what `createSessionManager` takes as `login`. */
export type Login<S> = (signal: AbortSignal) => Promise<S>;

/**
 * The login that a flow describes: `begin`, the user's code, `finish`.
 *
 * @throws {InvalidInputError} At once, before any I/O, when a part of the flow is missing. When it runs: {@link InvalidInputError} for a
 * code that cannot be one (it is then not sent), {@link TimeoutError} when none came in time, and what the steps and `onOtp` throw.
 * @example
 * const login = createLogin({ begin, finish, clock, onOtp: () => prompt("Code from your mail: ") });
 */
export function createLogin<S, C extends OtpChallenge>(flow: LoginFlow<S, C>): Login<S> {
  checkObject("flow", flow);
  const { begin, onOtp, finish, clock } = flow;
  checkFunction("begin", begin);
  if (typeof onOtp !== "function") {
    throw new InvalidInputError(
      "onOtp must be a function that brings the code the venue sends: (challenge, signal) => Promise<string>",
    );
  }
  if (onOtp.ready !== undefined) checkFunction("onOtp.ready", onOtp.ready);
  checkFunction("finish", finish);
  checkMethods("clock", clock, "sleep");
  const otpTimeoutMs = integerInRange("otpTimeoutMs", flow.otpTimeoutMs ?? 300_000, 1_000, 3_600_000);
  return async (signal) => {
    await onOtp.ready?.();
    signal.throwIfAborted();
    const challenge = await begin(signal);
    const answer = await within(otpTimeoutMs, clock, signal, (limited) => onOtp(challenge, limited));
    const code = typeof answer === "string" ? answer.trim() : "";
    if (!/^[A-Za-z0-9]{4,12}$/.test(code)) {
      throw new InvalidInputError("onOtp must bring a code of 4 to 12 letters or digits; what it brought was not sent");
    }
    signal.throwIfAborted();
    return finish(challenge, code, signal);
  };
}

/** `fn` under `signal` and a time limit, whether or not it heeds its signal. */
async function within<T>(
  timeoutMs: number,
  clock: Pick<Clock, "sleep">,
  signal: AbortSignal,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const limited = new AbortController();
  const timer = clock.sleep(timeoutMs, AbortSignal.any([signal, ended.signal])).then((): never => {
    throw new TimeoutError(`no code came within ${timeoutMs} ms: the login was given up`, { outcome: "unsent" });
  });
  timer.catch((error: unknown) => limited.abort(error));
  try {
    return await Promise.race([fn(limited.signal), timer]);
  } finally {
    ended.abort(new Error("the code came"));
  }
}
