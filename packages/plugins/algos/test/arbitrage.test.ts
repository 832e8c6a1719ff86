import { definePlugin, type Instrument } from "pitlane";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { type ArbitrageEvent, arbitrage } from "../src/index.ts";

const near = testInstrument({ venue: "near", id: "near:AAA/USDT" });
const far = testInstrument({ venue: "far", id: "far:AAA/USDT" });

async function setUp(config: object = {}) {
  const heard: ArbitrageEvent[] = [];
  const listener = definePlugin({
    name: "listener",
    requires: ["arbitrage"],
    setup(ctx) {
      ctx.on("arbitrage/opportunity", (event) => void heard.push(event));
    },
  });
  const host = await createTestHost({
    plugin: listener,
    instruments: [near, far],
    with: [{ plugin: arbitrage, config }],
  });
  const quote = (instrument: Instrument, askTicks: number) =>
    host.quote({ instrument, bidTicks: askTicks - 10, askTicks });
  return { host, heard, quote };
}

test("publishes what it finds, on the quote that made it", async () => {
  const { host, heard, quote } = await setUp({ feeBps: { near: 2 }, otherFeeBps: 3 });
  quote(near, 10_000);
  quote(far, 10_100);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ type: "crossVenue", instrument: far, asset: "USDT" });
  expect(heard[0]?.legs.map(({ instrument, side, sizeLots }) => [instrument.venue, side, sizeLots])).toEqual([
    ["near", "buy", 1000],
    ["far", "sell", 1000],
  ]);
  expect(host.orders).toEqual([]);
});

test("forgets quotes from before a gap, and those that are too old", async () => {
  const { host, heard, quote } = await setUp({ maxAgeMs: 100 });
  quote(near, 10_000);
  host.gap({ instrument: near });
  quote(far, 10_100);
  quote(near, 10_000);
  expect(heard).toHaveLength(1);
  host.advance({ ms: 101 });
  quote(far, 10_100);
  expect(heard).toHaveLength(1);
});

test.each([{ maxAgeMs: 0 }, { slippageBps: -1 }, { unknown: 1 }])("refuses %o", async (config) => {
  await expect(setUp(config)).rejects.toThrow();
});
