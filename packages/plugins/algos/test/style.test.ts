import fc from "fast-check";
import { InvalidInputError } from "pitlane";
import { expect, test } from "vitest";
import { type PovOptions, pov, restPrice, type TwapOptions, twap, type VwapOptions, vwap } from "../src/index.ts";
import { instrument, type Stage, setUp, terms } from "./support.ts";

// A tick is 0.01, a lot 0.001, and an order is worth 5.00 at least: 51 lots at these prices.
const quote = { bidTicks: 9_990, askTicks: 10_000 };
const parent: TwapOptions = {
  instrument,
  side: "buy",
  sizeLots: 1000,
  durationMs: 10_000,
  slices: 4,
  style: "resting",
};

test("a slice rests at the best bid, and what was not filled in its time is taken before the next one rests", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start(parent);
  expect(host.orders.map(terms)).toEqual(["buy postOnly 250@9990 accepted"]);
  host.fill(host.orders[0]!, 9_990, 100);
  host.advance({ ms: 2499 });
  expect(host.orders).toHaveLength(1);
  host.advance({ ms: 2 });
  expect(host.orders[0]?.state).toBe("cancelled");
  host.advance({ ms: 1000 }); // the test's venue says nothing of the end
  expect(host.orders.map(terms).slice(1)).toEqual(["buy limit 150@10010 accepted"]);
  host.fill(host.orders[1]!);
  host.advance({ ms: 250 });
  expect(host.orders.map(terms).slice(2)).toEqual(["buy postOnly 250@9990 accepted"]);
  expect(handle).toMatchObject({ state: "working", filledLots: 250, workingLots: 250 });
});

test("a run that is filled where it rests takes nothing", async () => {
  const { host, start, open } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start({ ...parent, side: "sell" });
  for (let slice = 0; slice < 4; slice++) {
    host.advance({ ms: 300 });
    host.fill(open()[0]!);
    host.advance({ ms: 2200 });
  }
  expect(host.orders.map(terms)).toEqual(new Array(4).fill("sell postOnly 250@10000 filled"));
  expect(handle).toMatchObject({ state: "done", filledLots: 1000 });
  expect(host.timers).toBe(0);
});

test("the last slice is taken at the end of the time", async () => {
  const { host, start, open } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start({ ...parent, slices: 1, durationMs: 5_000 });
  host.advance({ ms: 4_999 });
  expect(open().map(terms)).toEqual(["buy postOnly 1000@9990 accepted"]);
  host.advance({ ms: 1_100 });
  expect(open().map(terms)).toEqual(["buy limit 1000@10010 accepted"]);
  host.fill(open()[0]!);
  expect(handle.state).toBe("done");
});

test("follows a touch that moves away, at most once in repegMs, and stays when it comes nearer", async () => {
  const { host, start, open } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  start({ ...parent, slices: 1, repegMs: 500 });
  host.fill(host.orders[0]!, 9_990, 400);
  for (let i = 1; i <= 5; i++) {
    host.advance({ ms: 99 });
    host.quote({ bidTicks: 9_990 + i, askTicks: 10_005 });
  }
  expect(host.orders).toHaveLength(1);
  host.advance({ ms: 505 });
  host.advance({ ms: 500 });
  expect(open().map(terms)).toEqual(["buy postOnly 600@9995 accepted"]);
  host.quote({ bidTicks: 9_980, askTicks: 9_996 });
  host.advance({ ms: 5_000 });
  expect(host.orders).toHaveLength(2);
});

test("never rests beyond its limit, and rests at it while the market is beyond", async () => {
  const { host, start, open } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  start({ ...parent, slices: 2, limitTicks: 9_985 });
  expect(open().map(terms)).toEqual(["buy postOnly 500@9985 accepted"]);
  host.advance({ ms: 5_500 }); // due, and nothing to take within the limit: all of it waits
  expect(open().map(terms)).toEqual(["buy postOnly 500@9985 accepted", "buy postOnly 500@9985 accepted"]);
  host.quote({ bidTicks: 9_970, askTicks: 9_980 });
  host.advance({ ms: 1_500 });
  expect(open().map(terms)).toEqual(["buy limit 500@9985 accepted", "buy postOnly 500@9970 accepted"]); // what is due is taken
});

test("a post-only child that the touch has moved onto is no failure; one that risk denies is", async () => {
  const { host, start, open } = await setUp<TwapOptions>(twap, { config: { maxRefusals: 2 } });
  host.quote(quote);
  const handle = start({ ...parent, slices: 1 });
  for (let i = 0; i < 10; i++) {
    host.reject(open()[0]!, "would take");
    expect(open()).toHaveLength(0); // not at the pace of the network
    host.advance({ ms: 250 });
  }
  expect(handle.state).toBe("working");
  for (let i = 0; i < 2; i++) {
    open()[0]!.state = "denied";
    host.advance({ ms: 1_500 });
  }
  expect(handle.state).toBe("failed");
});

test("a rest that is too small for an order is left at the end, and the run is done", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start({ ...parent, slices: 1 });
  host.fill(host.orders[0]!, 9_990, 990);
  host.quote({ bidTicks: 9_995, askTicks: 10_000 });
  host.advance({ ms: 9_000 });
  expect(host.orders).toHaveLength(1); // nor does it follow: nothing could be placed for it
  host.advance({ ms: 2_500 });
  expect(handle).toMatchObject({
    state: "done",
    filledLots: 990,
    leftLots: 10,
    reason: "10 lots are too few for an order",
  });
});

test("goes on after a restart with the child that rests", async () => {
  const first = await setUp<TwapOptions>(twap);
  first.host.quote(quote);
  first.start(parent);
  first.host.fill(first.host.orders[0]!, 9_990, 100);
  const snapshot = JSON.parse(JSON.stringify(first.host.snapshot()));
  const { host, algo } = await setUp<TwapOptions>(twap, { from: { stage: first, snapshot } });
  await host.plugins.runPhase("reconcile");
  host.advance({ ms: 2_000 });
  expect(host.orders).toHaveLength(1);
  host.advance({ ms: 1_600 });
  expect(host.orders.map(terms).slice(1)).toEqual(["buy limit 150@10010 accepted"]);
  expect(algo.get("twap-1")).toMatchObject({ filledLots: 100, workingLots: 150 });
});

test("a schedule by volume rests too", async () => {
  const { host, start } = await setUp<VwapOptions>(vwap);
  host.quote(quote);
  start({ instrument, side: "buy", sizeLots: 1000, durationMs: 3000, profile: [1, 3, 6], style: "resting" });
  for (let slice = 0; slice < 3; slice++) {
    host.fill(host.orders[slice]!);
    host.advance({ ms: 1000 });
  }
  expect(host.orders.map(terms)).toEqual([100, 300, 600].map((lots) => `buy postOnly ${lots}@9990 filled`));
});

test("a share of the volume rests as it grows, and what has waited restMs is taken", async () => {
  const { host, start, open } = await setUp<PovOptions>(pov);
  host.quote(quote);
  const handle = start({
    instrument,
    side: "buy",
    sizeLots: 300,
    rateBps: 1000,
    mostLots: 80,
    style: "resting",
    restMs: 1000,
  });
  host.advance({ ms: 100 });
  host.trade({ priceTicks: 10_000, sizeLots: 1_600 }); // 160 are due
  host.advance({ ms: 250 });
  expect(open().map(terms)).toEqual(new Array(2).fill("buy postOnly 80@9990 accepted"));
  host.fill(open()[0]!);
  host.advance({ ms: 649 });
  expect(open()).toHaveLength(1);
  host.advance({ ms: 1_001 }); // two times restMs after the start
  expect(open()).toEqual([]);
  host.advance({ ms: 1_000 });
  expect(open().map(terms)).toEqual(["buy limit 80@10010 accepted"]);
  host.fill(open()[0]!);
  expect(handle).toMatchObject({ state: "working", filledLots: 160 });
});

test("rests on the venue's step, and not where that side is empty", () => {
  const coarse = { ...instrument, tickIncrement: 10 };
  const touch = { bidTicks: 9_997, askTicks: 10_003 };
  expect(restPrice(coarse, touch, "buy", undefined)).toBe(9_990);
  expect(restPrice(coarse, touch, "sell", undefined)).toBe(10_010);
  expect(restPrice(coarse, touch, "buy", 9_900)).toBe(9_900);
  expect(restPrice(coarse, touch, "sell", 10_100)).toBe(10_100);
  expect(restPrice(coarse, { bidTicks: 0, askTicks: 10_003 }, "buy", undefined)).toBeUndefined();
  expect(restPrice(coarse, undefined, "sell", undefined)).toBeUndefined();
});

test.each([
  [{ style: "making" as never }, /style/],
  [{ repegMs: 1 }, /repegMs/],
])("refuses %o before anything is submitted", async (wrong, message) => {
  const { host, algo, inHook } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  inHook(() => {
    expect(() => algo.start({ ...parent, ...wrong })).toThrow(InvalidInputError);
    expect(() => algo.start({ ...parent, ...wrong })).toThrow(message);
  });
});

const happening = fc.oneof(
  fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constant("quote" as const), bidTicks: fc.integer({ min: 9_900, max: 10_100 }) }),
  fc.record({ kind: fc.constant("trade" as const), sizeLots: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({
    kind: fc.constantFrom(
      "fill" as const,
      "reject" as const,
      "expire" as const,
      "unknown" as const,
      "restart" as const,
    ),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
);

test.each([
  ["twap", twap],
  ["pov", pov],
] as const)(
  "%s that rests never fills more than the parent, nor rests at more than the touch or the limit",
  async (name, plugin) => {
    let filled = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 10, maxLength: 60 }),
        fc.integer({ min: 60, max: 5_000 }),
        fc.option(fc.integer({ min: 9_900, max: 10_100 }), { nil: undefined }),
        async (happenings, sizeLots, limitTicks) => {
          const config = { maxRefusals: 1000 };
          let stage: Stage<TwapOptions & PovOptions> = await setUp(plugin, { config });
          stage.host.quote(quote);
          let bidTicks = quote.bidTicks;
          const limit = limitTicks === undefined ? {} : { limitTicks };
          const more = name === "twap" ? { durationMs: 10_000, slices: 5, overtimeMs: 60_000 } : { rateBps: 2_000 };
          const options = { instrument, side: "buy", sizeLots, style: "resting", ...limit, ...more };
          stage.start(options as TwapOptions & PovOptions);
          let snapshot = JSON.parse(JSON.stringify(stage.host.snapshot()));
          for (const [i, happening] of happenings.entries()) {
            const { host } = stage;
            const known = host.orders.length;
            const order = stage.open().at(0);
            if (happening.kind === "advance") host.advance({ ms: happening.ms });
            else if (happening.kind === "trade") host.trade({ priceTicks: 10_000, sizeLots: happening.sizeLots });
            else if (happening.kind === "quote") {
              bidTicks = happening.bidTicks;
              host.quote({ bidTicks, askTicks: bidTicks + 10 });
            } else if (happening.kind === "restart") {
              stage = await setUp(plugin, { config, from: { stage, snapshot } });
              await stage.host.plugins.runPhase("reconcile");
            } else if (order !== undefined) {
              const openLots = order.intent.sizeLots - order.filledLots;
              if (happening.kind === "unknown") order.state = "unknown";
              else if (happening.kind === "reject" && order.filledLots === 0) host.reject(order);
              else if (happening.kind === "expire") host.expire(order);
              else if (happening.kind === "fill")
                host.fill(order, 10_000, Math.max(1, Math.floor(openLots * happening.share)));
            }
            if (i % 7 === 0) snapshot = JSON.parse(JSON.stringify(stage.host.snapshot()));
            const all = stage.host.orders;
            const mayFill = all.reduce((sum, one) => sum + (one.isOpen ? one.intent.sizeLots : one.filledLots), 0);
            expect(mayFill).toBeLessThanOrEqual(sizeLots);
            for (const { intent } of all.slice(known)) {
              if (limitTicks !== undefined) expect(intent.priceTicks).toBeLessThanOrEqual(limitTicks);
              if (intent.type === "postOnly") expect(intent.priceTicks).toBeLessThanOrEqual(bidTicks);
            }
          }
          filled += stage.host.orders.reduce((sum, one) => sum + one.filledLots, 0);
        },
      ),
      { numRuns: 40, seed: 9 },
    );
    expect(filled).toBeGreaterThan(0);
  },
);
