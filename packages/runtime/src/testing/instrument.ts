import type { Instrument } from "@pitlane/sdk";

/** An instrument for tests: `AAA/USDT` with ticks of 0.01 and lots of 0.001 unless told otherwise. */
export function testInstrument(overrides: Partial<Instrument> = {}): Instrument {
  return {
    id: `test:${overrides.symbol ?? "AAA/USDT"}`,
    venue: "test",
    symbol: "AAA/USDT",
    venueSymbol: "AAAUSDT",
    base: "AAA",
    quote: "USDT",
    trading: true,
    priceDecimals: 2,
    sizeDecimals: 3,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional: 5_00000000n,
    ...overrides,
  };
}
