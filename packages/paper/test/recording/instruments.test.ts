import fc from "fast-check";
import { expect, test } from "vitest";
import { LineProblem } from "../../src/recording/errors.ts";
import { InstrumentTable, significantDecimals } from "../../src/recording/instruments.ts";
import { ProductFinder } from "../../src/recording/product.ts";

function setUp() {
  const product = new ProductFinder({ path: "file", line: 1 });
  const table = new InstrumentTable(product);
  const only = () => table.result("file")[0];
  return { product, table, only };
}

test.each([
  ["0", 0],
  ["61", 0],
  ["61.000", 0],
  ["61.250", 2],
  ["0.00000001", 8],
  ["100.10", 1],
])("counts the decimals of %s as %i", (text, decimals) => {
  expect(significantDecimals(text)).toBe(decimals);
});

test.each(["", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e-8", " 1", "1 ", "NaN", "0x1"])(
  "takes %j for no number",
  (text) => {
    expect(significantDecimals(text)).toBe(-1);
  },
);

test("counts as many decimals as are left when trailing zeros are cut off", () => {
  fc.assert(
    fc.property(fc.nat(), fc.stringMatching(/^\d{1,20}$/), (whole, fraction) => {
      expect(significantDecimals(`${whole}.${fraction}`)).toBe(fraction.replace(/0+$/, "").length);
    }),
  );
});

test("takes the finest price and size of any kind of event", () => {
  const { table, only } = setUp();
  const s = "BTCUSDT";
  const scaleAfter = (stream: string, data: unknown) => {
    expect(table.addEvent(stream, data)).toBe(s);
    return [only()?.priceDecimals, only()?.sizeDecimals];
  };
  const depth = { e: "depthUpdate", s, U: 1, u: 1 };
  expect(scaleAfter("btcusdt@trade", { s, p: "1.10", q: "1.0" })).toEqual([1, 0]);
  expect(scaleAfter("btcusdt@aggTrade", { s, p: "1", q: "0.2" })).toEqual([1, 1]);
  expect(scaleAfter("btcusdt@bookTicker", { s, b: "1.01", B: "0.02", a: "2", A: "0" })).toEqual([2, 2]);
  expect(scaleAfter("!bookTicker", { s, b: "1", B: "0", a: "2.001", A: "0.003" })).toEqual([3, 3]);
  expect(scaleAfter("btcusdt@depth@100ms", { ...depth, b: [["1.0001", "0.0"]], a: [] })).toEqual([4, 3]);
  expect(scaleAfter("btcusdt@depth", { ...depth, b: [], a: [["2", "0.00001"]] })).toEqual([4, 5]);
  expect(
    scaleAfter("btcusdt@depth20@100ms", { lastUpdateId: 1, bids: [["1.000001", "1"]], asks: [["2", "1"]] }),
  ).toEqual([6, 5]);
});

test("a kline makes no instrument, but adds to the decimals of one", () => {
  const { table, only } = setUp();
  const k = { t: 1, i: "1m", o: "1.5", h: "1.23456", l: "1", c: "1", v: "10.250", q: "1.123456789", V: "0.123456" };
  expect(table.addEvent("btcusdt@kline_1m", { s: "BTCUSDT", k })).toBeUndefined();
  expect(table.addEvent("btcusdt@kline_1m", { s: "BTCUSDT", k: { o: "x", v: 1 } })).toBeUndefined();
  expect(table.symbols).toEqual([]);
  table.addEvent("btcusdt@trade", { s: "BTCUSDT", p: "1", q: "1" });
  expect(only()).toMatchObject({
    priceDecimals: 5,
    sizeDecimals: 2,
    streams: ["btcusdt@kline_1m", "btcusdt@trade"],
  });
});

test("refuses an event that belongs to another symbol than its stream", () => {
  const { table } = setUp();
  expect(() => table.addEvent("btcusdt@trade", { s: "ETHUSDT", p: "1", q: "1" })).toThrow(LineProblem);
  expect(() => table.addEvent("!bookTicker", { b: "1" })).toThrow(LineProblem);
});

test("passes over entries of exchangeInfo that have no assets", () => {
  const { table, only } = setUp();
  table.addExchangeInfo({
    symbols: [null, { symbol: "BTCUSDT" }, { symbol: "BTCUSDT", baseAsset: "BT", quoteAsset: "CUSDT" }],
  });
  table.scaleOf("BTCUSDT");
  expect(only()).toMatchObject({ base: "BT", quote: "CUSDT" });
});
