import { describe, expect, test } from "vitest";
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

test("the suite finds a stream that goes on when it is closed", async () => {
  const openRig = async () => {
    const rig = await openBinanceRig();
    const openStream: typeof rig.openStream = (client, listener) => {
      const stream = rig.openStream?.(client, listener);
      return { ready: stream?.ready ?? Promise.resolve(), close: async () => {} };
    };
    return { ...rig, openStream };
  };
  const check = conformance({ venue: binanceSpot, openRig }).find(({ name }) => name.includes("tells nothing more"));
  await expect(check?.run()).rejects.toThrow(/a closed stream told \d+ more/);
}, 60_000);
