import fc from "fast-check";
import { expect, test } from "vitest";
import { aheadAfterChange, behindShare, type QueueModel } from "../../src/backtest/queue-model.ts";

const lots = fc.integer({ min: 0, max: 10_000 });
const models: readonly QueueModel[] = ["tradesOnly", "proportional", "log", { power: 2 }, { power: 0.5 }];

test("never more stands before an order than did, nor than the level has, nor less than nothing; always whole lots", () => {
  fc.assert(
    fc.property(fc.constantFrom(...models), lots, lots, lots, lots, (model, ahead, more, next, traded) => {
      const shown = ahead + more;
      const after = aheadAfterChange(behindShare(model), ahead, shown, next, Math.min(traded, shown - ahead));
      expect(Number.isInteger(after)).toBe(true);
      expect(after).toBeGreaterThanOrEqual(0);
      expect(after).toBeLessThanOrEqual(Math.min(ahead, next));
    }),
  );
});

test("no model is more cautious than tradesOnly", () => {
  const cautious = behindShare("tradesOnly");
  fc.assert(
    fc.property(fc.constantFrom(...models), lots, lots, lots, (model, ahead, more, next) => {
      const shown = ahead + more;
      expect(aheadAfterChange(behindShare(model), ahead, shown, next, 0)).toBeLessThanOrEqual(
        aheadAfterChange(cautious, ahead, shown, next, 0),
      );
    }),
  );
});

test("a level that grows, or shrinks by what traded, changes nothing", () => {
  const share = behindShare("proportional");
  expect(aheadAfterChange(share, 60, 100, 150, 0)).toBe(60);
  expect(aheadAfterChange(share, 40, 100, 80, 20)).toBe(40);
});

test("by hand: half of a level goes, and by proportion half of what is before us; a power sends more of the longer part", () => {
  expect(aheadAfterChange(behindShare("proportional"), 60, 100, 50, 0)).toBe(30);
  // 60² : 40² is 3600 : 1600, so 16/52 of the 50 were behind us.
  expect(aheadAfterChange(behindShare({ power: 2 }), 60, 100, 50, 0)).toBe(Math.ceil(60 - 50 * (36 / 52)));
  expect(aheadAfterChange(behindShare("tradesOnly"), 60, 100, 50, 0)).toBe(50); // behind us were 40 only
});

test("another model is refused", () => {
  expect(() => behindShare({ power: 0 })).toThrow('must be "tradesOnly"');
});
