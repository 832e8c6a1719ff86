import { InvalidInputError } from "@pitlane/perf";
import { SlidingWindow, WeightedBudget } from "@pitlane/perf/limit";
import { ManualClock } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { describe, expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { NetworkError, RateLimitError, RejectedError } from "../../src/errors.ts";
import { deadline } from "../../src/transport/deadline.ts";
import { type CallBudget, type LimitOptions, limit } from "../../src/transport/limit.ts";
import { type CallOptions, compose, HttpCall, type HttpReply, type Send } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { get, post, replyOf, scripted } from "./support.ts";

const HEADER = "x-mbx-used-weight-1m";
const unsent = new NetworkError("refused", { outcome: "unsent" });
const unknown = new NetworkError("reset", { outcome: "unknown" });

/** A budget of 10 in windows of a minute, of which reads may use 7; the clock stands in the middle of one. */
function setUp(wire: Send, options: Partial<LimitOptions> = {}) {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock(1_767_225_630_000_000);
  const budget = new WeightedBudget({ limit: 10, windowMs: 60_000, clock });
  const events = new EventEmitter<ClientEvents>();
  const layer = limit({ budget, usedWeightHeader: HEADER, events, ...options, clock });
  const send = compose(wire, deadline({ timeoutMs: 600_000, clock }), layer);
  return { clock, budget, events, send: (of: CallOptions) => send(new HttpCall(of)) };
}

/** A wire whose calls end when the test says so. */
function held() {
  const ends: { resolve: (reply: HttpReply) => void; reject: (error: Error) => void; call: HttpCall }[] = [];
  const send: Send = (call) => new Promise((resolve, reject) => ends.push({ resolve, reject, call }));
  const answer = (i: number, reply: HttpReply) => {
    const { call, resolve } = ends[i] as (typeof ends)[number];
    call.reply = reply;
    resolve(reply);
  };
  return { send, ends, answer };
}

const turn = () => new Promise(setImmediate);

describe("spending", () => {
  test("takes the call's weight before the wire, one unless told", async () => {
    const wire = held();
    const { budget, send } = setUp(wire.send);
    void send(get);
    void send({ ...get, weight: 5 });
    await turn();
    expect(wire.ends).toHaveLength(2);
    expect(budget.usedWeight()).toBe(6);
  });

  test("makes a call wait that the window has no room for, and lets a more urgent one pass", async () => {
    const wire = held();
    const { clock, send } = setUp(wire.send);
    for (let i = 0; i < 2; i++) void send({ ...get, weight: 5 });
    await turn();
    expect(wire.ends).toHaveLength(1); // the second would fill the reads' share of 7
    void send({ ...post, weight: 5, priority: "cancel" });
    await turn();
    expect(wire.ends).toHaveLength(2);
    clock.advance({ ms: 31_000 }); // the next window, and a second of doubt
    await vi.waitFor(() => expect(wire.ends).toHaveLength(3));
  });

  test("fails at once when the deadline comes before the budget, with nothing sent", async () => {
    const { send, clock } = setUp(scripted(replyOf(200)).send);
    await send({ ...get, weight: 7 });
    const error = await rejectionOf(send({ ...get, timeoutMs: 30_000 }));
    expect(error).toMatchObject({ code: "BUDGET_EXHAUSTED", outcome: "unsent", retryable: true, retryAfterMs: 31_000 });
    expect(clock.sleeping).toBe(0);
  });

  test("ends the wait at the deadline when others came first", async () => {
    const wire = held();
    const { clock, send } = setUp(wire.send);
    await Promise.all([turn(), void send({ ...get, weight: 7 })]);
    void send({ ...get, weight: 7 });
    const last = rejectionOf(send({ ...get, weight: 7, timeoutMs: 40_000 }));
    await turn();
    clock.advance({ ms: 31_000 });
    await vi.waitFor(() => expect(wire.ends).toHaveLength(2));
    clock.advance({ ms: 9_000 });
    expect(await last).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(wire.ends).toHaveLength(2);
  });

  test("ends the wait when the caller aborts or the client closes", async () => {
    const closing = new AbortController();
    const { send } = setUp(scripted(replyOf(200)).send, { closing: closing.signal });
    await send({ ...get, weight: 7 });
    const stop = new AbortController();
    const [one, two] = [rejectionOf(send({ ...get, signal: stop.signal })), rejectionOf(send(get))];
    await turn();
    stop.abort(new Error("enough"));
    expect(await one).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: { message: "enough" } });
    closing.abort();
    expect(await two).toMatchObject({ code: "ABORTED", outcome: "unsent" });
  });

  test("refuses a call when too many wait, and a weight that no window could admit", async () => {
    const { send } = setUp(scripted(replyOf(200)).send, { maxWaiting: 1 });
    await send({ ...get, weight: 7 });
    const waiting = rejectionOf(send({ ...get, signal: AbortSignal.timeout(50) }));
    await turn();
    expect(await rejectionOf(send(get))).toMatchObject({ code: "BUDGET_EXHAUSTED", outcome: "unsent" });
    expect(await rejectionOf(send({ ...get, weight: 8 }))).toBeInstanceOf(InvalidInputError);
    await waiting;
  });

  test("works with any limiter, whether it answers at once or by a promise", async () => {
    const clock = new ManualClock();
    const window = new SlidingWindow({ limit: 2, windowMs: 1_000, clock });
    const remote: CallBudget = {
      tryTake: async (cost) => window.tryTake(cost),
      waitMs: async (cost) => window.waitMs(cost),
    };
    for (const budget of [window, remote]) {
      const wire = held();
      const { send } = setUp(wire.send, { budget, clock });
      for (let i = 0; i < 3; i++) void send(get);
      await turn();
      expect(wire.ends).toHaveLength(2);
      clock.advance({ ms: 1_000 });
      await vi.waitFor(() => expect(wire.ends).toHaveLength(3));
      clock.advance({ ms: 1_000 });
    }
  });
});

describe("refunds", () => {
  test.each([
    [unsent, 0],
    [unknown, 3],
    [new RejectedError("no", { status: 400, venueText: "no" }), 3],
    [new InvalidInputError("a header that HTTP does not allow"), 0],
  ])("after %o the budget holds %i", async (error, used) => {
    const { send, budget } = setUp(scripted(error).send);
    await rejectionOf(send({ ...get, weight: 3 }));
    expect(budget.usedWeight()).toBe(used);
  });

  test("not what was counted before new credentials failed to be sent", async () => {
    const wire: Send = async (call) => {
      call.hasRecovered = true;
      throw unsent;
    };
    const { send, budget } = setUp(wire);
    await rejectionOf(send({ ...get, weight: 3 }));
    expect(budget.usedWeight()).toBe(3);
  });
});

describe("the venue's own count", () => {
  const told = (used: string | string[]) => replyOf(200, "", { [HEADER]: used });

  test("raises ours, from errors too", async () => {
    const { send, budget } = setUp(scripted(told("5")).send);
    await send(get);
    expect(budget.usedWeight()).toBe(5);
    const failing: Send = async (call) => {
      call.reply = replyOf(400, "", { [HEADER]: "6" });
      throw new RejectedError("no", { status: 400, venueText: "" });
    };
    const other = setUp(failing);
    await rejectionOf(other.send(get));
    expect(other.budget.usedWeight()).toBe(6);
  });

  test("does not hide calls that are still on their way", async () => {
    const wire = held();
    const { send, budget } = setUp(wire.send);
    const sent = [send({ ...get, weight: 2 }), send({ ...get, weight: 3 }), send(get)];
    await turn();
    wire.answer(2, told("4")); // overtook the others: 4 with this one, and 5 on their way
    await sent[2];
    expect(budget.usedWeight()).toBe(9);
    wire.answer(0, told("4"));
    wire.answer(1, told("4"));
    await Promise.all(sent);
    expect(budget.usedWeight()).toBe(9); // it is never lowered
  });

  test.each([[""], ["many"], ["-1"], ["1e400"]])("of %j is ignored", async (text) => {
    const { send, budget } = setUp(scripted(told(text)).send);
    await send({ ...get, weight: 2 });
    expect(budget.usedWeight()).toBe(2);
  });

  test("is looked for only in the header that was named", async () => {
    const { send, budget } = setUp(scripted(told("9")).send, { usedWeightHeader: undefined });
    await send(get);
    expect(budget.usedWeight()).toBe(1);
  });
});

describe("a venue that asks for a pause", () => {
  const limited = new RateLimitError("429", { status: 429, venueText: "", retryAfterMs: 5_000 });

  test.each([
    ["by an error", scripted(limited, replyOf(200))],
    ["by a bare 429", scripted(replyOf(429, "", { "retry-after": "5" }), replyOf(200))],
    ["by a bare 418", scripted(replyOf(418, "", { "retry-after": "5" }), replyOf(200))],
  ])("%s stops every priority until it is over, and is told", async (_, wire) => {
    for (const budget of ["weighted", "sliding"]) {
      const clock = new ManualClock(1_767_225_630_000_000);
      const { send: bare, calls } = { ...wire };
      calls.length = 0;
      const own = budget === "sliding" ? { budget: new SlidingWindow({ limit: 100, windowMs: 1_000, clock }) } : {};
      const { send, events } = setUp(bare, { clock, ...own });
      const told = vi.fn();
      events.on("rateLimited", told);
      await send(get).catch(() => {});
      expect(told).toHaveBeenCalledExactlyOnceWith({ origin: "", retryAfterMs: 5_000 });
      const urgent = send({ ...post, priority: "cancel" });
      await turn();
      expect(calls).toHaveLength(1);
      clock.advance({ ms: 4_999 });
      await turn();
      expect(calls).toHaveLength(1);
      clock.advance({ ms: 1 });
      expect(await urgent).toMatchObject({ status: 200 });
    }
  });
});

test("maxWaiting out of range is refused", () => {
  expect(() => setUp(scripted().send, { maxWaiting: 0 })).toThrow(InvalidInputError);
});
