import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../../src/errors.ts";
import { parseNewPair } from "../../../../src/venues/axiom/wire/tokens.ts";
import { parseEucalyptus, parseTrackedTransactions } from "../../../../src/venues/axiom/wire/tracked.ts";
import { parseHolders, parseTopTraders } from "../../../../src/venues/axiom/wire/traders.ts";
import {
  parseLastTransaction,
  parseRoomTrades,
  parseTransactionRows,
} from "../../../../src/venues/axiom/wire/transactions.ts";
import { parseTrending, parseTrendingRoom } from "../../../../src/venues/axiom/wire/trending.ts";
import {
  eucalyptusColumns,
  feedColumns,
  holderColumns,
  lastTransaction,
  MINT,
  PAIR,
  roomTradeColumns,
  SIGNATURE,
  topTraderColumns,
  trackedColumns,
  trendingColumns,
  WALLET,
} from "../examples.ts";

const NOON_US = Date.parse("2026-04-18T12:00:00.000Z") * 1000;

describe("trending rows", () => {
  test("have 52 named columns, with the JSON text in them parsed", () => {
    const [row] = parseTrending([trendingColumns()]);
    expect(Object.keys(row ?? {})).toHaveLength(52 + 1);
    expect(row).toMatchObject({
      pairAddress: PAIR,
      tokenAddress: MINT,
      protocolDetails: { creator: "W" },
      extra: { migratedFrom: "P" },
      createdAtUs: Date.parse("2026-04-18T12:02:36.043Z") * 1000,
      likelyDexPaid: true,
      supply: 999_999_999.5,
      transactions: 3600,
      priceSol: 7e-7,
      likelyPriceChange24hPercent: 200,
      bondingCurvePercent: 0,
      likelyNumHolders: 700,
      sparkline: [
        { atUs: 1_776_510_000_000_000, marketCapSol: 226 },
        { atUs: 1_776_510_060_000_000, marketCapSol: 230.5 },
      ],
      slot: 414_000_000, // as text in the example
      likelyOpenTradingAtUs: NOON_US,
      pairTokenAccount: "ACC2",
      moreColumns: [],
    });
  });

  test("are read from either form of the room's content", () => {
    const rows = [trendingColumns()];
    expect(parseTrendingRoom({ rankings: rows })).toEqual(parseTrendingRoom(rows));
  });

  test("that cannot be read are refused with row and column", () => {
    const broken = trendingColumns();
    broken[8] = "{no json";
    expect(() => parseTrending([trendingColumns(), broken])).toThrow(
      new ProtocolError("new-trending-v2: row 1: column 8 (protocolDetails) must be JSON text"),
    );
  });
});

test("holders and top traders have the same figures in two orders", () => {
  const [holder] = parseHolders([holderColumns()]);
  const [trader] = parseTopTraders([topTraderColumns()]);
  expect(trader).toEqual({ ...holder, buyTransactions: 5, sellTransactions: 6 });
  expect(holder).toMatchObject({
    ...{ walletAddress: WALLET, tokenBalance: 0, solBalance: 9.5, likelyIsBundler: true, likelyIsSniper: false },
    ...{
      tokensBought: 30_000_000,
      tokensSold: 30_000_001,
      solInvested: 1,
      solSold: 1.2,
      usdInvested: 84,
      usdSold: 100.8,
    },
    ...{ lastActiveAtUs: 1_770_000_000_000_000, fundingAmountSol: 1.5 },
  });
});

test("tracked transactions keep the column of unknown meaning under its number", () => {
  expect(parseTrackedTransactions([trackedColumns()])).toMatchObject([
    {
      ...{ createdAtUs: NOON_US, walletAddress: WALLET, signature: SIGNATURE, feeSol: 0.04, type: "sell" },
      ...{ detailedType: "Sell Partial", averageEntryMarketCapSol: 60, averageExitMarketCapSol: 296, solFlow: 1.5 },
      ...{ tokenAddress: MINT, tokenImage: null, supply: 1_000_000_000, column23: 0, liquiditySol: 94 },
    },
  ]);
});

test("rows of added liquidity have nulls where there is no price", () => {
  const row = trackedColumns();
  for (const index of [3, 4, 13, 14]) row[index] = null;
  row[9] = "add";
  expect(parseTrackedTransactions([row])).toMatchObject([
    { type: "add", priceSol: null, priceUsd: null, averageEntryMarketCapSol: null, averageExitMarketCapSol: null },
  ]);
});

test("rows of the eucalyptus socket have the columns of a tracked transaction in an order of their own", () => {
  expect(parseEucalyptus(eucalyptusColumns())).toMatchObject({
    ...{ atUs: NOON_US, typeCode: 4, pairAddress: PAIR, tokenAddress: MINT, column6: "1776513600000:7" },
    ...{ solFlow: 1.5, tokenName: "Name", protocol: "Pump V1", column24: true, liquiditySol: 94, column27: 1 },
  });
});

test("a trade room sends one row or a list of rows", () => {
  const [trade] = parseRoomTrades(roomTradeColumns());
  expect(trade).toMatchObject({
    ...{ signature: SIGNATURE, makerAddress: WALLET, side: "buy", priceSol: 4e-8, priceUsd: 3.4e-6, totalSol: 0.5 },
    ...{ totalUsd: 42.5, tokenAmount: 12_500_000, likelyOuterIndex: 3, feeSol: 0.0001, column16: 0 },
  });
  expect(parseRoomTrades([roomTradeColumns(), roomTradeColumns()])).toEqual([trade, trade]);
  expect(parseRoomTrades([])).toEqual([]);
});

test("a side that is neither 0 nor 1 is refused", () => {
  const row = roomTradeColumns();
  row[3] = 2;
  expect(() => parseRoomTrades(row)).toThrow("trade room: column 3 (side) must be one of 0, 1, got 2");
});

test("the feed's rows and the last transaction tell of a trade alike", () => {
  const [row] = parseTransactionRows([feedColumns()]);
  const object = parseLastTransaction(lastTransaction());
  expect(row?.moreColumns).toEqual([0, 3, 0.0001]);
  expect(row).toMatchObject({
    signature: object?.signature,
    totalSol: object?.totalSol,
    createdAtUs: object?.createdAtUs,
  });
  expect(object).toMatchObject({ type: "sell", feeSol: 0.0001, outerIndex: 3, moreFields: {} });
  expect(parseLastTransaction(null)).toBeNull();
});

test("a new pair keeps fields that have no name here", () => {
  const pair = parseNewPair({
    ...{ pair_address: PAIR, token_address: MINT, token_ticker: "TCK", protocol: "Pump V1", supply: 1e9 },
    ...{ initial_liquidity_sol: 30, initial_liquidity_token: 1_073_000_000, extra: null, brand_new: { a: 1 } },
  });
  expect(pair).toMatchObject({
    ...{ pairAddress: PAIR, tokenAddress: MINT, tokenTicker: "TCK", initialLiquiditySol: 30, extra: null },
    ...{ website: null, createdAtUs: null, moreFields: { brand_new: { a: 1 } } },
  });
});

const ROWS = [
  { name: "trending", columns: trendingColumns, parse: (row: unknown[]) => parseTrending([row])[0], needed: 2 },
  { name: "holder", columns: holderColumns, parse: (row: unknown[]) => parseHolders([row])[0], needed: 1 },
  { name: "top trader", columns: topTraderColumns, parse: (row: unknown[]) => parseTopTraders([row])[0], needed: 1 },
  {
    name: "tracked",
    columns: trackedColumns,
    parse: (row: unknown[]) => parseTrackedTransactions([row])[0],
    needed: 10,
  },
  { name: "eucalyptus", columns: eucalyptusColumns, parse: (row: unknown[]) => parseEucalyptus(row), needed: 3 },
  { name: "room trade", columns: roomTradeColumns, parse: (row: unknown[]) => parseRoomTrades(row)[0], needed: 4 },
];

describe.each(ROWS)("a $name row of another width", ({ columns, parse, needed }) => {
  const width = columns().length;

  test("keeps what follows the known columns, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), (more) => {
        const row = parse([...columns(), ...more]);
        expect(row?.moreColumns).toEqual(more);
        expect({ ...row, moreColumns: [] }).toEqual(parse(columns()));
      }),
    );
  });

  test("is read as far as it goes: what is missing is null", () => {
    fc.assert(
      fc.property(fc.integer({ min: needed, max: width }), (length) => {
        const row = Object.values(parse(columns().slice(0, length)) ?? {});
        const whole = Object.values(parse(columns()) ?? {});
        expect(row).toHaveLength(whole.length);
        // The readers list their columns in the order of ours, not of the venue: a value is the whole one's, or null.
        for (const [index, value] of row.entries()) if (value !== null) expect(value).toEqual(whole[index]);
      }),
    );
  });

  test("never throws anything but a ProtocolError", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 60 }), (row) => {
        try {
          parse(row);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

test("an error never shows text of the venue: it may be a secret", () => {
  const row = trendingColumns();
  row[9] = "planted-secret";
  const parse = () => parseTrending([row]);
  expect(parse).toThrow("column 9 (createdAtUs) must be a time: ISO text or milliseconds since the epoch, got string");
  expect(parse).not.toThrow("planted-secret");
});
