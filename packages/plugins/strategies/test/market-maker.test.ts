import fc from "fast-check";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { marketMaker, quotesAround } from "../src/index.ts";

const instrument = testInstrument();

async function setUp(config: object = {}) {
  const host = await createTestHost({
    plugin: marketMaker,
    instruments: [instrument],
    config: { halfSpreadBps: 100, pauseMs: 0, ...config },
  });
  const open = () =>
    host.orders.filter((order) => order.isOpen).map(({ intent }) => `${intent.side} ${intent.priceTicks}`);
  return { host, open };
}

test("quotes both sides around the middle, post-only", async () => {
  const { host, open } = await setUp();
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(open()).toEqual(["buy 990", "sell 1010"]);
  expect(host.orders.every((order) => order.intent.type === "postOnly")).toBe(true);
});

test("leaves quotes alone while they are near enough, and moves them when the market has moved", async () => {
  const { host, open } = await setUp();
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.quote({ bidTicks: 993, askTicks: 1013 });
  expect(host.orders).toHaveLength(2);
  host.quote({ bidTicks: 1000, askTicks: 1020 });
  expect(open()).toEqual([]);
  host.quote({ bidTicks: 1000, askTicks: 1020 });
  expect(open()).toEqual(["buy 999", "sell 1021"]);
});

test("a long position moves both quotes down, and at its limit only the ask is left", async () => {
  const { host, open } = await setUp({ maxQuotes: 2, requoteShare: 0.4 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.fill(host.orders[0]!);
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(open()).toEqual(["buy 985", "sell 1005"]);
  host.fill(host.orders.find((order) => order.isOpen && order.intent.side === "buy")!);
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(open()).toEqual(["sell 1000"]);
});

test("a skew of 0 leaves quotes where they are, whatever is held", async () => {
  const { host, open } = await setUp({ skew: 0, requoteShare: 0.4 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.fill(host.orders[0]!);
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(open()).toEqual(["sell 1010", "buy 990"]);
});

test("withdraws both quotes when the stream has a hole", async () => {
  const { host, open } = await setUp();
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.gap();
  expect(open()).toEqual([]);
});

test("waits between two actions on a side", async () => {
  const { host } = await setUp({ pauseMs: 100 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  host.fill(host.orders[0]!);
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(host.orders.filter((order) => order.intent.side === "buy")).toHaveLength(1);
  host.advance({ ms: 100 });
  host.quote({ bidTicks: 990, askTicks: 1010 });
  expect(host.orders.filter((order) => order.intent.side === "buy")).toHaveLength(2);
});

test("never crosses the market or itself, and keeps to the venue's ticks", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: 0, max: 10_000, noNaN: true }),
      fc.constantFrom(1, 5, 100),
      fc.double({ min: 0, max: 10, noNaN: true }),
      (bid, spread, inventory, halfTicks, increment, skew) => {
        const quote = { bidTicks: bid * increment, askTicks: (bid + spread) * increment };
        const { bidTicks, askTicks } = quotesAround(quote, inventory, halfTicks, increment, skew);
        if (bidTicks !== undefined)
          expect(bidTicks < quote.askTicks && bidTicks > 0 && bidTicks % increment === 0).toBe(true);
        if (askTicks !== undefined) expect(askTicks > quote.bidTicks && askTicks % increment === 0).toBe(true);
        if (bidTicks !== undefined && askTicks !== undefined) expect(bidTicks).toBeLessThan(askTicks);
        if (inventory >= 1) expect(bidTicks).toBeUndefined();
        if (inventory <= -1) expect(askTicks).toBeUndefined();
      },
    ),
  );
});
