import fc from "fast-check";
import { expect, test } from "vitest";
import { buy, buyExactly, feeOf, sell } from "../../src/models/axiom-swap.ts";

const pools = fc.record({
  lamports: fc.integer({ min: 1_000_000_000, max: 2_000_000_000_000 }),
  raw: fc.integer({ min: 1_000_000_000, max: 1_100_000_000_000_000 }),
});
const amounts = fc.integer({ min: 1, max: 500_000_000_000 });
const product = ({ lamports, raw }: { lamports: number; raw: number }) => BigInt(lamports) * BigInt(raw);

test("a pool never loses by rounding, and gives what it takes", () => {
  fc.assert(
    fc.property(pools, amounts, (pool, amount) => {
      for (const swap of [buy(pool, amount), sell(pool, amount)]) {
        if (swap === undefined) continue;
        expect(product(swap.after) >= product(pool)).toBe(true);
        expect(Math.abs(swap.after.lamports - pool.lamports)).toBe(swap.lamports);
        expect(Math.abs(swap.after.raw - pool.raw)).toBe(swap.raw);
        expect(Number.isSafeInteger(swap.after.lamports) && Number.isSafeInteger(swap.after.raw)).toBe(true);
      }
    }),
  );
});

test("who buys and sells at once comes back with no more", () => {
  fc.assert(
    fc.property(pools, amounts, (pool, amount) => {
      const bought = buy(pool, amount);
      if (bought === undefined) return;
      const sold = sell(bought.after, bought.raw);
      expect(sold?.lamports ?? 0).toBeLessThanOrEqual(amount);
    }),
  );
});

test("buys exactly what is wanted, for the fewest lamports that do", () => {
  fc.assert(
    fc.property(pools, fc.double({ min: 0.0001, max: 0.9, noNaN: true }), (pool, share) => {
      const wanted = Math.max(1, Math.floor(pool.raw * share));
      const swap = buyExactly(pool, wanted);
      expect(pool.raw - swap.after.raw).toBe(wanted);
      expect(product(swap.after) >= product(pool)).toBe(true);
      expect(product({ lamports: swap.after.lamports - 1, raw: swap.after.raw }) < product(pool)).toBe(true);
    }),
  );
});

test("the fee is one percent, rounded down", () => {
  expect([99, 100, 199, 1_000_000_001].map(feeOf)).toEqual([0, 1, 1, 10_000_000]);
});
