import fc from "fast-check";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { Lookback, momentum, shouldClose } from "../src/index.ts";

const instrument = testInstrument();

async function setUp() {
  const host = await createTestHost({
    plugin: momentum,
    instruments: [instrument],
    config: { lookbackMs: 1000, entryBps: 10, takeBps: 50, stopBps: 30, holdMs: 5000 },
  });
  const mid = (ticks: number, afterMs: number) => {
    host.advance({ ms: afterMs });
    host.quote({ bidTicks: ticks - 1, askTicks: ticks + 1 });
  };
  return { host, mid };
}

test("takes the direction of a move, immediate or cancel, at the touch", async () => {
  const { host, mid } = await setUp();
  mid(100_000, 0);
  mid(100_050, 500); // too soon to know
  mid(100_090, 600); // 9 bps
  expect(host.orders).toHaveLength(0);
  mid(100_200, 400);
  expect(host.orders[0]?.intent).toMatchObject({ side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 100_201 });
});

test.each([
  ["gain", 100_800, 100, "sell"],
  ["loss", 99_800, 100, "sell"],
  ["time", 100_201, 5000, "sell"],
])("closes on %s with all it holds", async (_, ticks, afterMs, side) => {
  const { host, mid } = await setUp();
  mid(100_000, 0);
  mid(100_200, 1000);
  host.fill(host.orders[0]!);
  mid(ticks, afterMs);
  expect(host.orders[1]?.intent).toMatchObject({ side, sizeLots: host.orders[0]!.intent.sizeLots });
  host.fill(host.orders[1]!);
  mid(ticks, 10);
  expect(host.orders).toHaveLength(2);
});

test("has one order at a time", async () => {
  const { host, mid } = await setUp();
  mid(100_000, 0);
  mid(101_000, 1000);
  mid(102_000, 1000);
  expect(host.orders).toHaveLength(1);
});

test("the lookback compares with the newest point that is old enough, in bounded memory", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gapUs: fc.integer({ min: 0, max: 400 }), mid: fc.integer({ min: 1, max: 1e6 }) }), {
        minLength: 1,
        maxLength: 200,
      }),
      (steps) => {
        const lookback = new Lookback(1000);
        let atUs = 0;
        const seen: { atUs: number; mid: number }[] = [];
        for (const { gapUs, mid } of steps) {
          atUs += gapUs;
          const last = seen.at(-1);
          if (last === undefined || atUs - last.atUs >= 10) seen.push({ atUs, mid });
          const old = seen.filter((point) => point.atUs <= atUs - 1000).at(-1);
          expect(lookback.move(atUs, mid)).toBe(old === undefined ? 0 : ((mid - old.mid) / old.mid) * 10_000);
        }
      },
    ),
  );
});

test("a trade is closed at its limits and not before", () => {
  const limits = { takeBps: 30, stopBps: 15, holdMs: 5000 };
  expect(shouldClose(29, 0, limits) || shouldClose(-14, 4999, limits)).toBe(false);
  expect([shouldClose(30, 0, limits), shouldClose(-15, 0, limits), shouldClose(0, 5000, limits)]).toEqual([
    true,
    true,
    true,
  ]);
});
