import fc from "fast-check";
import { expect, test } from "vitest";
import { BookOrder } from "../../src/engine/book-side.ts";
import { MatchingEngine } from "../../src/engine/matching-engine.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { DEFAULT_INSTRUMENTS, notionalUnits, toInstrument } from "../../src/instruments.ts";

const instrument = toInstrument({ ...DEFAULT_INSTRUMENTS[0]!, lotSize: "0.005" });

test("tells what a market order then really trades and costs", () => {
  const makers = fc.array(
    fc.record({
      owner: fc.integer({ min: 1, max: 3 }),
      price: fc.integer({ min: 9900, max: 9920 }),
      steps: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 40, size: "max" },
  );
  const size = fc.oneof(
    fc.integer({ min: 1, max: 400 }).map((steps) => ({ lots: steps * instrument.lotIncrement })),
    fc.bigInt({ min: 1n, max: 200_000_000_000n }).map((quoteUnits) => ({ quoteUnits })),
  );
  const prevention = fc.constantFrom(
    "NONE" as const,
    "EXPIRE_TAKER" as const,
    "EXPIRE_MAKER" as const,
    "EXPIRE_BOTH" as const,
  );
  fc.assert(
    fc.property(makers, size, prevention, fc.boolean(), (list, wanted, mode, isBuy) => {
      let tradedLots = 0;
      let tradedUnits = 0n;
      const engine = new MatchingEngine({
        onFill: (_taker, _maker, priceTicks, lots) => {
          tradedLots += lots;
          tradedUnits += notionalUnits(instrument, priceTicks, lots);
        },
        onPrevented: () => {},
        onLevel: () => {},
      });
      const [maker, taker] = isBuy ? (["SELL", "BUY"] as const) : (["BUY", "SELL"] as const);
      list.forEach(({ owner, price, steps }, id) => {
        engine.place(new BookOrder(id, owner, maker, price, steps * instrument.lotIncrement), "GTC");
      });
      const found = sweep(engine, instrument, { side: taker, owner: 1, prevention: mode, ...wanted });
      expect(found.lots % instrument.lotIncrement).toBe(0);
      if ("quoteUnits" in wanted) expect(found.quoteUnits).toBeLessThanOrEqual(wanted.quoteUnits);
      const limit = isBuy ? Number.MAX_SAFE_INTEGER : 0;
      const lots = "lots" in wanted ? wanted.lots : found.lots;
      engine.place(new BookOrder(1000, 1, taker, limit, lots), "IOC", mode);
      expect(tradedLots).toBe(found.lots);
      expect(tradedUnits).toBe(found.quoteUnits); // exact: price x size of this instrument has no more than 8 decimals
      if (!found.ranDry && "quoteUnits" in wanted) {
        // One step more would not have been affordable, at whatever price came next.
        const nextUnits = notionalUnits(instrument, isBuy ? 9920 : 9900, instrument.lotIncrement);
        expect(
          found.quoteUnits + (isBuy ? nextUnits : notionalUnits(instrument, 9920, instrument.lotIncrement)),
        ).toBeGreaterThan(wanted.quoteUnits);
      }
    }),
    { numRuns: 300 },
  );
});
