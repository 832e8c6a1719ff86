import { LatencyHistogram } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { recover } from "../../src/core/recovery.ts";
import { Replay } from "../../src/core/replay.ts";
import { reviewShape } from "../../src/engines/risk.ts";
import {
  allow,
  checkConfig,
  definePlugin,
  defineStrategy,
  deny,
  type IntentShaper,
  type Plugin,
} from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Intent, Order, OrderView } from "../../src/orders/order.ts";
import { instrumentsById } from "../../src/orders/records.ts";
import type { PluginControl, PluginEntry } from "../../src/plugins/host.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument();
const other = testInstrument({ symbol: "BBB/USDT", base: "BBB" });
const instruments = [instrument, other];
const config = checkConfig({ risk: { maxOrderNotional: "1000000", maxPositionNotional: "1000000" } }, "test");
const LIMIT: Intent = { instrument, side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 1000, sizeLots: 1230 };

/** Wants on each quote what `wishes` has. */
function wisher(wishes: readonly Intent[], seen: OrderView[] = []): Plugin {
  return defineStrategy({
    name: "wisher",
    setup(ctx) {
      let next = 0;
      ctx.on("quote", { instrument }, () => {
        const wish = wishes[next++];
        if (wish !== undefined) seen.push(ctx.submit(wish));
      });
    },
  });
}

const shaper = (name: string, shape: IntentShaper, filter?: Parameters<Parameters<Plugin["setup"]>[0]["shape"]>[2]) =>
  definePlugin({ name, permissions: { orderKinds: [] }, setup: (ctx) => ctx.shape("intent", shape, filter) });

/** A live core with a journal in memory. */
async function live(plugins: readonly (Plugin | PluginEntry)[]) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const sent: Order[] = [];
  const faults: string[] = [];
  const controls: PluginControl[] = [];
  const entries = plugins.map((one) => ("setup" in one ? { plugin: one } : one));
  const hookTimes = entries.map(() => new LatencyHistogram());
  const core: Core = await Core.create({
    runKey: "k",
    config,
    instruments,
    plugins: entries,
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: (control) => {
      controls.push(control);
      inputs.control(control);
    },
    hookTimes,
    log: () => {},
    onFault: (source, message) => faults.push(`${source}: ${message}`),
    onHalt: () => {},
  });
  const inputs: Inputs = new Inputs({ core, journal, onControl: () => {} });
  inputs.account(new Map([["USDT", 10n ** 18n]]));
  let sequence = 0;
  const quote = () => {
    const times = { venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
    const prices = { bidTicks: 1000, bidLots: 5, askTicks: 1001, askLots: 5, sequence: ++sequence };
    inputs.market({ kind: "quote", instrument, ...times, ...prices }, undefined, 0);
    inputs.frameEnd();
    clock.advance({ ms: 1 });
  };
  const intents = () =>
    journal.rows.filter(({ kind }) => kind === "intent").map(({ body }) => JSON.parse(String(body)) as IntentBody);
  return { core, inputs, clock, journal, sent, faults, controls, hookTimes, quote, intents };
}

interface IntentBody extends Record<string, unknown> {
  readonly approved: boolean;
  readonly votes: readonly unknown[];
  readonly shaped?: readonly Record<string, unknown>[];
}

async function replayed(rows: MemoryJournal["rows"], plugins: readonly Plugin[]) {
  const clock = new ManualClock();
  const replay = await Replay.create({
    runKey: "k",
    config,
    instruments,
    plugins: plugins.map((plugin) => ({ plugin })),
    seed: 1,
    startedAtUs: clock.nowUs(),
    clock,
    goesOn: true,
    log: () => {},
    onFault: () => {},
  });
  for (const row of rows) await replay.take(row);
  replay.end();
  return replay.tally;
}

test("shapers change an intent one after the other, and votes, journal, wire and the strategy have what it came to", async () => {
  const voted: Intent[] = [];
  const orders: OrderView[] = [];
  const told: string[] = [];
  const watch = definePlugin({
    name: "watch",
    setup: (ctx) =>
      ctx.vote("intent", (intent) => {
        voted.push(intent);
        return allow();
      }),
  });
  const half = shaper("half", ({ sizeLots }, strategy) => {
    told.push(strategy);
    return { sizeLots: sizeLots / 2 };
  });
  const round = shaper("round", ({ sizeLots }) => ({ sizeLots: sizeLots - (sizeLots % 100) }), { stage: "post" });
  const once = shaper("once", () => ({ timeInForce: "IOC", priceTicks: 1001 }), { after: ["half"] });
  const stage = await live([wisher([LIMIT], orders), round, half, once, watch]);
  stage.quote();
  const shaped = { ...LIMIT, sizeLots: 600, priceTicks: 1001, timeInForce: "IOC" };
  expect(voted).toEqual([shaped]);
  expect(stage.sent.map(({ intent, sizeLots }) => [intent, sizeLots])).toEqual([[shaped, 600]]);
  expect(orders[0]).toMatchObject({ intent: shaped, sizeLots: 600, state: "submitted" });
  expect(told).toEqual(["wisher"]);
  expect(stage.intents()).toEqual([
    expect.objectContaining({
      sizeLots: 600,
      priceTicks: 1001,
      timeInForce: "IOC",
      shaped: [
        { plugin: "half", sizeLots: [1230, 615] },
        { plugin: "once", timeInForce: ["GTC", "IOC"], priceTicks: [1000, 1001] },
        { plugin: "round", sizeLots: [615, 600] },
      ],
      approved: true,
    }),
  ]);
});

test("an intent that nobody changes is journaled as ever, and none is put to a shaper of another instrument", async () => {
  const asked = vi.fn();
  const idle = shaper("idle", () => ({ sizeLots: LIMIT.sizeLots }));
  const elsewhere = shaper("elsewhere", asked, { instrument: "BBB/USDT" });
  const stage = await live([wisher([LIMIT]), idle, elsewhere]);
  stage.quote();
  const plain = await live([wisher([LIMIT])]);
  plain.quote();
  expect(stage.intents()).toEqual(plain.intents());
  expect(stage.intents()[0]).not.toHaveProperty("shaped");
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no idea");
    },
    "SHAPER_FAILED",
    "bad failed: no idea",
  ],
  ["returns a promise", async () => ({ sizeLots: 100 }), "SHAPER_FAILED", "returned a promise"],
  ["makes a size between steps", () => ({ sizeLots: 0.5 }), "BAD_SHAPE", "bad: sizeLots of a shape hook is 0.5"],
  ["changes the side", () => ({ side: "sell" }), "BAD_SHAPE", "changes side"],
  ["places an order", undefined, "SHAPER_FAILED", "it places no orders"],
] as [string, (() => unknown) | undefined, string, string][])(
  "a shaper that %s denies the order and is at fault; what came before it is kept",
  async (_what, shape, code, words) => {
    const fine = shaper("fine", () => ({ sizeLots: 1000 }));
    const bad = definePlugin({
      name: "bad",
      setup: (ctx) => ctx.shape("intent", (shape ?? (() => void ctx.submit(LIMIT))) as IntentShaper),
    });
    const never = vi.fn();
    const stage = await live([wisher([LIMIT]), fine, bad, shaper("never", never)]);
    stage.quote();
    expect(stage.sent).toEqual([]);
    expect(stage.intents()).toEqual([
      expect.objectContaining({
        approved: false,
        sizeLots: 1000,
        shaped: [{ plugin: "fine", sizeLots: [1230, 1000] }],
        votes: [{ voter: "bad", allowed: false, code, reason: expect.stringContaining(words) }],
      }),
    ]);
    expect(stage.faults).toEqual([expect.stringContaining("strategy bad: its shape hook threw")]);
    expect(never).not.toHaveBeenCalled();
    expect(stage.core.plugins.faults(2)).toBe(1);
  },
);

test("a shaper that was quarantined denies: what it would have made smaller does not go out as it was", async () => {
  const bad = shaper("bad", () => ({ sizeLots: -1 }), { onError: "quarantine" });
  const stage = await live([wisher([LIMIT, LIMIT]), bad]);
  stage.quote();
  stage.quote();
  expect(stage.controls).toEqual([expect.objectContaining({ kind: "quarantine", plugin: "bad" })]);
  expect(stage.intents().map(({ votes }) => votes)).toEqual([
    [expect.objectContaining({ code: "BAD_SHAPE" })],
    [expect.objectContaining({ voter: "bad", code: "SHAPER_QUARANTINED" })],
  ]);
  expect(await replayed(stage.journal.rows, [wisher([LIMIT, LIMIT]), bad])).toMatchObject({ divergences: 0 });
});

test("a shaper that an operator has paused goes on shaping, as its votes would go on", async () => {
  const stage = await live([wisher([LIMIT]), shaper("clip", () => ({ sizeLots: 500 }))]);
  stage.core.onControl({ kind: "pause", plugin: "clip", by: "test" });
  stage.quote();
  expect(stage.sent.map(({ sizeLots }) => sizeLots)).toEqual([500]);
});

test("what a shaper makes dearer is put to the permissions of the strategy once more", async () => {
  const entry = { plugin: wisher([LIMIT]), permissions: { maxNotional: "15" } };
  const stage = await live([entry, shaper("dearer", () => ({ priceTicks: 2000 }))]);
  stage.quote();
  expect(stage.intents()).toEqual([
    expect.objectContaining({
      approved: false,
      votes: [expect.objectContaining({ voter: "permissions", code: "PERMISSION_NOTIONAL" })],
    }),
  ]);
});

test("neither an order that was refused already nor one that the session closes a position by is shaped", async () => {
  const asked: string[] = [];
  const watch = shaper("watch", ({ type }, strategy) => void asked.push(`${type} of ${strategy}`));
  const stage = await live([wisher([LIMIT, { ...LIMIT, type: "postOnly" }]), watch]);
  stage.quote();
  const { clientOrderId } = stage.sent[0]!;
  const about = { instrument, clientOrderId, venueOrderId: "7", side: "buy", atUs: 0 } as const;
  const fill = { ...about, tradeId: "1", priceTicks: 1000, sizeLots: 1230, fee: 0n, feeAsset: "USDT", isMaker: true };
  stage.inputs.report({ ...about, status: "filled", sizeLots: 1230, filledLots: 1230, fills: [fill] });
  stage.core.onControl({ kind: "pause", plugin: "wisher", by: "test" });
  stage.core.onTradingCommand({ state: "halted", reason: "test", by: "test", flatten: true });
  expect(stage.sent.map(({ intent: { type, side, sizeLots } }) => [type, side, sizeLots])).toEqual([
    ["limit", "buy", 1230],
    ["market", "sell", 1230],
  ]);
  expect(asked).toEqual(["limit of wisher"]);

  const refused = await live([{ plugin: wisher([LIMIT]), permissions: { orderKinds: [] } }, watch]);
  refused.quote();
  expect(refused.intents()).toEqual([expect.objectContaining({ approved: false })]);
  expect(asked).toHaveLength(1);
});

test.each(["active", "reduceOnly"] as const)(
  "what an operator had closed, and still is held, is kept once trading is %s",
  async (state) => {
    const stage = await live([wisher([LIMIT, LIMIT])]);
    stage.quote();
    stage.quote();
    const [bought, lost] = stage.sent;
    const about = { instrument, side: "buy", atUs: 0 } as const;
    const own = { ...about, clientOrderId: bought!.clientOrderId, venueOrderId: "7" };
    const fill = { ...own, tradeId: "1", priceTicks: 1000, sizeLots: 1230, fee: 0n, feeAsset: "USDT", isMaker: true };
    stage.inputs.report({ ...own, status: "filled", sizeLots: 1230, filledLots: 1230, fills: [fill] });
    stage.core.onTradingCommand({ state: "halted", reason: "test", by: "test", flatten: true });
    expect(stage.core.isFlattening).toBe(true); // it waits for the venue's word on the other order
    stage.core.onTradingCommand({ state, reason: "keep it", by: "test" });
    expect([stage.core.isFlattening, stage.core.isFlattenGivenUp]).toEqual([false, true]);
    const other = { ...about, clientOrderId: lost!.clientOrderId, venueOrderId: "8" };
    stage.inputs.report({ ...other, status: "cancelled", sizeLots: 1230, filledLots: 0, fills: [] });
    expect(stage.sent).toEqual([bought, lost]);
  },
);

test("a session that ends closes nothing any more", async () => {
  const stage = await live([wisher([LIMIT])]);
  stage.quote();
  stage.core.onTradingCommand({ state: "halted", reason: "test", by: "test", flatten: true });
  expect(stage.core.isFlattening).toBe(true);
  stage.core.stop("the end");
  expect([stage.core.isFlattening, stage.core.isFlattenGivenUp]).toEqual([false, true]);
});

test("the time that a shaper takes is metered as that plugin's, not as the strategy's", async () => {
  const plugins = [wisher([LIMIT]), shaper("slow", () => void tick())];
  const stage = await live(plugins);
  const tick = () => stage.clock.advance({ us: 300 });
  stage.quote();
  const [strategy, slow] = stage.hookTimes.map((times) => times.summary());
  expect(slow).toMatchObject({ count: 1 });
  expect(slow!.max).toBe(300);
  expect(strategy!.max).toBeLessThan(1);
});

test("new code of a shaper takes the place of the old", async () => {
  const stage = await live([wisher([LIMIT, LIMIT, LIMIT]), shaper("clip", () => ({ sizeLots: 500 }))]);
  stage.quote();
  await stage.core.plugins.swap(
    "clip",
    shaper("clip", () => ({ sizeLots: 600 })),
  );
  stage.quote();
  await stage.core.plugins.swap("clip", definePlugin({ name: "clip", setup: () => {} }));
  stage.quote();
  expect(stage.sent.map(({ sizeLots }) => sizeLots)).toEqual([500, 600, 1230]);
});

test("shape is no kind of event: it can be neither listened to nor defined", async () => {
  const listens = definePlugin({ name: "listens", setup: (ctx) => ctx.on("shape" as never, () => {}) });
  await expect(live([listens])).rejects.toThrow('use ctx.shape("intent", ...)');
  const late = definePlugin({
    name: "late",
    setup(ctx) {
      ctx.on("quote", () => ctx.shape("intent", () => {}));
    },
  });
  const stage = await live([late]);
  stage.quote();
  expect(stage.faults).toEqual([expect.stringContaining("register everything in setup")]);
});

const change = fc.record(
  {
    sizeLots: fc.oneof(fc.integer({ min: -5, max: 3000 }), fc.double()),
    priceTicks: fc.oneof(fc.integer({ min: -5, max: 1100 }), fc.double()),
    type: fc.constantFrom("limit", "postOnly", "market"),
    timeInForce: fc.constantFrom("GTC", "IOC", "DAY"),
  },
  { requiredKeys: [] },
);

test("whatever shapers return, an order that is sent fits the venue, a replay decides the same, and a restart finds the same order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { minLength: 1, maxLength: 6 }), async (turns) => {
      const plugins = () =>
        [0, 1, 2].map((place) => {
          let turn = -1;
          return shaper(`shaper-${place}`, () => {
            turn++;
            return turns[turn]?.[place] as never;
          });
        });
      const wishes = turns.map((): Intent => LIMIT);
      const stage = await live([wisher(wishes), ...plugins()]);
      for (const _ of turns) stage.quote();
      for (const { intent } of stage.sent) expect(reviewShape(intent)).toEqual(allow());
      for (const { approved, votes } of stage.intents())
        expect(approved || votes.some((vote) => (vote as { allowed?: boolean }).allowed === false)).toBe(true);
      expect(await replayed(stage.journal.rows, [wisher(wishes), ...plugins()])).toMatchObject({ divergences: 0 });
      const after = await live([wisher([]), ...plugins()]);
      const rows = stage.journal.rows
        .filter(({ kind }) => kind === "intent")
        .map(({ body, ...row }) => ({ ...row, body: JSON.parse(String(body)) }));
      recover(after.core, rows, instrumentsById(instruments), ["wisher"]);
      const terms = ({ clientOrderId, intent, sizeLots }: OrderView) => ({ clientOrderId, ...intent, sizeLots });
      expect(after.core.execution.openOrders().map(terms)).toEqual(stage.sent.map(terms));
    }),
    { numRuns: 25 },
  );
}, 120_000); // each run makes three cores

test("a replay with another shaper is found out at the first order that it makes otherwise, with both", async () => {
  const clip = (lots: number) => shaper("clip", ({ sizeLots }) => ({ sizeLots: Math.min(sizeLots, lots) }));
  const wishes = [{ ...LIMIT, sizeLots: 300 }, LIMIT];
  const stage = await live([wisher(wishes), clip(500)]);
  stage.quote();
  stage.quote();
  stage.journal.commit();
  const same = await replayed(stage.journal.rows, [wisher(wishes), clip(500)]);
  expect(same).toMatchObject({ divergences: 0, decisions: 2 });
  const { first, divergences } = await replayed(stage.journal.rows, [wisher(wishes), clip(600)]);
  expect(divergences).toBe(1);
  expect(JSON.parse(first!.recorded!.body)).toMatchObject({ sizeLots: 500 });
  expect(JSON.parse(first!.replayed!.body)).toMatchObject({ sizeLots: 600, shaped: [{ sizeLots: [1230, 600] }] });
});

test("a veto on what shapers made denies it", async () => {
  const most = definePlugin({
    name: "most",
    setup: (ctx) =>
      ctx.vote("intent", ({ priceTicks = 0 }) => (priceTicks > 1005 ? deny("TOO_DEAR", "1005") : allow())),
  });
  const stage = await live([wisher([LIMIT]), shaper("dearer", () => ({ priceTicks: 1010 })), most]);
  stage.quote();
  expect(stage.sent).toEqual([]);
  expect(stage.intents()[0]).toMatchObject({ approved: false, shaped: [{ priceTicks: [1000, 1010] }] });
});
