import { expect, test } from "vitest";
import { parseTarget } from "../../../src/wire/binance/stream-path.ts";

const streams = (combined: boolean, names: string[], unit = "ms") => ({ kind: "streams", unit, combined, names });

test.each([
  ["/ws", streams(false, [])],
  ["/ws/", streams(false, [])],
  ["/ws/aaausdt@trade", streams(false, ["aaausdt@trade"])],
  ["/ws/aaausdt@trade/bbbusdt@depth@100ms", streams(false, ["aaausdt@trade", "bbbusdt@depth@100ms"])],
  ["/ws/aaausdt%40trade", streams(false, ["aaausdt@trade"])],
  ["/ws/!miniTicker@arr", streams(false, ["!miniTicker@arr"])],
  ["/ws/0", streams(false, [])],
  ["/stream/ws", streams(false, [])],
  ["/stream/ws/12", streams(false, [])],
  ["/stream", streams(true, [])],
  ["/stream?streams=aaausdt@trade/bbbusdt@bookTicker", streams(true, ["aaausdt@trade", "bbbusdt@bookTicker"])],
  ["/stream?streams=aaausdt%40trade&timeUnit=MICROSECOND", streams(true, ["aaausdt@trade"], "us")],
  ["/ws-api/v3", { kind: "api", unit: "ms", showsRateLimits: true }],
  ["/ws-api/v3?returnRateLimits=false&timeUnit=microsecond", { kind: "api", unit: "us", showsRateLimits: false }],
  ["/", undefined],
  ["/api/v3/depth", undefined],
])("%s", (url, target) => {
  expect(parseTarget(url)).toEqual(target);
});

test("refuses a time unit that is none", () => {
  expect(() => parseTarget("/ws?timeUnit=NANOSECOND")).toThrow(expect.objectContaining({ venueCode: -1194 }));
});
