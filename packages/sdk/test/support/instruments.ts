import type { Instrument } from "../../src/index.ts";

/** BTC/USDT of Binance spot: ticks of 0.01, lots of 0.00001, at least 5 USDT. */
export function testInstrument(overrides: Partial<Instrument> = {}): Instrument {
  return {
    id: "binance:BTC/USDT",
    venue: "binance",
    symbol: "BTC/USDT",
    venueSymbol: "BTCUSDT",
    base: "BTC",
    quote: "USDT",
    trading: true,
    priceDecimals: 2,
    sizeDecimals: 5,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: 900_000_000,
    minNotional: 5_00000000n,
    ...overrides,
  };
}
