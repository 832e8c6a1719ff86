import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { MarketDataBuffer } from "../../src/ring/index.ts";

const rows = fc.array(fc.tuple(fc.nat(50), fc.integer(), fc.integer()), { maxLength: 60 });

test("keeps the latest rows and counts those that made room", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), rows, (capacity, rows) => {
      const buffer = new MarketDataBuffer({ fields: ["priceTicks", "sizeLots"], capacity });
      for (const row of rows) buffer.push(...row);
      const kept = rows.slice(-capacity);
      expect(buffer.size).toBe(kept.length);
      expect(buffer.evicted).toBe(rows.length - kept.length);
      for (const [i, field] of (["atUs", "priceTicks", "sizeLots"] as const).entries()) {
        const column = buffer.column(field);
        for (let index = -capacity - 1; index <= capacity; index++) {
          expect(column.at(index)).toBe(kept.at(index)?.[i]);
        }
      }
    }),
  );
});

test("copies any stretch of a column, oldest first, as much as fits", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      rows,
      fc.integer({ min: -25, max: 25 }),
      fc.nat(25),
      (capacity, rows, from, length) => {
        const buffer = new MarketDataBuffer({ fields: ["priceTicks", "sizeLots"], capacity });
        for (const row of rows) buffer.push(...row);
        const target = new Float64Array(length);
        const copied = buffer.column("priceTicks").copyTo(target, from);
        const expected = rows.slice(-capacity).slice(from).slice(0, length);
        expect([...target.subarray(0, copied)]).toEqual(expected.map(([, priceTicks]) => priceTicks));
      },
    ),
  );
});

test("finds the first row that came once a time was reached, also where the clock went back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), rows, fc.nat(51), (capacity, rows, atUs) => {
      const buffer = new MarketDataBuffer({ fields: ["a", "b"], capacity });
      for (const row of rows) buffer.push(...row);
      const reached = rows.findIndex(([rowUs]) => rowUs >= atUs);
      const since = reached < 0 ? rows.length : reached;
      expect(buffer.indexSince(atUs)).toBe(Math.max(0, since - buffer.evicted));
    }),
  );
});

test("a time that is not a number does not spoil the search", () => {
  const buffer = new MarketDataBuffer({ fields: ["priceTicks"], capacity: 10 });
  buffer.push(Number.NaN, 1);
  buffer.push(5, 2);
  expect(buffer.indexSince(5)).toBe(1);
});

test("keeps 10,000 rows unless told", () => {
  expect(new MarketDataBuffer({ fields: ["priceTicks"] }).capacity).toBe(10_000);
});

test("refuses fields that repeat or are none, unknown columns and capacities out of range", () => {
  for (const fields of [[], ["a", "a"], ["atUs"], Array.from({ length: 17 }, (_, i) => `f${i}`)]) {
    expect(() => new MarketDataBuffer({ fields })).toThrow(InvalidInputError);
  }
  for (const capacity of [0, 1.5, 2 ** 24 + 1]) {
    expect(() => new MarketDataBuffer({ fields: ["a"], capacity })).toThrow(InvalidInputError);
  }
  const buffer = new MarketDataBuffer({ fields: ["a"], capacity: 1 });
  expect(() => buffer.column("b" as "a")).toThrow(InvalidInputError);
});
