import { describe, test } from "vitest";
import { conformance } from "../../src/testing.ts";
import { binanceSpot } from "../../src/venues/binance/create-binance.ts";
import { openBinanceRig } from "./binance-rig.ts";

describe("Binance over REST", () => {
  for (const { name, run } of conformance({ venue: binanceSpot, openRig: openBinanceRig })) test(name, run, 60_000);
});

describe("Binance with orders over the WebSocket API", () => {
  const openRig = () => openBinanceRig({ orderTransport: "webSocket" });
  for (const { name, run } of conformance({ venue: binanceSpot, openRig })) test(name, run, 60_000);
});
