import { fileURLToPath } from "node:url";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { OrderBook } from "@pitlane/sdk";
import { afterEach, beforeAll, expect, test } from "vitest";
import * as authoring from "../../src/plugins/authoring.ts";
import type { PluginDefinition } from "../../src/plugins/define.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import type { PluginEntry, PluginHostOptions } from "../../src/plugins/host.ts";
import { loadPluginsWith } from "../../src/plugins/load-source.ts";
import { testInstrument } from "../../src/testing.ts";
import { Stage } from "./stage.ts";
import { buildWorkerEntry } from "./worker-entry.ts";

const cwd = fileURLToPath(new URL("./fixtures", import.meta.url));
const instrument = testInstrument();
const stages: Stage[] = [];
const load = (from: string) => loadPluginsWith(from, { cwd }, { pitlane: authoring });
let workerEntry: URL;

beforeAll(async () => {
  workerEntry = await buildWorkerEntry("worker-test");
});
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
});

/** Out of reach: a test that is held up must not look like a plugin that is slow. */
const NO_BUDGET = { hookMs: 60_000, msPerSecond: 1000 };

async function open(
  from: string,
  { budgets, ...entry }: Partial<PluginEntry> = {},
  more: Partial<PluginHostOptions> = {},
): Promise<Stage> {
  const [plugin] = await load(from);
  const stage = await Stage.open(
    [{ plugin: plugin!, worker: true, source: { from, cwd }, ...entry, budgets: { ...NO_BUDGET, ...budgets } }],
    [instrument],
    { workerEntry, ...more },
  );
  stages.push(stage);
  return stage;
}

const has = (stage: Stage, text: string) => () => stage.logged.some((line) => line.includes(text));
const at = { instrument, venueAtUs: 1, receivedAtUs: 2, receivedNs: 3 };

test("a worker makes its bars itself, and each event is heard once by each of its hooks", async () => {
  const stage = await open("./bars.ts");
  const trade = { kind: "trade", ...at, priceTicks: 100, sizeLots: 3, aggressor: "buy", isBackfilled: false } as const;
  stage.tell({ ...trade, tradeId: 1, venueAtUs: 59_000_000 });
  stage.tell({ ...trade, tradeId: 2, venueAtUs: 61_000_000 });
  await stage.until(has(stage, "2 ticks"));
  expect(stage.logged.map((line) => line.replace("bars: ", ""))).toEqual([
    "trade 1",
    "again 1",
    "1m: 1",
    "trade 2",
    "again 2",
    "2 ticks: 2",
  ]);
});

test("hooks and timers of a worker are timed in its thread; handing events over is not taken for them", async () => {
  const times = new LatencyHistogram();
  const stage = await open("./busy.ts", {}, { hookTimes: [times] });
  stage.quote(100);
  await stage.until(has(stage, "timer"));
  stage.quote(101);
  await stage.until(() => stage.logged.filter((line) => line.includes("timer")).length === 2);
  await stage.close(); // its last words are the times that it had not told yet
  expect(times.count).toBe(6);
  expect(times.percentileNs(0)).toBeGreaterThan(2.9e6);
});

test("market events and news go in, orders, cancels and lines come out, in order", async () => {
  const stage = await open("./echo.ts");
  stage.quote(100);
  stage.quote(101);
  await stage.until(() => stage.orders.length === 2);
  expect(stage.orders.map(({ intent }) => intent)).toEqual([
    { instrument, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 102, sizeLots: 101 },
    { instrument, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 103, sizeLots: 102 },
  ]);
  const [first, second] = stage.orders;
  stage.tellOrder(first!);
  stage.tellFill(first!, 101);
  const book = new OrderBook();
  book.set("bid", 99, 3);
  book.set("ask", 104, 4);
  stage.tell({ kind: "book", ...at, book, sequence: 9 } as never);
  stage.tell({ kind: "gap", ...at, channel: "book", cause: "sequence", reason: "x" });
  stage.tell({ kind: "resync", ...at, channel: "book", backfilled: 0, missing: 7 });
  stage.tell({ kind: "trade", ...at, tradeId: 5, priceTicks: 100, sizeLots: 2, aggressor: "sell", isBackfilled: true });
  await stage.until(has(stage, "trade 5"));
  expect(stage.logged).toEqual([
    "echo: order id-1 accepted ",
    "echo: fill 101 fee 12 position 42 holds 777",
    "echo: book 99x3 104x4 true",
    "echo: gap sequence, quote undefined",
    "echo: resync 7",
    "echo: trade 5 100 2 sell true",
  ]);
  await stage.until(() => second!.state === "cancelled");
  // What the worker wants is an input that the session can journal: plain data.
  expect(JSON.parse(JSON.stringify(stage.controls))).toEqual(stage.controls);
});

test("permissions hold for what a worker wants, and it hears of the denial", async () => {
  const stage = await open("./echo.ts", { permissions: { orderKinds: ["market"] } });
  stage.quote(100);
  await stage.until(() => stage.orders.length === 1);
  stage.tellOrder(stage.orders[0]!);
  await stage.until(has(stage, "order id-1 denied PERMISSION_ORDER_KIND"));
});

test("a replay takes the worker's wishes from the journal, without a worker, and makes the same orders", async () => {
  const live = await open("./echo.ts");
  for (let i = 0; i < 20; i++) live.quote(100 + i);
  live.tell({ kind: "trade", ...at, tradeId: 5, priceTicks: 100, sizeLots: 2, aggressor: "buy", isBackfilled: false });
  await live.until(() => live.orders.length === 20 && live.orders[19]!.state === "cancelled");
  const [plugin] = await load("./echo.ts");
  const replay = await Stage.open([{ plugin: plugin!, worker: true }], [instrument], { isReplay: true });
  stages.push(replay);
  for (const control of JSON.parse(JSON.stringify(live.controls))) replay.host.applyControl(control);
  const decisions = (stage: Stage) =>
    stage.orders.map(({ clientOrderId, intent, state }) => ({ clientOrderId, intent, state }));
  expect(decisions(replay)).toEqual(decisions(live));
});

test.each([
  ["loop", /showed no life for 2000 ms/],
  ["exit", /ended with code 3/],
  ["leak", /memory limit/],
])(
  "a worker that ends in a %s costs its own orders alone, and is started again",
  { timeout: 60_000 },
  async (how, reason) => {
    const stage = await open("./misbehaving.ts", { config: { how }, budgets: { workerMemoryMb: 32 } });
    stage.quote(100);
    await stage.until(() => stage.controls.some(({ kind }) => kind === "lost"));
    expect(stage.controls[0]).toMatchObject({ kind: "lost", plugin: "misbehaving", onFault: "cancel" });
    expect((stage.controls[0] as { readonly reason: string }).reason).toMatch(reason);
    await stage.until(has(stage, "its worker runs again"));
    expect(stage.logged.filter((line) => line.endsWith("set up"))).toHaveLength(2);
    expect(stage.host.standing(0)).toBe("active");
  },
);

test("a worker that is started again goes on from its last snapshot, with its open orders", {
  timeout: 60_000,
}, async () => {
  const stage = await open("./echo.ts", { onFault: "hold" });
  for (let i = 0; i < 3; i++) stage.quote(100);
  await stage.until(() => stage.orders.length === 3);
  for (const order of stage.orders) stage.tellOrder(order);
  while (stage.host.snapshot().plugins["echo"]?.own !== 3) await stage.clock.sleep(20);
  expect(stage.host.snapshot().plugins["echo"]?.refs).toEqual({
    next: 4,
    open: [
      [1, "id-1"],
      [2, "id-2"],
      [3, "id-3"],
    ],
  });
  const state = stage.host.snapshot();
  const second = await Stage.open(
    [{ plugin: (await load("./echo.ts"))[0]!, worker: true, source: { from: "./echo.ts", cwd } }],
    [instrument],
    { workerEntry },
  );
  stages.push(second);
  second.orders.push(...stage.orders);
  second.host.hydrate(state);
  await second.until(has(second, "its worker runs with its earlier state"));
  expect(second.logged[0]).toBe("echo: hydrated 3, open 3");
  second.quote(200);
  await second.until(() => second.orders.length === 4);
  expect(second.orders[3]!.intent.sizeLots).toBe(104);
});

test("a worker whose hooks fail again and again is taken out", async () => {
  const stage = await open("./misbehaving.ts", { config: { how: "throw" } });
  for (let i = 0; i < 10; i++) stage.quote(100);
  await stage.until(() => stage.controls.some(({ kind }) => kind === "quarantine"));
  expect(stage.host.standing(0)).toBe("quarantined");
  expect(stage.logged.filter((line) => line.includes("its quote hook failed: boom"))).toHaveLength(10);
});

test("a worker without permission for the network is refused it", async () => {
  const stage = await open("./misbehaving.ts", { config: { how: "connect" } });
  stage.quote(100);
  await stage.until(has(stage, "no permission for the network"));
});

test("a worker hears what plugins that shape have made of its order", async () => {
  const source = { from: "./shaped.ts", cwd };
  const plugin = (await load(source.from)).find(({ name }) => name === "wants");
  const stage = await Stage.open([{ plugin: plugin!, worker: true, source, budgets: NO_BUDGET }], [instrument], {
    workerEntry,
  });
  stages.push(stage);
  stage.quote(100);
  await stage.until(() => stage.orders.length === 1);
  const [order] = stage.orders;
  const { timeInForce: _, ...terms } = order!.intent;
  order!.intent = { ...terms, type: "postOnly", sizeLots: 100, priceTicks: 99 };
  order!.sizeLots = 100;
  stage.tellOrder(order!);
  await stage.until(has(stage, "order postOnly 100 of 100 at 99 undefined"));
});

test("a worker wants stops as they are wanted in the session's thread", async () => {
  const stage = await open("./stops.ts");
  stage.quote(100);
  await stage.until(() => stage.orders.length === 2);
  const stop = { instrument, side: "sell", sizeLots: 100 };
  expect(stage.orders.map(({ intent }) => intent)).toEqual([
    { ...stop, type: "stopLimit", triggerTicks: 90, priceTicks: 89, timeInForce: "IOC", tag: "mine" },
    { ...stop, type: "takeProfit", triggerTicks: 120, trailingBps: 50 },
  ]);
});

test("a plugin that shapes is refused in a worker, with the reason", async () => {
  const source = { from: "./shaped.ts", cwd };
  const plugin = (await load(source.from)).find(({ name }) => name === "shapes");
  await expect(Stage.open([{ plugin: plugin!, worker: true, source }], [instrument], { workerEntry })).rejects.toThrow(
    "a plugin in a worker cannot shape: risk waits for nobody. Run it in the session's thread",
  );
});

test("what cannot cross threads is refused at the start, with the reason", async () => {
  const start = (definition: Partial<PluginDefinition>, entry: Partial<PluginEntry> = {}) =>
    Stage.open(
      [{ plugin: definePlugin({ name: "me", setup() {}, ...definition }), worker: true, ...entry }],
      [instrument],
      { workerEntry },
    );
  await expect(start({ provides: ["x"] })).rejects.toThrow("shares capabilities, which cannot cross threads");
  await expect(start({})).rejects.toThrow("say in its entry where from");
  await expect(start({}, { source: { from: "./echo.ts", cwd } })).rejects.toThrow(
    "./echo.ts has no plugin me any more",
  );
  await expect(start({}, { source: { from: "./nothing.ts", cwd } })).rejects.toThrow("there is no file ./nothing.ts");
});
