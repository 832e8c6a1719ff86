import { expect, test } from "vitest";
import { ProtocolError } from "../../../src/index.ts";
import { parseInstruments } from "../../../src/venues/binance/instruments.ts";

function symbol(overrides: Readonly<Record<string, unknown>> = {}, filters: readonly unknown[] = SPOT_FILTERS) {
  return {
    symbol: "ETHBTC",
    status: "TRADING",
    baseAsset: "ETH",
    baseAssetPrecision: 8,
    quoteAsset: "BTC",
    quotePrecision: 8,
    isSpotTradingAllowed: true,
    filters,
    ...overrides,
  };
}

const SPOT_FILTERS = [
  { filterType: "PRICE_FILTER", minPrice: "0.00000100", maxPrice: "100000.00000000", tickSize: "0.00000100" },
  { filterType: "LOT_SIZE", minQty: "0.00100000", maxQty: "100000.00000000", stepSize: "0.00100000" },
  { filterType: "NOTIONAL", minNotional: "0.00010000", applyMinToMarket: true },
];

const parse = (...symbols: readonly unknown[]) => parseInstruments({ symbols }, "binance");
const one = (item: unknown) => parse(item).instruments[0];

function withSteps(tickSize: string, stepSize: string, more: Readonly<Record<string, unknown>> = {}) {
  return symbol(more, [
    { filterType: "PRICE_FILTER", tickSize },
    { filterType: "LOT_SIZE", minQty: "0.005", maxQty: "9000000000000000", stepSize },
  ]);
}

test("reads a spot symbol", () => {
  expect(one(symbol())).toEqual({
    id: "binance:ETH/BTC",
    venue: "binance",
    symbol: "ETH/BTC",
    venueSymbol: "ETHBTC",
    base: "ETH",
    quote: "BTC",
    trading: true,
    priceDecimals: 6,
    sizeDecimals: 3,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: 100_000_000,
    minNotional: 10_000n,
  });
});

test("steps that are no power of ten become increments", () => {
  expect(one(withSteps("0.50000000", "25.00000000"))).toMatchObject({
    priceDecimals: 1,
    tickIncrement: 5,
    sizeDecimals: 0,
    lotIncrement: 25,
  });
  expect(one(withSteps("10.00000000", "0.00250000"))).toMatchObject({
    priceDecimals: 0,
    tickIncrement: 10,
    sizeDecimals: 4,
    lotIncrement: 25,
  });
});

test("a precision beyond the steps gives the scale, as futures have it", () => {
  const instrument = one(withSteps("0.10", "0.001", { pricePrecision: 2, quantityPrecision: 3 }));
  expect(instrument).toMatchObject({ priceDecimals: 2, tickIncrement: 10, sizeDecimals: 3, lotIncrement: 1 });
});

test("a step of zero is off: the stated precision rules, or eight decimals", () => {
  expect(one(withSteps("0.00000000", "0.00000000"))).toMatchObject({
    priceDecimals: 8,
    tickIncrement: 1,
    sizeDecimals: 8,
  });
  expect(one(withSteps("0", "0.0", { pricePrecision: 3, quantityPrecision: 1 }))).toMatchObject({
    priceDecimals: 3,
    sizeDecimals: 1,
  });
});

test("missing filters are no error", () => {
  expect(one(symbol({ pricePrecision: 2, quantityPrecision: 0 }, []))).toMatchObject({
    priceDecimals: 2,
    sizeDecimals: 0,
    minLots: 1,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional: 0n,
  });
});

test("bounds are whole lots: the lowest rounded up, the highest down and to what is exact", () => {
  expect(one(withSteps("0.01", "0.01"))).toMatchObject({ minLots: 1, maxLots: Number.MAX_SAFE_INTEGER });
  expect(one(withSteps("0.01", "0.001"))).toMatchObject({ minLots: 5 });
});

test("reads both spellings of the smallest notional", () => {
  const of = (filter: object) => one(symbol({}, [...SPOT_FILTERS.slice(0, 2), filter]))?.minNotional;
  expect(of({ filterType: "MIN_NOTIONAL", minNotional: "10.00000000" })).toBe(10_00000000n);
  expect(of({ filterType: "MIN_NOTIONAL", notional: "5" })).toBe(5_00000000n);
});

test("what is halted, or not allowed on spot, takes no orders", () => {
  for (const change of [{ status: "HALT" }, { status: "CANCEL_ONLY" }, { isSpotTradingAllowed: false }]) {
    expect(one(symbol(change))?.trading).toBe(false);
  }
  expect(one(symbol({ status: undefined, contractStatus: "TRADING", isSpotTradingAllowed: undefined }))?.trading).toBe(
    true,
  );
});

test("dated futures keep their date, perpetual ones have the pair's name", () => {
  const { instruments } = parse(
    symbol({ symbol: "BTCUSD_PERP", baseAsset: "BTC", quoteAsset: "USD" }),
    symbol({ symbol: "BTCUSD_261225", baseAsset: "BTC", quoteAsset: "USD" }),
  );
  expect(instruments.map(({ id }) => id)).toEqual(["binance:BTC/USD", "binance:BTC/USD-261225"]);
});

test("a symbol that does not fit, or whose id is taken, is named and the others stay", () => {
  const { instruments, unsupported } = parse(
    withSteps("0.0000000000001", "1", { symbol: "TINYBTC", baseAsset: "TINY" }),
    withSteps("1", "0.0000000000001", { symbol: "DUSTBTC", baseAsset: "DUST" }),
    symbol(),
    symbol({ symbol: "ETHBTC2" }),
  );
  expect(instruments.map(({ venueSymbol }) => venueSymbol)).toEqual(["ETHBTC"]);
  expect([...unsupported]).toEqual([
    ["TINYBTC", "tickSize has 13 decimals, at most 12 fit"],
    ["DUSTBTC", "stepSize has 13 decimals, at most 12 fit"],
    ["ETHBTC2", "its id binance:ETH/BTC is already taken"],
  ]);
});

test("a reply of another form is refused with the field's name", () => {
  const bad: readonly [reply: unknown, words: string][] = [
    [null, "exchangeInfo must be an object, got null"],
    [{}, 'exchangeInfo: "symbols" must be a list, got undefined'],
    [{ symbols: [7] }, "exchangeInfo: symbol must be an object, got number"],
    [{ symbols: [symbol({ baseAsset: 1 })] }, 'exchangeInfo: ETHBTC: "baseAsset" must be text, got number'],
    [
      { symbols: [withSteps("1e-5", "1")] },
      "exchangeInfo: ETHBTC: tickSize must be a decimal number as text, got 1e-5",
    ],
    [
      { symbols: [symbol({}, [{ filterType: "LOT_SIZE", stepSize: "1", minQty: 1 }])] },
      "exchangeInfo: ETHBTC: minQty must be a decimal number as text, got number",
    ],
  ];
  for (const [reply, words] of bad) {
    expect(() => parseInstruments(reply, "binance")).toThrow(ProtocolError);
    expect(() => parseInstruments(reply, "binance")).toThrow(words);
  }
});
