import fc from "fast-check";
import { expect, test } from "vitest";
import { flowOf, OrderFlow } from "../../src/engines/order-flow.ts";

const top = fc.record({
  bid: fc.integer({ min: 95, max: 99 }),
  bidLots: fc.integer({ min: 1, max: 9 }),
  ask: fc.integer({ min: 100, max: 104 }),
  askLots: fc.integer({ min: 1, max: 9 }),
});

test("what each change adds: sizes that come and go at the best prices", () => {
  const flow = (bid: number, bidLots: number, ask: number, askLots: number) =>
    flowOf(bid, bidLots, ask, askLots, 99, 5, 100, 7);
  expect(flow(99, 8, 100, 7)).toBe(3); // the bid grew
  expect(flow(98, 9, 100, 7)).toBe(-5); // the best bid went
  expect(flow(99, 5, 100, 4)).toBe(3); // the ask shrank
  expect(flow(99, 5, 101, 2)).toBe(7); // the best ask went
  expect(flow(99, 5, 99.5, 2)).toBe(-2); // a better ask came
});

test("the sum is that of the latest changes, worked out anew", () => {
  fc.assert(
    fc.property(fc.array(top, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (tops, length) => {
      const flow = new OrderFlow(length);
      const flows: number[] = [];
      for (const [i, { bid, bidLots, ask, askLots }] of tops.entries()) {
        flow.top(bid, bidLots, ask, askLots);
        const before = tops[i - 1];
        const isChange =
          before !== undefined &&
          (before.bid !== bid || before.bidLots !== bidLots || before.ask !== ask || before.askLots !== askLots);
        if (isChange) {
          const bids = (bid >= before.bid ? bidLots : 0) - (bid <= before.bid ? before.bidLots : 0);
          const asks = (ask <= before.ask ? askLots : 0) - (ask >= before.ask ? before.askLots : 0);
          flows.push(bids - asks);
        }
        const latest = flows.slice(-length);
        expect(flow.count).toBe(latest.length);
        expect(flow.sumLots).toBe(latest.length === 0 ? Number.NaN : latest.reduce((sum, one) => sum + one, 0));
      }
    }),
  );
});

test("what lies on both sides of a hole is no change", () => {
  const flow = new OrderFlow();
  flow.top(99, 5, 100, 5);
  flow.top(99, 6, 100, 5);
  flow.clear();
  expect(flow.sumLots).toBeNaN();
  flow.top(90, 50, 91, 5);
  expect(flow.sumLots).toBeNaN();
  flow.top(90, 51, 91, 5);
  expect(flow.sumLots).toBe(1);
});

test("a side that is empty adds nothing", () => {
  const flow = new OrderFlow();
  flow.top(99, 5, Number.NaN, 0);
  flow.top(99, 7, Number.NaN, 0);
  expect(flow.sumLots).toBe(2);
});
