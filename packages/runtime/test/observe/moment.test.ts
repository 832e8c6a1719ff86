import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { Replay } from "../../src/core/replay.ts";
import { describePortfolio } from "../../src/describe.ts";
import { toDecimals } from "../../src/engines/portfolio.ts";
import { checkConfig, defineStrategy, lotsWorth, openRuntime, type Plugin } from "../../src/index.ts";
import type { JournalRow } from "../../src/journal/chain.ts";
import { decodeInputs } from "../../src/journal/input-reader.ts";
import { findMoment } from "../../src/journal/moments.ts";
import { lastRow, readRows } from "../../src/journal/read.ts";
import { toMarketView } from "../../src/observe/market-view.ts";
import { workOutMoment } from "../../src/observe/moment.ts";
import { MomentError, MomentReader, momentOf } from "../../src/observe/moment-child.ts";
import { fromInstrumentRecord } from "../../src/orders/records.ts";
import { readStart } from "../../src/run-record.ts";

const closers: (() => unknown)[] = [];
const clock = createSystemClock();

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Buys and sells, and keeps orders open, on every market. */
function busy(): Plugin {
  return defineStrategy({
    name: "busy",
    setup(ctx) {
      let turn = 0;
      for (const instrument of ctx.instruments) {
        ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
          const sizeLots = lotsWorth(instrument, askTicks, 3n * instrument.minNotional);
          const step = (ticks: number) => Math.floor(ticks / instrument.tickIncrement) * instrument.tickIncrement;
          if (turn++ % 3 === 0) ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
          else if (ctx.openOrders(instrument).length < 5)
            ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: step(bidTicks * 0.9), sizeLots });
          else ctx.cancel(ctx.openOrders(instrument)[0]!);
        });
      }
      return {
        snapshot: () => ({ turn }),
        hydrate: (old: unknown) => {
          turn = (old as { turn: number }).turn;
        },
      };
    },
  });
}

async function session() {
  const paper = await createPaper({ seed: 3, clock });
  closers.push(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  closers.push(() => client.close());
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-moment-")), "journal.db");
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({ journal: { snapshotEvery: 100 } }, "test"),
    plugins: [{ plugin: busy(), budgets: { hookMs: 60_000, msPerSecond: 1000 } }], // a busy machine is no fault of the plugin
    client,
    trading: client,
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  closers.push(() => runtime.close("requested"));
  return { runtime, journalPath };
}

/** What the same code comes to that decided in the run, up to a row. */
async function replayed(journalPath: string, untilSeq: number) {
  const start = readStart(journalPath);
  const instruments = start.instruments.map(fromInstrumentRecord);
  const replay = await Replay.create({
    runKey: start.key,
    config: start.config,
    instruments,
    plugins: [{ plugin: busy() }],
    seed: start.config.seed,
    budgets: start.config.budgets,
    startedAtUs: start.startedAtUs,
    clock,
    log: () => {},
    onFault: () => {},
  });
  for (const row of readRows(journalPath, { untilSeq })) await replay.take(row);
  const { core } = replay;
  const { execution, portfolio, market } = core;
  const { balances, realized, fees } = describePortfolio(portfolio);
  const state = {
    balances,
    realized,
    fees,
    profit: toDecimals(portfolio.profit((instrument) => core.twiceMidTicks(instrument))),
    counters: { ...execution.counters },
    fills: portfolio.fills,
    orders: execution.openOrders().map(({ clientOrderId, filledLots }) => ({ clientOrderId, filledLots })),
    markets: instruments.map((instrument, index) =>
      toMarketView(
        {
          instrument,
          book: market.book(instrument),
          quote: market.quote(index),
          position: portfolio.position(instrument),
        },
        10,
      ),
    ),
  };
  await replay.close();
  return state;
}

function firstAtUs({ body }: JournalRow): number {
  for (const { atUs } of decodeInputs(body as Uint8Array)) return atUs;
  throw new Error("a block of inputs is empty");
}

test("a moment is what the replay of the run comes to at that row, at moments all over it", {
  timeout: 150_000,
}, async () => {
  const { runtime, journalPath } = await session();
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(60), { timeout: 60_000 });
  await runtime.close("requested");
  const end = lastRow(journalPath)!;
  const rows = [...readRows(journalPath)];
  const { startedAtUs } = readStart(journalPath);
  const snapshots = rows.filter(({ kind }) => kind === "snapshot").length;
  expect(snapshots).toBeGreaterThan(1);
  // Moments at which a block of inputs ends, as a replay takes whole rows. A block may be cut between inputs of one microsecond: such
  // a moment is in the middle of the next one.
  const blocks = rows.filter(({ kind }) => kind === "inputs");
  const beginsAtUs = (row?: JournalRow) => (row === undefined ? Number.POSITIVE_INFINITY : firstAtUs(row));
  const moments = blocks.filter(({ atUs }, index) => beginsAtUs(blocks[index + 1]) > atUs);
  for (const share of [0.2, 0.5, 0.8, 1]) {
    const row = moments.filter(({ seq }) => seq <= share * end.seq).at(-1)!;
    const moment = await workOutMoment({ journalPath, atUs: row.atUs, clock });
    expect(moment.seq).toBe(findMoment(journalPath, row.atUs, end.seq).untilSeq);
    const state = await replayed(journalPath, moment.seq);
    const { orders, markets, ...rest } = state;
    expect(moment).toMatchObject(rest);
    expect(moment.orders.map(({ clientOrderId }) => clientOrderId)).toEqual(
      orders.map(({ clientOrderId }) => clientOrderId),
    );
    expect(moment.markets).toEqual(
      markets.filter(({ isSynced, quote, positionSize }) => isSynced || quote !== null || positionSize !== "0"),
    );
    expect(moment).toMatchObject({ run: { id: "test-run", isOver: true, startedAtUs }, notes: [] });
    expect(moment.plugins).toEqual([{ name: "busy", version: "0.0.0", standing: "active", reason: "" }]);
    expect(moment.rows.at(-1)?.seq).toBe(moment.seq);
    if (share > 0.5) expect(moment.fromSeq).toBeGreaterThan(1);
  }
});

test("a run that goes on can be looked at, and a moment outside of it is its start or its end", async () => {
  const { runtime, journalPath } = await session();
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(3), { timeout: 20_000 });
  // What has happened is in the journal a little later.
  const look = async () => {
    const now = await workOutMoment({ journalPath, atUs: Number.MAX_SAFE_INTEGER, clock });
    expect(now.run.isOver).toBe(false);
    expect(now.fills).toBeGreaterThan(0);
    expect(now.markets.some(({ isSynced, bids }) => isSynced && bids.length > 0)).toBe(true);
  };
  await vi.waitFor(look, { timeout: 20_000 });
  const first = await workOutMoment({ journalPath, atUs: 0, clock });
  expect(first).toMatchObject({ atUs: first.run.startedAtUs, fills: 0, orders: [], markets: [], profit: {} });
});

test("a process that cannot work it out says why in its own words, and one that hangs is ended", async () => {
  const runFolder = mkdtempSync(join(tmpdir(), "pitlane-moment-"));
  const program = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), "pitlane-moment-")), "program.mjs");
    writeFileSync(path, text);
    return [process.execPath, path] as const;
  };
  const failing = program("console.error('error: no such run'); process.exitCode = 2;");
  await expect(momentOf({ runFolder, atUs: 1, program: failing })).rejects.toThrow("error: no such run");
  const hanging = program("setInterval(() => {}, 1000);");
  const late = momentOf({ runFolder, atUs: 1, program: hanging, timeoutMs: 200 });
  await expect(late).rejects.toThrow(new MomentError("it took longer than 200 ms", { retryable: true }));
  await expect(momentOf({ runFolder, atUs: 1, program: ["/nowhere/pitlane"] })).rejects.toThrow("could not be started");
});

test("of moments that are asked for while one is worked out, only the last is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-moment-"));
  const path = join(folder, "program.mjs");
  writeFileSync(path, "console.log(JSON.stringify({ at: process.argv[5] }));");
  const reader = new MomentReader([process.execPath, path]);
  const asked = [1, 2, 3].map((atUs) => reader.of({ runFolder: folder, atUs }));
  const settled = await Promise.allSettled(asked);
  expect(settled).toEqual([
    { status: "fulfilled", value: { at: "1us" } },
    { status: "rejected", reason: new MomentError("a later moment was asked for", { retryable: true }) },
    { status: "fulfilled", value: { at: "3us" } },
  ]);
});
