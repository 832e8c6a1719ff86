import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settleAll, unwrap } from "../../src/batch/outcome.ts";
import { checkBatch, split } from "../../src/batch/split.ts";

describe("split", () => {
  test("gives every item once, in order, in pieces of at most the cap, none of them empty", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (items, cap) => {
        const pieces = split(items, cap);
        expect(pieces.flat()).toEqual(items);
        expect(pieces).toHaveLength(Math.ceil(items.length / cap));
        for (const piece of pieces) expect(piece.length >= 1 && piece.length <= cap).toBe(true);
      }),
    );
  });

  test("refuses a cap that is no whole number from 1", () => {
    for (const cap of [0, -1, 1.5, Number.NaN]) expect(() => split([1], cap)).toThrow(/cap/);
  });
});

describe("a batch", () => {
  test("must have items, and no more than the most, and the error says how many there were", () => {
    expect(() => checkBatch("requests", [], 3)).toThrow("requests must have 1 to 3 items, got 0");
    expect(() => checkBatch("requests", [1, 2, 3, 4], 3)).toThrow("requests must have 1 to 3 items, got 4");
    expect(() => checkBatch("requests", "abc" as unknown as unknown[], 3)).toThrow("requests must be a list");
    checkBatch("requests", [1, 2, 3], 3);
  });

  test("keeps each item's result or error in its place, whoever ends first", async () => {
    const late = new Promise<number>((resolve) => setImmediate(() => resolve(1)));
    const refused = new Error("refused");
    const outcomes = await settleAll([late, Promise.reject(refused), Promise.resolve(3), Promise.reject("no error")]);
    expect(outcomes[0]).toEqual({ ok: true, value: 1 });
    expect(outcomes[1]).toEqual({ ok: false, error: refused });
    expect(outcomes[2]).toEqual({ ok: true, value: 3 });
    expect(outcomes[3]).toMatchObject({ ok: false, error: { message: "no error" } });
  });

  test("unwraps to the result, or throws the item's own error", () => {
    const error = new Error("refused");
    expect(unwrap({ ok: true, value: 7 })).toBe(7);
    expect(() => unwrap({ ok: false, error })).toThrow(error);
  });
});
