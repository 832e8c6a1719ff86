import type { GapEvent, ResyncEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { OverflowGaps } from "../../src/core/overflow-gaps.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

test("what a full lane gives up is a gap at once, and counted in a resync when the bus is empty", () => {
  const told: (GapEvent | ResyncEvent)[] = [];
  const gaps = new OverflowGaps([instrument], (event) => told.push(event));
  gaps.onDrop({ kind: "trade" }, 0, 5);
  gaps.onDrop({ kind: "trade" }, 0, 6);
  gaps.onDrop({ kind: "quote" }, 0, 7);
  expect(told).toMatchObject([
    { kind: "gap", channel: "trade", cause: "overflow", instrument, receivedAtUs: 5 },
    { kind: "gap", channel: "quote", cause: "overflow", instrument, receivedAtUs: 7 },
  ]);
  expect(gaps.isOpen).toBe(true);
  told.length = 0;
  gaps.close(9);
  expect(told).toMatchObject([
    { kind: "resync", channel: "trade", missing: 2, backfilled: 0, receivedAtUs: 9 },
    { kind: "resync", channel: "quote", missing: 1, backfilled: 0, receivedAtUs: 9 },
  ]);
  expect(gaps.isOpen).toBe(false);
});

test("events that are no market data leave no hole to tell of", () => {
  const gaps = new OverflowGaps([instrument], () => expect.unreachable("nothing is told"));
  gaps.onDrop({ kind: "order" }, 0, 5);
  gaps.onDrop({ kind: "trade" }, -1, 5);
  expect(gaps.isOpen).toBe(false);
});
