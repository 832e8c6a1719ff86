import { generateKeyPairSync } from "node:crypto";
import { createPaper, type Paper, type PaperOptions } from "@pitlane/paper";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  AuthError,
  type Balance,
  bookDigest,
  type Instrument,
  InvalidInputError,
  type MarketEvent,
  OrderBook,
  OrderNotFoundError,
  type OrderReport,
  RejectedError,
} from "../../../src/index.ts";
import { parseSnapshot } from "../../../src/venues/binance/decode.ts";
import { type BinanceClient, type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";
import { rejectionOf } from "../../support/rejection.ts";

// The client against an exchange of other hands that shares no code with it but the clock.

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(options: PaperOptions = {}, clientOptions: Omit<BinanceOptions, "product"> = {}) {
  const paper = await createPaper({ seed: 5, ...options });
  const client = createBinance({ urls: paper.urls, credentials: paper, ...clientOptions });
  closers.push(
    () => paper.close(),
    () => client.close(),
  );
  const instruments = await client.market.listInstruments();
  return { paper, client, instruments, instrument: instruments[0] as Instrument };
}

function follow(client: BinanceClient, instruments: readonly Instrument[]) {
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const stream = client.stream.market({
    instruments,
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
  });
  return { stream, events, errors };
}

async function followUser(client: BinanceClient, instruments: readonly Instrument[]) {
  const reports: OrderReport[] = [];
  const balances = new Map<string, Balance>();
  const errors: Error[] = [];
  const stream = client.stream.user({
    instruments,
    onReport: (report) => reports.push(report),
    onBalances: (changed) => {
      for (const [asset, balance] of changed) balances.set(asset, balance);
    },
    onReconnected: () => {},
    onError: (error) => errors.push(error),
  });
  await stream.ready;
  return { reports, balances, errors };
}

/** A quiet market: no model trades, so the only orders are the test's. */
const quiet = (clientOptions: Omit<BinanceOptions, "product"> = {}) => setUp({ market: false }, clientOptions);

/** A price at which `lots` are worth enough to order, a round number of ticks. */
function order(instrument: Instrument, clientOrderId: string, priceTicks: number, side: "buy" | "sell" = "buy") {
  const sizeLots = instrument.minLots * 1_000;
  return { type: "limit", instrument, clientOrderId, side, sizeLots, priceTicks, timeInForce: "GTC" } as const;
}

function acceptedIds(paper: Paper): readonly string[] {
  return paper.acceptedOrders().map(({ clientOrderId }) => clientOrderId);
}

test("lists what the exchange lists, with exact scales", async () => {
  const { paper, instruments, client } = await quiet();
  expect(instruments.map(({ venueSymbol }) => venueSymbol)).toEqual(paper.instruments.map(({ symbol }) => symbol));
  const half = instruments.find(({ venueSymbol }) => venueSymbol === "BBBUSDT");
  expect(half).toMatchObject({
    id: "binance:BBB/USDT",
    priceDecimals: 1,
    tickIncrement: 5,
    minNotional: 5_00000000n,
    trading: true,
  });
  expect(await client.market.getServerTimeUs()).toBeGreaterThan(1_700_000_000_000_000);
});

test("follows a live market without a gap, books agreeing with the quotes", async () => {
  const { client, instruments } = await setUp();
  const { stream, events, errors } = follow(client, instruments);
  await stream.ready;
  await vi.waitFor(
    () => {
      for (const instrument of instruments) {
        expect(stream.counters(instrument).bookUpdates).toBeGreaterThan(5);
        expect(stream.counters(instrument).checksumsChecked).toBeGreaterThan(0);
        expect(stream.counters(instrument).trades).toBeGreaterThan(0);
      }
    },
    { timeout: 20_000 },
  );
  for (const instrument of instruments) {
    expect(stream.counters(instrument)).toMatchObject({
      gaps: 0,
      resyncs: 0,
      sequenceFailures: 0,
      checksumFailures: 0,
      ignored: 0,
    });
    const book = stream.book(instrument) as OrderBook;
    expect(book.bestBidTicks).toBeLessThan(book.bestAskTicks);
  }
  expect(errors).toEqual([]);
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["book", "quote", "trade"]));
});

test("the streamed book is level for level the one of a snapshot", async () => {
  const { paper, client, instrument } = await quiet();
  const { stream } = follow(client, [instrument]);
  await stream.ready;
  const ticks = (n: number) => n * instrument.tickIncrement;
  for (let i = 0; i < 12; i++) {
    await client.orders.submit(order(instrument, `bid-${i}`, ticks(9_000 - (i % 5) * 7)));
    await client.orders.submit(order(instrument, `ask-${i}`, ticks(11_000 + (i % 5) * 3), "sell"));
  }
  await client.orders.cancel({ instrument, clientOrderId: "bid-3" });
  const reply = await (
    await fetch(`${paper.urls.rest}/api/v3/depth?symbol=${instrument.venueSymbol}&limit=5000`)
  ).json();
  const { sequence, bids, asks } = parseSnapshot(reply, instrument);
  const expected = new OrderBook();
  expected.load("bid", bids);
  expected.load("ask", asks);
  expect([expected.bidLevels, expected.askLevels]).toEqual([5, 5]);
  await vi.waitFor(() => expect(stream.book(instrument)?.bidLevels).toBe(5));
  await vi.waitFor(() =>
    expect(bookDigest(stream.book(instrument) as OrderBook, instrument)).toBe(bookDigest(expected, instrument)),
  );
  expect(sequence).toBeGreaterThan(0);
  expect(stream.counters(instrument)).toMatchObject({ gaps: 0, checksumFailures: 0 });
});

test("an order's life: accepted once, filled, reported, read back, cancelled", async () => {
  const { paper, client, instrument, instruments } = await setUp();
  const { reports, balances, errors } = await followUser(client, instruments);
  const { stream } = follow(client, [instrument]);
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  const life = (id: string) => reports.filter(({ clientOrderId }) => clientOrderId === id).map(({ status }) => status);
  const { bestBidTicks, bestAskTicks } = stream.book(instrument) as OrderBook;

  const resting = {
    ...order(instrument, "rest", bestBidTicks - 500 * instrument.tickIncrement),
    type: "postOnly",
  } as const;
  const rest = { instrument, clientOrderId: "rest" };
  expect(await client.orders.submit(resting)).toMatchObject({
    status: "accepted",
    filledLots: 0,
    fills: [],
    side: "buy",
  });
  expect(await client.orders.get(rest)).toMatchObject({ status: "accepted", sizeLots: resting.sizeLots });
  expect(await client.orders.listOpen()).toMatchObject([{ clientOrderId: "rest", instrument: { id: instrument.id } }]);
  expect(await client.orders.cancel(rest)).toMatchObject({ clientOrderId: "rest", status: "cancelled", filledLots: 0 });
  expect(await client.orders.listOpen()).toEqual([]);
  // The venue speaks of it by the cancel's id from here on; whoever asks by ours gets ours.
  expect(await client.orders.get(rest)).toMatchObject({ clientOrderId: "rest", status: "cancelled" });
  expect((await rejectionOf(client.orders.cancel(rest))).constructor).toBe(OrderNotFoundError);

  const moments: number[] = [];
  const taking = {
    ...order(instrument, "take", bestAskTicks + 500 * instrument.tickIncrement),
    timeInForce: "IOC",
  } as const;
  const taken = await client.orders.submit(taking, { onSent: (sentNs) => moments.push(sentNs) });
  expect(moments).toHaveLength(1);
  expect(taken).toMatchObject({ status: "filled", filledLots: taking.sizeLots, clientOrderId: "take" });
  expect(taken.fills.reduce((lots, { sizeLots }) => lots + sizeLots, 0)).toBe(taking.sizeLots);
  for (const fill of taken.fills) {
    expect(fill).toMatchObject({
      isMaker: false,
      side: "buy",
      clientOrderId: "take",
      venueOrderId: taken.venueOrderId,
    });
    expect(fill.priceTicks).toBeLessThanOrEqual(taking.priceTicks);
  }
  const fills = await client.orders.listFills(instrument);
  expect(fills).toEqual(taken.fills.map((fill) => ({ ...fill, clientOrderId: "" })));
  const next = Number(taken.fills.at(-1)?.tradeId) + 1;
  expect(await client.orders.listFills(instrument, { fromId: next })).toEqual([]);

  await vi.waitFor(() => expect(life("take").at(-1)).toBe("filled"));
  expect(life("rest")).toEqual(["accepted", "cancelled"]);
  const streamed = reports.filter(({ clientOrderId }) => clientOrderId === "take").flatMap((report) => report.fills);
  expect(streamed).toEqual(taken.fills);
  const after = await client.account.getBalances();
  await vi.waitFor(() => expect(balances.get("USDT")).toEqual(after.get("USDT")));
  expect(balances.get(instrument.base)).toEqual(after.get(instrument.base));
  expect(acceptedIds(paper)).toEqual(["rest", "take"]);
  expect(errors).toEqual([]);
});

test("a resting order that the market takes is reported as the maker's", { timeout: 120_000 }, async () => {
  const { client, instrument, instruments } = await setUp();
  const { reports } = await followUser(client, instruments);
  const { stream } = follow(client, [instrument]);
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  const { bestAskTicks } = stream.book(instrument) as OrderBook;
  await client.orders.submit(order(instrument, "maker", bestAskTicks, "sell"));
  await vi.waitFor(() => expect(reports.some(({ fills }) => fills.length > 0)).toBe(true), { timeout: 60_000 });
  const report = reports.find(({ fills }) => fills.length > 0);
  expect(report?.fills).toMatchObject([{ clientOrderId: "maker", side: "sell", feeAsset: "USDT" }]);
  expect(report?.fills[0]?.fee).toBeGreaterThan(0n);
});

test("each type of order does what its name says", async () => {
  const { client, instrument } = await quiet();
  const price = 10_000 * instrument.tickIncrement;
  await client.orders.submit(order(instrument, "wall", price, "sell"));
  const crossing = { instrument, side: "buy", sizeLots: instrument.minLots * 1_000, priceTicks: price } as const;
  const postOnly = await rejectionOf(client.orders.submit({ ...crossing, type: "postOnly", clientOrderId: "post" }));
  expect(postOnly).toBeInstanceOf(RejectedError);
  expect(postOnly).toMatchObject({ venueCode: -2010, venueText: "Order would immediately match and take." });
  const below = { ...crossing, priceTicks: price - instrument.tickIncrement } as const;
  expect(await client.orders.submit({ ...below, type: "postOnly", clientOrderId: "rests" })).toMatchObject({
    status: "accepted",
  });
  for (const timeInForce of ["IOC", "FOK"] as const) {
    const report = await client.orders.submit({ ...below, type: "limit", timeInForce, clientOrderId: timeInForce });
    expect(report).toMatchObject({ status: "expired", filledLots: 0, fills: [] });
  }
});

test("a market order takes what is there", async () => {
  const { client, instrument } = await setUp();
  const { stream } = follow(client, [instrument]);
  await vi.waitFor(() => expect(stream.book(instrument)?.askLevels).toBeGreaterThan(0));
  const market = {
    instrument,
    type: "market",
    side: "buy",
    sizeLots: instrument.minLots * 1_000,
    clientOrderId: "m",
  } as const;
  expect(await client.orders.submit(market)).toMatchObject({ status: "filled", filledLots: market.sizeLots });
});

test("what the venue refuses is an error with its words, and nothing was accepted", async () => {
  const { paper, client, instrument } = await quiet();
  const price = 10_000 * instrument.tickIncrement;
  const huge = { ...order(instrument, "huge", price), sizeLots: instrument.maxLots } as const;
  const poor = await rejectionOf(client.orders.submit(huge));
  expect(poor).toBeInstanceOf(RejectedError);
  expect(poor).toMatchObject({
    outcome: "refused",
    venueText: "Account has insufficient balance for requested action.",
  });
  expect(await rejectionOf(client.orders.get({ instrument, clientOrderId: "never" }))).toBeInstanceOf(
    OrderNotFoundError,
  );
  expect(await rejectionOf(client.orders.submit({ ...huge, sizeLots: 0 }))).toBeInstanceOf(InvalidInputError);
  expect(acceptedIds(paper)).toEqual([]);
});

describe("signatures", () => {
  test("of a wrong secret are refused, by calls and by the user stream", async () => {
    const { paper, instrument } = await quiet();
    const client = createBinance({ urls: paper.urls, credentials: { apiKey: paper.apiKey, apiSecret: "wrong" } });
    closers.push(() => client.close());
    const error = await rejectionOf(client.orders.submit(order(instrument, "a", 10_000 * instrument.tickIncrement)));
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ outcome: "refused", venueCode: -1022 });
    const errors: Error[] = [];
    const stream = client.stream.user({
      instruments: [instrument],
      onReport: () => {},
      onBalances: () => {},
      onReconnected: () => {},
      onError: (each) => errors.push(each),
    });
    expect(await rejectionOf(stream.ready)).toBeInstanceOf(AuthError);
    expect(errors).toHaveLength(1);
    expect(acceptedIds(paper)).toEqual([]);
  });

  test("by an Ed25519 key are taken, by calls and by the user stream", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const paper = await createPaper({
      market: false,
      publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
    });
    const apiSecret = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const client = createBinance({ urls: paper.urls, credentials: { apiKey: paper.apiKey, apiSecret } });
    closers.push(
      () => paper.close(),
      () => client.close(),
    );
    const instruments = await client.market.listInstruments();
    const instrument = instruments[0] as Instrument;
    const { reports } = await followUser(client, instruments);
    await client.orders.submit(order(instrument, "ed", 9_000 * instrument.tickIncrement));
    await vi.waitFor(() => expect(reports).toMatchObject([{ clientOrderId: "ed", status: "accepted" }]));
  });
});
