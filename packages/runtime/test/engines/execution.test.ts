import { ManualClock } from "@pitlane/perf/testing";
import type { Fill, OrderReport } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Execution } from "../../src/engines/execution.ts";
import { Portfolio } from "../../src/engines/portfolio.ts";
import { RejectionCounter } from "../../src/engines/rejections.ts";
import { RiskEngine } from "../../src/engines/risk.ts";
import { JournalError } from "../../src/journal/journal.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const BUY: Intent = { instrument, side: "buy", type: "limit", priceTicks: 1000, sizeLots: 1000 };

function setUp(options: { journalFails?: boolean; maxBacklog?: number } = {}) {
  /** What was done, in order. */
  const done: string[] = [];
  const faults: string[] = [];
  const halts: Error[] = [];
  let nowUs = 0;
  const portfolio = new Portfolio();
  const risk = new RiskEngine();
  risk.addVoter("everything", () => ({ allowed: true }));
  const execution = new Execution({
    runKey: "run",
    strategies: ["one", "two"],
    nowUs: () => nowUs,
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
      amend: (order) => done.push(`amend ${order.clientOrderId} to ${order.amendLots}`),
      withdraw: (order) => done.push(`withdraw ${order.clientOrderId}`),
    },
    ...(options.maxBacklog === undefined ? {} : { maxBacklog: options.maxBacklog }),
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
  const at = (us: number) => {
    nowUs = us;
  };
  return { execution, portfolio, done, faults, halts, since, at };
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
  ).toEqual([`withdraw ${order.clientOrderId}`]); // it may still wait for the wire
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

test("an order taken back before it was sent, and a post-only one that would have traded, are told apart from those that failed", () => {
  const { execution } = setUp();
  const [withdrawn, dropped, lost] = [execution.submit(0, BUY), execution.submit(0, BUY), execution.submit(0, BUY)];
  const crossing = execution.submit(0, { ...BUY, type: "postOnly" });
  execution.flush(Number.NaN);
  execution.cancel(withdrawn);
  execution.cancel(lost);
  execution.flush(Number.NaN);
  execution.onFailure(withdrawn.clientOrderId, "unsent", "WITHDRAWN");
  execution.onFailure(dropped.clientOrderId, "unsent", "QUEUE_TIMEOUT");
  execution.onFailure(lost.clientOrderId, "refused", "no funds");
  execution.onFailure(crossing.clientOrderId, "refused", "it would have traded");
  expect(execution.counters.rejected).toBe(4);
  expect(execution.expectedRejections).toBe(2);
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

test("of another session's orders on the account 10,000 are known by name at most, and then told of again", () => {
  const { execution, faults } = setUp();
  const order = execution.submit(0, BUY);
  const stray = (number: number) =>
    execution.onReport({ ...report(order, "accepted"), clientOrderId: `by-hand-${number}` });
  for (let i = 0; i < 10_000; i++) stray(i);
  stray(0);
  expect(faults).toHaveLength(10_000);
  stray(10_000);
  stray(0);
  expect(faults).toHaveLength(10_002);
});

/** Ends `count` orders of strategy "two", with the venue's ids from 100 on. @returns Their ids. */
function endMany(execution: Execution, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const order = execution.submit(1, BUY) as Order;
    execution.flush(Number.NaN);
    execution.onReport(report(order, "expired", [], String(100 + i)));
    return order.clientOrderId;
  });
}

test("finished orders are forgotten beyond the last 10,000, open ones never; a late copy of a forgotten one's report is silence", () => {
  const { execution, faults, since } = setUp();
  const first = execution.submit(0, BUY) as Order;
  execution.flush(Number.NaN);
  const [id = ""] = endMany(execution, 10_001);
  execution.onReport(report(first, "accepted"));
  expect(first.state).toBe("accepted");
  expect(execution.find(id)).toBeUndefined();
  for (const status of ["accepted", "expired"] as const) {
    const copy = { ...report(first, status, [], "100"), clientOrderId: id };
    expect(execution.hasHeard(copy)).toBe(true); // it is no input
    expect(since(() => execution.onReport(copy))).toEqual([]);
  }
  expect(faults).toEqual([]);
  expect(execution.counters).toMatchObject({ accepted: 10_002, expired: 10_001, duplicated: 0 });
});

test("what a late report tells of a forgotten order and was not known is a fault, once; another id of the venue counts as duplicated", () => {
  const { execution, faults } = setUp();
  const [id = "", other = ""] = endMany(execution, 10_002);
  const about = { ...report(execution.submit(0, BUY) as Order, "expired", [], "100"), clientOrderId: id };
  const news = { ...about, filledLots: 400 };
  expect(execution.hasHeard(news)).toBe(false);
  execution.onReport(news);
  execution.onReport(news);
  expect(faults).toEqual([
    expect.stringContaining(`order ${id} ended as expired with 0 lots filled, and is now reported`),
  ]);
  expect(execution.counters.duplicated).toBe(0);
  execution.onReport({ ...about, clientOrderId: other, venueOrderId: "8" });
  expect(faults[1]).toContain("by another id too, 8");
  expect(execution.counters.duplicated).toBe(1);
});

test("an ended order whose fills are not all booked is kept until they are, whatever ends meanwhile; then it is forgotten as any other", () => {
  const { execution, portfolio, faults } = setUp();
  const order = execution.submit(0, BUY) as Order;
  execution.flush(Number.NaN);
  execution.onReport({ ...report(order, "filled"), filledLots: 1000 }); // its fill comes by another socket
  endMany(execution, 20_001);
  expect(execution.find(order.clientOrderId)).toBe(order);
  expect(execution.withMissingFills()).toEqual([order]);
  execution.onReport(report(order, "filled", [fillOf(order, 1000)]));
  expect(portfolio.position(instrument).lots).toBe(1000);
  expect(execution.withMissingFills()).toEqual([]);
  expect(execution.find(order.clientOrderId)).toBe(order); // another copy may come
  endMany(execution, 10_000);
  expect(execution.find(order.clientOrderId)).toBeUndefined();
  expect(execution.hasHeard(report(order, "filled", [fillOf(order, 1000)]))).toBe(true);
  expect(faults).toEqual([]);
});

test("an ended order whose fills are not all booked is taken over a restart: they are asked for, and booked once", () => {
  const { execution } = setUp();
  const order = execution.submit(0, BUY) as Order;
  const done = execution.submit(0, BUY) as Order;
  execution.flush(Number.NaN);
  execution.onReport(report(done, "filled", [fillOf(done, 1000)]));
  expect(execution.record()).not.toHaveProperty("owed"); // as in journals of before
  execution.onReport({ ...report(order, "filled", [fillOf(order, 400)]), filledLots: 1000 });
  const next = setUp();
  next.execution.restore(JSON.parse(JSON.stringify(execution.record())), () => instrument);
  next.execution.endRecovery();
  expect(next.execution.openOrders()).toEqual([]);
  expect(next.execution.withMissingFills().map(({ clientOrderId }) => clientOrderId)).toEqual([order.clientOrderId]);
  const rest = { ...fillOf(order, 600), tradeId: "2" };
  next.execution.onReport(report(order, "filled", [fillOf(order, 400), rest]));
  expect(next.portfolio.position(instrument).lots).toBe(600); // the snapshot of the portfolio has the others
  expect(next.execution.withMissingFills()).toEqual([]);
  expect(next.execution.counters).toMatchObject({ filled: 2, submitted: 2 });
  expect(next.faults).toEqual([]);
});

test("an order counts as ended once, also when the venue tells of more fills after its end", () => {
  const { execution, portfolio } = setUp();
  const order = execution.submit(0, BUY) as Order;
  execution.flush(Number.NaN);
  execution.onReport(report(order, "cancelled"));
  execution.onReport(report(order, "cancelled", [fillOf(order, 400)]));
  expect(portfolio.position(instrument).lots).toBe(400);
  expect(execution.counters).toMatchObject({ accepted: 1, cancelled: 1 });
});

test("an amendment is on disk before it is sent, goes before new orders, and needs no vote", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  expect(execution.amend(order, 400)).toEqual({ allowed: true });
  expect(execution.amend(order, 300)).toMatchObject({ code: "AMEND_PENDING" });
  execution.submit(0, BUY);
  expect(since(() => execution.flush(Number.NaN))).toEqual([
    "amend",
    "intent",
    "commit",
    "amend pl-run-0-1 to 400",
    "send pl-run-0-2",
  ]);
  expect(order.state).toBe("pendingAmend");
  expect(since(() => execution.onReport({ ...report(order, "accepted"), sizeLots: 400 }))).toEqual(["pendingAmend"]);
  expect(since(() => execution.onAmendEnded(order.clientOrderId, ""))).toEqual(["accepted"]);
  expect(execution.exposure(instrument).openBuyLots).toBe(1400);
});

test("an amendment is denied where it cannot be: too early, too late, too large, too small", () => {
  const { execution } = setUp();
  const order = execution.submit(0, BUY);
  const codeOf = (sizeLots: number) => {
    const verdict = execution.amend(order, sizeLots);
    return verdict.allowed ? "" : verdict.code;
  };
  expect(codeOf(500)).toBe("NOT_ACKNOWLEDGED");
  execution.flush(Number.NaN);
  execution.onReport(report(order, "partiallyFilled", [fillOf(order, 400)]));
  expect([1000, 400, 0, 500.5].map(codeOf)).toEqual(["BAD_SIZE", "BAD_SIZE", "BAD_SIZE", "BAD_SIZE"]);
  execution.cancel(order);
  expect(codeOf(500)).toBe("CANCEL_PENDING");
  execution.flush(Number.NaN);
  expect(codeOf(500)).toBe("CANCEL_PENDING");
  execution.onReport(report(order, "cancelled", [fillOf(order, 400)]));
  expect(codeOf(500)).toBe("NOT_OPEN");
});

test("an amendment and a cancel after it, in one hook, are the cancel: it would overtake the amendment", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  expect(execution.amend(order, 500).allowed).toBe(true);
  execution.cancel(order);
  expect(since(() => execution.flush(Number.NaN))).toEqual(["cancel", "commit", `cancel ${order.clientOrderId}`]);
  expect(order.state).toBe("pendingCancel");
  expect(since(() => execution.onCancelEnded(order.clientOrderId, "too many requests"))).toEqual(["accepted"]);
  expect(execution.amend(order, 500).allowed).toBe(true);
});

test("a refused cancel gives the order back as it was, and another one may be sent after a while", () => {
  const { execution, since, at } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  execution.cancel(order);
  execution.flush(Number.NaN);
  expect(order.state).toBe("pendingCancel");
  expect(since(() => execution.onCancelEnded(order.clientOrderId, "too many requests"))).toEqual(["accepted"]);
  expect(order.reason).toBe("too many requests");
  execution.cancel(order);
  expect(since(() => execution.flush(Number.NaN))).toEqual([]);
  at(100_000);
  expect(since(() => execution.flush(Number.NaN))).toEqual(["cancel", "commit", `cancel ${order.clientOrderId}`]);
});

test("an overdue order is cancelled at once, and again when it turns out that the cancel has overtaken it", () => {
  const { execution, since } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  const cancelled = ["cancel", "commit", `cancel ${order.clientOrderId}`];
  expect(since(() => execution.onOverdue(order.clientOrderId))).toEqual(cancelled);
  expect(since(() => execution.onOverdue(order.clientOrderId))).toEqual([]);
  expect(order.state).toBe("submitted");
  expect(since(() => execution.onCancelEnded(order.clientOrderId, ""))).toEqual([]); // the venue knew no such order yet
  expect(since(() => execution.onReport(report(order, "accepted")))).toEqual(["accepted", ...cancelled]);
  expect(since(() => execution.onReport(report(order, "cancelled")))).toEqual(["cancelled"]);
  expect(since(() => execution.onOverdue(order.clientOrderId))).toEqual([]);
});

test("beyond the backlog's limit intents are denied until the venue's word frees places, and strategies are asked to slow down before", () => {
  const { execution } = setUp({ maxBacklog: 5 });
  const { backlog } = execution;
  const orders = Array.from({ length: 6 }, () => execution.submit(0, BUY));
  execution.flush(Number.NaN);
  expect(orders.map(({ state }) => state)).toEqual([...Array(5).fill("submitted"), "denied"]);
  expect(orders[5]!.reason).toBe("QUEUE_FULL: 5 orders wait for the venue's word, the limit is 5");
  expect(backlog).toMatchObject({ orders: 5, limit: 5, isHigh: true });
  execution.onReport(report(orders[0]!, "accepted"));
  execution.onReport(report(orders[0]!, "accepted"));
  execution.onFailure(orders[1]!.clientOrderId, "unknown", "reset");
  expect(backlog).toMatchObject({ orders: 3, isHigh: true });
  execution.onFailure(orders[2]!.clientOrderId, "refused", "no funds");
  expect(backlog).toMatchObject({ orders: 2, isHigh: false });
  expect(execution.submit(0, BUY).state).toBe("intended");
  execution.flush(Number.NaN);
  expect(backlog.orders).toBe(3);
});

test("what the present hook has wanted counts in the backlog at once, so that a burst sees where it must stop", () => {
  const { execution } = setUp({ maxBacklog: 30 });
  const { backlog } = execution;
  const sizes: number[] = [];
  while (!execution.backlog.isHigh) {
    execution.submit(0, BUY);
    sizes.push(backlog.orders);
  }
  expect(sizes).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  const refusal = { voter: "permissions", verdict: { allowed: false, code: "PAUSED", reason: "" } } as const;
  execution.submit(0, BUY, refusal);
  expect(backlog.orders).toBe(24); // that one never goes
  const bad = execution.submit(0, { ...BUY, priority: 10 });
  execution.flush(Number.NaN);
  expect(bad.state).toBe("denied");
  expect(backlog).toMatchObject({ orders: 24, isHigh: true });
  const more = Array.from({ length: 10 }, () => execution.submit(0, BUY));
  expect(backlog.orders).toBe(34);
  execution.flush(Number.NaN);
  expect(more.map(({ state }) => state)).toEqual([...Array(6).fill("submitted"), ...Array(4).fill("denied")]);
  expect(more[6]!.reason).toBe("QUEUE_FULL: 30 orders wait for the venue's word, the limit is 30");
  expect(backlog.orders).toBe(30);
});

test("denials are counted by code, and by a restart's snapshot and journal as if there had been none", () => {
  const { execution } = setUp({ maxBacklog: 1 });
  for (let i = 0; i < 3; i++) execution.submit(0, BUY);
  execution.submit(0, { ...BUY, priority: 10 });
  const withdrawn = execution.submit(0, BUY);
  execution.cancel(withdrawn);
  execution.flush(Number.NaN);
  const denials = [
    { code: "QUEUE_FULL", voter: "pipeline", count: 3, example: "1 orders wait for the venue's word, the limit is 1" },
    { code: "BAD_PRIORITY", voter: "pipeline", count: 1, example: "priority 10 is not a whole number from 0 to 9" },
  ];
  expect(execution.denials).toEqual(denials);
  expect(execution.counters.denied).toBe(4);
  const next = setUp().execution;
  next.restore({ ...execution.record(), open: [] }, () => BUY.instrument);
  const lost = new Order("pl-k-0-9", "one", 0, BUY);
  next.recoverIntent(lost, 9, false, ["shape", { voter: "balance", allowed: false, code: "LOW", reason: "none left" }]);
  expect(next.denials).toEqual([...denials, { code: "LOW", voter: "balance", count: 1, example: "none left" }]);
});

test("rejections are counted by the venue's words, over restarts, and at most 200 words are told apart", () => {
  const { execution } = setUp();
  const orders = Array.from({ length: 3 }, () => execution.submit(0, BUY));
  execution.flush(Number.NaN);
  for (const [i, { clientOrderId }] of orders.entries())
    execution.onFailure(clientOrderId, "refused", i === 1 ? "closed" : "no funds");
  const rejections = [
    { reason: "no funds", count: 2 },
    { reason: "closed", count: 1 },
  ];
  expect(execution.rejections).toEqual(rejections);
  const next = setUp().execution;
  next.restore({ ...execution.record(), open: [] }, () => BUY.instrument);
  const known = new Order("pl-k-0-9", "one", 0, BUY);
  next.recoverIntent(known, 9, true);
  next.recoverFailure(known.clientOrderId, "refused", "closed");
  expect(next.rejections).toEqual([rejections[0], { reason: "closed", count: 2 }]);
  const counter = new RejectionCounter();
  for (let i = 0; i < 300; i++) counter.count(`reason ${i}`);
  expect(counter.list).toHaveLength(201);
  expect(counter.list[0]).toEqual({ reason: "other reasons", count: 100 });
});

test("after a restart what a halt was to cancel ends, however often the venue refuses; and what was refused to a strategy stays", () => {
  const { execution, done } = setUp();
  const [halted, kept] = ["pl-k-0-1", "pl-k-0-2"].map((id) => new Order(id, "one", 0, BUY)) as [Order, Order];
  for (const [i, order] of [halted, kept].entries()) {
    execution.recoverIntent(order, i + 1, true);
    execution.recoverReport(report(order, "accepted"));
  }
  execution.recoverCancel(kept.clientOrderId);
  execution.recoverCancelEnd(kept.clientOrderId); // refused: its strategy lives on with it
  execution.endRecovery();
  execution.flush(Number.NaN);
  expect(done).toEqual([]);

  execution.recoverSweep(); // the process ended before it sent one cancel
  const next = setUp();
  next.execution.restore(execution.record(), () => BUY.instrument);
  next.execution.endRecovery();
  next.execution.flush(Number.NaN);
  const cancels = ["cancel pl-k-0-1", "cancel pl-k-0-2"];
  expect(next.done.filter((one) => one.startsWith("cancel pl"))).toEqual(cancels);
  for (const { clientOrderId } of [halted, kept]) next.execution.onCancelEnded(clientOrderId, "not now");
  next.at(10_000_000);
  next.execution.flush(Number.NaN);
  expect(next.done.filter((one) => one.startsWith("cancel pl"))).toEqual([...cancels, ...cancels]);
});

test("an intent whose terms cannot be is denied by the pipeline", () => {
  const { execution } = setUp();
  const order = execution.submit(0, { ...BUY, priority: 10 });
  execution.flush(Number.NaN);
  expect(order).toMatchObject({
    state: "denied",
    reason: "BAD_PRIORITY: priority 10 is not a whole number from 0 to 9",
  });
});

test("a cancel that left its order open is repeated 100 ms after its end, then after twice the time, however often it is asked for", () => {
  const { execution, since, at } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  const sentAtMs: number[] = [];
  for (let ms = 0; ms < 1_000; ms++) {
    at(ms * 1000);
    const done = since(() => {
      execution.cancel(order);
      execution.flush(Number.NaN);
    });
    if (!done.includes(`cancel ${order.clientOrderId}`)) continue;
    sentAtMs.push(ms);
    execution.onCancelEnded(order.clientOrderId, "refused");
  }
  expect(sentAtMs).toEqual([0, 100, 300, 700]);
});

test("a cancel that is held back is sent when its time has come, and not when its order has ended first", () => {
  const { execution, since, at } = setUp();
  const [first, second] = [execution.submit(0, BUY), execution.submit(0, BUY)];
  execution.flush(Number.NaN);
  for (const order of [first, second]) {
    execution.onReport(report(order, "accepted", [], order.clientOrderId));
    execution.cancel(order);
    execution.flush(Number.NaN);
    execution.onCancelEnded(order.clientOrderId, "refused");
    execution.cancel(order);
  }
  expect(since(() => execution.flush(Number.NaN))).toEqual([]);
  execution.onReport(report(second, "cancelled", [], second.clientOrderId));
  at(100_000);
  expect(since(() => execution.flush(Number.NaN))).toEqual(["cancel", "commit", `cancel ${first.clientOrderId}`]);
  expect(execution.hasRepeats).toBe(false);
});

test("what a halt could not cancel is cancelled again and again until it has ended; a strategy's own failed cancel is not", () => {
  const { execution, since, at } = setUp();
  const order = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  execution.onReport(report(order, "accepted"));
  const next = (us: number) => {
    at(us);
    return since(() => execution.flush(Number.NaN)).filter((what) => what.startsWith("cancel "));
  };
  execution.cancel(order);
  expect(next(0)).toHaveLength(1);
  execution.onCancelEnded(order.clientOrderId, "refused");
  expect(next(10_000_000)).toEqual([]);
  execution.sweep();
  expect(next(10_000_000)).toHaveLength(1);
  execution.onCancelEnded(order.clientOrderId, "refused");
  expect(next(10_199_999)).toEqual([]);
  expect(next(10_200_000)).toHaveLength(1);
  execution.onReport(report(order, "cancelled"));
  execution.onCancelEnded(order.clientOrderId, "");
  expect(next(20_000_000)).toEqual([]);
  expect(execution.hasRepeats).toBe(false);
});

test("whatever way orders end, none is left in the open ones or in the backlog", () => {
  const { execution } = setUp();
  const wanted = Array.from({ length: 600 }, () => {
    const order = execution.submit(0, { ...BUY, timeInForce: "IOC" });
    execution.flush(Number.NaN);
    return order as Order;
  });
  expect(execution.exposure(instrument).openBuyLots).toBe(600 * 1000);
  for (const [i, order] of wanted.entries()) {
    const id = order.clientOrderId;
    if (i % 6 === 0) execution.onReport(report(order, "filled", [fillOf(order, 1000)]));
    else if (i % 6 === 1) execution.onReport(report(order, "expired", [fillOf(order, 300)]));
    else if (i % 6 === 2) execution.onReport(report(order, "cancelled"));
    else if (i % 6 === 3) execution.onFailure(id, "unsent", "QUEUE_TIMEOUT");
    else if (i % 6 === 4) execution.onFailure(id, "refused", "the venue is busy");
    else {
      execution.onFailure(id, "unknown", "reset");
      execution.onReport(report(order, "filled", [fillOf(order, 1000)]));
    }
  }
  expect(execution.exposure(instrument)).toMatchObject({ openBuyLots: 0, openSellLots: 0 });
  expect(execution.openOrders()).toEqual([]);
  expect(execution.backlog).toMatchObject({ orders: 0, isHigh: false });
});

test("a flood of denials does not make an order that was sent a stranger: its late word is still known", () => {
  const { execution, faults } = setUp({ maxBacklog: 1 });
  const sent = execution.submit(0, BUY);
  execution.flush(Number.NaN);
  for (let i = 0; i < 10_001; i++) {
    expect(execution.submit(0, BUY).isOpen).toBe(true);
    execution.flush(Number.NaN); // QUEUE_FULL: the first still waits for the venue's word
    if (i === 0) execution.onReport(report(sent, "filled", [fillOf(sent, 1000)]));
    if (i === 0) execution.stopNewOrders("no more");
  }
  expect(execution.counters.denied).toBe(10_001);
  execution.onReport(report(sent, "filled", [fillOf(sent, 1000)]));
  expect(faults).toEqual([]);
});
