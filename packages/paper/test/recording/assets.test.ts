import { expect, test } from "vitest";
import { splitSymbol } from "../../src/recording/assets.ts";

test.each([
  ["BTCUSDT", "BTC", "USDT"],
  ["BTCFDUSD", "BTC", "FDUSD"],
  ["BTCTUSD", "BTC", "TUSD"],
  ["ETHBTC", "ETH", "BTC"],
  ["RUNEEUR", "RUNE", "EUR"],
  ["USDTTRY", "USDT", "TRY"],
  ["1000SHIBUSDC", "1000SHIB", "USDC"],
  ["BTCUSD_PERP", "BTC", "USD"],
  ["BTCUSD_211231", "BTC", "USD"],
  ["BTCUSDT_211231", "BTC", "USDT"],
])("splits %s into %s and %s", (symbol, base, quote) => {
  expect(splitSymbol(symbol)).toEqual({ base, quote });
});

test.each(["ABCXYZ", "USDT", "", "_PERP"])("does not guess the assets of %j", (symbol) => {
  expect(splitSymbol(symbol)).toBeUndefined();
});

test("believes the venue before its own list", () => {
  expect(splitSymbol("ABUSDT", { base: "ABU", quote: "SDT" })).toEqual({ base: "ABU", quote: "SDT" });
  expect(splitSymbol("BTCUSD_PERP", { base: "XBT", quote: "USD" })).toEqual({ base: "XBT", quote: "USD" });
});
