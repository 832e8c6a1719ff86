import { ManualClock } from "@pitlane/perf/testing";
import type { Fill, OrderReport } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Execution } from "../../src/engines/execution.ts";
import { Portfolio } from "../../src/engines/portfolio.ts";
import { RiskEngine } from "../../src/engines/risk.ts";
import { JournalError } from "../../src/journal/journal.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Intent, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const BUY: Intent = { instrument, side: "buy", type: "limit", priceTicks: 1000, sizeLots: 1000 };

function setUp(options: { journalFails?: boolean } = {}) {
  /** What was done, in order. */
  const done: string[] = [];
  const faults: string[] = [];
  const halts: Error[] = [];
  const portfolio = new Portfolio();
  const risk = new RiskEngine();
  risk.addVoter("everything", () => ({ allowed: true }));
  const execution = new Execution({
    runKey: "run",
    strategies: ["one", "two"],
    nowUs: () => 0,
    clock: new ManualClock(),
    risk,
    journal: {
      append: (kind) => done.push(kind),
      commit: () => {
        if (options.journalFails) throw new JournalError("disk full");
        done.push("commit");
      },
    },
    wire: {
      send: ({ order }) => done.push(`send ${order.clientOrderId}`),
      cancel: (order) => done.push(`cancel ${order.clientOrderId}`),
    },
    portfolio,
    latencies: createStageLatencies(),
    publish: (event) => done.push(event.kind === "order" ? `${event.order.state}` : "fill"),
    onFault: (message) => faults.push(message),
    onHalt: (error) => halts.push(error),
  });
  const since = (work: () => void) => {
    done.length = 0;
    work();
    return [...done];
  };
  return { execution, portfolio, done, faults, halts, since };
}

const report = (
  order: Order,
  status: OrderReport["status"],
  fills: readonly Fill[] = [],
  venueOrderId = "7",
): OrderReport => ({
  instrument,
  clientOrderId: order.clientOrderId,
  venueOrderId,
  status,
  side: "buy",
  sizeLots: 1000,
  filledLots: fills.reduce((sum, fill) => sum + fill.sizeLots, 0),
  fills,
  atUs: 0,
});

const fillOf = (order: Order, sizeLots: number): Fill => ({
  instrument,
  clientOrderId: order.clientOrderId,
  venueOrderId: "7",
  tradeId: "1",
  side: "buy",
  priceTicks: 1000,
  sizeLots,
  fee: 0n,
  feeAsset: "USDT",
  isMaker: true,
  atUs: 0,
});

test("intents of one hook are on disk, in one commit, before any of them is sent", () => {
  const { execution, since } = setUp();
  execution.submit(0, BUY);
  execution.submit(0, BUY);
  expect(since(() => execution.flush(Number.NaN))).toEqual([
    "intent",
    "intent",
    "commit",
    "send pl-run-0-1",
    "send pl-run-0-2",
  ]);
  expect(since(() => execution.flush(Number.NaN))).toEqual([]);
});

test("when the journal fails nothing is sent, the orders are denied and the session halts", () => {
  const { execution, since, halts } = setUp({ journalFails: true });
  const order = execution.submit(0, BUY);
  expect(since(() => execution.flush(Number.NaN))).toEqual(["intent", "denied"]);
  expect(order).toMatchObject({ state: "denied", reason: "the journal cannot be written" });
  expect(halts.map((error) => error.message)).toEqual(["disk full"]);
  expect(execution.openOrders()).toEqual([]);
});

test("a cancel in the same hook takes the intent back", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.cancel(order);
  expect(since(() => execution.flush(Number.NaN))).toEqual(["intent", "denied", "commit"]);
  expect(order.reason).toBe("cancelled by the strategy before it was sent");
});

test("a cancel that would overtake its order waits until the venue has it, and is sent once", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  expect(
    since(() => {
      execution.cancel(order);
      execution.flush(Number.NaN);
    }),
  ).toEqual([]);
  expect(since(() => execution.onReport(report(order, "accepted")))).toEqual([
    "accepted",
    "cancel",
    "commit",
    `cancel ${order.clientOrderId}`,
  ]);
  expect(since(() => execution.onReport(report(order, "cancelled")))).toEqual(["cancelled"]);
  expect(
    since(() => {
      execution.cancel(order);
      execution.flush(Number.NaN);
    }),
  ).toEqual([]);
});

test("a cancel of an order that fills at once is forgotten", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.cancel(order);
  expect(since(() => execution.onReport(report(order, "filled", [fillOf(order, 1000)])))).toEqual(["fill", "filled"]);
});

test("open orders count toward the exposure from the moment they are admitted until they end", () => {
  const { execution, portfolio } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  expect(execution.exposure(instrument)).toEqual({ positionLots: 0, openBuyLots: 1000, openSellLots: 0 });
  execution.onReport(report(order, "partiallyFilled", [fillOf(order, 400)]));
  expect(execution.exposure(instrument)).toEqual({ positionLots: 400, openBuyLots: 600, openSellLots: 0 });
  execution.onReport(report(order, "cancelled", [fillOf(order, 400)]));
  expect(execution.exposure(instrument)).toEqual({ positionLots: 400, openBuyLots: 0, openSellLots: 0 });
  expect(portfolio.fills).toBe(1);
});

test("an order under two venue ids is counted as duplicated; one that is not ours is a fault, once", () => {
  const { execution, faults } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  execution.onReport(report(order, "accepted", [], "8"));
  expect(execution.counters.duplicated).toBe(1);
  const stray = { ...report(order, "accepted"), clientOrderId: "by-hand" };
  execution.onReport(stray);
  execution.onReport(stray);
  expect(faults.filter((fault) => fault.includes("by-hand"))).toHaveLength(1);
});

test("finished orders are forgotten beyond the last 10,000, open ones never", () => {
  const { execution, faults } = setUp();
  const first = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  for (let i = 0; i < 10_001; i++) {
    const order = execution.submit(1, BUY);
    execution.flush(Number.NaN);
    execution.onReport(report(order, "expired", [], String(100 + i)));
  }
  execution.onReport(report(first, "accepted"));
  expect(first.state).toBe("accepted");
  expect(faults).toEqual([]);
  execution.onReport({ ...report(first, "expired"), clientOrderId: "pl-run-1-1" });
  expect(faults).toHaveLength(1);
});
