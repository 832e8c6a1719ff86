import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { expect, test, vi } from "vitest";
import {
  checkConfig,
  definePlugin,
  defineStrategy,
  entriesIn,
  lotsWorth,
  openRuntime,
  readRowsWithSegments,
  storyLines,
  tellOrder,
  verifyJournal,
} from "../src/index.ts";
import { replayRun } from "../src/replay-run.ts";

/** Buys for about 50 at the first quote, by an order of its own and by one of the router. */
const buyer = defineStrategy({
  name: "buyer",
  setup(ctx) {
    const instrument = ctx.instruments[0]!;
    let isDone = false;
    ctx.on("quote", { instrument }, ({ askTicks }) => {
      if (isDone) return;
      isDone = true;
      const sizeLots = Math.floor(lotsWorth(instrument, askTicks, 50n * 10n ** 8n) / 40) * 40 + 7;
      ctx.submit({ instrument, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: askTicks, sizeLots });
      const sizeUnits = BigInt(sizeLots) * 10n ** BigInt(8 - instrument.sizeDecimals);
      ctx.route({ symbol: instrument.symbol, side: "buy", sizeUnits, limitPrice: "1000000" });
    });
  },
});

/** Sizes of whole tens of steps, so many steps less. */
const round = (less = 0) =>
  definePlugin({
    name: "round-lots",
    permissions: { orderKinds: [] },
    setup: (ctx) =>
      ctx.shape("intent", ({ sizeLots, instrument: { lotIncrement } }) => ({
        sizeLots: sizeLots - (sizeLots % (10 * lotIncrement)) - less * lotIncrement,
      })),
  });

test("the exchange gets what shapers made of an order, the journal tells its story, and a replay makes the same", async () => {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-shape-")), "journal.db");
  const plugins = [{ plugin: buyer }, { plugin: round() }];
  try {
    const runtime = await openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "paper",
      config: checkConfig({}, "test"),
      plugins,
      client,
      trading: client,
      journalPath,
      recvWindowMs: 5000,
      clock,
      log: () => {},
    });
    // Whether they fill is the market's affair.
    await vi.waitFor(() => expect([paper.acceptedOrders().length, runtime.status().openOrders]).toEqual([2, 0]), {
      timeout: 20_000,
    });
    const report = await runtime.close("requested");
    expect(report.faults).toEqual([]);
  } finally {
    await client.close();
    await paper.close();
  }
  for (const { clientOrderId } of paper.acceptedOrders()) {
    const story = storyLines(await tellOrder(entriesIn(readRowsWithSegments(journalPath), {}), clientOrderId)).join(
      "\n",
    );
    expect(story).toMatch(/; shaped by round-lots: size \d+ -> \d+ lots; approved/);
  }
  expect(verifyJournal(journalPath)).toMatchObject({ fault: undefined });
  const options = { journalPath, plugins, clock, log: () => {} };
  expect(await replayRun(options)).toMatchObject({ divergences: 0, first: null });
  const other = await replayRun({ ...options, plugins: [{ plugin: buyer }, { plugin: round(10) }] });
  expect(other.first?.recorded?.body).toContain('"shaped":[{"plugin":"round-lots","sizeLots":[');
  expect(other.divergences).toBeGreaterThan(0);
});
