import { LatencyHistogram } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { RiskVote } from "../../src/engines/risk.ts";
import { allow, checkConfig, definePlugin, type OrderView, type Plugin, type PluginContext } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { PluginControl } from "../../src/plugins/host.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

function setUp(plugins: readonly Plugin[], bus: { readonly capacity?: number } = {}, more: Partial<CoreOptions> = {}) {
  const clock = new ManualClock();
  return Core.create({
    runKey: "k",
    config: checkConfig({ bus }, "test"),
    instruments: [instrument],
    plugins: plugins.map((plugin) => ({ plugin })),
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: () => {}, commit: () => {} },
    wire: { send: () => {}, cancel: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: () => {},
    onHalt: () => {},
    ...more,
  });
}

const ORDER = { instrument, side: "buy", type: "market", sizeLots: 1000 } as const;

test("an order wanted outside hooks and timers is refused: a replay could not come to it", async () => {
  let late: PluginContext | undefined;
  const plugin = definePlugin({
    name: "late",
    setup: (ctx) => {
      late = ctx;
    },
  });
  const core = await setUp([plugin]);
  const before = core.plugins.snapshot().orders;
  expect(() => late?.submit(ORDER)).toThrow(/from a hook or a timer/);
  expect(core.plugins.snapshot().orders).toEqual(before); // nor does it count: a replay knows nothing of it
});

test("a core that cannot be set up closes the plugins that have begun", async () => {
  const closed: string[] = [];
  const plugin = (name: string, other: string) =>
    definePlugin({
      name,
      setup(ctx) {
        ctx.on("quote", { before: [other] }, () => {});
        ctx.onClose(() => void closed.push(name));
      },
    });
  await expect(setUp([plugin("one", "two"), plugin("two", "one")])).rejects.toThrow(/one/);
  expect(closed).toEqual(["two", "one"]);
});

test.each([
  ["throws", () => fail(), "Error: no data"],
  ["returns a promise", async () => allow(), "it returned no verdict"],
  ["returns nothing", () => undefined, "it returned no verdict"],
])("a voter that %s denies, is told of each time, and is out after ten", async (_, vote, reason) => {
  const faults: string[] = [];
  const controls: PluginControl[] = [];
  const guard = definePlugin({ name: "guard", setup: (ctx) => ctx.vote("intent", vote as unknown as RiskVote) });
  const orders: OrderView[] = [];
  const buyer = definePlugin({
    name: "buyer",
    setup: (ctx) => ctx.on("quote", () => void orders.push(ctx.submit(ORDER))),
  });
  const core = await setUp(
    [guard, buyer],
    {},
    {
      onFault: (source, message) => faults.push(`${source}: ${message}`),
      control: (control) => controls.push(control),
    },
  );
  const top = { bidTicks: 999, bidLots: 1, askTicks: 1001, askLots: 1, sequence: 1 };
  for (let i = 0; i < 10; i++) {
    core.onMarket({ kind: "quote", instrument, venueAtUs: 0, receivedAtUs: core.nowUs, receivedNs: 0, ...top }, 0);
    core.drain();
  }
  expect(orders.map(({ reason: why }) => why.split(":")[0])).toEqual(Array(10).fill("VOTER_FAILED"));
  expect(faults).toHaveLength(10);
  expect(faults[0]).toMatch(/^strategy guard: its vote hook threw /);
  expect(faults[0]).toContain(reason);
  expect(controls.at(-1)).toMatchObject({ kind: "quarantine", plugin: "guard" });
});

function fail(): never {
  throw new Error("no data");
}

test("plugins take part in the phases of the start, one after the other, in their order", async () => {
  const heard: string[] = [];
  const phased = (name: string) =>
    definePlugin({
      name,
      setup: () => ({
        reconcile: () => void heard.push(`${name} reconcile`),
        ready: async () => {
          await Promise.resolve();
          heard.push(`${name} ready`);
        },
      }),
    });
  const core = await setUp([phased("one"), phased("two")]);
  await core.onPhase("reconcile");
  await core.onPhase("ready");
  expect(heard).toEqual(["one reconcile", "two reconcile", "one ready", "two ready"]);
});

test("a plugin that fails in a phase ends the start, by name", async () => {
  const broken = definePlugin({
    name: "broken",
    setup: () => ({ ready: () => Promise.reject(new Error("no feed")) }),
  });
  const core = await setUp([broken]);
  await expect(core.onPhase("ready")).rejects.toThrow(/broken.*no feed/s);
});

test("a market faster than its plugins is told to them as a gap, then as a resync with the number of events missed", async () => {
  const heard: string[] = [];
  const listener = definePlugin({
    name: "listener",
    setup(ctx) {
      ctx.on("trade", () => void heard.push("trade"));
      ctx.on("gap", ({ channel, cause }) => void heard.push(`gap ${channel} ${cause}`));
      ctx.on("resync", ({ channel, missing }) => void heard.push(`resync ${channel} ${missing}`));
    },
  });
  const core = await setUp([listener], { capacity: 100 });
  for (let tradeId = 1; tradeId <= 150; tradeId++) {
    const times = { venueAtUs: 0, receivedAtUs: tradeId, receivedNs: tradeId * 1000 };
    const terms = { tradeId, priceTicks: 1000, sizeLots: 1, aggressor: "buy", isBackfilled: false } as const;
    core.onMarket({ kind: "trade", instrument, ...times, ...terms }, 0);
  }
  while (!core.isIdle) core.drain();
  const trades = heard.filter((one) => one === "trade").length;
  expect(heard.filter((one) => one !== "trade")).toEqual(["gap trade overflow", `resync trade ${150 - trades}`]);
  expect(trades).toBeLessThan(101);
});

test("each plugin's hooks and timers are timed in a histogram of its own", async () => {
  const clock = new ManualClock();
  const hookTimes = [new LatencyHistogram(), new LatencyHistogram()];
  const taking = (name: string, us: number) =>
    definePlugin({
      name,
      setup(ctx) {
        ctx.on("trade", () => clock.advance({ us }));
        ctx.after(1, () => clock.advance({ us: 2 * us }));
      },
    });
  const due: [number, number][] = [];
  const core = await setUp(
    [taking("quick", 1), taking("slow", 50)],
    {},
    {
      clock,
      hookTimes,
      timers: { set: (owner, id) => void due.push([owner, id]), clear: () => {} },
    },
  );
  core.onMarket(
    {
      kind: "trade",
      instrument,
      venueAtUs: 1,
      receivedAtUs: 2,
      receivedNs: 3,
      tradeId: 1,
      priceTicks: 1,
      sizeLots: 1,
      aggressor: "buy",
      isBackfilled: false,
    },
    0,
  );
  core.drain();
  for (const [owner, id] of due) core.onTimer(owner, id);
  expect(hookTimes.map((times) => times.summary()).map(({ count, max }) => [count, max])).toEqual([
    [2, 2],
    [2, 100],
  ]);
});

test("a hook that fails is counted as its plugin's fault, and what it wanted as its orders", async () => {
  const failing = definePlugin({
    name: "failing",
    setup(ctx) {
      ctx.on("trade", () => {
        ctx.submit(ORDER);
        throw new Error("no");
      });
    },
  });
  const core = await setUp([failing]);
  core.onMarket(
    {
      kind: "trade",
      instrument,
      venueAtUs: 1,
      receivedAtUs: 2,
      receivedNs: 3,
      tradeId: 1,
      priceTicks: 1,
      sizeLots: 1,
      aggressor: "buy",
      isBackfilled: false,
    },
    0,
  );
  core.drain();
  expect(core.plugins.faults(0)).toBe(1);
  expect(core.execution.wanted(0)).toBe(1);
  expect(core.lastEventUs(instrument)).toBeGreaterThan(0);
});
