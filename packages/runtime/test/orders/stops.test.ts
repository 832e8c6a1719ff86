import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, type InstrumentSpec } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { divergeRun } from "../../src/backtest/diverge-run.ts";
import { checkConfig, defineStrategy, type Intent, type OrderView, openRuntime, type Plugin } from "../../src/index.ts";
import { readRows } from "../../src/journal/read.ts";
import { replayRun } from "../../src/replay-run.ts";
import type { TradingVenue } from "../../src/venue.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const clock = createSystemClock();
const WAIT = { timeout: 30_000, interval: 5 };
const LOTS = 1000;

const AAA: InstrumentSpec = {
  symbol: "AAAUSDT",
  base: "AAA",
  quote: "USDT",
  tickSize: "0.01",
  lotSize: "0.001",
  minSize: "0.001",
  maxSize: "90000",
  minNotional: "5",
  startPrice: "100",
};

/** Wants these at the first trade that it hears of. What it keeps is its own: a replay and a backtest begin with nothing. */
function wanting(intents: readonly Omit<Intent, "instrument" | "sizeLots">[]) {
  const lives: { orders: OrderView[]; trades: number; top: readonly number[] }[] = [];
  const plugin: Plugin = defineStrategy({
    name: "stopper",
    setup(ctx) {
      const own = { orders: [] as OrderView[], trades: 0, top: [] as readonly number[] };
      lives.push(own);
      const [instrument] = ctx.instruments;
      ctx.on("book", ({ book }) => {
        own.top = [book.bestBidTicks, book.bestAskTicks];
      });
      ctx.on("trade", () => {
        own.trades++;
        if (own.orders.length > 0) return;
        for (const intent of intents)
          own.orders.push(ctx.submit({ instrument: instrument!, sizeLots: LOTS, ...intent }));
      });
    },
  });
  return { plugin, lives };
}

/** A session on an exchange where one other account makes the whole market. */
async function setUp(
  intents: readonly Omit<Intent, "instrument" | "sizeLots">[],
  wrap: (client: TradingVenue) => TradingVenue = (client) => client,
) {
  const paper = await createPaper({
    seed: 3,
    clock,
    instruments: [AAA],
    market: false,
    accounts: [{ name: "session" }, { name: "maker" }],
  });
  closers.push(() => paper.close());
  const [client, maker] = paper.accounts.map((credentials) =>
    createBinance({ venue: "paper", urls: paper.urls, credentials, clock }),
  );
  for (const one of [client!, maker!]) closers.push(() => one.close());
  const { plugin, lives } = wanting(intents);
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-stops-")), "journal.db");
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [{ plugin }],
    client: client!,
    trading: wrap(client!),
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  const own = lives[0]!;
  const [instrument] = await maker!.market.listInstruments();
  let number = 0;
  const submit = (side: "buy" | "sell", priceTicks: number, sizeLots: number, timeInForce: "GTC" | "IOC") =>
    maker!.orders.submit({
      instrument: instrument!,
      clientOrderId: `m-${++number}`,
      side,
      type: "limit",
      priceTicks,
      sizeLots,
      timeInForce,
      selfTradePrevention: "none",
    });
  /** A market 10 ticks on both sides of a price, and a trade there, when the session has seen that market. */
  const trade = async (ticks: number) => {
    await maker!.orders.cancelAll(instrument!);
    await submit("buy", ticks - 10, 50_000, "GTC");
    await submit("sell", ticks + 10, 50_000, "GTC");
    await vi.waitFor(() => expect(own.top).toEqual([ticks - 10, ticks + 10]), WAIT);
    const heard = own.trades;
    await submit("sell", ticks, 100, "GTC");
    await submit("buy", ticks, 100, "IOC");
    await vi.waitFor(() => expect(own.trades).toBeGreaterThan(heard), WAIT);
  };
  const settled = (state: string, at: number) => vi.waitFor(() => expect(own.orders[at]?.state).toBe(state), WAIT);
  const replay = async () => {
    const { first, divergences } = await replayRun({ journalPath, plugins: [{ plugin }], clock, log: () => {} });
    return { first, divergences };
  };
  return { paper, runtime, own, trade, settled, replay, journalPath, plugin };
}

test("each kind of stop is activated at the venue, and a replay and a backtest of the session come to the same", async () => {
  const stage = await setUp([
    { side: "sell", type: "stop", triggerTicks: 9_800 },
    { side: "buy", type: "stopLimit", triggerTicks: 10_300, priceTicks: 10_350 },
    { side: "sell", type: "takeProfit", triggerTicks: 10_400 },
    { side: "sell", type: "stop", trailingBps: 300 },
    { side: "buy", type: "takeProfitLimit", triggerTicks: 9_500, priceTicks: 9_600, timeInForce: "IOC" },
  ]);
  const { own, trade, settled, runtime } = stage;
  await trade(10_000);
  for (const at of [0, 1, 2, 3, 4]) await settled("accepted", at);
  await trade(10_200);
  await trade(10_310);
  await settled("filled", 1);
  await trade(10_400);
  await settled("filled", 2);
  await trade(10_080);
  await settled("filled", 3);
  expect(own.orders[0]?.state).toBe("accepted");
  await trade(9_790);
  await settled("filled", 0);
  await trade(9_500);
  await settled("filled", 4);
  const report = await runtime.close("requested");
  expect(report.faults).toEqual([]);
  expect(report.orders).toMatchObject({ submitted: 5, accepted: 5, filled: 5, unknown: 0, open: 0, duplicated: 0 });

  const intents = [...readRows(stage.journalPath)].filter(({ kind }) => kind === "intent");
  expect(JSON.parse(String(intents[1]!.body))).toMatchObject({
    type: "stopLimit",
    triggerTicks: 10_300,
    priceTicks: 10_350,
    approved: true,
  });
  expect(await stage.replay()).toEqual({ first: null, divergences: 0 });

  const { summary, orders, faults } = await divergeRun({
    journalPath: stage.journalPath,
    plugins: [{ plugin: stage.plugin }],
    clock,
  });
  expect(faults).toEqual([]);
  expect(summary).toMatchObject({ sessionOrders: 5, backtestOrders: 5, matchedById: 5, sameFill: 5 });
  expect(orders.map(({ averagePrice }) => averagePrice)).toEqual(
    ["97.8000", "103.2000", "103.9000", "100.7000", "95.1000"].map((price) => [price, price]),
  );
});

test("a stop that the price has reached is refused by the venue, and its word is kept", async () => {
  const { own, trade, settled, runtime, replay } = await setUp([
    { side: "sell", type: "stop", triggerTicks: 10_100 },
    { side: "sell", type: "takeProfit", triggerTicks: 10_100 },
  ]);
  await trade(10_000);
  await settled("rejected", 0);
  await settled("accepted", 1);
  expect(own.orders[0]?.reason).toContain("Order would trigger immediately.");
  const report = await runtime.close("requested");
  expect(report.orders).toMatchObject({ rejected: 1, cancelled: 1, open: 0 });
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});

test("a kind that the venue does not take is never sent, with a code and what to do", async () => {
  const { own, trade, settled, paper, runtime, replay } = await setUp(
    [
      { side: "sell", type: "stop", triggerTicks: 9_800 },
      { side: "sell", type: "takeProfit", triggerTicks: 10_100 },
    ],
    ({ orders, ...client }) => ({
      ...client,
      orders: {
        submit: (request, control) => orders.submit(request, control),
        cancel: (ref, control) => orders.cancel(ref, control),
        get: (ref, control) => orders.get(ref, control),
        listFills: (of, control) => orders.listFills(of, control),
        takesKind: (kind) => kind !== "stop",
      },
    }),
  );
  await trade(10_000);
  await settled("rejected", 0);
  await settled("accepted", 1);
  expect(own.orders[0]?.reason).toBe(
    'ORDER_KIND_NOT_SUPPORTED: paper takes no orders of type "stop": watch the price and submit one that it takes',
  );
  await runtime.close("requested");
  expect(paper.acceptedOrders().filter(({ clientOrderId }) => clientOrderId.startsWith("pl-"))).toHaveLength(1);
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});
