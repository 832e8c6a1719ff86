import * as fc from "fast-check";
import { expect, test } from "vitest";
import { affects, type Invalidation, InvalidationLog, validName } from "../../src/cache/invalidation.ts";
import { InvalidInputError } from "../../src/errors.ts";

const names = fc.constantFrom("a", "b", "ab");
const invalidations: fc.Arbitrary<Invalidation> = fc.record({
  kind: fc.constantFrom("key" as const, "tag" as const, "glob" as const),
  text: fc.oneof(names, fc.constantFrom("a*", "*", "?")),
});

test("finds an invalidation that came after, and none that came before", () => {
  const log = new InvalidationLog(10);
  log.add({ kind: "key", text: "a" });
  const since = log.epoch;
  log.add({ kind: "tag", text: "eur" });
  expect(log.overtakes(since, "a", [])).toBe(false);
  expect(log.overtakes(since, "a", ["eur"])).toBe(true);
  expect(log.overtakes(since - 1, "a", [])).toBe(true);
});

test("an epoch that has not been yet, or is no longer remembered, counts as overtaken", () => {
  const log = new InvalidationLog(4);
  expect(log.overtakes(1, "x", [])).toBe(true);
  for (let i = 0; i < 5; i++) log.add({ kind: "key", text: "other" });
  expect(log.overtakes(0, "x", [])).toBe(true);
  expect(log.overtakes(log.epoch, "x", [])).toBe(false);
});

test("says overtaken whenever a list of all invalidations does, however few it may keep", () => {
  fc.assert(
    fc.property(
      fc.array(invalidations, { maxLength: 30 }),
      fc.nat(30),
      names,
      fc.array(names),
      (list, at, key, tags) => {
        const small = new InvalidationLog(4);
        const whole = new InvalidationLog(100);
        for (const invalidation of list) expect(small.add(invalidation)).toBe(whole.add(invalidation));
        const since = Math.min(at, list.length);
        const isOvertaken = list.slice(since).some((invalidation) => affects(invalidation, key, tags));
        expect(whole.overtakes(since, key, tags)).toBe(isOvertaken);
        if (isOvertaken) expect(small.overtakes(since, key, tags)).toBe(true);
      },
    ),
  );
});

test("refuses names that a store could alter", () => {
  for (const name of ["", "a\0b", "\ud800", "x".repeat(1025)]) {
    expect(() => validName("key", name)).toThrow(InvalidInputError);
  }
  expect(validName("key", "binance:BTC/USDT 😀")).toBe("binance:BTC/USDT 😀");
});
