import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { formatScaled, Levels, OrderBook } from "@pitlane/sdk";
import { describe, expect, test } from "vitest";
import { type DepthColumns, DepthOp } from "../../../src/backtest/columns.ts";
import { readMarketData } from "../../../src/backtest/readers/read-market-data.ts";
import { describeBook } from "../../../src/describe.ts";
import { verifyRecording } from "../../../src/verification.ts";

const DATA = process.env["PITLANE_DATA"] ?? fileURLToPath(new URL("../../../../../../shared/data", import.meta.url));
const clock = createSystemClock();
const load = (...names: readonly string[]) =>
  readMarketData(
    names.map((name) => join(DATA, name)),
    { clock },
  );

/** The book that columns end with. */
function finalBook({ length, op, priceTicks, sizeLots }: DepthColumns): OrderBook {
  const book = new OrderBook();
  for (let i = 0; i < length; i++) {
    if (op[i] === DepthOp.clear) {
      book.load("bid", new Levels());
      book.load("ask", new Levels());
    } else if (op[i] === DepthOp.bid) book.set("bid", priceTicks[i] as number, sizeLots[i] as number);
    else if (op[i] === DepthOp.ask) book.set("ask", priceTicks[i] as number, sizeLots[i] as number);
  }
  return book;
}

describe.skipIf(!existsSync(join(DATA, "expected.json")))("real data", () => {
  test("candles of an exchange become bars in whole ticks", async () => {
    const { data, tier, rows } = await load("candles/binance-ethusdt-1m-202604.csv.gz");
    const [one] = data;
    if (one?.columns.kind !== "bars") throw new Error("no bars");
    const { columns, instrument } = one;
    expect({ tier, rows, symbol: instrument.symbol, decimals: instrument.priceDecimals }).toEqual({
      tier: "bars",
      rows: 3000,
      symbol: "ETH/USDT",
      decimals: 2,
    });
    expect(columns.length).toBe(3000);
    expect(columns.intervalUs).toBe(60_000_000);
    expect(formatScaled(columns.openTicks[0] as number, 2)).toBe("2340.02");
    expect(formatScaled(columns.volumeLots[0] as number, instrument.sizeDecimals)).toBe("81.7686");
  });

  test("volumes that are sums of floats are cut at the sixth decimal, and a month of bars is read", async () => {
    const { data, rows } = await readMarketData([join(DATA, "candles/ftx-btc-perp-1m-202201.csv.gz")], {
      clock,
      symbol: "BTC/USD",
    });
    const [one] = data;
    if (one?.columns.kind !== "bars") throw new Error("no bars");
    expect(rows).toBe(45_031);
    expect(one.instrument).toMatchObject({ symbol: "BTC/USD", priceDecimals: 3, sizeDecimals: 6 });
    expect(formatScaled(one.columns.volumeLots[0] as number, 6)).toBe("2300413.7295");
  });

  test("trades in the form of tardis.dev", async () => {
    const { data, tier } = await load("ticks");
    const [one] = data;
    if (one?.columns.kind !== "trades") throw new Error("no trades");
    expect(tier).toBe("trades");
    expect(one.instrument.id).toBe("binance-futures:BTC/USDT");
    expect(one.columns.length).toBe(9999);
    expect(one.columns.atUs[0]).toBe(1_582_329_602_111_000);
    expect(one.columns.tradeId[0]).toBe(42_377_944);
    expect(formatScaled(one.columns.priceTicks[0] as number, one.instrument.priceDecimals)).toBe("9682");
  });

  test.each([
    ["spot", ["binance-raw/spot-btcusdt-20240809.gz", "binance-raw/spot-btcusdt-20240808.gz"]],
    ["records", ["ws-jsonl/binance-spot-20211012.jsonl.gz"]],
  ])("a recording (%s) ends with the book that the verifier finds", async (_name, files) => {
    const { data, notes } = await load(...files);
    const inTime = files.toSorted().map((file) => join(DATA, file));
    const { instruments } = await verifyRecording(inTime);
    expect(data.length).toBeGreaterThan(0);
    for (const { instrument, columns } of data) {
      if (columns.kind !== "depth") continue;
      expect(describeBook(finalBook(columns), instrument)).toEqual(instruments[instrument.id]?.book);
      let trades = 0;
      for (let i = 0; i < columns.length; i++) {
        if (columns.op[i] === DepthOp.buyTrade || columns.op[i] === DepthOp.sellTrade) trades++;
        const isInOrder =
          i === 0 ||
          ((columns.atUs[i] as number) >= (columns.atUs[i - 1] as number) &&
            (columns.receivedAtUs[i] as number) >= (columns.receivedAtUs[i - 1] as number));
        if (!isInOrder || (columns.receivedAtUs[i] as number) < (columns.atUs[i] as number))
          throw new Error(`row ${i} of ${instrument.id} is out of time`);
      }
      expect(trades).toBe(instruments[instrument.id]?.trades);
    }
    expect(notes.every((note) => !note.includes("gap"))).toBe(true);
  });
});
