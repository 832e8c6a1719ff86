import fc from "fast-check";
import { expect, test } from "vitest";
import {
  expireSession,
  holdSession,
  isNewerSession,
  type SessionTokens,
  sessionStatus,
} from "../../src/session/session.ts";

const tokens: SessionTokens = { accessToken: "a", refreshToken: "r" };
const aheadUs = 120e6;
const nowUs = 1_767_225_600_000_000;
const times = (issuedAtUs?: number, expiresAtUs?: number) => ({ issuedAtUs, expiresAtUs });

test("a fresh session lives from its arrival, whatever our clock says", () => {
  for (const skewUs of [-3600e6, 0, 3600e6]) {
    const held = holdSession(tokens, times(nowUs + skewUs, nowUs + skewUs + 960e6), { aheadUs, nowUs, isFresh: true });
    expect(held).toMatchObject({ expiresAtUs: nowUs + 960e6, refreshAtUs: nowUs + 840e6 });
  }
});

test("a stored session lives until its own end", () => {
  const held = holdSession(tokens, times(nowUs - 900e6, nowUs + 60e6), { aheadUs, nowUs, isFresh: false });
  expect(held).toMatchObject({ expiresAtUs: nowUs + 60e6, refreshAtUs: nowUs - 60e6 });
});

test("a short life is renewed at its half at the earliest", () => {
  const held = holdSession(tokens, times(nowUs, nowUs + 60e6), { aheadUs, nowUs, isFresh: true });
  expect(held.refreshAtUs).toBe(nowUs + 30e6);
});

test("a session without an end is never due", () => {
  const held = holdSession(tokens, times(nowUs), { aheadUs, nowUs, isFresh: true });
  expect(held).toMatchObject({ expiresAtUs: Number.POSITIVE_INFINITY, refreshAtUs: Number.POSITIVE_INFINITY });
});

test("a fresh session is never due on arrival, unless its token was dead when it was issued", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: -1e13, max: 1e13 }), (lifeUs, skewUs) => {
      const issuedAtUs = nowUs + skewUs;
      const held = holdSession(tokens, times(issuedAtUs, issuedAtUs + lifeUs), { aheadUs, nowUs, isFresh: true });
      expect(held.refreshAtUs).toBeGreaterThan(nowUs);
      expect(held.refreshAtUs).toBeLessThanOrEqual(held.expiresAtUs);
    }),
  );
});

test("the status follows from what is held and what goes on", () => {
  const held = holdSession(tokens, times(nowUs, nowUs + 960e6), { aheadUs, nowUs, isFresh: true });
  const at = (atUs: number, isRenewing = false, isLost = false) =>
    sessionStatus(held, { nowUs: atUs, isRenewing, isLost });
  expect(sessionStatus(undefined, { nowUs, isRenewing: false, isLost: false })).toBe("none");
  expect(at(nowUs)).toBe("active");
  expect(at(nowUs + 900e6, true)).toBe("refreshing");
  expect(at(nowUs + 960e6)).toBe("expired");
  expect(at(nowUs + 960e6, true)).toBe("refreshing");
  expect(at(nowUs, false, true)).toBe("lost");
  expect(sessionStatus(expireSession(held), { nowUs, isRenewing: false, isLost: false })).toBe("expired");
});

test("a stored session is newer when it differs, was issued no earlier, and is of the same account", () => {
  const hold = (session: SessionTokens, issuedAtUs?: number) =>
    holdSession(session, times(issuedAtUs), { aheadUs, nowUs, isFresh: false });
  const held = hold(tokens, nowUs);
  expect(isNewerSession(held, undefined)).toBe(true);
  expect(isNewerSession(hold({ ...tokens }, nowUs + 1), held)).toBe(false);
  expect(isNewerSession(hold({ ...tokens, accessToken: "b" }, nowUs + 1), held)).toBe(true);
  expect(isNewerSession(hold({ ...tokens, refreshToken: "b" }, nowUs), held)).toBe(true);
  expect(isNewerSession(hold({ ...tokens, accessToken: "b" }, nowUs - 1), held)).toBe(false);
  expect(isNewerSession(hold({ ...tokens, accessToken: "b" }), held)).toBe(true);
  expect(isNewerSession(hold({ ...tokens, accessToken: "b", account: "other" }, nowUs + 1), held)).toBe(false);
});
