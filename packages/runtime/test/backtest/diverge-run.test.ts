import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { divergeRun } from "../../src/backtest/diverge-run.ts";
import { readMarketData } from "../../src/backtest/readers/read-market-data.ts";
import { checkConfig, defineStrategy, lotsWorth, openRuntime, type Plugin } from "../../src/index.ts";
import { newFolder } from "./files.ts";

const SCHEMA = JSON.parse(readFileSync(new URL("../../schema/divergence.schema.json", import.meta.url), "utf8"));
const clock = createSystemClock();
const closers: (() => Promise<unknown>)[] = [];

let journalPath: string;

beforeAll(async () => {
  journalPath = await session(taker());
}, 120_000);

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Takes what the other side offers, at every second book, in turns; so far through the best price that it fills wherever that has moved. */
function taker(bias = 0): Plugin {
  return defineStrategy({
    name: "taker",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      let books = 0;
      ctx.on("book", { instrument }, ({ book }) => {
        if (++books % 2 !== 0 || !(book.bestBidTicks > 0)) return;
        const side = (books / 2 + bias) % 2 === 0 ? "buy" : "sell";
        const priceTicks = side === "buy" ? book.bestAskTicks + 100 : book.bestBidTicks - 100;
        const sizeLots = lotsWorth(instrument, priceTicks, 2n * instrument.minNotional);
        ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
      });
    },
  });
}

/** A short session on the paper exchange; resolves with its journal once it has had some fills. */
async function session(plugin: Plugin): Promise<string> {
  const paper = await createPaper({ seed: 5, clock });
  closers.push(() => paper.close());
  const credentials = { apiKey: paper.apiKey, apiSecret: paper.apiSecret };
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials, clock });
  closers.push(() => client.close());
  const path = join(newFolder(), "journal.db");
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [{ plugin, budgets: { hookMs: 60_000, msPerSecond: 1000 } }], // it must hear all, however busy the machine
    client,
    trading: client,
    journalPath: path,
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(8), { timeout: 60_000, interval: 20 });
  await runtime.close("duration");
  return path;
}

test("the backtest of a session wants the same orders, and fills them at like prices", async () => {
  const { data, tier } = await readMarketData([journalPath], { clock });
  expect(tier).toBe("depth");
  expect(data[0]?.instrument.venue).toBe("paper");
  const report = await divergeRun({ journalPath, plugins: [{ plugin: taker() }], clock });
  const { summary, orders } = report;
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(SCHEMA);
  validate(JSON.parse(JSON.stringify(report)));
  expect(validate.errors ?? []).toEqual([]);
  expect(report.faults).toEqual([]);
  expect(report.fees).toEqual({ makerBps: 10, takerBps: 10 });
  expect(summary.sessionOrders).toBeGreaterThan(8);
  expect(summary.matchedById).toBe(summary.sessionOrders);
  expect(summary.onlyBacktest).toBeLessThanOrEqual(1); // the session may have ended between a book and its order
  expect(summary.sameFill).toBe(summary.sessionOrders);
  expect(summary.priceErrorBps?.meanAbsolute).toBeLessThan(50); // 100 ticks are some 100 basis points there
  for (const order of orders) {
    if (order.match !== "id") continue;
    expect(order.backtestOrderId).toBe(order.clientOrderId);
    expect(order.wantedLaterUs).toBe(0);
  }
});

test("orders of changed code are matched by kind and time, or stand alone", async () => {
  const { summary } = await divergeRun({ journalPath, plugins: [{ plugin: taker(1) }], nearestUs: 1, clock });
  expect(summary.matchedById).toBe(0);
  expect(summary.onlySession).toBe(summary.sessionOrders);
  expect(summary.onlyBacktest).toBe(summary.backtestOrders);
});
