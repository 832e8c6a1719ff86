import { PRIORITIES, type Priority } from "@pitlane/perf/limit";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAxiom } from "../../../src/venues/axiom/index.ts";
import { RequestWindow } from "../../../src/venues/axiom/request-window.ts";
import { authCookies, fakeAxiom, token, until } from "./fake-axiom.ts";

const setUp = (limit: number) => {
  const clock = new ManualClock();
  const window = new RequestWindow({ limit, windowMs: 1_000, clock });
  const takeAll = (priority: Priority) => {
    let taken = 0;
    while (window.tryTake(1, priority)) taken++;
    return taken;
  };
  return { clock, window, takeAll };
};

describe("the window of requests", () => {
  test("is filled by each priority to its share, so that what renews a session always goes out", () => {
    const { takeAll } = setUp(100);
    expect((["read", "new", "amend", "cancel"] as const).map(takeAll)).toEqual([95, 3, 0, 2]);
  });

  test("has a request of every priority, however small it is", () => {
    const { window, takeAll } = setUp(1);
    expect(takeAll("read")).toBe(1);
    expect(window.waitMs(1, "cancel")).toBe(1_000);
  });

  test("says when a priority's turn comes", () => {
    const { clock, window } = setUp(10);
    for (let i = 0; i < 10; i++) {
      expect(window.tryTake(1, "cancel")).toBe(true);
      clock.advance({ ms: 10 });
    }
    expect(PRIORITIES.map((priority) => window.waitMs(1, priority))).toEqual([900, 910, 910, 910]);
    clock.advance({ ms: 909 });
    expect(window.tryTake(1, "read")).toBe(false);
    clock.advance({ ms: 1 });
    expect(window.tryTake(1, "read")).toBe(true);
  });

  test("refuses more than a share can ever hold, and options out of range", () => {
    const { window } = setUp(10);
    expect(() => window.tryTake(10, "read")).toThrow("requests must be a number from 1 to 9, got 10");
    expect(() => setUp(0)).toThrow("limit must be a number from 1 to 100000, got 0");
  });

  test("lets out what a list of all times would, whatever is asked when", () => {
    const step = fc.record({ priority: fc.constantFrom(...PRIORITIES), pauseMs: fc.nat({ max: 400 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 80 }), (limit, steps) => {
        const { clock, window } = setUp(limit);
        const shares = { cancel: 1, amend: 0.98, new: 0.98, read: 0.95 };
        const times: number[] = [];
        for (const { priority, pauseMs } of steps) {
          const nowNs = clock.monotonicNs();
          const young = times.filter((atNs) => nowNs - atNs < 1e9).length;
          const fits = young + 1 <= Math.max(1, Math.floor(limit * shares[priority]));
          expect(window.waitMs(1, priority) === 0).toBe(fits);
          expect(window.tryTake(1, priority)).toBe(fits);
          if (fits) times.push(nowNs);
          clock.advance({ ms: pauseMs });
        }
      }),
    );
  });
});

describe("a hundred calls under a token that the venue refuses, with the budget that there is by default", () => {
  async function refused(callTimeoutMs: number) {
    const [old, fresh] = [token("user", 960, 1), token("user", 960, 2)];
    const isFresh = (cookie = "") => cookie.includes(fresh);
    const fake = await fakeAxiom({
      answer: ({ path, headers }) => {
        if (path === "/refresh-access-token") return { json: "ok", headers: { "set-cookie": authCookies(fresh) } };
        if (path === "/server-time") return { json: { serverTime: 1 } };
        return isFresh(headers.cookie) ? { json: { count: 7 } } : { status: 401, json: { error: "expired" } };
      },
    });
    const clock = new ManualClock(Date.now() * 1000);
    const session = { accessToken: old, refreshToken: "refresh" };
    const axiom = createAxiom({ urls: fake.urls, session, callTimeoutMs, probeEveryMs: 3_600_000, clock });
    onTestFinished(() => axiom.close());
    const calls = Promise.allSettled(Array.from({ length: 100 }, () => axiom.market.getOnlineUsers()));
    const waiting = () => axiom.health().budgets[0]?.waiting;
    return { axiom, fake, clock, calls, waiting };
  }

  test("all succeed on one refresh, where they have the time to wait for the budget", async () => {
    const { fake, clock, calls, waiting } = await refused(300_000);
    const sent = () => fake.of("/online-users-count").length;
    await until(() => waiting() === 100);
    // The window is full of reads to their share: the refresh went out beside them, and everything else waits.
    expect([sent(), fake.of("/refresh-access-token").length]).toEqual([95, 1]);
    clock.advance({ ms: 60_000 });
    await until(() => waiting() === 5);
    clock.advance({ ms: 60_000 });
    const counts = (await calls).map((call) => (call.status === "fulfilled" ? call.value : call.reason));
    expect(counts).toEqual(Array.from({ length: 100 }, () => 7));
    // Those that had waited went out with the new session at once.
    expect([sent(), fake.of("/refresh-access-token").length]).toEqual([195, 1]);
  });

  test("fail at once where they have not, and the session is renewed all the same", async () => {
    const { axiom, fake, calls } = await refused(30_000);
    for (const call of await calls)
      expect(call).toMatchObject({ reason: { code: "BUDGET_EXHAUSTED", outcome: "unsent" } });
    expect(fake.of("/refresh-access-token")).toHaveLength(1);
    expect(axiom.session.getInfo()).toMatchObject({ status: "active", userId: "user" });
  });
});
