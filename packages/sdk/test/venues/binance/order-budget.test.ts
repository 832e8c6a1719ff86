import { setMaxListeners } from "node:events";
import { createPaper } from "@pitlane/paper";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { createEvents } from "../../../src/client-events.ts";
import { NetworkError, RateLimitError } from "../../../src/errors.ts";
import { BudgetExhaustedError, InvalidInputError } from "../../../src/index.ts";
import { CallAbortedError } from "../../../src/transport/errors.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";
import { OrderBudget, type OrderLimit, type OrderTicket } from "../../../src/venues/binance/order-budget.ts";
import { rejectionOf } from "../../support/rejection.ts";

const TEN_SECONDS = { type: "ORDERS", windowMs: 10_000 } as const;
const WEIGHT = { type: "REQUEST_WEIGHT", windowMs: 60_000, limit: 6_000, count: 1 } as const;

function setUp({ limits, startUs = 1_767_225_605_000_000 }: { limits?: readonly OrderLimit[]; startUs?: number } = {}) {
  const clock = new ManualClock(startUs); // five seconds into a window
  const closing = new AbortController();
  const events = createEvents();
  const budget = new OrderBudget({ limits, callTimeoutMs: 10_000, events, closing: closing.signal, clock });
  const take = (orders = 1) => budget.take("order.place", orders, {}) as OrderTicket;
  const usedOf = (name: string) => budget.health().find((one) => one.name === name)?.used;
  return { budget, take, usedOf, clock, closing, events };
}

const own = [{ orders: 3, windowMs: 10_000 }];
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("orders", () => {
  test("are paid for at once while they fit, and wait for the next window when they do not", async () => {
    const { budget, take, clock } = setUp({ limits: own });
    for (let i = 0; i < 3; i++) expect(take()).not.toBeInstanceOf(Promise);
    let isPaid = false;
    const waiting = Promise.resolve(budget.take("order.place", 1, {})).then((ticket) => {
      isPaid = true;
      return ticket;
    });
    clock.advance({ ms: 5_000 });
    await settle();
    expect(isPaid).toBe(false); // a second may pass between a take here and its count at the venue
    clock.advance({ ms: 1_000 });
    await waiting;
    expect(isPaid).toBe(true);
  });

  test("of a list count one by one", () => {
    const { take, usedOf } = setUp({ limits: own });
    take(3);
    expect(usedOf("orders-10s")).toBe(3);
  });

  test("fail at once when they could not be paid for before their time is over", async () => {
    const { budget, take } = setUp({ limits: own });
    take(3);
    const error = await rejectionOf(Promise.resolve(budget.take("order.place", 1, { timeoutMs: 5_000 })));
    expect(error).toBeInstanceOf(BudgetExhaustedError);
    expect(error).toMatchObject({ outcome: "unsent", retryAfterMs: 6_000 });
  });

  test("that wait end unsent when their caller aborts, and when the client closes", async () => {
    const { budget, take, closing } = setUp({ limits: own });
    take(3);
    const caller = new AbortController();
    const aborted = rejectionOf(Promise.resolve(budget.take("order.place", 1, { signal: caller.signal })));
    const closed = rejectionOf(Promise.resolve(budget.take("order.place", 1, {})));
    caller.abort();
    expect(await aborted).toBeInstanceOf(CallAbortedError);
    closing.abort();
    expect(await closed).toMatchObject({ code: "ABORTED", outcome: "unsent" });
  });

  test("of which nothing was sent are given back; what may have been sent is not", () => {
    const { take, usedOf } = setUp({ limits: own });
    take().end(new NetworkError("no connection", { outcome: "unsent" }));
    expect(usedOf("orders-10s")).toBe(0);
    take().end(new NetworkError("cut off", { outcome: "unknown" }));
    expect(usedOf("orders-10s")).toBe(1);
  });

  test("of which the venue has enough hold up those that follow for as long as it asks", async () => {
    const { budget, take, clock } = setUp({ limits: own });
    const words = { status: 429, venueCode: -1015, venueText: "Too many new orders.", retryAfterMs: 2_500 };
    take().end(new RateLimitError("order.place: -1015", words));
    const waiting = budget.take("order.place", 1, {});
    expect(waiting).toBeInstanceOf(Promise);
    clock.advance({ ms: 2_500 });
    (await waiting).end();
  });
});

describe("the venue's word", () => {
  test("on its limits replaces what is believed before it, and the caller's own stay as they are", () => {
    const announced = [{ ...TEN_SECONDS, limit: 50, count: Number.NaN }, WEIGHT];
    const { budget } = setUp();
    expect(budget.health()).toEqual([]); // a guess is not told
    budget.learn(announced);
    expect(budget.health()).toEqual([{ name: "orders-10s", limit: 50, used: 0, windowMs: 10_000, waiting: 0 }]);
    const { budget: fixed } = setUp({ limits: own });
    fixed.learn(announced);
    expect(fixed.health()).toMatchObject([{ limit: 3 }]);
  });

  test("that it has no limit on orders ends ours", () => {
    const { budget, take } = setUp();
    budget.learn([WEIGHT]);
    for (let i = 0; i < 1_000; i++) expect(take()).not.toBeInstanceOf(Promise);
  });

  test("on what is used is believed, lower as well as higher, and what has no answer yet comes on top", () => {
    const { take, usedOf } = setUp({ limits: [{ orders: 100, windowMs: 10_000 }] });
    const [first, second, third] = [take(), take(), take()] as const;
    first.tell([{ ...TEN_SECONDS, limit: 100, count: 41 }, WEIGHT]); // 40 of others
    first.end();
    expect(usedOf("orders-10s")).toBe(43);
    second.tellHeaders((name) => (name === "x-mbx-order-count-10s" ? "0" : undefined)); // all filled at once
    second.end();
    expect(usedOf("orders-10s")).toBe(1);
    third.end();
  });

  test("that comes after a later order's is not believed any more", () => {
    const { take, usedOf } = setUp({ limits: [{ orders: 100, windowMs: 10_000 }] });
    const [first, second] = [take(), take()] as const;
    second.tell([{ ...TEN_SECONDS, limit: 100, count: 30 }]);
    second.end();
    first.tell([{ ...TEN_SECONDS, limit: 100, count: 1 }]);
    first.end();
    expect(usedOf("orders-10s")).toBe(31);
  });

  test("is never undercut, however answers and orders mix, when it counts in the order they were sent", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("send", "answer", "fill"), { maxLength: 60 }), (steps) => {
        const { take, usedOf } = setUp({ limits: [{ orders: 1_000, windowMs: 10_000 }] });
        const underWay: OrderTicket[] = [];
        let count = 0; // at the venue
        for (const step of steps) {
          if (step === "send") underWay.push(take());
          else if (step === "fill") count = Math.max(0, count - 1);
          else {
            const ticket = underWay.shift();
            if (ticket === undefined) continue;
            count++;
            ticket.tell([{ ...TEN_SECONDS, limit: 1_000, count }]);
            ticket.end();
          }
          expect(usedOf("orders-10s")).toBeGreaterThanOrEqual(count + underWay.length);
        }
      }),
    );
  });
});

test.each([
  [[{ orders: 0, windowMs: 10_000 }], "orderLimits[0].orders"],
  [[{ orders: 1, windowMs: 1 }], "orderLimits[0].windowMs"],
  [[...own, ...own], "orderLimits: two are for windows of the same length"],
])("refuses limits that are none: %j", (limits, words) => {
  expect(() => setUp({ limits })).toThrow(InvalidInputError);
  expect(() => setUp({ limits })).toThrow(words);
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

test.each(["rest", "webSocket"] as const)(
  "a client that is quicker than the exchange allows is refused nothing by %s: it waits, and cancels do not",
  async (orderTransport) => {
    const paper = await createPaper({ seed: 5, market: false, limits: { ordersPer10Seconds: 12 } });
    closers.push(() => paper.close());
    const client = createBinance({ urls: paper.urls, credentials: paper, orderTransport });
    closers.push(() => client.close());
    let waits = 0;
    client.events.on("waited", ({ budget }) => {
      if (budget === "orders") waits++;
    });
    const [instrument] = await client.market.listInstruments();
    const sizeLots = instrument!.minLots * 1_000;
    const order = { instrument: instrument!, side: "buy", type: "limit", timeInForce: "GTC", sizeLots } as const;
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // of twenty calls
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      client.orders
        .submit(
          { ...order, clientOrderId: `order-${i}`, priceTicks: 5_000 + i },
          { signal: stop.signal, timeoutMs: 60_000 },
        )
        .then(
          () => "placed",
          ({ outcome }) => outcome as string,
        ),
    );
    await Promise.all(outcomes.slice(0, 12));
    const cancelled = await client.orders.cancel({ instrument: instrument!, clientOrderId: "order-0" });
    expect(cancelled.status).toBe("cancelled");
    stop.abort();
    const ends = await Promise.all(outcomes);
    expect(ends).not.toContain("refused");
    expect(ends.filter((end) => end === "placed").length).toBeGreaterThanOrEqual(12);
    expect(waits).toBeGreaterThan(0);
    expect(client.health().budgets.map(({ name, limit }) => [name, limit])).toContainEqual(["orders-10s", 12]);
  },
);
