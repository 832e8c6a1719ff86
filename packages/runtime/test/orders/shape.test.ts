import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Intent } from "../../src/orders/order.ts";
import {
  applyChange,
  BadShapeError,
  describeShape,
  type IntentChange,
  toShapeRecord,
  withoutShapes,
} from "../../src/orders/shape.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument({ lotIncrement: 10, minLots: 20, maxLots: 5000, tickIncrement: 5 });
const LIMIT: Intent = { instrument, side: "buy", type: "limit", priceTicks: 1000, sizeLots: 1230, timeInForce: "GTC" };
const STOP: Intent = { instrument, side: "sell", type: "stop", triggerTicks: 900, sizeLots: 1230 };
const STOP_LIMIT: Intent = { ...STOP, type: "stopLimit", priceTicks: 890 };
const MARKET: Intent = { instrument, side: "sell", type: "market", sizeLots: 1230, tag: "mine" };

describe("a change of an intent", () => {
  test("sets what it names and leaves the rest", () => {
    expect(applyChange(LIMIT, { sizeLots: 1200, priceTicks: 995, timeInForce: "IOC" })).toEqual({
      ...LIMIT,
      sizeLots: 1200,
      priceTicks: 995,
      timeInForce: "IOC",
    });
    expect(applyChange(MARKET, { sizeLots: 20 })).toEqual({ ...MARKET, sizeLots: 20 });
  });

  test("that changes nothing gives the same object", () => {
    for (const change of [{}, { sizeLots: 1230 }, { sizeLots: undefined, type: "limit" }] as const)
      expect(applyChange(LIMIT, change)).toBe(LIMIT);
  });

  test("to post-only takes the time in force away, as such an order has none", () => {
    const { timeInForce: _, ...terms } = LIMIT;
    expect(applyChange(LIMIT, { type: "postOnly" })).toEqual({ ...terms, type: "postOnly" });
  });

  test("gives a market order a price", () => {
    expect(applyChange(MARKET, { type: "limit", priceTicks: 990, timeInForce: "IOC" })).toEqual({
      ...MARKET,
      type: "limit",
      priceTicks: 990,
      timeInForce: "IOC",
    });
  });

  test("leaves a stop its kind and its trigger, and may change the rest that it has", () => {
    expect(applyChange(STOP, { sizeLots: 1200 })).toEqual({ ...STOP, sizeLots: 1200 });
    expect(applyChange(STOP_LIMIT, { priceTicks: 895, timeInForce: "IOC" })).toEqual({
      ...STOP_LIMIT,
      priceTicks: 895,
      timeInForce: "IOC",
    });
  });

  test.each([
    ["a limit order made of a stop", STOP, { type: "limit", priceTicks: 890 }],
    ["a post-only order made of one with a limit", STOP_LIMIT, { type: "postOnly" }],
    ["another trigger", STOP, { triggerTicks: 905 } as never],
    ["a price of a stop", STOP, { priceTicks: 890 }],
    ["a time in force of a stop", STOP, { timeInForce: "IOC" }],
    ["a size of no lots", LIMIT, { sizeLots: 0 }],
    ["a size between steps", LIMIT, { sizeLots: 1235 }],
    ["a size that is no whole number", LIMIT, { sizeLots: 1200.5 }],
    ["a size below the venue's least", LIMIT, { sizeLots: 10 }],
    ["a size above the venue's most", { ...LIMIT, sizeLots: 9000 }, { sizeLots: 5010 }],
    ["more than was wanted", LIMIT, { sizeLots: 1240 }],
    ["a size in place of one that is none", { ...LIMIT, sizeLots: Number.NaN }, { sizeLots: 1240 }],
    ["a price between steps", LIMIT, { priceTicks: 1001 }],
    ["a price below nothing", LIMIT, { priceTicks: -5 }],
    ["a price that is NaN", LIMIT, { priceTicks: Number.NaN }],
    ["a market order made of one with a price", LIMIT, { type: "market" as never }],
    ["a kind of order that is none", LIMIT, { type: "stop" as never }],
    ["a limit order without a price", MARKET, { type: "limit" }],
    ["a market order with a price", MARKET, { priceTicks: 1000 }],
    ["a market order with a time in force", MARKET, { timeInForce: "IOC" }],
    ["a post-only order with a time in force", LIMIT, { type: "postOnly", timeInForce: "IOC" }],
    [
      "a post-only order with the time in force that it had",
      { ...LIMIT, timeInForce: "IOC" },
      { type: "postOnly", timeInForce: "IOC" },
    ],
    ["a time in force that is none", LIMIT, { timeInForce: "DAY" as never }],
    ["another instrument", LIMIT, { instrument: testInstrument() } as never],
    ["another side", LIMIT, { side: "sell" } as never],
    ["another tag", LIMIT, { tag: "other" } as never],
    ["text", LIMIT, "smaller" as never],
    ["null", LIMIT, null as never],
  ] as [string, Intent, IntentChange][])("is refused when it asks for %s", (_what, intent, change) => {
    expect(() => applyChange(intent, change)).toThrow(BadShapeError);
  });

  const number = fc.oneof(fc.integer({ min: -10, max: 6000 }), fc.double(), fc.constant(undefined));
  const change = fc.record(
    {
      sizeLots: number,
      priceTicks: number,
      type: fc.constantFrom("limit", "postOnly", "market", undefined),
      timeInForce: fc.constantFrom("GTC", "IOC", "FOK", "DAY", undefined),
      side: fc.constant("sell"),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<IntentChange>;
  const wish = fc.oneof(
    fc
      .record({ sizeLots: fc.integer({ min: 2, max: 500 }), ticks: fc.integer({ min: 1, max: 500 }) })
      .map(({ sizeLots, ticks }): Intent => ({ ...LIMIT, sizeLots: sizeLots * 10, priceTicks: ticks * 5 })),
    fc.integer({ min: 2, max: 500 }).map((lots): Intent => ({ ...MARKET, sizeLots: lots * 10 })),
  );

  test("of an order that fits gives one that fits, or is refused; the journal's record leads back to the wish", () => {
    fc.assert(
      fc.property(wish, fc.array(change, { maxLength: 4 }), (wanted, changes) => {
        let intent = wanted;
        const records = [];
        for (const [i, one] of changes.entries()) {
          try {
            const next = applyChange(intent, one);
            if (next !== intent) records.push(toShapeRecord(`p${i}`, intent, next));
            intent = next;
          } catch (error) {
            expect(error).toBeInstanceOf(BadShapeError);
          }
        }
        const { sizeLots, priceTicks, type, timeInForce } = intent;
        expect(sizeLots % 10 === 0 && sizeLots >= 20 && sizeLots <= wanted.sizeLots).toBe(true);
        if (type === "market") expect([priceTicks, timeInForce]).toEqual([undefined, undefined]);
        else expect(Number.isSafeInteger(priceTicks) && priceTicks! > 0 && priceTicks! % 5 === 0).toBe(true);
        expect(type === "limit" || timeInForce === undefined).toBe(true);
        expect([intent.side, intent.instrument, intent.tag]).toEqual([wanted.side, wanted.instrument, wanted.tag]);
        expect(withoutShapes({ ...intent }, records)).toEqual(wanted);
      }),
    );
  });
});

test("a record has the changed fields alone, before and after, and reads as a sentence", () => {
  const after = applyChange(MARKET, { type: "limit", priceTicks: 990, sizeLots: 1200, timeInForce: "IOC" });
  const record = toShapeRecord("clip", MARKET, after);
  expect(record).toEqual({
    plugin: "clip",
    type: ["market", "limit"],
    timeInForce: [null, "IOC"],
    sizeLots: [1230, 1200],
    priceTicks: [null, 990],
  });
  expect(describeShape(record)).toBe(
    "clip: market -> limit, time in force none -> IOC, size 1230 -> 1200 lots, price none -> 990 ticks",
  );
  expect(toShapeRecord("clip", LIMIT, applyChange(LIMIT, { sizeLots: 20 }))).toEqual({
    plugin: "clip",
    sizeLots: [1230, 20],
  });
});
