import fc from "fast-check";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { fitLine, judge, pairArbitrage } from "../src/index.ts";

const first = testInstrument();
const second = testInstrument({ symbol: "BBB/USDT", base: "BBB" });
const WINDOW = 20;

async function setUp(config: object = {}) {
  const host = await createTestHost({
    plugin: pairArbitrage,
    instruments: [first, second],
    config: { window: WINDOW, sampleMs: 1000, sizeMultiple: 8, ...config },
  });
  let round = 0;
  /** A second later, the first's mid is off twice the second's by so many ticks. */
  const sample = (offTicks: number) => {
    const midTicks = 5000 + (round++ % 5) * 50; // it moves, so that there is something to fit
    host.advance({ ms: 1000 });
    host.quote({ bidTicks: midTicks - 1, askTicks: midTicks + 1, instrument: second });
    host.quote({ bidTicks: 2 * midTicks + offTicks - 1, askTicks: 2 * midTicks + offTicks + 1, instrument: first });
  };
  const learn = () => {
    for (let i = 0; i < WINDOW; i++) sample(i % 2 === 0 ? 10 : -10);
  };
  const wanted = () => host.orders.map(({ intent }) => `${intent.side} ${intent.sizeLots} ${intent.instrument.base}`);
  return { host, sample, learn, wanted };
}

test("sells the dear one against the other, both at once, at the touch", async () => {
  const { host, sample, learn, wanted } = await setUp();
  learn();
  expect(host.orders).toHaveLength(0);
  sample(100);
  expect(wanted()).toEqual([expect.stringMatching(/^sell 3\d\d AAA/), expect.stringMatching(/^buy [78]\d\d BBB/)]);
  expect(host.orders.every(({ intent }) => intent.timeInForce === "IOC" && intent.type === "limit")).toBe(true);
  expect(host.orders[0]!.intent.priceTicks).toBe(10_099);
});

test("closes both legs when the price is back, however often it takes", async () => {
  const { host, sample, learn, wanted } = await setUp();
  learn();
  sample(100);
  for (const order of host.orders.slice(0, 2)) host.fill(order);
  sample(0);
  expect(wanted().slice(2)).toEqual([wanted()[0]!.replace("sell", "buy"), wanted()[1]!.replace("buy", "sell")]);
  host.fill(host.orders[2]!);
  host.fill(host.orders[3]!, undefined, 300);
  host.expire(host.orders[3]!);
  sample(0);
  const rest = host.orders[3]!.intent.sizeLots - 300;
  expect(wanted()[4]).toBe(`sell ${rest} BBB`);
  host.fill(host.orders[4]!);
  for (let i = 0; i < WINDOW; i++) sample(i % 2 === 0 ? 10 : -10);
  expect(host.orders).toHaveLength(5);
  sample(100);
  expect(host.orders).toHaveLength(7); // flat again: the next trade begins
});

test("a leg that fills alone is taken back", async () => {
  const { host, sample, learn, wanted } = await setUp();
  learn();
  sample(100);
  host.fill(host.orders[0]!);
  host.expire(host.orders[1]!);
  sample(100);
  expect(wanted()[2]).toBe(wanted()[0]!.replace("sell", "buy"));
  host.fill(host.orders[2]!);
  expect(host.orders).toHaveLength(3);
});

test("a leg that fills for less cuts the other down to match", async () => {
  const { host, sample, learn } = await setUp();
  learn();
  sample(100);
  const [sold, bought] = host.orders as [(typeof host.orders)[number], (typeof host.orders)[number]];
  host.fill(sold);
  host.fill(bought, undefined, bought.intent.sizeLots / 2 - 0.5 * (bought.intent.sizeLots % 2));
  host.expire(bought);
  sample(100);
  const cut = host.orders[2]!;
  expect([cut.intent.instrument, cut.intent.side]).toEqual([first, "buy"]);
  expect(Math.abs(cut.intent.sizeLots - sold.intent.sizeLots / 2)).toBeLessThanOrEqual(1);
  host.fill(cut);
  sample(0);
  expect(host.orders[3]!.intent.sizeLots).toBe(sold.intent.sizeLots - cut.intent.sizeLots);
  expect(host.orders[4]!.intent.sizeLots).toBe(bought.filledLots);
});

test("gives up when the price goes on, and begins nothing until the window has forgotten it", async () => {
  const { host, sample, learn } = await setUp({ entryZ: 1.5, stopZ: 3 });
  learn();
  sample(20);
  expect(host.orders).toHaveLength(2);
  for (const order of host.orders.slice()) host.fill(order);
  sample(1000);
  expect(host.orders).toHaveLength(4);
  for (const order of host.orders.slice(2)) host.fill(order);
  for (let i = 0; i < WINDOW - 1; i++) sample(i % 2 === 0 ? 10 : -10);
  sample(60);
  expect(host.orders).toHaveLength(4);
});

test("gives up after the longest time; after a refusal it asks again a second later", async () => {
  const { host, sample, learn } = await setUp({ holdMs: 2000 });
  learn();
  sample(100);
  for (const order of host.orders.slice(0, 2)) host.fill(order);
  sample(100);
  expect(host.orders).toHaveLength(2);
  sample(100);
  expect(host.orders).toHaveLength(4);
  host.reject(host.orders[2]!);
  host.reject(host.orders[3]!);
  host.advance({ ms: 500 });
  host.quote({ bidTicks: 10_099, askTicks: 10_101, instrument: first });
  expect(host.orders).toHaveLength(4);
  sample(100);
  expect(host.orders).toHaveLength(6);
});

test("does not begin with a hole in either stream", async () => {
  const { host, sample, learn } = await setUp();
  learn();
  host.gap({ instrument: second });
  host.advance({ ms: 1000 });
  host.quote({ bidTicks: 10_199, askTicks: 10_201, instrument: first });
  expect(host.orders).toHaveLength(0);
  sample(100);
  expect(host.orders).toHaveLength(2);
});

test.each([
  [{ exitZ: 2, entryZ: 2 }, /exitZ < entryZ < stopZ/],
  [{ pair: ["AAA/USDT", "AAA/USDT"] }, /needs two instruments/],
])("refuses %j", async (config, message) => {
  await expect(setUp(config)).rejects.toThrow(message);
});

test("a line is found again in what it made, and nothing is fitted where there is none", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 50 }),
      fc.integer({ min: -100, max: 100 }),
      fc.integer({ min: -10, max: 10 }),
      (xs, alpha, beta) => {
        const fit = fitLine(
          xs,
          xs.map((x) => alpha + beta * x),
        )!;
        expect(fit.alpha).toBeCloseTo(alpha, 6);
        expect(fit.beta).toBeCloseTo(beta, 6);
        expect(fit.deviation).toBeLessThan(1e-3);
      },
    ),
  );
  expect(fitLine([1, 1, 1], [1, 2, 3])).toBeUndefined();
  expect(fitLine([1, 2], [1, 2])).toBeUndefined();
  const noisy = fitLine([0, 1, 2, 3], [1, 0, 1, 0])!; // by hand: slope -0.2, residuals 0.2, -0.6, 0.6, -0.2
  expect([noisy.alpha, noisy.beta, noisy.deviation ** 2]).toEqual(
    [0.8, -0.2, 0.4].map((value) => expect.closeTo(value, 10)),
  );
});

test("a trade is closed at its limits, whichever way it went in", () => {
  const limits = { exitZ: 0.5, stopZ: 4 };
  expect([judge(0.6, true, limits), judge(0.5, true, limits), judge(4, true, limits), judge(-9, true, limits)]).toEqual(
    ["hold", "exit", "stop", "exit"],
  );
  expect([judge(-0.6, false, limits), judge(-4, false, limits), judge(3, false, limits)]).toEqual([
    "hold",
    "stop",
    "exit",
  ]);
});
