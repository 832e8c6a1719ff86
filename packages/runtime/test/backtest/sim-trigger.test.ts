import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BarPath } from "../../src/backtest/bar-path.ts";
import { SimTrigger } from "../../src/backtest/sim-trigger.ts";
import type { Intent } from "../../src/orders/order.ts";
import { coin } from "./setup.ts";

type Terms = Pick<Intent, "side" | "type" | "triggerTicks" | "trailingBps">;

const stop = (terms: Partial<Terms>) =>
  new SimTrigger({ instrument: coin, side: "sell", type: "stop", sizeLots: 1, ...terms });

const ticks = fc.integer({ min: 900, max: 1100 });
const terms: fc.Arbitrary<Terms> = fc
  .record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    type: fc.constantFrom("stop" as const, "stopLimit" as const, "takeProfit" as const, "takeProfitLimit" as const),
    triggerTicks: fc.option(ticks, { nil: undefined }),
    trailingBps: fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined }),
  })
  .filter(({ triggerTicks, trailingBps }) => triggerTicks !== undefined || trailingBps !== undefined)
  .map(({ triggerTicks, trailingBps, ...rest }) => ({
    ...rest,
    ...(triggerTicks !== undefined && { triggerTicks }),
    ...(trailingBps !== undefined && { trailingBps }),
  }));

/** Which of the prices activates an order, in the words of the rule; -1 for none. The first price is the last one before it came. */
function activatedAt({ side, type, triggerTicks, trailingBps }: Terms, prices: readonly number[]): number {
  const isAbove = (side === "buy") === type.startsWith("stop");
  const isReached = (price: number) => (isAbove ? price >= triggerTicks! : price <= triggerTicks!);
  if (trailingBps === undefined) return prices.findIndex((price, i) => i > 0 && isReached(price));
  const from = triggerTicks === undefined ? 0 : prices.findIndex((price, i) => i > 0 && isReached(price));
  if (from < 0) return -1;
  return prices.findIndex((price, i) => {
    if (i <= from) return false;
    const seen = prices.slice(from, i + 1);
    return side === "sell"
      ? price * 10_000 <= Math.max(...seen) * (10_000 - trailingBps)
      : price * 10_000 >= Math.min(...seen) * (10_000 + trailingBps);
  });
}

describe("what activates an order", () => {
  test("follows from the prices as the rule has it, one by one", () => {
    fc.assert(
      fc.property(terms, fc.array(ticks, { minLength: 2, maxLength: 40 }), (given, prices) => {
        const trigger = stop(given);
        trigger.start(prices[0]!);
        const at = prices.findIndex((price, i) => i > 0 && trigger.onPrice(price));
        expect(at).toBe(activatedAt(given, prices));
      }),
      { numRuns: 2000 },
    );
  });

  test("on a way is what activates it at one of the ticks of that way, walked one by one", () => {
    fc.assert(
      fc.property(terms, ticks, fc.array(ticks, { minLength: 1, maxLength: 6 }), (given, startTicks, turns) => {
        const walked = stop(given);
        const moved = stop(given);
        for (const trigger of [walked, moved]) {
          trigger.start(startTicks);
          if (trigger.onPrice(startTicks)) return;
        }
        let at = startTicks;
        for (const turn of turns) {
          const step = Math.sign(turn - at);
          let activated = Number.NaN;
          while (at !== turn && Number.isNaN(activated)) {
            at += step;
            if (walked.onPrice(at)) activated = at;
          }
          if (turn !== at || step !== 0 || !Number.isNaN(activated)) expect(moved.onMove(turn)).toBe(activated);
          if (!Number.isNaN(activated)) return;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("a buy holds for its trigger, or where its trail would take it, in whole ticks beyond", () => {
  expect(stop({ side: "buy", triggerTicks: 1050 }).estimateTicks(1000)).toBe(1050);
  expect(stop({ side: "buy", trailingBps: 15 }).estimateTicks(1001)).toBe(1003);
  expect(stop({ side: "sell", trailingBps: 15 }).estimateTicks(1001)).toBe(999);
  expect(stop({ side: "buy", trailingBps: 15 }).estimateTicks(Number.NaN)).toBe(0);
});

describe("the way through a bar", () => {
  const activeIn = (bar: readonly [number, number, number, number], given: Partial<Terms>) => {
    const path = new BarPath();
    path.set(...bar);
    if (!path.tryActivate(stop(given))) return undefined;
    return [path.activeTicks, path.lowAfterTicks, path.highAfterTicks, path.isAtOpen];
  };

  test("goes to the nearer extreme first, to the low where both are as far", () => {
    expect(activeIn([100, 102, 95, 98], { triggerTicks: 97 })).toEqual([97, 95, 98, false]); // 100, 102, 95, 98
    expect(activeIn([100, 110, 95, 98], { triggerTicks: 97 })).toEqual([97, 95, 110, false]); // 100, 95, 110, 98
    expect(activeIn([100, 105, 95, 98], { triggerTicks: 97 })).toEqual([97, 95, 105, false]);
  });

  test("begins at the open, wherever the last bar has ended", () => {
    expect(activeIn([90, 92, 88, 91], { triggerTicks: 97 })).toEqual([90, 88, 92, true]);
    expect(activeIn([98, 99, 98, 98], { triggerTicks: 97 })).toBeUndefined();
  });

  test("is followed by what trails", () => {
    expect(activeIn([1000, 1100, 990, 1000], { trailingBps: 500 })).toEqual([1045, 1000, 1045, false]); // 1000, 990, 1100, back by 55
  });
});
