import fc from "fast-check";
import { InvalidInputError } from "pitlane";
import { expect, test } from "vitest";
import { type BracketOptions, bracket, stopTicksOf, type TrailingStopOptions, trailingStop } from "../src/index.ts";
import { instrument, type Stage, setUp, terms } from "./support.ts";

const parent: BracketOptions = {
  instrument,
  side: "buy",
  sizeLots: 100,
  entryTicks: 10_000,
  stopTicks: 9_900,
  targetTicks: 10_200,
};
const touch = (bidTicks: number) => ({ bidTicks, askTicks: bidTicks + 10 });

async function entered(filledLots: number) {
  const stage = await setUp<BracketOptions>(bracket);
  stage.host.quote(touch(9_990));
  const handle = stage.start(parent);
  stage.host.fill(stage.host.orders[0]!, 10_000, filledLots);
  return { ...stage, handle };
}

test("a bracket rests its entry, then a target for what was filled, and is done when that is filled", async () => {
  const { host, handle } = await entered(100);
  expect(host.orders.map(terms)).toEqual(["buy limit 100@10000 filled", "sell limit 100@10200 accepted"]);
  host.fill(host.orders[1]!);
  expect(handle).toMatchObject({ state: "done", filledLots: 100 });
  host.quote(touch(9_800));
  expect(host.orders).toHaveLength(2);
});

test("a stop cancels the target and closes by a market order what it did not fill", async () => {
  const { host, handle } = await entered(100);
  host.fill(host.orders[1]!, 10_200, 30);
  host.quote(touch(9_900));
  host.quote(touch(9_900)); // the cancel is known to have ended
  expect(host.orders.map(terms)).toEqual([
    "buy limit 100@10000 filled",
    "sell limit 100@10200 cancelled",
    "sell market 70@market accepted",
  ]);
  host.fill(host.orders[2]!);
  expect(handle.state).toBe("done");
});

test("a stop waits for the venue's word on a target whose outcome is unknown", async () => {
  const { host, handle, open } = await entered(100);
  const target = host.orders[1]!;
  target.state = "unknown";
  Object.defineProperty(target, "state", { get: () => "unknown", set: () => {}, configurable: true }); // the cancel's answer does not come
  host.quote(touch(9_800));
  host.advance({ ms: 5000 });
  expect(host.orders).toHaveLength(2);
  Object.defineProperty(target, "state", { value: "unknown", writable: true });
  host.fill(target);
  expect(open()).toEqual([]);
  expect(handle.state).toBe("done"); // it had been filled: nothing was sold twice
});

test("a partly filled entry is covered as it grows, and cancelled when an exit fills", async () => {
  const { host } = await entered(60);
  host.fill(host.orders[0]!, 10_000, 20); // too few for a target of their own
  expect(host.orders.map(terms)).toEqual(["buy limit 100@10000 partiallyFilled", "sell limit 60@10200 accepted"]);
  host.fill(host.orders[1]!, 10_200, 10);
  expect(host.orders[0]?.state).toBe("cancelled");
  host.quote(touch(9_990));
  host.quote(touch(9_990));
  // The target is taken back once, and one is placed for all that is held.
  expect(host.orders.slice(1).map(terms)).toEqual(["sell limit 60@10200 cancelled", "sell limit 70@10200 accepted"]);
});

test("a stop that is refused is tried again for as long as there is something to protect", async () => {
  const { host, handle, open } = await entered(100);
  host.quote(touch(9_800));
  host.quote(touch(9_800));
  for (let time = 0; time < 8; time++) {
    host.reject(open()[0]!, "halted");
    expect(open()).toEqual([]);
    host.advance({ ms: 1000 });
  }
  expect(handle.state).toBe("working");
  host.fill(open()[0]!);
  expect(handle.state).toBe("done");
});

test("a refused entry fails after several tries, and an unfilled one expires", async () => {
  const refused = await setUp<BracketOptions>(bracket, { config: { maxRefusals: 2 } });
  refused.host.quote(touch(9_990));
  const handle = refused.start(parent);
  refused.host.reject(refused.host.orders[0]!);
  refused.host.advance({ ms: 1000 });
  refused.host.reject(refused.host.orders[1]!);
  expect(handle.state).toBe("failed");
  const unfilled = await setUp<BracketOptions>(bracket);
  unfilled.host.quote(touch(9_990));
  const { entryTicks: _, ...atOnce } = parent;
  const other = unfilled.start(atOnce);
  expect(unfilled.host.orders.map(terms)).toEqual(["buy limit 100@10010 accepted"]);
  unfilled.host.expire(unfilled.host.orders[0]!);
  expect(other).toMatchObject({ state: "expired", reason: "the entry was not filled" });
});

test("refuses a bracket whose prices are in the wrong order", async () => {
  const { algo, inHook } = await setUp<BracketOptions>(bracket);
  for (const wrong of [{ stopTicks: 10_000 }, { targetTicks: 9_950 }, { side: "sell" as const }, { stopTicks: 0 }])
    inHook(() => expect(() => algo.start({ ...parent, ...wrong })).toThrow(InvalidInputError));
});

const { entryTicks: _resting, ...atOnce } = parent;

test.each([
  ["the stop is passed", "buy", { stopTicks: 15_000, targetTicks: 16_000 }, /stopTicks is 15000.*bid is 9990/],
  ["the stop is at the bid", "buy", { stopTicks: 9_990 }, /stopTicks is 9990.*bid is 9990/],
  ["the stop is at the ask", "sell", { stopTicks: 10_000, targetTicks: 9_000 }, /stopTicks is 10000.*ask is 10000/],
  ["an entry rests beyond it", "buy", { stopTicks: 9_995, entryTicks: 9_999 }, /stopTicks is 9995/],
  ["the target is passed", "buy", { targetTicks: 9_995 }, /targetTicks is 9995.*ask is 10000/],
  ["the target is at the bid", "sell", { stopTicks: 10_100, targetTicks: 9_990 }, /targetTicks is 9990.*bid is 9990/],
] as const)("a bracket that would end at once is refused before its entry: %s", async (_what, side, wrong, message) => {
  const { host, algo, inHook } = await setUp<BracketOptions>(bracket);
  host.quote(touch(9_990));
  inHook(() => {
    expect(() => algo.start({ ...atOnce, side, ...wrong })).toThrow(InvalidInputError);
    expect(() => algo.start({ ...atOnce, side, ...wrong })).toThrow(message);
  });
  expect(host.orders).toEqual([]);
});

test("a bracket whose stop is passed before its entry could be sent expires without one", async () => {
  const { host, start } = await setUp<BracketOptions>(bracket);
  const waiting = start(atOnce); // no price is known yet
  host.quote(touch(9_850));
  host.advance({ ms: 250 });
  expect(waiting).toMatchObject({ state: "expired", reason: expect.stringMatching(/stopTicks is 9900.*bid is 9850/) });
  expect(host.orders).toEqual([]);
  host.quote(touch(9_990));
  const refused = start(parent);
  host.reject(host.orders[0]!);
  host.quote(touch(9_850));
  host.advance({ ms: 1000 });
  expect(refused.state).toBe("expired");
  expect(host.orders).toHaveLength(1);
});

test("a target that the market has passed is fine while the entry rests before it", async () => {
  const { host, start, open } = await setUp<BracketOptions>(bracket);
  host.quote(touch(10_300));
  start(parent);
  expect(open().map(terms)).toEqual(["buy limit 100@10000 accepted"]);
});

const happening = fc.record({
  kind: fc.constantFrom("fill", "expire", "reject", "unknown", "down", "up", "pass", "restart"),
  share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  pick: fc.nat(3),
});

test("exits never sum up to more than the entry has filled, whatever happens", async () => {
  let stops = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 50 }), async (happenings) => {
      let stage: Stage<BracketOptions> = await setUp<BracketOptions>(bracket);
      stage.host.quote(touch(9_990));
      stage.start({ ...parent, sizeLots: 500 });
      stage.host.fill(stage.open()[0]!, 10_000, 100);
      let snapshot = JSON.parse(JSON.stringify(stage.host.snapshot()));
      for (const [i, { kind, share, pick }] of happenings.entries()) {
        const { host } = stage;
        const open = stage.open();
        const order = open[pick % Math.max(1, open.length)];
        if (kind === "down") host.quote(touch(9_890));
        else if (kind === "up") host.quote(touch(10_000));
        else if (kind === "pass") host.advance({ ms: 1500 });
        else if (kind === "restart") {
          stage = await setUp<BracketOptions>(bracket, { from: { stage, snapshot } });
          await stage.host.plugins.runPhase("reconcile");
        } else if (order !== undefined) {
          const openLots = order.intent.sizeLots - order.filledLots;
          if (kind === "unknown") order.state = "unknown";
          else if (kind === "expire") host.expire(order);
          else if (kind === "reject" && order.filledLots === 0) host.reject(order);
          else if (kind === "fill")
            host.fill(order, order.intent.priceTicks ?? 9_890, Math.max(1, Math.floor(openLots * share)));
        }
        if (i % 5 === 0) snapshot = JSON.parse(JSON.stringify(stage.host.snapshot()));
        let bought = 0;
        let soldAtMost = 0;
        for (const { intent, isOpen, filledLots } of stage.host.orders) {
          if (intent.side === "buy") bought += filledLots;
          else soldAtMost += isOpen ? intent.sizeLots : filledLots;
        }
        expect(soldAtMost).toBeLessThanOrEqual(bought);
        expect(bought).toBeLessThanOrEqual(500);
      }
      stops += stage.host.orders.filter(({ intent }) => intent.type === "market").length;
    }),
    { numRuns: 80, seed: 11 },
  );
  expect(stops).toBeGreaterThan(10);
});

test("a trailing stop follows the best price and closes when it is given back", async () => {
  const { host, start, open } = await setUp<TrailingStopOptions>(trailingStop);
  const handle = start({ instrument, side: "sell", sizeLots: 100, trailTicks: 50 });
  for (const bid of [10_000, 10_100, 10_060]) host.quote(touch(bid));
  expect(host.orders).toEqual([]);
  host.gap();
  host.quote(touch(10_051));
  expect(host.orders).toEqual([]);
  host.quote(touch(10_050));
  expect(host.orders.map(terms)).toEqual(["sell market 100@market accepted"]);
  host.fill(open()[0]!, 10_048, 40);
  host.expire(open()[0]!);
  host.advance({ ms: 250 });
  expect(open().map(terms)).toEqual(["sell market 60@market accepted"]);
  host.fill(open()[0]!);
  expect(handle.state).toBe("done");
});

test("a trailing stop remembers the best price over a restart", async () => {
  const first = await setUp<TrailingStopOptions>(trailingStop);
  first.start({ instrument, side: "buy", sizeLots: 100, trailBps: 100 });
  first.host.quote(touch(9_990)); // asks at 10,000
  const snapshot = JSON.parse(JSON.stringify(first.host.snapshot()));
  const second = await setUp<TrailingStopOptions>(trailingStop, { from: { stage: first, snapshot } });
  second.host.quote(touch(10_080));
  expect(second.host.orders).toEqual([]);
  second.host.quote(touch(10_090));
  expect(second.host.orders.map(terms)).toEqual(["buy market 100@market accepted"]);
});

test("the distance of a trailing stop is whole ticks, one at least", () => {
  expect(stopTicksOf("sell", 10_000, { trailBps: 25 })).toBe(9_975);
  expect(stopTicksOf("buy", 10_001, { trailBps: 1 })).toBe(10_003);
  expect(stopTicksOf("sell", 10, { trailBps: 1 })).toBe(9);
});

test("a trailing stop needs one distance", async () => {
  const { algo, inHook } = await setUp<TrailingStopOptions>(trailingStop);
  const close = { instrument, side: "sell", sizeLots: 100 } as const;
  inHook(() => {
    expect(() => algo.start(close)).toThrow(/trailTicks or trailBps/);
    expect(() => algo.start({ ...close, trailTicks: 5, trailBps: 5 })).toThrow(/not both/);
  });
});
