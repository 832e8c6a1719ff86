import type { MarketEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { MarketWatch } from "../../src/engines/market-watch.ts";
import { testInstrument } from "../../src/testing.ts";

const base = { instrument: testInstrument(), venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
const quote = {
  ...base,
  kind: "quote",
  bidTicks: 10,
  bidLots: 1,
  askTicks: 13,
  askLots: 1,
  sequence: 1,
} as MarketEvent;
const gap = (channel: "book" | "trade") =>
  ({ ...base, kind: "gap", channel, cause: "connection", reason: "" }) as MarketEvent;
const resync = { ...base, kind: "resync", channel: "book", backfilled: 0, missing: 0 } as MarketEvent;

test("the last event, the gap of the book and the last mid are known by instrument", () => {
  const watch = new MarketWatch(2);
  expect(watch.lastUs(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(watch.twiceMidTicks(0)).toBeUndefined();
  watch.apply(quote, 0, 100);
  expect([watch.lastUs(0), watch.twiceMidTicks(0), watch.lastUs(1)]).toEqual([100, 23, Number.NEGATIVE_INFINITY]);
  watch.apply(gap("trade"), 0, 150);
  expect(watch.hasGap(0)).toBe(false);
  watch.apply(gap("book"), 0, 200);
  expect([watch.lastUs(0), watch.hasGap(0), watch.twiceMidTicks(0)]).toEqual([100, true, 23]);
  watch.apply(quote, 0, 250);
  expect(watch.hasGap(0)).toBe(true);
  watch.apply(resync, 0, 300);
  expect([watch.lastUs(0), watch.hasGap(0)]).toEqual([300, false]);
});
