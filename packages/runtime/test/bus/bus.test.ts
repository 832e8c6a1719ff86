import fc from "fast-check";
import { expect, test } from "vitest";
import { Bus } from "../../src/bus/bus.ts";
import type { BusEvent } from "../../src/bus/events.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const at = { instrument, venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
const trade = (tradeId: number): BusEvent => ({
  kind: "trade",
  ...at,
  tradeId,
  priceTicks: 1,
  sizeLots: 1,
  aggressor: "buy",
  isBackfilled: false,
});
const quote = (sequence: number): BusEvent => ({
  kind: "quote",
  ...at,
  bidTicks: 1,
  bidLots: 1,
  askTicks: 2,
  askLots: 1,
  sequence,
});
const report = (atUs: number): BusEvent => ({
  kind: "report",
  instrument,
  report: {
    instrument,
    clientOrderId: "a",
    venueOrderId: "1",
    status: "accepted",
    side: "buy",
    sizeLots: 1,
    filledLots: 0,
    fills: [],
    atUs,
  },
});

function setUp(options: { capacity?: number; batch?: number; onDispatch?: (event: BusEvent, bus: Bus) => void } = {}) {
  const seen: BusEvent[] = [];
  const deferred: (() => void)[] = [];
  const overflows: string[] = [];
  const { onDispatch, ...limits } = options;
  const bus: Bus = new Bus({
    dispatch: (event) => {
      seen.push(event);
      onDispatch?.(event, bus);
    },
    defer: (task) => deferred.push(task),
    onOverflow: (lane, depth) => overflows.push(`${lane} ${depth}`),
    ...limits,
  });
  return { bus, seen, deferred, overflows };
}

test("what is urgent overtakes market data, and each lane keeps its order", () => {
  const { bus, seen } = setUp();
  const [t1, t2, r1, r2] = [trade(1), trade(2), report(1), report(2)];
  for (const event of [t1, r1, t2, r2]) bus.publish(event, 0, 0);
  bus.drain();
  expect(seen).toEqual([r1, r2, t1, t2]);
});

test("a waiting quote is replaced by a newer one of its instrument, in its place; trades never are", () => {
  const { bus, seen } = setUp();
  bus.publish(quote(1), 0, 0);
  bus.publish(trade(1), 0, 0);
  bus.publish(quote(2), 0, 0);
  bus.publish(quote(9), 1, 0);
  bus.publish(trade(2), 0, 0);
  bus.drain();
  expect(seen).toEqual([quote(2), trade(1), quote(9), trade(2)]);
  expect(bus.counters().normal).toEqual({ dispatched: 4, dropped: 0, conflated: 1, maxDepth: 4 });
});

test("conflation is by instrument, however many there are", () => {
  const { bus, seen } = setUp({ batch: 10_000 });
  for (const sequence of [1, 2]) for (let index = 0; index < 500; index++) bus.publish(quote(sequence), index, 0);
  expect(bus.depth).toBe(500);
  bus.drain();
  expect(seen).toEqual(Array.from({ length: 500 }, () => quote(2)));
  bus.publish(quote(3), 499, 0);
  bus.drain();
  expect(seen).toHaveLength(501);
});

test("after a batch it gives input and output a turn, and goes on", () => {
  const { bus, seen, deferred } = setUp({ batch: 3 });
  for (let i = 0; i < 5; i++) bus.publish(trade(i), 0, 0);
  bus.drain();
  expect(seen).toHaveLength(3);
  expect(deferred).toHaveLength(1);
  bus.publish(report(1), 0, 0);
  deferred[0]?.();
  expect(seen.map((event) => event.kind)).toEqual(["trade", "trade", "trade", "report", "trade", "trade"]);
});

test("what a handler publishes is dispatched by the same drain, without recursion", () => {
  let depth = 0;
  let deepest = 0;
  const { bus, seen } = setUp({
    onDispatch: (event, self) => {
      deepest = Math.max(deepest, ++depth);
      if (event.kind === "trade" && event.tradeId < 5) {
        self.publish(trade(event.tradeId + 1), 0, 0);
        self.drain();
      }
      depth--;
    },
  });
  bus.publish(trade(1), 0, 0);
  bus.drain();
  expect(seen).toHaveLength(5);
  expect(deepest).toBe(1);
});

test("a full normal lane gives up its oldest and counts it; a full high lane keeps everything and says so once", () => {
  const { bus, seen, overflows } = setUp({ capacity: 4, batch: 1000 });
  for (let i = 1; i <= 6; i++) bus.publish(trade(i), 0, 0);
  for (let i = 1; i <= 20; i++) bus.publish(report(i), 0, 0);
  expect(overflows).toEqual(["normal 4", "high 5"]);
  bus.drain();
  expect(seen.filter((event) => event.kind === "report")).toHaveLength(20);
  expect(seen.filter((event) => event.kind === "trade").map((event) => event.tradeId)).toEqual([3, 4, 5, 6]);
  expect(bus.counters().normal).toMatchObject({ dispatched: 4, dropped: 2 });
});

test("a dispatcher that throws does not block the bus", () => {
  const { bus, seen } = setUp({
    onDispatch: (event) => {
      if (event.kind === "trade" && event.tradeId === 1) throw new Error("bad");
    },
  });
  bus.publish(trade(1), 0, 0);
  bus.publish(trade(2), 0, 0);
  expect(() => bus.drain()).toThrow("bad");
  bus.drain();
  expect(seen).toHaveLength(2);
});

test("no event is lost, doubled or reordered within its kind, however publishing and draining interleave", () => {
  const step = fc.oneof(fc.constant("trade" as const), fc.constant("report" as const), fc.constant("drain" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 7 }), (steps, batch) => {
      const { bus, seen, deferred } = setUp({ batch });
      const sent = { trade: 0, report: 0 };
      for (const kind of steps) {
        if (kind === "drain") bus.drain();
        else bus.publish(kind === "trade" ? trade(++sent.trade) : report(++sent.report), 0, 0);
      }
      bus.drain();
      while (bus.depth > 0) deferred.shift()?.();
      expect(seen.filter((event) => event.kind === "trade").map((event) => event.tradeId)).toEqual(
        Array.from({ length: sent.trade }, (_, i) => i + 1),
      );
      expect(seen.filter((event) => event.kind === "report").map((event) => event.report.atUs)).toEqual(
        Array.from({ length: sent.report }, (_, i) => i + 1),
      );
    }),
  );
});
