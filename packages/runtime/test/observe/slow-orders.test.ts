import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { SlowOrders } from "../../src/observe/slow-orders.ts";
import { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

function setUp() {
  const clock = new ManualClock();
  const slow = new SlowOrders(clock);
  let number = 0;
  /** An order that ends now and took so long, all of it at the venue. */
  const end = (tookMs: number, triggerMs = 0): string => {
    const order = new Order(`pl-${++number}`, "maker", 0, { instrument, side: "buy", type: "market", sizeLots: 1 });
    const nowNs = clock.monotonicNs();
    order.bornNs = nowNs - tookMs * 1e6;
    const triggerNs = triggerMs === 0 ? Number.NaN : order.bornNs - triggerMs * 1e6;
    slow.offer(order, triggerNs, order.bornNs, order.bornNs, order.bornNs, nowNs);
    return order.clientOrderId;
  };
  clock.advance({ ms: 1_000_000 });
  return { clock, slow, end };
}

test("the slowest come first, with whose they are and when they ended", () => {
  const { clock, slow, end } = setUp();
  const quick = end(5);
  clock.advance({ ms: 10 });
  const late = end(50, 3);
  expect(slow.slowest()).toEqual([
    expect.objectContaining({
      clientOrderId: late,
      strategy: "maker",
      instrument: instrument.id,
      atUs: clock.nowUs(),
      totalUs: 53_000,
      slowest: "venue",
    }),
    expect.objectContaining({ clientOrderId: quick, totalUs: 5_000 }),
  ]);
});

test("those of the last five minutes are kept, and an older one that was slower hides none of them", () => {
  const { clock, slow, end } = setUp();
  for (let i = 0; i < 80; i++) end(1_000);
  clock.advance({ ms: 100_000 });
  const kept = end(10);
  expect(slow.slowest()).toHaveLength(50);
  expect(slow.slowest().map(({ totalUs }) => totalUs)).not.toContain(10_000);
  clock.advance({ ms: 250_000 });
  expect(slow.slowest().map(({ clientOrderId }) => clientOrderId)).toEqual([kept]);
  clock.advance({ ms: 60_000 });
  expect(slow.slowest()).toEqual([]);
});

test("of any orders within ten seconds, the fifty slowest are told", () => {
  const { clock, slow, end } = setUp();
  const random = seededRandom();
  const took: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const ms = 1 + Math.floor(random.next() * 10_000) / 100;
    took.push(ms);
    end(ms);
    clock.advance({ ms: 3 });
  }
  const wanted = took.sort((a, b) => b - a).slice(0, 50);
  const told = slow.slowest().map(({ totalUs }) => totalUs / 1000);
  expect(told).toHaveLength(50);
  for (const [i, ms] of told.entries()) expect(ms).toBeCloseTo(wanted[i]!, 6);
});

test("what overlapped is known also when it is told after the order's end", () => {
  const { clock, slow, end } = setUp();
  end(20);
  const endNs = clock.monotonicNs();
  clock.advance({ ms: 2_000 });
  slow.note({ kind: "gc", what: "major", startNs: endNs - 8e6, endNs: endNs - 2e6 });
  slow.note({ kind: "loopStall", what: "event loop", startNs: endNs + 1, endNs: endNs + 5e7 });
  expect(slow.slowest()[0]?.overlaps).toEqual([{ kind: "gc", what: "major", us: 6_000 }]);
});

test("disturbances without end push the oldest out, and cost no more memory", () => {
  const { clock, slow, end } = setUp();
  end(20);
  const endNs = clock.monotonicNs();
  slow.note({ kind: "reconnect", what: "user stream", startNs: endNs - 8e6, endNs });
  for (let i = 0; i < 8_191; i++) slow.note({ kind: "gc", what: "minor", startNs: endNs + 1, endNs: endNs + 2 });
  expect(slow.slowest()[0]?.overlaps).toHaveLength(1);
  slow.note({ kind: "gc", what: "minor", startNs: endNs + 1, endNs: endNs + 2 });
  expect(slow.slowest()[0]?.overlaps).toHaveLength(0);
});

test("an order that was taken back and of which nobody knows when it began is not among them", () => {
  const { clock, slow } = setUp();
  const order = new Order("pl-1", "maker", 0, { instrument, side: "buy", type: "market", sizeLots: 1 });
  const nowNs = clock.monotonicNs();
  slow.offer(order, Number.NaN, nowNs, nowNs, nowNs, nowNs);
  expect(slow.slowest()).toEqual([]);
});
