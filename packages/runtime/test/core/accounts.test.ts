import { ManualClock } from "@pitlane/perf/testing";
import type { OrderReport, QuoteEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { checkConfig, definePlugin, type OrderView } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const START_US = 1_000_000_000;
const COIN = 100_000_000n;

/** A core with a strategy that wants to buy one coin at every quote. */
async function setUp() {
  const faults: string[] = [];
  const orders: OrderView[] = [];
  const buyer = definePlugin({
    name: "buyer",
    setup: (ctx) =>
      ctx.on("quote", ({ askTicks }) => {
        orders.push(ctx.submit({ instrument, side: "buy", type: "limit", priceTicks: askTicks, sizeLots: 1000 }));
      }),
  });
  const core = await Core.create({
    runKey: "k",
    config: checkConfig({}, "test"),
    instruments: [instrument],
    plugins: [{ plugin: buyer }],
    seed: 1,
    startedAtUs: START_US,
    journal: { append: () => {}, commit: () => {} },
    wire: { send: () => {}, cancel: () => {} },
    book: () => undefined,
    clock: new ManualClock(START_US),
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: (source, message) => faults.push(`${source}: ${message}`),
    onHalt: () => {},
  });
  core.portfolio.start(new Map([["USDT", 100n * COIN]]));
  let sequence = 0;
  return {
    core,
    faults,
    orders,
    quote: (midTicks: number, atMs: number) => {
      const atUs = core.at(START_US + atMs * 1000);
      const lots = { bidLots: 1, askLots: 1, sequence: ++sequence };
      const times = { venueAtUs: atUs, receivedAtUs: atUs, receivedNs: 0 };
      const event: QuoteEvent = {
        kind: "quote",
        instrument,
        bidTicks: midTicks - 1,
        askTicks: midTicks + 1,
        ...lots,
        ...times,
      };
      core.onMarket(event, 0);
      core.drain();
    },
    fill: ({ clientOrderId }: OrderView, priceTicks: number) => {
      core.at(core.nowUs + 20_000);
      const about = { instrument, clientOrderId, venueOrderId: clientOrderId, side: "buy", sizeLots: 1000 } as const;
      const fill = { ...about, tradeId: "1", priceTicks, fee: 0n, feeAsset: "USDT", isMaker: true, atUs: core.nowUs };
      const report: OrderReport = { ...about, status: "filled", filledLots: 1000, fills: [fill], atUs: core.nowUs };
      core.onReport(report);
    },
  };
}

test("equity is taken at fills and once a second of the session's time, for the strategy whose fill it is", async () => {
  const { core, orders, quote, fill } = await setUp();
  quote(1000, 0);
  fill(orders[0]!, 1001);
  expect(core.performance.equity.equityUnits).toBe(100n * COIN - COIN / 100n); // bought at 10.01, worth 10
  quote(900, 500);
  expect(core.performance.equity.drawdownUnits).toBe(COIN / 100n);
  quote(900, 1000);
  expect(core.performance.equity.drawdownUnits).toBe(COIN + COIN / 100n);
  expect(core.performance.report().strategies["buyer"]).toMatchObject({ capital: "100", profit: "-1.01" });
  expect(core.portfolio.ledger(0).fills).toBe(1);
});

test("accounts that are not the sum of the fills are a fault, and nothing is sent any more", async () => {
  const { core, faults, orders, quote, fill } = await setUp();
  quote(1000, 0);
  fill(orders[0]!, 1001);
  quote(1000, 1000);
  expect(orders[1]).toMatchObject({ state: "submitted" });
  (core.portfolio.balances as Map<string, bigint>).set("USDT", 1n); // as a defect of ours would
  fill(orders[1]!, 1001);
  quote(1000, 2000);
  expect(faults).toEqual([expect.stringMatching(/^accounts: USDT over all venues: the fills sum to 79.98/)]);
  expect(orders[2]).toMatchObject({ state: "denied", reason: "the accounts are not the sum of the fills" });
});
