import fc from "fast-check";
import { expect, test } from "vitest";
import { Order } from "../../src/orders/order.ts";
import { OrderQueue } from "../../src/orders/order-queue.ts";
import { Places, requestsAtOnce } from "../../src/orders/places.ts";
import { testInstrument } from "../../src/testing.ts";

const instruments = ["AAA/USDT", "BBB/USDT", "CCC/USDT"].map((symbol) => testInstrument({ symbol }));
const ANY = () => true;

function orderOf(number: number, market = 0, priority?: number, expectedProfit?: bigint): Order {
  return new Order(String(number), "s", 0, {
    instrument: instruments[market]!,
    side: "buy",
    type: "market",
    sizeLots: 1,
    ...(priority === undefined ? {} : { priority }),
    ...(expectedProfit === undefined ? {} : { expectedProfit }),
  });
}

test("orders leave by priority, then by expected profit, then by time, whatever instruments they are of and whichever are taken out", () => {
  const wish = fc.record({
    market: fc.nat(2),
    priority: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    expectedProfit: fc.option(fc.bigInt({ min: -3n, max: 3n }), { nil: undefined }),
    isRemoved: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 60 }), (wishes) => {
      const queue = new OrderQueue();
      const orders = wishes.map((one, i) => orderOf(i, one.market, one.priority, one.expectedProfit));
      for (const order of orders) queue.push(order, Number.NaN, 0);
      for (const [i, { isRemoved }] of wishes.entries())
        if (isRemoved) {
          expect(queue.remove(orders[i]!)).toBe(true);
          expect(queue.remove(orders[i]!)).toBe(false);
        }
      const left = orders
        .filter((_, i) => !wishes[i]!.isRemoved)
        .toSorted((a, b) => {
          const byPriority = (b.intent.priority ?? 5) - (a.intent.priority ?? 5);
          const byProfit = Number((b.intent.expectedProfit ?? 0n) - (a.intent.expectedProfit ?? 0n));
          return byPriority || byProfit || Number(a.clientOrderId) - Number(b.clientOrderId);
        });
      const came: Order[] = [];
      for (let next = queue.next(ANY); next !== undefined; next = queue.next(ANY)) came.push(next.order);
      expect(came.map(({ clientOrderId }) => clientOrderId)).toEqual(left.map(({ clientOrderId }) => clientOrderId));
      expect(queue.size).toBe(0);
    }),
  );
});

test("an order of an instrument that may not send is passed over, and is the first again when it may", () => {
  const queue = new OrderQueue();
  const urgent = orderOf(1, 0, 9);
  const other = orderOf(2, 1);
  queue.push(urgent, Number.NaN, 0);
  queue.push(other, Number.NaN, 0);
  expect(queue.next((instrument) => instrument !== instruments[0])?.order).toBe(other);
  expect(queue.next((instrument) => instrument !== instruments[0])).toBeUndefined();
  expect(queue.next(ANY)?.order).toBe(urgent);
});

test("one instrument has half of the places, and what it gives back others can take", () => {
  const places = new Places(5, 2);
  const [one, other] = instruments as [(typeof instruments)[0], (typeof instruments)[0]];
  expect([1, 2, 3, 4].map(() => places.tryTake(one))).toEqual([true, true, true, false]);
  expect([1, 2, 3].map(() => places.tryTake(other))).toEqual([true, true, false]);
  expect({ free: places.free, taken: places.taken }).toEqual({ free: 0, taken: 5 });
  places.release(one);
  expect(places.isFree(one)).toBe(true);
  expect(places.tryTake(other)).toBe(true);
});

test("the only instrument has all of the places", () => {
  const places = new Places(3, 1);
  const [one] = instruments as [(typeof instruments)[0]];
  expect([1, 2, 3, 4].map(() => places.tryTake(one))).toEqual([true, true, true, false]);
});

test("requests under way leave a quarter of the connections to cancels and questions; a batch is one request", () => {
  expect(requestsAtOnce({ batch: 100, concurrency: 8 }, { connections: 20 })).toBe(15);
  expect(requestsAtOnce({ batch: 100, concurrency: 8 }, { connections: 2000 })).toBe(800);
  expect(requestsAtOnce({ batch: 100, concurrency: 8 }, { connections: 20, batchLimit: 50 })).toBe(8);
  expect(requestsAtOnce({ batch: 1, concurrency: 1 }, { connections: 1 })).toBe(1);
});

test("over one socket for all, connections are no limit", () => {
  const socket = { connections: Number.POSITIVE_INFINITY };
  expect(requestsAtOnce({ batch: 100, concurrency: 8 }, socket)).toBe(800);
  expect(requestsAtOnce({ batch: 100, concurrency: 8 }, { ...socket, batchLimit: 50 })).toBe(8);
});
