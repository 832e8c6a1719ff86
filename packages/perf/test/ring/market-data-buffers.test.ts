import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { InstrumentLimitError, MarketDataBuffers } from "../../src/ring/index.ts";

test("keeps one buffer for each instrument", () => {
  const buffers = new MarketDataBuffers({ fields: ["priceTicks"], capacity: 2 });
  buffers.of("paper:BTC/USDT").push(1, 100);
  buffers.of("paper:ETH/USDT").push(2, 200);
  expect(buffers.of("paper:BTC/USDT").column("priceTicks").at(-1)).toBe(100);
  expect(buffers.instruments()).toEqual(["paper:BTC/USDT", "paper:ETH/USDT"]);
});

test("refuses an instrument beyond the bound and keeps those it has", () => {
  const buffers = new MarketDataBuffers({ fields: ["priceTicks"], maxInstruments: 1 });
  const first = buffers.of("a");
  expect(() => buffers.of("b")).toThrow(InstrumentLimitError);
  expect(buffers.of("a")).toBe(first);
  expect(buffers.instruments()).toEqual(["a"]);
});

test("refuses wrong options at construction, not at the first instrument", () => {
  expect(() => new MarketDataBuffers({ fields: [] })).toThrow(InvalidInputError);
  expect(() => new MarketDataBuffers({ fields: ["a", "a"] })).toThrow(InvalidInputError);
  expect(() => new MarketDataBuffers({ fields: ["a"], capacity: 0 })).toThrow(InvalidInputError);
  expect(() => new MarketDataBuffers({ fields: ["a"], maxInstruments: 0 })).toThrow(InvalidInputError);
});
