import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestHost, pluginConformance, testInstrument } from "pitlane/testing";
import breakout, { rangeOf } from "./breakout.ts";
import fade, { awayBps } from "./fade.ts";
import pace, { reviewPace } from "./pace.ts";
import roundLots, { roundDown } from "./round-lots.ts";
import vwap, { Window } from "./vwap.ts";

const instrument = testInstrument();
const instruments = [instrument];

test("the average is of the last trades alone", () => {
  const window = new Window(2);
  window.add(100, 1);
  assert.equal(window.vwapTicks, undefined);
  window.add(200, 3);
  assert.equal(window.vwapTicks, 175);
  window.add(300, 1);
  assert.equal(window.vwapTicks, 225);
});

test("the strategy buys below the average and sells at it", async () => {
  assert.equal(awayBps(999, 1000), -10);
  const host = await createTestHost({ plugin: fade, with: [{ plugin: vwap, config: { trades: 1 } }], instruments });
  host.trade({ priceTicks: 100_000 });
  host.quote({ bidTicks: 99_980, askTicks: 99_990 });
  assert.equal(host.orders.length, 0);
  host.quote({ bidTicks: 99_880, askTicks: 99_890 });
  assert.equal(host.orders[0]?.intent.side, "buy");
  host.fill(host.orders[0]!);
  host.quote({ bidTicks: 100_000, askTicks: 100_010 });
  assert.deepEqual(host.orders[1]?.intent.side, "sell");
});

test("the risk check lets so many buys pass in a while, and every sale", async () => {
  assert.equal(reviewPace("sell", 99, 1).allowed, true);
  const host = await createTestHost({ plugin: pace, config: { maxBuys: 2, windowMs: 1000 }, instruments });
  const buy = { instrument, side: "buy", type: "market", sizeLots: 1 } as const;
  const verdicts = [host.vote(buy), host.vote(buy), host.vote(buy)].flat();
  assert.deepEqual(
    verdicts.map(({ allowed }) => allowed),
    [true, true, false],
  );
  host.advance({ ms: 1001 });
  assert.equal(host.vote(buy)[0]?.allowed, true);
});

test("the shaper rounds sizes down, and takes what is too large down to the desk's most", async () => {
  assert.deepEqual(
    [roundDown(2345, 1000, 9000), roundDown(23_456, 1000, 9500), roundDown(999, 1000, 9000)],
    [2000, 9000, 999],
  );
  const host = await createTestHost({ plugin: roundLots, config: { roundLots: 1000, mostLots: 5000 }, instruments });
  const wish = { instrument, side: "buy", type: "market", sizeLots: 7890 } as const;
  assert.deepEqual(host.shape(wish), { ...wish, sizeLots: 5000 });
  assert.equal(host.shape({ ...wish, sizeLots: 3000 }).sizeLots, 3000);
});

test("the breakout buys a close above the last bars, sells one below, and forgets them at a hole", async () => {
  assert.deepEqual(
    rangeOf([
      [5, 3],
      [9, 4],
    ]),
    [9, 3],
  );
  const host = await createTestHost({ plugin: breakout, config: { bars: 2, trades: 2 }, instruments });
  const bar = (...prices: number[]) => {
    for (const priceTicks of prices) host.trade({ priceTicks, sizeLots: 100_000 });
  };
  host.quote({ bidTicks: 99_990, askTicks: 100_010 });
  bar(100_000, 100_020);
  bar(100_000, 100_010);
  bar(100_000, 100_020);
  assert.equal(host.orders.length, 0);
  bar(100_000, 100_030);
  assert.equal(host.orders[0]?.intent.side, "buy");
  host.fill(host.orders[0]!);
  bar(99_900, 99_910);
  assert.equal(host.orders[1]?.intent.side, "sell");
  host.fill(host.orders[1]!);
  host.gap({ channel: "trade" });
  host.resync({ channel: "trade", missing: 1 });
  bar(100_100, 100_200);
  bar(100_200, 100_300);
  assert.equal(host.orders.length, 2);
});

// What every plugin has to keep: the same decisions from the same seed, and after a restart; no promise; a clean end.
for (const [plugin, options] of [
  [vwap, { badConfigs: [{ trades: 0 }] }],
  [fade, { with: [{ plugin: vwap }], badConfigs: [{ entryBps: -1 }] }],
  [breakout, { config: { bars: 3, trades: 4 }, badConfigs: [{ bars: 1 }] }],
  [pace, { badConfigs: [{ maxBuys: 1.5 }] }],
  [roundLots, { badConfigs: [{ roundLots: 0 }] }],
] as const) {
  for (const { name, run } of pluginConformance(plugin, options)) test(name, run);
}
