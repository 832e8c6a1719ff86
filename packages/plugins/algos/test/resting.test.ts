import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type IcebergOptions,
  iceberg,
  leastLots,
  type PovOptions,
  pov,
  shareOf,
  VolumeProfile,
  type VwapOptions,
  vwap,
} from "../src/index.ts";
import { instrument, setUp, terms } from "./support.ts";

const quote = { bidTicks: 9_990, askTicks: 10_000 };
const HOUR_US = 3_600_000_000;

test("an iceberg shows one slice at a time, each of another size, and ends with the exact size", async () => {
  const { host, start, open } = await setUp<IcebergOptions>(iceberg);
  const handle = start({ instrument, side: "sell", sizeLots: 1000, priceTicks: 10_000, visibleLots: 100, jitter: 0.5 });
  while (open().length > 0) {
    expect(open()).toHaveLength(1);
    host.fill(open()[0]!);
  }
  const sizes = host.orders.map(({ intent }) => intent.sizeLots);
  expect(sizes.reduce((sum, lots) => sum + lots, 0)).toBe(1000);
  expect(new Set(sizes).size).toBeGreaterThan(3);
  for (const lots of sizes.slice(0, -1)) {
    expect(lots).toBeGreaterThanOrEqual(50);
    expect(lots).toBeLessThanOrEqual(150);
  }
  expect(handle.state).toBe("done");
  expect(host.orders[0]?.intent).toMatchObject({ type: "limit", timeInForce: "GTC", priceTicks: 10_000 });
});

test("an iceberg waits for the whole slice, and its sizes follow from the seed", async () => {
  const sizesOf = async (seed: number) => {
    const { host, start, open } = await setUp<IcebergOptions>(iceberg, { seed });
    start({ instrument, side: "buy", sizeLots: 1000, priceTicks: 10_000, visibleLots: 200, isPostOnly: true });
    host.fill(open()[0]!, 10_000, 50);
    expect(host.orders).toHaveLength(1);
    expect(host.orders[0]?.intent.type).toBe("postOnly");
    while (open().length > 0) host.fill(open()[0]!);
    return host.orders.map(({ intent }) => intent.sizeLots);
  };
  expect(await sizesOf(1)).toEqual(await sizesOf(1));
  expect(await sizesOf(1)).not.toEqual(await sizesOf(2));
});

test("an iceberg whose slices no venue takes is refused", async () => {
  const { algo, inHook } = await setUp<IcebergOptions>(iceberg);
  inHook(() =>
    expect(() =>
      algo.start({
        instrument,
        side: "buy",
        sizeLots: 1000,
        priceTicks: 10_000,
        visibleLots: leastLots(instrument, 10_000) - 1,
      }),
    ).toThrow(/visibleLots/),
  );
});

test("a share of the volume follows what is traded, in steps, and is never ahead", async () => {
  const { host, start, open } = await setUp<PovOptions>(pov);
  host.quote(quote);
  const handle = start({ instrument, side: "buy", sizeLots: 300, rateBps: 1000, mostLots: 80 });
  host.trade({ priceTicks: 10_000, sizeLots: 400 });
  expect(host.orders).toHaveLength(0); // 40 lots are too few for an order
  host.trade({ priceTicks: 10_000, sizeLots: 1600 }); // 200 are due
  expect(host.orders.map(terms)).toEqual(["buy limit 80@10010 accepted"]);
  host.fill(open()[0]!);
  host.advance({ ms: 250 });
  host.fill(open()[0]!);
  host.advance({ ms: 250 });
  expect(host.orders.map(({ intent }) => intent.sizeLots)).toEqual([80, 80]); // 40 more are due
  host.trade({ priceTicks: 10_000, sizeLots: 600 });
  host.fill(open()[0]!);
  host.trade({ priceTicks: 10_000, sizeLots: 1400 });
  host.advance({ ms: 250 });
  host.fill(open()[0]!);
  expect(handle).toMatchObject({ state: "done", filledLots: 300 });
});

test("a share of the volume ends with its time", async () => {
  const { host, start } = await setUp<PovOptions>(pov);
  host.quote(quote);
  const handle = start({ instrument, side: "buy", sizeLots: 300, rateBps: 1000, durationMs: 1000 });
  host.advance({ ms: 1000 });
  expect(handle).toMatchObject({ state: "expired", leftLots: 300 });
});

test("a share is rounded down, at any size", () => {
  expect(shareOf(9, 1000)).toBe(0);
  expect(shareOf(10, 1000)).toBe(1);
  expect(shareOf(2 ** 52, 5000)).toBe(2 ** 51);
});

test("a schedule by volume follows the profile that it is given", async () => {
  const { host, start } = await setUp<VwapOptions>(vwap);
  host.quote(quote);
  start({ instrument, side: "buy", sizeLots: 1000, durationMs: 3000, profile: [1, 3, 6] });
  for (let slice = 0; slice < 3; slice++) {
    host.fill(host.orders[slice]!);
    host.advance({ ms: 1000 });
  }
  expect(host.orders.map(({ intent }) => intent.sizeLots)).toEqual([100, 300, 600]);
});

test("a schedule by volume uses what the session has heard at that time of day, over a restart", async () => {
  const first = await setUp<VwapOptions>(vwap);
  // The test begins at midnight: a quiet hour, and a busy one from then on.
  for (let hour = 0; hour < 2; hour++) {
    for (let trade = 0; trade < 120; trade++) {
      first.host.trade({ priceTicks: 10_000, sizeLots: hour === 0 ? 1 : 3 });
      first.host.advance({ ms: 30_000 });
    }
  }
  first.host.advance({ ms: 22 * 3_600_000 });
  const snapshot = JSON.parse(JSON.stringify(first.host.snapshot()));
  const { host, start } = await setUp<VwapOptions>(vwap, { from: { stage: first, snapshot } });
  host.quote(quote);
  start({ instrument, side: "buy", sizeLots: 1000, durationMs: 2 * 3_600_000, slices: 2 });
  host.fill(host.orders[0]!);
  host.advance({ ms: 3_600_000 });
  expect(host.orders.map(({ intent }) => intent.sizeLots)).toEqual([250, 750]);
});

test("weights of a profile are in proportion to the volumes of their times, and even without any", () => {
  const profile = new VolumeProfile();
  expect(profile.weights(0, HOUR_US, 3)).toEqual([1, 1, 1]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 12, maxLength: 12 }), (volumes) => {
      const one = new VolumeProfile();
      for (const [bucket, lots] of volumes.entries()) one.add(bucket * 300_000_000 + 1, lots);
      const weights = one.weights(86_400_000_000, HOUR_US, 12);
      const mean = volumes.reduce((sum, lots) => sum + lots, 0) / 12;
      for (const [i, weight] of weights.entries())
        expect(Math.abs(weight / 10_000 - volumes[i]! / mean)).toBeLessThan(1e-4);
    }),
  );
});
