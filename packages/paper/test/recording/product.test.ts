import { expect, test } from "vitest";
import { openRecording } from "../../src/recording/index.ts";
import { ProductFinder, productOfUrl } from "../../src/recording/product.ts";
import { depth, folder, frame, header, http, raw, recv, snapshot, trade } from "./files.ts";

const book = { s: "BTCUSDT", u: 1, b: "1", B: "1", a: "2", A: "1" };
const update = { e: "depthUpdate", U: 1, u: 1, b: [["1", "1"]], a: [] };

test.each([
  ["a depth event without pu", "spot", [raw(0, depth("BTCUSDT", 1))]],
  ["a depth event with pu", "usdm", [raw(0, frame("btcusdt@depth", { ...update, s: "BTCUSDT", pu: 0 }))]],
  ["pu and ps", "coinm", [raw(0, frame("btcusd@depth", { ...update, s: "BTCUSD", ps: "BTCUSD", pu: 0 }))]],
  [
    "pu and an inverse symbol",
    "coinm",
    [raw(0, frame("btcusd_211231@depth", { ...update, s: "BTCUSD_211231", pu: 0 }))],
  ],
  ["a perpetual inverse symbol", "coinm", [raw(0, trade("BTCUSD_PERP", 1))]],
  ["a dated linear symbol", "usdm", [raw(0, frame("btcusdt_211231@depth", { ...update, s: "BTCUSDT_211231", pu: 0 }))]],
  [
    "the header BINANCE",
    "spot",
    [header("BINANCE"), recv(0, frame("btcusdt@bookTicker", { ...book, e: "bookTicker" }))],
  ],
  ["the header BINANCE_FUTURES", "usdm", [header("BINANCE_FUTURES"), recv(0, trade("BTCUSDT", 1))]],
  ["the header BINANCE_US", "spot", [header("BINANCE_US"), recv(0, trade("BTCUSDT", 1))]],
  ["the header BINANCE_DELIVERY", "coinm", [header("BINANCE_DELIVERY"), recv(0, trade("BTCUSD_PERP", 1))]],
  [
    "a REST path",
    "usdm",
    [recv(0, trade("BTCUSDT", 1)), http(1, "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT", snapshot(1))],
  ],
  ["a bookTicker without type", "spot", [raw(0, frame("btcusdt@bookTicker", book))]],
  ["a bookTicker with type", "usdm", [raw(0, frame("btcusdt@bookTicker", { ...book, e: "bookTicker" }))]],
  ["a trade with M", "spot", [raw(0, trade("BTCUSDT", 1))]],
  ["a trade without M", "usdm", [raw(0, frame("btcusdt@trade", { s: "BTCUSDT", p: "1", q: "1" }))]],
  [
    "depth against the shape of another event",
    "spot",
    [raw(0, frame("btcusdt@bookTicker", { ...book, e: "bookTicker" })), raw(1, depth("BTCUSDT", 1))],
  ],
])("tells the product by %s: %s", async (_by, product, lines) => {
  expect((await openRecording([folder().lines("a", ...lines)])).product).toBe(product);
});

test("refuses hints that disagree when nothing proves one of them", async () => {
  const path = folder().lines(
    "a.txt",
    raw(0, trade("BTCUSDT", 1)),
    raw(1, frame("ethusdt@trade", { s: "ETHUSDT", p: "1", q: "1" })),
  );
  await expect(openRecording([path])).rejects.toThrow(`${path}:2 is Binance USD-M futures, but ${path}:1 is spot`);
});

test("refuses to guess when nothing tells the product", () => {
  expect(() => new ProductFinder({ path: "a", line: 1 }).result("a")).toThrow(
    "a: nothing in it tells spot from futures",
  );
});

test("knows REST paths of every version, and leaves other hosts' paths alone", () => {
  const products = ["/api/v3/depth", "/fapi/v2/account", "/dapi/v1/depth", "/sapi/v1/x", "/ws"].map((path) =>
    productOfUrl(new URL(path, "https://example.com")),
  );
  expect(products).toEqual(["spot", "usdm", "coinm", undefined, undefined]);
});
