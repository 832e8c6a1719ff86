import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { Levels } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { DepthOp } from "../../../src/backtest/columns.ts";
import { readMarketData } from "../../../src/backtest/readers/read-market-data.ts";
import { Journal } from "../../../src/journal/journal.ts";
import { toInstrumentRecord } from "../../../src/orders/records.ts";
import { testInstrument } from "../../../src/testing.ts";
import { newFolder } from "../files.ts";

const clock = createSystemClock();
const instrument = testInstrument({ tickIncrement: 5, minNotional: 7_00000000n });
const at = 1_767_225_600_000_000;
const times = (us: number) => ({ venueAtUs: at + us - 3, receivedAtUs: at + us });

function levels(...rows: readonly (readonly [ticks: number, lots: number])[]): Levels {
  const list = new Levels();
  for (const [ticks, lots] of rows) list.push(ticks, lots);
  return list;
}

/** A journal of `pitlane record`, written as it writes it. */
function tape(kind = "record.start"): string {
  const path = join(newFolder(), "journal.db");
  const journal = Journal.create({ path, clock });
  journal.append(kind, { instruments: [toInstrumentRecord(instrument)] });
  const { inputs } = journal;
  inputs.book(at, 0, { ...times(0), sequence: 1 }, levels([100, 5], [95, 6]), levels([105, 7]), true);
  inputs.trade(at + 1, 0, {
    ...times(1),
    tradeId: 1,
    priceTicks: 105,
    sizeLots: 2,
    aggressor: "buy",
    isBackfilled: false,
  });
  inputs.trade(at + 2, 0, {
    ...times(2),
    tradeId: 2,
    priceTicks: 105,
    sizeLots: 9,
    aggressor: "buy",
    isBackfilled: true,
  });
  inputs.book(at + 3, 0, { ...times(3), sequence: 2 }, levels([100, 0]), levels());
  inputs.gap(at + 4, 0, { ...times(4), channel: "book", cause: "sequence", reason: "a hole" });
  inputs.gap(at + 5, 0, { ...times(5), channel: "trade", cause: "sequence", reason: "a hole" });
  journal.close();
  return path;
}

test("a tape gives the books, trades and gaps that the session saw, with the venue's rules", async () => {
  const { data, format, notes, rows } = await readMarketData([tape()], { clock });
  expect({ format, rows, notes }).toEqual({
    format: "journal",
    rows: 6,
    notes: ["1 gaps in books: strategies see them as in a session"],
  });
  const [one] = data;
  expect(one?.instrument).toEqual(instrument);
  if (one?.columns.kind !== "depth") throw new Error("no depth");
  const { columns } = one;
  const { clear, bid, ask, end, buyTrade, gap } = DepthOp;
  expect([...columns.op]).toEqual([clear, bid, bid, ask, end, buyTrade, bid, end, gap]);
  expect([...columns.priceTicks]).toEqual([0, 100, 95, 105, 0, 105, 100, 0, 0]);
  expect([...columns.sizeLots]).toEqual([0, 5, 6, 7, 0, 2, 0, 0, 0]);
  expect(columns.atUs[5]).toBe(at + 1 - 3);
  expect(columns.receivedAtUs[5]).toBe(at + 1);
});

test("the folder of a run is its journal", async () => {
  const path = tape("run.start");
  const { files } = await readMarketData([join(path, "..")], { clock });
  expect(files).toEqual([path]);
});

test("a journal without a start, and two journals at once, are refused", async () => {
  await expect(readMarketData([tape("something")], { clock })).rejects.toThrow(/does not begin as a session does/);
  await expect(readMarketData([tape(), tape()], { clock })).rejects.toThrow(/a journal is a session of its own/);
});
