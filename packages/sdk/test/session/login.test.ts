import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { InvalidInputError, TimeoutError } from "../../src/errors.ts";
import { createLogin, type LoginFlow, type OtpChallenge } from "../../src/session/login.ts";
import { rejectionOf } from "../support/rejection.ts";
import { settle } from "./support.ts";

function setUp(options: Partial<Pick<LoginFlow<string>, "onOtp" | "otpTimeoutMs">> = {}) {
  const clock = new ManualClock();
  const steps: string[] = [];
  const stop = new AbortController();
  const login = createLogin<string, OtpChallenge & { readonly token: string }>({
    begin: async () => {
      steps.push("begin");
      return { askedAtUs: clock.nowUs(), sentTo: "a@example.org", token: "challenge" };
    },
    finish: async ({ token }, code) => {
      steps.push(`finish ${token} ${code}`);
      return "session";
    },
    onOtp: async () => "123456",
    clock,
    ...options,
  });
  return { clock, steps, stop, login };
}

test("goes from the challenge by the user's code to the session", async () => {
  const { login, steps, stop, clock } = setUp({
    onOtp: async ({ sentTo, askedAtUs }) => {
      expect([sentTo, askedAtUs]).toEqual(["a@example.org", new ManualClock().nowUs()]);
      return " 654321\n";
    },
  });
  expect(await login(stop.signal)).toBe("session");
  expect(steps).toEqual(["begin", "finish challenge 654321"]);
  await settle();
  expect(clock.sleeping).toBe(0);
});

test.each(["", "1x", "code: 123456", "1234567890123", undefined as unknown as string])(
  "a code that cannot be one is not sent: %j",
  async (code) => {
    const { login, steps, stop } = setUp({ onOtp: async () => code });
    const error = await rejectionOf(login(stop.signal));
    expect(error).toBeInstanceOf(InvalidInputError);
    if (code) expect(error.message).not.toContain(code);
    expect(steps).toEqual(["begin"]);
  },
);

test("what says that no code could be brought ends it before the venue is asked for one", async () => {
  const failure = new Error("the mailbox is full");
  const onOtp = Object.assign(async () => "123456", { ready: () => Promise.reject(failure) });
  const { login, steps, stop } = setUp({ onOtp });
  expect(await rejectionOf(login(stop.signal))).toBe(failure);
  expect(steps).toEqual([]);
  expect(() => setUp({ onOtp: Object.assign(async () => "", { ready: true as never }) })).toThrow("onOtp.ready must");
});

test("what onOtp throws ends it as it is", async () => {
  const failure = new Error("nobody is at the keyboard");
  const { login, steps, stop } = setUp({ onOtp: () => Promise.reject(failure) });
  expect(await rejectionOf(login(stop.signal))).toBe(failure);
  expect(steps).toEqual(["begin"]);
});

test("gives up when no code comes in time, and says so to whoever fetches it", async () => {
  let fetching: AbortSignal | undefined;
  const { login, clock, steps, stop } = setUp({
    otpTimeoutMs: 60_000,
    onOtp: (_, signal) => {
      fetching = signal;
      return new Promise(() => {});
    },
  });
  const error = rejectionOf(login(stop.signal));
  await settle();
  clock.advance({ ms: 59_999 });
  await settle();
  expect(fetching?.aborted).toBe(false);
  clock.advance({ ms: 1 });
  expect(await error).toBeInstanceOf(TimeoutError);
  expect(fetching?.aborted).toBe(true);
  expect([steps, clock.sleeping]).toEqual([["begin"], 0]);
});

test("an abort ends it at the code, with its reason", async () => {
  const { login, clock, stop } = setUp({ onOtp: () => new Promise(() => {}) });
  const error = rejectionOf(login(stop.signal));
  await settle();
  stop.abort(new Error("closed"));
  expect((await error).message).toBe("closed");
  await settle();
  expect(clock.sleeping).toBe(0);
});

test("what the user's callback throws is what the login throws", async () => {
  const cancelled = new Error("cancelled");
  const { login, stop } = setUp({ onOtp: () => Promise.reject(cancelled) });
  expect(await rejectionOf(login(stop.signal))).toBe(cancelled);
});

describe("bad input is refused before anything is sent", () => {
  test.each([
    ["no onOtp", { onOtp: undefined as never }, /^onOtp must be a function/],
    ["no patience", { otpTimeoutMs: 0 }, /^otpTimeoutMs/],
    ["too much of it", { otpTimeoutMs: 1e9 }, /^otpTimeoutMs/],
  ])("%s", (_, options, said) => {
    const refuse = () => setUp(options);
    expect(refuse).toThrow(InvalidInputError);
    expect(refuse).toThrow(said);
  });
});
