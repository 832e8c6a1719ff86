import fc from "fast-check";
import { InvalidInputError } from "pitlane";
import { expect, test } from "vitest";
import { type TwapOptions, twap } from "../src/index.ts";
import { instrument, type Stage, setUp, terms } from "./support.ts";

const parent: TwapOptions = { instrument, side: "buy", sizeLots: 1000, durationMs: 10_000, slices: 4 };
const quote = { bidTicks: 9_990, askTicks: 10_000 };

test("takes equal slices at equal times, and is done when all is filled", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start(parent);
  let ended = 0;
  handle.onDone(() => ended++);
  for (let slice = 1; slice <= 4; slice++) {
    expect(host.orders).toHaveLength(slice);
    host.fill(host.orders.at(-1)!);
    host.advance({ ms: 2499 });
    expect(host.orders).toHaveLength(slice);
    host.advance({ ms: 1 });
  }
  expect(host.orders.map(terms)).toEqual(new Array(4).fill("buy limit 250@10010 filled"));
  expect(handle).toMatchObject({ state: "done", filledLots: 1000, workingLots: 0, leftLots: 0, isOpen: false });
  expect(ended).toBe(1);
  expect(host.timers).toBe(0);
});

test("what a slice could not get goes with the next one", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  start(parent);
  host.fill(host.orders[0]!, 10_000, 100);
  host.expire(host.orders[0]!);
  host.advance({ ms: 250 });
  expect(host.orders.map(terms)).toEqual(["buy limit 250@10010 expired", "buy limit 150@10010 accepted"]);
  host.expire(host.orders[1]!);
  host.advance({ ms: 249 });
  expect(host.orders).toHaveLength(2); // one at a time, and not at the pace of the network
});

test("waits while there is no quote or the market is beyond its limit, and expires when its time is over", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  const handle = start({ ...parent, limitTicks: 9_999, overtimeMs: 1000 });
  host.advance({ ms: 3000 });
  host.quote(quote);
  host.advance({ ms: 3000 });
  expect(host.orders).toEqual([]);
  host.quote({ bidTicks: 9_980, askTicks: 9_990 });
  host.advance({ ms: 250 });
  expect(host.orders.map(terms)).toEqual(["buy limit 750@9999 accepted"]);
  host.expire(host.orders[0]!);
  host.quote(quote);
  host.advance({ ms: 5000 });
  expect(handle).toMatchObject({ state: "expired", reason: "its time is over", leftLots: 1000 });
});

test("an order whose outcome is unknown counts as filled until the venue has said what became of it", async () => {
  const { host, start } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start({ ...parent, slices: 1, overtimeMs: 60_000 });
  host.orders[0]!.state = "unknown";
  host.advance({ ms: 20_000 });
  expect(host.orders).toHaveLength(1);
  expect(handle).toMatchObject({ state: "working", workingLots: 1000 });
  host.reject(host.orders[0]!);
  host.advance({ ms: 1000 });
  expect(host.orders).toHaveLength(2);
});

test("pauses after a refusal, and fails after several in a row", async () => {
  const { host, start } = await setUp<TwapOptions>(twap, { config: { maxRefusals: 2, refusalPauseMs: 500 } });
  host.quote(quote);
  const handle = start(parent);
  host.reject(host.orders[0]!, "too poor");
  host.advance({ ms: 499 });
  expect(host.orders).toHaveLength(1);
  host.advance({ ms: 1 });
  host.reject(host.orders[1]!, "too poor");
  expect(handle.state).toBe("failed");
  expect(handle.reason).toMatch(/2 orders in a row were refused.*too poor/);
  expect(host.logged.at(-1)).toMatch(/twap-1 failed/);
});

test("cancel takes its orders back, ends it, and keeps what was filled", async () => {
  const { host, start, inHook, open } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  const handle = start(parent);
  host.fill(host.orders[0]!, 10_000, 50);
  inHook(() => handle.cancel());
  expect(open()).toEqual([]);
  expect(handle).toMatchObject({ state: "cancelled", filledLots: 50, leftLots: 950 });
  host.advance({ ms: 20_000 });
  expect(host.orders).toHaveLength(1);
});

test.each([
  [{ sizeLots: 0 }, /sizeLots/],
  [{ sizeLots: 1.5 }, /sizeLots/],
  [{ durationMs: 10 }, /durationMs/],
  [{ slices: 0 }, /slices/],
  [{ jitter: 1 }, /jitter/],
  [{ slippageBps: -1 }, /slippageBps/],
  [{ limitTicks: 0.5 }, /limitTicks/],
  [{ side: "both" as never }, /side/],
])("refuses %o before anything is submitted", async (wrong, message) => {
  const { host, algo, inHook } = await setUp<TwapOptions>(twap);
  host.quote(quote);
  inHook(() => {
    expect(() => algo.start({ ...parent, ...wrong })).toThrow(InvalidInputError);
    expect(() => algo.start({ ...parent, ...wrong })).toThrow(message);
  });
  expect(host.orders).toEqual([]);
  expect(algo.open).toEqual([]);
});

test("goes on after a restart where it was, with the child that was on its way", async () => {
  const first = await setUp<TwapOptions>(twap);
  first.host.quote(quote);
  first.start(parent);
  first.host.fill(first.host.orders[0]!);
  first.host.advance({ ms: 2500 });
  first.host.fill(first.host.orders[1]!, 10_000, 100); // 150 of it are open
  const snapshot = JSON.parse(JSON.stringify(first.host.snapshot()));
  const second = await setUp<TwapOptions>(twap, { from: { stage: first, snapshot } });
  await second.host.plugins.runPhase("reconcile");
  const handle = second.algo.get("twap-1");
  expect(handle).toMatchObject({ state: "working", filledLots: 350, workingLots: 150, leftLots: 500 });
  second.host.fill(second.host.orders[1]!);
  for (let slice = 3; slice <= 4; slice++) {
    second.host.advance({ ms: 2500 });
    second.host.fill(second.host.orders.at(-1)!);
  }
  expect(handle).toMatchObject({ state: "done", filledLots: 1000 });
});

test("after a kill it counts children that its snapshot knows nothing of, and cancels those of unknown runs", async () => {
  const first = await setUp<TwapOptions>(twap);
  first.host.quote(quote);
  first.start({ ...parent, overtimeMs: 60_000 });
  first.host.fill(first.host.orders[0]!);
  const snapshot = JSON.parse(JSON.stringify(first.host.snapshot()));
  first.host.advance({ ms: 2500 });
  first.host.fill(first.host.orders[1]!); // after the snapshot: filled
  first.host.advance({ ms: 2500 }); // and one on its way
  first.start(parent); // and a run that nobody will know
  expect(first.host.orders).toHaveLength(4);
  const second = await setUp<TwapOptions>(twap, { from: { stage: first, snapshot } });
  await second.host.plugins.runPhase("reconcile");
  const handle = second.algo.get("twap-1")!;
  expect(handle).toMatchObject({ filledLots: 500, workingLots: 250, leftLots: 250 });
  expect(second.host.orders[3]?.state).toBe("cancelled");
  expect(second.start({ ...parent, sizeLots: 100 }).id).toBe("twap-3");
  second.host.fill(second.host.orders[2]!);
  second.host.advance({ ms: 2500 });
  second.host.fill(second.host.orders.findLast(({ intent }) => intent.tag?.startsWith("twap-1/") === true)!);
  expect(handle.filledLots).toBe(1000);
});

const happening = fc.oneof(
  fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constant("quote" as const), bidTicks: fc.integer({ min: 9_900, max: 10_100 }) }),
  fc.record({
    kind: fc.constantFrom(
      "fill" as const,
      "reject" as const,
      "expire" as const,
      "unknown" as const,
      "gap" as const,
      "restart" as const,
    ),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
);

test("never fills more than the parent, whatever becomes of its orders, over restarts from stale snapshots", async () => {
  let filled = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 10, maxLength: 60 }),
      fc.integer({ min: 60, max: 5_000 }),
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      async (happenings, sizeLots, slices, jitter) => {
        let stage: Stage<TwapOptions> = await setUp<TwapOptions>(twap, { config: { maxRefusals: 1000 } });
        stage.host.quote(quote);
        stage.start({ ...parent, sizeLots, slices, jitter, overtimeMs: 60_000 });
        let snapshot = JSON.parse(JSON.stringify(stage.host.snapshot()));
        for (const [i, happening] of happenings.entries()) {
          const { host } = stage;
          const order = stage.open().at(0);
          if (happening.kind === "advance") host.advance({ ms: happening.ms });
          else if (happening.kind === "quote")
            host.quote({ bidTicks: happening.bidTicks, askTicks: happening.bidTicks + 10 });
          else if (happening.kind === "gap") host.gap();
          else if (happening.kind === "restart") {
            stage = await setUp<TwapOptions>(twap, { config: { maxRefusals: 1000 }, from: { stage, snapshot } });
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
        }
        filled += stage.host.orders.reduce((sum, one) => sum + one.filledLots, 0);
      },
    ),
    { numRuns: 60, seed: 5 },
  );
  expect(filled).toBeGreaterThan(0);
});
