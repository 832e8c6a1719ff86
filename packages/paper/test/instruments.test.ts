import { InvalidInputError } from "@pitlane/perf";
import { expect, test } from "vitest";
import {
  baseUnits,
  DEFAULT_INSTRUMENTS,
  type InstrumentSpec,
  notionalUnits,
  toInstrument,
  toInstruments,
} from "../src/instruments.ts";

const SPEC: InstrumentSpec = DEFAULT_INSTRUMENTS[0]!;

test("works out the scales of a step that is no power of ten", () => {
  const instrument = toInstrument({
    ...SPEC,
    tickSize: "0.50",
    lotSize: "0.0002",
    minSize: "0.0004",
    startPrice: "100.5",
  });
  expect(instrument).toMatchObject({
    priceDecimals: 1,
    tickIncrement: 5,
    sizeDecimals: 4,
    lotIncrement: 2,
    minLots: 4,
    startTicks: 1005,
    minNotionalUnits: 500_000_000n,
    trading: true,
  });
  expect(notionalUnits(instrument, 1005, 20_000)).toBe(20_100_000_000n); // 100.5 x 2
  expect(baseUnits(instrument, 20_000)).toBe(200_000_000n);
});

test("cuts a notional below 10^-8", () => {
  const instrument = toInstrument({
    ...SPEC,
    tickSize: "0.00001",
    lotSize: "0.0001",
    minSize: "0.0001",
    startPrice: "1",
  });
  expect(notionalUnits(instrument, 19, 1)).toBe(1n); // 0.0000000190
});

test.each([
  [{ symbol: "aaausdt" }, "symbol"],
  [{ symbol: 'A"B' }, "symbol"],
  [{ base: "" }, "base"],
  [{ tickSize: "0" }, "tickSize"],
  [{ tickSize: "0.000000001" }, "tickSize"],
  [{ lotSize: "1e-3" }, "lotSize"],
  [{ minSize: "0" }, "minSize"],
  [{ minSize: "0.0001" }, "minSize"],
  [{ minSize: "2", maxSize: "1" }, "minSize"],
  [{ startPrice: "0" }, "startPrice"],
  [{ startPrice: "100.005" }, "startPrice"],
  [{ minNotional: "five" }, "minNotional"],
])("refuses %j and names the field", (fields, name) => {
  expect(() => toInstrument({ ...SPEC, ...fields })).toThrow(InvalidInputError);
  expect(() => toInstrument({ ...SPEC, ...fields })).toThrow(name);
});

test("refuses an empty list, and a symbol that comes twice", () => {
  expect(() => toInstruments([])).toThrow("at least one");
  expect(() => toInstruments([SPEC, SPEC])).toThrow("AAAUSDT twice");
});

test("takes symbols of any script, as the venue does", () => {
  expect(toInstrument({ ...SPEC, symbol: "币安USDT", base: "币安" }).symbol).toBe("币安USDT");
});
