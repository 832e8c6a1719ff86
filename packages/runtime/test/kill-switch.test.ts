import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { type BinanceClient, createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { RiskHaltError } from "../src/engines/trading-state.ts";
import {
  type ConfigInput,
  checkConfig,
  defineStrategy,
  lotsWorth,
  openRuntime,
  type Plugin,
  type PluginContext,
} from "../src/index.ts";
import { readRows } from "../src/journal/read.ts";
import { HALT_FILE, leaveOrder, parseOrder, RESUME_FILE, watchKillSwitch } from "../src/kill-switch.ts";
import { replayRun } from "../src/replay-run.ts";
import type { Runtime } from "../src/runtime-types.ts";

const WAIT = { timeout: 20_000 };
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(plugin: (working: Set<string>) => Plugin, risk: ConfigInput["risk"] = {}) {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  closers.push(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  closers.push(() => client.close());
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-halt-")), "journal.db");
  const working = new Set<string>(); // orders that the venue has, as the strategy hears of them
  const open = async (isResumed = false): Promise<Runtime> => {
    working.clear();
    const runtime = await openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "paper",
      config: checkConfig({ risk: { afterHalt: "stay", ...risk } }, "test"),
      plugins: [{ plugin: plugin(working) }],
      client,
      trading: client,
      journalPath,
      isResumed,
      recvWindowMs: 5000,
      clock,
      log: () => {},
    });
    closers.push(() => runtime.close("requested"));
    return runtime;
  };
  const replay = () => replayRun({ journalPath, plugins: [{ plugin: plugin(new Set()) }], clock, log: () => {} });
  return { client, journalPath, working, folder: dirname(journalPath), open, replay };
}

function rowsOf(path: string): readonly { readonly kind: string; readonly body: Readonly<Record<string, unknown>> }[] {
  return [...readRows(path)]
    .filter(({ kind }) => kind !== "inputs")
    .map(({ kind, body }) => ({ kind, body: JSON.parse(String(body)) }));
}

function follow(ctx: PluginContext, working: Set<string>): void {
  ctx.on("order", ({ order }) => {
    if (order.state === "accepted") working.add(order.clientOrderId);
    else working.delete(order.clientOrderId);
  });
}

/** The session has nothing open, and the venue says so too. A question about all orders is dear: it is asked once. */
async function expectNoneOpen(runtime: Runtime, client: Pick<BinanceClient, "orders">): Promise<void> {
  await vi.waitFor(() => expect(runtime.status().openOrders).toBe(0), WAIT);
  expect(await client.orders.listOpen()).toEqual([]);
}

const PER_INSTRUMENT = 10;

/** Rests orders far below each market, and wants one more for each of them that ends. */
function quoter(working: Set<string>): Plugin {
  return defineStrategy({
    name: "quoter",
    setup(ctx) {
      follow(ctx, working);
      for (const instrument of ctx.instruments) {
        ctx.on("quote", { instrument }, ({ bidTicks }) => {
          for (let open = ctx.openOrders(instrument).length; open < PER_INSTRUMENT; open++) {
            const priceTicks = Math.floor((bidTicks * 0.9) / instrument.tickIncrement) * instrument.tickIncrement;
            const sizeLots = lotsWorth(instrument, priceTicks, 2n * instrument.minNotional);
            ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots });
          }
        });
      }
    },
  });
}

/** Buys once on each market, and rests a sale of what it holds and a purchase of more. */
function holder(working: Set<string>): Plugin {
  return defineStrategy({
    name: "holder",
    setup(ctx) {
      follow(ctx, working);
      ctx.on("order", ({ order }) => {
        if (order.intent.type === "market" && order.state === "filled") working.add(`bought ${order.clientOrderId}`);
      });
      for (const instrument of ctx.instruments) {
        let hasBought = false;
        ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
          if (hasBought) return;
          hasBought = true;
          const sizeLots = lotsWorth(instrument, askTicks, 3n * instrument.minNotional);
          ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
          const step = (ticks: number) => Math.round(ticks / instrument.tickIncrement) * instrument.tickIncrement;
          ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: step(bidTicks * 0.9), sizeLots });
          ctx.submit({ instrument, side: "sell", type: "postOnly", priceTicks: step(askTicks * 1.1), sizeLots });
        });
      }
    },
  });
}

test("a halt by the API cancels all that is open, denies what comes after, and a replay decides the same", async () => {
  const { client, journalPath, working, open, replay } = await setUp(quoter);
  const runtime = await open();
  const all = runtime.instruments.length * PER_INSTRUMENT;
  await vi.waitFor(() => expect(working.size).toBe(all), WAIT);
  runtime.setTradingState("halted", "drill");
  expect(runtime.tradingState).toMatchObject({ state: "halted", reason: "drill", by: "api" });
  // Every cancel is decided before the call returns: no timer has a part in it.
  const rows = rowsOf(journalPath).map(({ kind }) => kind);
  expect(rows.slice(rows.indexOf("risk.state") + 1).filter((kind) => kind === "cancel")).toHaveLength(all);
  await expectNoneOpen(runtime, client);
  await vi.waitFor(() => expect(runtime.status().openOrders).toBe(0), WAIT);
  const denied = () =>
    rowsOf(journalPath).filter(
      ({ kind, body }) => kind === "intent" && JSON.stringify(body["votes"]).includes('"HALTED"'),
    );
  await vi.waitFor(() => expect(denied().length).toBeGreaterThan(0), WAIT);
  const report = await runtime.close("requested");
  expect(report.orders).toMatchObject({ submitted: all, cancelled: all, open: 0, unknown: 0 });
  expect(report.risk).toMatchObject({ state: "halted", reason: "drill", by: "api" });
  expect(await replay()).toMatchObject({ divergences: 0, first: null });
});

test("a session that trades on after a halt places orders again", async () => {
  const { client, working, open } = await setUp(quoter);
  const runtime = await open();
  const all = runtime.instruments.length * PER_INSTRUMENT;
  await vi.waitFor(() => expect(working.size).toBe(all), WAIT);
  runtime.setTradingState("halted", "drill");
  await expectNoneOpen(runtime, client);
  runtime.setTradingState("active", "over");
  await vi.waitFor(() => expect(working.size).toBe(all), WAIT);
});

test("reduce-only keeps what shrinks a position and cancels the rest", async () => {
  const { client, working, open } = await setUp(holder);
  const runtime = await open();
  const count = runtime.instruments.length;
  await vi.waitFor(() => expect(working.size).toBe(3 * count), WAIT); // each has two that rest, and one that is filled
  runtime.setTradingState("reduceOnly", "less");
  await vi.waitFor(() => expect(runtime.status().openOrders).toBe(count), WAIT);
  expect((await client.orders.listOpen()).map(({ side }) => side)).toEqual(Array.from({ length: count }, () => "sell"));
});

test("flatten cancels, closes what is held although trading is halted and limits are tight, and a replay decides the same", async () => {
  const { client, working, open, replay } = await setUp(holder, { maxOpenOrdersPerInstrument: 3 });
  const runtime = await open();
  const count = runtime.instruments.length;
  await vi.waitFor(() => expect(working.size).toBe(3 * count), WAIT); // each has two that rest, and one that is filled
  expect(await runtime.flatten("drill")).toBe(true);
  expect(await client.orders.listOpen()).toEqual([]);
  const report = await runtime.close("requested");
  expect(new Set(Object.values(report.portfolio.positions))).toEqual(new Set(["0"]));
  expect(report.faults).toEqual([]);
  expect(await replay()).toMatchObject({ divergences: 0, first: null });
});

test("a loss above its limit halts the session from within, and a replay finds the same breach", async () => {
  const { client, journalPath, open, replay } = await setUp(holder, { maxDailyLoss: "0.001", afterHalt: "exit" });
  const runtime = await open();
  const error = await runtime.halted;
  expect(error).toBeInstanceOf(RiskHaltError);
  expect(error).toMatchObject({ code: "HALTED", status: { state: "halted", by: "risk" } });
  await expectNoneOpen(runtime, client);
  const report = await runtime.close("riskHalted");
  expect(report.run.endedBy).toBe("riskHalted");
  expect(report.risk.reason).toMatch(/^MAX_DAILY_LOSS: the day's loss of .* USDT is above the limit of 0.001$/);
  expect(rowsOf(journalPath).filter(({ kind }) => kind === "risk.breach")).toHaveLength(1);
  expect(await replay()).toMatchObject({ divergences: 0, first: null });
});

test("a halt outlives the process: the session that goes on with the run is halted until it is let trade", async () => {
  const { client, working, open, replay } = await setUp(quoter);
  const first = await open();
  const all = first.instruments.length * PER_INSTRUMENT;
  await vi.waitFor(() => expect(working.size).toBe(all), WAIT);
  first.setTradingState("halted", "drill");
  await first.close("signal");
  const second = await open(true);
  expect(second.tradingState).toMatchObject({ state: "halted", reason: "drill", by: "api" });
  await vi.waitFor(() => expect(second.status().events).toBeGreaterThan(50), WAIT);
  expect(await client.orders.listOpen()).toEqual([]);
  second.setTradingState("active", "looked into");
  await vi.waitFor(() => expect(working.size).toBe(all), WAIT);
  await second.close("signal");
  expect(await replay()).toMatchObject({ divergences: 0, first: null });
});

test("a file in the run's folder halts, and is gone once it was heard; another one lets the session trade again", async () => {
  const { client, folder, open } = await setUp(quoter);
  const runtime = await open();
  const faults: string[] = [];
  closers.push(watchKillSwitch({ runtime, folder, onFault: (message) => faults.push(message) }));
  await vi.waitFor(() => expect(runtime.status().openOrders).toBeGreaterThan(0), WAIT);
  writeFileSync(join(folder, HALT_FILE), "the desk is on fire\n");
  await vi.waitFor(() => expect(existsSync(join(folder, HALT_FILE))).toBe(false), WAIT);
  expect(runtime.tradingState).toMatchObject({ state: "halted", by: "file" });
  await expectNoneOpen(runtime, client);
  leaveOrder(folder, RESUME_FILE, { reason: "put out", by: "cli" });
  await vi.waitFor(() => expect(runtime.tradingState).toMatchObject({ state: "active", by: "cli" }), WAIT);
  expect(faults).toEqual([]);
});

test("a halt that was left before the session began, and one together with a resumption, have the last word", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-halt-"));
  const heard: string[] = [];
  leaveOrder(folder, HALT_FILE, { reason: "stop", state: "reduceOnly", by: "cli" });
  leaveOrder(folder, RESUME_FILE, { reason: "go", by: "cli" });
  const runtime = {
    setTradingState: (state: string, reason: string, by?: string) => void heard.push(`${state} ${reason} ${by}`),
    flatten: () => Promise.reject(new Error("not asked for")),
  };
  watchKillSwitch({ runtime, folder, onFault: (message) => heard.push(message) })();
  expect(heard).toEqual(["active go cli", "reduceOnly stop cli"]);
});

test("a signal halts for as long as it is listened to", () => {
  const listeners = new Set<() => void>();
  const heard: string[] = [];
  const stop = watchKillSwitch({
    runtime: {
      setTradingState: (state, reason, by) => void heard.push(`${state} ${reason} ${by}`),
      flatten: async () => true,
    },
    folder: mkdtempSync(join(tmpdir(), "pitlane-halt-")),
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onFault: (message) => heard.push(message),
  });
  for (const listener of listeners) listener();
  expect(heard).toEqual(["halted SIGUSR2 signal"]);
  stop();
  expect(listeners.size).toBe(0);
});

test("a file says as much as it can be understood, and halts whatever it says", () => {
  expect(parseOrder("")).toEqual({ reason: "", by: "file" });
  expect(parseOrder(" fire \n")).toEqual({ reason: "fire", by: "file" });
  expect(parseOrder('{"reason":"x","state":"reduceOnly"}')).toEqual({ reason: "x", by: "file", state: "reduceOnly" });
  expect(parseOrder('{"flatten":true,"by":"cli"}')).toEqual({ reason: "", by: "cli", flatten: true });
  expect(parseOrder('{"state":"active"}')).toEqual({ reason: "", by: "file" });
  expect(parseOrder('{"reason"')).toEqual({ reason: '{"reason"', by: "file" });
});

/** A session that notes how it is told to trade, and what went wrong. */
function watched(folder: string) {
  const told: string[] = [];
  const faults: string[] = [];
  const stop = watchKillSwitch({
    runtime: {
      setTradingState: (state, reason) => void told.push(`${state} ${reason}`),
      flatten: () => Promise.resolve(true),
    },
    folder,
    onFault: (message) => faults.push(message),
  });
  closers.push(stop);
  return { told, faults };
}

test("a halt that cannot be read or removed halts all the same, and is told of once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-unread-"));
  mkdirSync(join(folder, HALT_FILE)); // what stands for a file that another user has left
  const { told, faults } = watched(folder);
  expect(told).toEqual([expect.stringMatching(/^halted the file halt cannot be read/)]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toHaveLength(1);
  expect(faults).toHaveLength(1);
});

test("a resumption that cannot be read keeps no halt from being heard, and lets nothing trade", () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-unread-"));
  mkdirSync(join(folder, RESUME_FILE));
  writeFileSync(join(folder, HALT_FILE), "stop");
  expect(watched(folder).told).toEqual(["halted stop"]);
});
