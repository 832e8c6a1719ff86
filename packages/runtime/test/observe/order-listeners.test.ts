import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { OrderListeners } from "../../src/observe/order-listeners.ts";
import type { AnsweredOrder } from "../../src/observe/sample.ts";
import type { Order } from "../../src/orders/order.ts";

function setUp() {
  const clock = new ManualClock();
  const listeners = new OrderListeners(clock);
  const told: AnsweredOrder[] = [];
  const faults: string[] = [];
  const onFault = (message: string) => void faults.push(message);
  const offer = (bornNs = 2_000, triggerNs = 1_000) => {
    const intent = { instrument: { id: "binance:AAA/USDT" } };
    // Of an order, the listeners are told no more than this.
    const order = { clientOrderId: "x1", strategy: "maker", intent, bornNs } as unknown as Order;
    listeners.offer(order, triggerNs, 4_000, 4_000, 9_000, 1_009_000);
  };
  return { clock, listeners, told, faults, onFault, offer };
}

test("an order is told with its stages and when its answer came", () => {
  const { clock, listeners, told, onFault, offer } = setUp();
  listeners.add((order) => told.push(order), onFault);
  offer();
  expect(told).toEqual([
    {
      clientOrderId: "x1",
      strategy: "maker",
      instrument: "binance:AAA/USDT",
      atUs: clock.nowUs(),
      totalUs: 1008,
      stages: { decide: 1, check: 2, queue: 0, send: 5, venue: 1000 },
    },
  ]);
});

test("who comes twice is told twice, and leaves once", () => {
  const { listeners, told, onFault, offer } = setUp();
  const listener = (order: AnsweredOrder) => void told.push(order);
  const leave = listeners.add(listener, onFault);
  listeners.add(listener, onFault);
  offer();
  leave();
  leave();
  offer();
  expect(told).toHaveLength(3);
});

test("a listener that throws is a fault and told no more, the others are", () => {
  const { listeners, told, faults, onFault, offer } = setUp();
  listeners.add(() => {
    throw new Error("planted");
  }, onFault);
  listeners.add((order) => told.push(order), onFault);
  offer();
  offer();
  expect(faults).toEqual(["who listens to orders failed, and is told no more: Error: planted"]);
  expect(told).toHaveLength(2);
});

test("an order of a run before, of which nobody knows when it was wanted, is not told", () => {
  const { listeners, told, onFault, offer } = setUp();
  listeners.add((order) => told.push(order), onFault);
  offer(Number.NaN, Number.NaN);
  expect(told).toEqual([]);
});
