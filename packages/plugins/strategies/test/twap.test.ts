import fc from "fast-check";
import { createTestHost, type TestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { dueLots, twap } from "../src/index.ts";

const instrument = testInstrument();

async function setUp(config: object = {}, after?: TestHost) {
  const host = await createTestHost({
    plugin: twap,
    instruments: [instrument],
    config: { size: "1", durationMs: 4000, slices: 4, ...config },
    ...(after === undefined ? {} : { after, snapshot: after.snapshot() }),
  });
  const tick = (bidTicks = 9999) => {
    host.quote({ bidTicks, askTicks: bidTicks + 2 });
    host.advance({ ms: 1000 });
  };
  const sizes = () => host.orders.map(({ intent }) => intent.sizeLots);
  return { host, tick, sizes };
}

test("trades equal slices at the touch, immediate or cancel, then says what it did", async () => {
  const { host, tick, sizes } = await setUp();
  for (let slice = 0; slice < 4; slice++) {
    tick(9999 + 100 * slice);
    host.fill(host.orders[slice]!);
  }
  expect(sizes()).toEqual([250, 250, 250, 250]);
  expect(host.orders[1]!.intent).toMatchObject({ side: "buy", timeInForce: "IOC", priceTicks: 10_101 });
  tick();
  expect(host.logged).toEqual(["ended: 1 of 1 at 101.51 on average"]);
  expect(host.timers).toBe(0);
});

test("what a slice did not get is caught up, within bounds", async () => {
  const { host, tick, sizes } = await setUp({ slices: 10, durationMs: 10_000, maxCatchUp: 2 });
  tick();
  host.expire(host.orders[0]!);
  tick();
  host.fill(host.orders[1]!, undefined, 60);
  host.expire(host.orders[1]!);
  tick();
  expect(sizes()).toEqual([100, 200, 200]);
});

test("waits out a price beyond the limit and a hole in the stream", async () => {
  const { host, tick, sizes } = await setUp({ limitPrice: "100.01" });
  tick(10_000); // one tick too dear
  host.gap();
  host.advance({ ms: 1000 });
  expect(sizes()).toEqual([]);
  tick(9999);
  expect(sizes()).toEqual([750]);
});

test("sells down to a limit too", async () => {
  const { tick, sizes } = await setUp({ side: "sell", limitPrice: "99.99" });
  tick(9998);
  tick(9999);
  expect(sizes()).toEqual([500]);
});

test("an order whose fate is open is waited for: nothing is ordered twice", async () => {
  const { host, tick, sizes } = await setUp();
  tick();
  host.orders[0]!.state = "unknown";
  tick();
  expect(sizes()).toEqual([250]);
  host.fill(host.orders[0]!);
  tick();
  expect(sizes()).toEqual([250, 500]);
});

test("tries once more after the last slice, then ends with what it has", async () => {
  const { host, tick, sizes } = await setUp({ slices: 1, durationMs: 1000 });
  tick();
  host.expire(host.orders[0]!);
  tick();
  host.fill(host.orders[1]!, undefined, 400);
  host.expire(host.orders[1]!);
  tick();
  tick();
  expect(sizes()).toEqual([1000, 1000]);
  expect(host.logged).toEqual(["ended: 0.4 of 1 at 100.01 on average"]);
});

test("goes on after a restart where it was", async () => {
  const before = await setUp();
  before.tick();
  before.host.fill(before.host.orders[0]!);
  const { host, tick, sizes } = await setUp({}, before.host);
  tick();
  expect(sizes()).toEqual([250, 250]); // the first is the one of before
  host.fill(host.orders[1]!);
  tick();
  tick();
  expect(sizes().slice(2)).toEqual([250]); // its order is still open
});

test("without a size it takes two of the smallest orders a slice", async () => {
  const { host, tick } = await setUp({ size: undefined });
  tick();
  expect(host.orders[0]!.intent.sizeLots).toBe(100); // 10 USDT at 100
});

test.each([
  [{ size: "0.0001" }, /"0.0001" has more than 3 decimals/],
  [{ size: "0" }, /below the smallest order/],
  [{ size: "1e3" }, /plain decimal number/],
  [{ symbol: "ZZZ/USDT" }, /no instrument ZZZ\/USDT/],
])("refuses %j", async (config, message) => {
  await expect(setUp(config)).rejects.toThrow(message);
});

test("what is due grows with time, in whole steps, and is all at the end", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom(1, 7, 100),
      fc.integer({ min: 1, max: 1000 }),
      fc.nat(1200),
      (steps, increment, slices, slice) => {
        const total = steps * increment;
        const due = dueLots(total, slice, slices, increment);
        expect(due % increment).toBe(0);
        expect(due).toBeLessThanOrEqual(total);
        expect(due).toBeLessThanOrEqual(dueLots(total, slice + 1, slices, increment));
        expect(dueLots(total, slices, slices, increment)).toBe(total);
      },
    ),
  );
});
