import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { type ReadDataOptions, readMarketData } from "../../../src/backtest/readers/read-market-data.ts";
import { newFolder, textFile } from "../files.ts";

const clock = createSystemClock();
const read = (path: string, options: Partial<ReadDataOptions> = {}) => readMarketData([path], { clock, ...options });

const HEADER = "timestamp,open,high,low,close,volume";
const bars = (...rows: readonly string[]) => textFile("eth-usdt-1m.csv", [HEADER, ...rows]);

async function barsOf(path: string, options: Partial<ReadDataOptions> = {}) {
  const { data, ...rest } = await read(path, options);
  const [one] = data;
  if (one?.columns.kind !== "bars") throw new Error("no bars");
  return { ...rest, instrument: one.instrument, columns: one.columns };
}

describe("candles", () => {
  test("the scale is the finest of the file, also for the rows before it", async () => {
    const { columns, instrument } = await barsOf(
      bars("1700000000,10,11,9,10,5", "1700000060,10.5,11,10,10.25,5.125", "1700000120,10.2,10.2,10.2,10.2,1"),
    );
    expect(instrument).toMatchObject({
      symbol: "ETH/USDT",
      priceDecimals: 2,
      sizeDecimals: 3,
      minNotional: 5_00000000n,
    });
    expect([...columns.openTicks]).toEqual([1000, 1050, 1020]);
    expect([...columns.highTicks]).toEqual([1100, 1100, 1020]);
    expect([...columns.closeTicks]).toEqual([1000, 1025, 1020]);
    expect([...columns.volumeLots]).toEqual([5000, 5125, 1000]);
    expect([...columns.startUs]).toEqual([1_700_000_000e6, 1_700_000_060e6, 1_700_000_120e6]);
    expect(columns.intervalUs).toBe(60e6);
  });

  test("a day that no calendar has is an error, not the day after", async () => {
    await expect(barsOf(bars("2024-02-30T00:00:00Z,10,11,9,10,5"))).rejects.toThrow(
      /:2: the time "2024-02-30T00:00:00Z" is neither/,
    );
    expect((await barsOf(bars("2024-02-29T00:00:00Z,10,11,9,10,5"))).columns.startUs[0]).toBe(1_709_164_800e6);
  });

  test("a price of 0 is an error that names the line", async () => {
    await expect(barsOf(bars("1700000000,10,11,9,10,5", "1700000060,0,0,0,0,5"))).rejects.toThrow(
      /:3: is no bar: its low 0 is no price; repair that line/,
    );
  });

  test("times are Unix time of any unit, or ISO 8601 in UTC", async () => {
    const starts = [];
    for (const time of [
      "1700000000",
      "1700000000000",
      "1700000000000000",
      "1700000000000000000",
      "2023-11-14T22:13:20Z",
      "2023-11-14 22:13:20.000",
      "2023-11-14T23:13:20+01:00",
    ])
      starts.push((await barsOf(bars(`${time},1,1,1,1,1`))).columns.startUs[0]);
    expect(new Set(starts)).toEqual(new Set([1_700_000_000e6]));
  });

  test("columns are found by name, in any order, and holes are told", async () => {
    const path = textFile("x.csv", [
      "Close,Open Time,Low,High,Open,Volume,Trades",
      "2,1700000000,1,3,1,7,9",
      "2,1700000060,1,3,1,7,9",
      "2,1700000300,1,3,1,7,9",
    ]);
    const { columns, notes, instrument } = await barsOf(path, { symbol: "AAA/BBB" });
    expect(instrument.id).toBe("data:AAA/BBB");
    expect([columns.openTicks[0], columns.highTicks[0], columns.lowTicks[0], columns.closeTicks[0]]).toEqual([
      1, 3, 1, 2,
    ]);
    expect(notes).toEqual([
      'data:AAA/BBB: 3 bars missing in 1 gap, the first at 2023-11-14T22:15:20.000Z: what happened there is not in the data; strategies hear "gap" and "resync"',
    ]);
  });

  test("each gap counts, and a bar that is a little late is none", async () => {
    const days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-05-01"]; // months: 28 to 31 days
    const months = await barsOf(bars(...days.map((day) => `${day},1,1,1,1,1`)));
    expect(months.notes).toEqual([expect.stringMatching(/: 1 bar missing in 1 gap, the first at 2025-03-29T/)]);
    const minutes = [0, 1, 3, 4, 8].map((minute) => `${1_700_000_000 + minute * 60},1,1,1,1,1`);
    expect((await barsOf(bars(...minutes))).notes).toEqual([expect.stringMatching(/: 4 bars missing in 2 gaps, /)]);
    expect((await barsOf(bars(...minutes.slice(0, 2)))).notes).toEqual([]);
  });

  test("a span is the bars that begin in it", async () => {
    const path = bars(...Array.from({ length: 10 }, (_, i) => `${1_700_000_000 + i * 60},1,1,1,1,1`));
    const { columns, fromUs, toUs } = await barsOf(path, { fromUs: 1_700_000_060e6, toUs: 1_700_000_240e6 });
    expect([...columns.startUs].map((us) => us / 1e6 - 1_700_000_000)).toEqual([60, 120, 180]);
    expect([fromUs, toUs]).toEqual([1_700_000_060e6, 1_700_000_240e6]);
  });

  test("a tick may be given; prices between two of them are refused, volumes are cut", async () => {
    const path = bars("1700000000,10.05,10.10,10.05,10.10,1.2345");
    const { instrument, columns } = await barsOf(path, {
      tick: { decimals: 2, increment: 5 },
      lot: { decimals: 2, increment: 1 },
    });
    expect(instrument).toMatchObject({ priceDecimals: 2, tickIncrement: 5, sizeDecimals: 2 });
    expect([columns.openTicks[0], columns.volumeLots[0]]).toEqual([1005, 123]);
    await expect(barsOf(path, { tick: { decimals: 1, increment: 1 } })).rejects.toThrow(
      /csv:2: the price 10\.05 lies between two steps of 0\.1: give a finer one/,
    );
  });

  test.each([
    ["1700000000,1,1,1,1,1\n1700000000,1,1,1,1,1", /csv:3: is a second bar of the same time; repair/],
    ["1700000060,1,1,1,1,1\n1700000000,1,1,1,1,1", /csv:3: is earlier than the bar before it: sort/],
    ["1700000000,5,4,3,3,1", /csv:2: is no bar: its high 4 and low 3/],
    ["1700000000,1,1,1", /csv:2: has no close/],
    ["1700000000,1,1,1,1,", /csv:2: has no volume/],
    ["yesterday,1,1,1,1,1", /csv:2: the time "yesterday" is neither/],
    ["1700000000,1e3,1e3,1e3,1e3,1", /csv:2: the price "1e3" is not a plain decimal/],
    ["1700000000,-1,1,1,1,1", /csv:2: the price "-1" is not a plain decimal/],
    ["1700000000,1,1,1,1,123456789012345678", /csv:2: .*does not fit/],
  ])("%s is refused, naming the line", async (rows, message) => {
    await expect(barsOf(bars(...rows.split("\n")))).rejects.toThrow(message);
  });

  test("whose candles they are must be told where the name does not", async () => {
    const path = textFile("candles.csv", [HEADER, "1700000000,1,1,1,1,1"]);
    await expect(read(path)).rejects.toThrow(/of which instrument they are: name it with --symbol/);
  });

  test("files of several instruments are several, those of one are its parts in order of time", async () => {
    const folder = newFolder();
    const file = (name: string, second: number) =>
      writeFileSync(join(folder, name), `${HEADER}\n${second},1,1,1,1,1\n${second + 60},1,1,1,1,1\n`);
    file("a-btcusdt.csv", 1_700_000_600);
    file("b-btcusdt.csv", 1_700_000_000);
    file("ethusdt.csv", 1_700_000_000);
    const { data } = await read(folder);
    const lengths = data.map(({ instrument, columns }) => [instrument.symbol, columns.length] as const);
    expect(new Map(lengths)).toEqual(
      new Map([
        ["BTC/USDT", 4],
        ["ETH/USDT", 2],
      ]),
    );
  });
});

const TARDIS = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount";

describe("trades", () => {
  test("tardis.dev's form", async () => {
    const path = textFile("trades.csv.gz", [
      TARDIS,
      "binance-futures,BTCUSDT,1582329602111000,1582329602418379,42377944,buy,9682,0.132",
      "binance-futures,BTCUSDT,1582329602116000,1582329602418420,42377945,sell,9682.5,0.4",
    ]);
    const { data, tier } = await read(path);
    const [one] = data;
    expect(tier).toBe("trades");
    expect(one?.instrument).toMatchObject({ id: "binance-futures:BTC/USDT", priceDecimals: 1, sizeDecimals: 3 });
    expect(one?.columns).toMatchObject({
      priceTicks: Float64Array.of(96820, 96825),
      sizeLots: Float64Array.of(132, 400),
      isSellAggressor: Uint8Array.of(0, 1),
      tradeId: Float64Array.of(42377944, 42377945),
    });
  });

  test("other names of the columns, and the taker told by the maker", async () => {
    const path = textFile("ETHBTC-trades.csv", [
      "id,price,qty,quoteQty,time,isBuyerMaker",
      "7,0.05,2,0.1,1700000000123,True",
      "8,0.06,2,0.1,1700000000124,False",
    ]);
    const [one] = (await read(path)).data;
    expect(one?.instrument).toMatchObject({ symbol: "ETH/BTC", minNotional: 10_000n });
    expect(one?.columns).toMatchObject({
      isSellAggressor: Uint8Array.of(1, 0),
      atUs: Float64Array.of(1_700_000_000_123_000, 1_700_000_000_124_000),
    });
  });

  test.each([
    ["x,BTCUSDT,1700000001000000,1,1,up,1,1", /csv:2: the side "up" is neither buy nor sell/],
    [
      "x,BTCUSDT,1700000001000000,1,1,buy,1,1\nx,ETHUSDT,1700000001000000,1,1,buy,1,1",
      /csv:3: is a trade of ETHUSDT, those before are of BTCUSDT/,
    ],
    [
      "x,BTCUSDT,1700000001000000,1,1,buy,1,1\nx,BTCUSDT,1700000000000000,1,1,buy,1,1",
      /csv:3: is earlier than the trade before/,
    ],
  ])("%s is refused, naming the line", async (rows, message) => {
    await expect(read(textFile("t.csv", [TARDIS, ...rows.split("\n")]))).rejects.toThrow(message);
  });
});

describe("what a file is", () => {
  test.each([
    ["a,b,c", /csv:1: is neither a header of candles .* nor of trades/],
    ["\u001b[2Jno\u009bdata\u202e", /nor a recording: "\\u001b\[2Jno\\u\{9b\}data\\u\{202e\}"$/],
    ["PAR1", /is a Parquet table: name the journal\.db beside it/],
    ["PK\u0003\u0004", /is a zip archive: unpack it/],
    ["", /is empty/],
  ])("%j is refused, with what to do", async (line, message) => {
    await expect(read(textFile("x.csv", [line]))).rejects.toThrow(message);
  });

  test("files of two kinds, a tier that the data has not, and an empty span are refused", async () => {
    const candles = bars("1700000000,1,1,1,1,1");
    const trades = textFile("t.csv", [TARDIS, "x,BTCUSDT,1700000001000000,1,1,buy,1,1"]);
    await expect(readMarketData([candles, trades], { clock })).rejects.toThrow(
      /is trades, .* is candles: name files of one kind/,
    );
    await expect(read(candles, { tier: "depth" })).rejects.toThrow(
      /--tier depth needs depth, and the data of data:ETH\/USDT has bars/,
    );
    await expect(read(candles, { fromUs: 1_800_000_000e6 })).rejects.toThrow(
      /has no event in the span asked for \(--from 2027/,
    );
    await expect(read(join(newFolder(), "none.csv"))).rejects.toThrow(/there is no .*none\.csv/);
    await expect(read(newFolder())).rejects.toThrow(/is a folder without a file/);
  });

  test("--from after --to is told to be swapped, before anything is read", async () => {
    const span = { fromUs: 1_700_000_060e6, toUs: 1_700_000_000e6 };
    await expect(read("none.csv", span)).rejects.toThrow(
      /--from 2023-11-14T22:14:20\.000Z is after --to 2023-11-14T22:13:20\.000Z: they are swapped/,
    );
    await expect(read("none.csv", { ...span, fromUs: span.toUs })).rejects.toThrow(/is the same as --to/);
  });

  test("a header without rows is told as that, and with others left out", async () => {
    await expect(read(bars())).rejects.toThrow(/csv: has no rows below its header of candles/);
    await expect(read(textFile("btcusdt.csv", [TARDIS]))).rejects.toThrow(/has no rows below its header of trades/);
    const folder = newFolder();
    writeFileSync(join(folder, "btcusdt.csv"), `${HEADER}\n`);
    writeFileSync(join(folder, "ethusdt.csv"), `${HEADER}\n1700000000,1,1,1,1,1\n`);
    const { data, notes } = await read(folder);
    expect(data.map(({ instrument }) => instrument.symbol)).toEqual(["ETH/USDT"]);
    expect(notes).toEqual(["data:BTC/USDT has no event, and is left out"]);
  });

  test("what is no market data in a folder is left out and named; by itself it is refused", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "README.md"), "# Candles\n");
    writeFileSync(join(folder, "meta.json"), '{"from":"2023"}\n');
    writeFileSync(join(folder, "empty.csv"), "");
    await expect(read(folder)).rejects.toThrow(/without market data: of its 3 files none .*README\.md:1: is neither/);
    writeFileSync(join(folder, "ethusdt.csv"), `${HEADER}\n1700000000,1,1,1,1,1\n`);
    const { files, notes } = await read(folder);
    expect(files).toEqual([join(folder, "ethusdt.csv")]);
    expect(notes).toEqual([`left out of ${folder}, for no market data: README.md, empty.csv, meta.json`]);
    await expect(read(join(folder, "README.md"))).rejects.toThrow(/is neither a header/);
  });

  test.each([
    ["binance-delivery,BTCUSD_PERP,1700000000000000,1,1,buy,30000,2", "t.csv"],
    ["x,BTCUSD_210625,1700000000000000,1,1,buy,30000,2", "t.csv"],
    ["x,BTCUSD,1700000000000000,1,1,buy,30000,2", "BTCUSD_PERP-trades.csv"],
  ])("trades in contracts are refused: %s in %s", async (row, name) => {
    await expect(read(textFile(name, [TARDIS, row]), { symbol: "BTC/USD" })).rejects.toThrow(
      /csv: is of COIN-M futures .* contracts .* Take spot or USD-M data/,
    );
  });

  test("candles in contracts are refused, and a day in a name is none of their symbols", async () => {
    const row = "1700000000,1,1,1,1,1";
    await expect(read(textFile("BTCUSD_PERP-1m-2023-11.csv", [HEADER, row]))).rejects.toThrow(/COIN-M/);
    expect((await read(textFile("btcusd_231114.csv", [HEADER, row]))).rows).toBe(1);
  });

  test("a gzip file that is cut off is told by name", async () => {
    const path = join(newFolder(), "cut.csv.gz");
    const whole = textFile("whole.csv.gz", [
      HEADER,
      ...Array.from(
        { length: 5000 },
        (_, i) => `${1_700_000_000 + i * 60},1.5,${(2 + ((i * 7919) % 1000) / 1000).toFixed(3)},1,1,1`,
      ),
    ]);
    writeFileSync(path, readFileSync(whole).subarray(0, 5_000));
    await expect(read(path, { symbol: "A/B" })).rejects.toThrow(
      /cut\.csv\.gz: cannot be read \(unexpected end of file\)/,
    );
  });
});

test.each([
  ["price", "1700000000,0,1,buy"],
  ["size", "1700000000,500,0,buy"],
])("a trade whose %s is 0 is no trade", async (what, row) => {
  const path = textFile("eth-usdt.csv", ["timestamp,price,amount,side", "1699999999,100,1,buy", row]);
  await expect(read(path)).rejects.toThrow(`:3: is no trade: its ${what} is 0; repair that line`);
});
