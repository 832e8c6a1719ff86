import { createPaper } from "@pitlane/paper";
import { afterEach, describe, expect, test } from "vitest";
import { type Instrument, OrderNotFoundError, type OrderRequest, RejectedError, unwrap } from "../../../src/index.ts";
import { type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";
import { rejectionOf } from "../../support/rejection.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

/** A client on a market that stands still at a bid of 99.00 and an ask of 101.00, both the account's own, and a last price of 100. */
async function setUp(options: Omit<BinanceOptions, "product"> = {}) {
  const paper = await createPaper({ market: false, accounts: [{ name: "maker" }, { name: "taker" }] });
  closers.push(() => paper.close());
  const clientOf = (account: number, more: Omit<BinanceOptions, "product"> = {}) => {
    const { apiKey, apiSecret } = paper.accounts[account]!;
    const client = createBinance({ urls: paper.urls, credentials: { apiKey, apiSecret }, clockSync: false, ...more });
    closers.push(() => client.close());
    return client;
  };
  const maker = clientOf(0);
  const client = clientOf(1, options);
  const instrument = await client.market.getInstrument("AAA/USDT");
  const resting = (clientOrderId: string, side: "buy" | "sell", priceTicks: number, sizeLots = 10_000) =>
    maker.orders.submit({ ...order(instrument, clientOrderId), side, priceTicks, sizeLots });
  await resting("last-ask", "sell", 10_000, 100);
  await client.orders.submit({ ...sized(instrument, "last-take"), type: "market", sizeLots: 100 });
  await resting("bid", "buy", 9_900);
  await resting("ask", "sell", 10_100);
  return { paper, maker, client, instrument, resting };
}

const order = (instrument: Instrument, clientOrderId: string) =>
  ({
    instrument,
    clientOrderId,
    side: "buy",
    type: "limit",
    priceTicks: 9_800,
    sizeLots: 1_000,
    timeInForce: "GTC",
  }) as const;

const sized = (instrument: Instrument, clientOrderId: string) => {
  const { priceTicks: _, timeInForce: _other, type: _kind, ...rest } = order(instrument, clientOrderId);
  return rest;
};

describe.each(["rest", "webSocket"] as const)("over %s", (orderTransport) => {
  test("stop and take-profit orders wait, and an order that would trigger at once is refused with the venue's words", async () => {
    const { client, instrument } = await setUp({ orderTransport });
    const kinds: OrderRequest[] = [
      { ...sized(instrument, "stop"), type: "stop", side: "sell", triggerTicks: 9_500 },
      { ...order(instrument, "stop-limit"), type: "stopLimit", side: "sell", triggerTicks: 9_500, priceTicks: 9_400 },
      { ...sized(instrument, "profit"), type: "takeProfit", side: "sell", triggerTicks: 10_500 },
      {
        ...order(instrument, "profit-limit"),
        type: "takeProfitLimit",
        side: "sell",
        triggerTicks: 10_500,
        priceTicks: 10_400,
      },
      { ...sized(instrument, "trailing"), type: "stop", side: "sell", trailingBps: 200 },
    ];
    for (const request of kinds) expect((await client.orders.submit(request)).status).toBe("accepted");
    const open = await client.orders.listOpen();
    expect(open.map(({ clientOrderId }) => clientOrderId).sort()).toEqual(
      ["profit", "profit-limit", "stop", "stop-limit", "trailing"].sort(),
    );
    await client.orders.cancel({ instrument, clientOrderId: "trailing" }); // of such orders a symbol takes five
    const wrong = { ...sized(instrument, "wrong"), type: "stop", side: "sell", triggerTicks: 10_500 } as const;
    const error = await rejectionOf(client.orders.submit(wrong));
    expect(error).toBeInstanceOf(RejectedError);
    expect(error).toMatchObject({ venueCode: -2010, venueText: "Order would trigger immediately." });
    expect(await client.orders.cancelAll(instrument)).toHaveLength(4);
    expect(await client.orders.cancelAll(instrument)).toEqual([]);
  });

  test("an order is made smaller in its place, and replaced by another one", async () => {
    const { client, instrument } = await setUp({ orderTransport });
    await client.orders.submit(order(instrument, "a"));
    expect(await client.orders.amend({ instrument, clientOrderId: "a", sizeLots: 600 })).toMatchObject({
      clientOrderId: "a",
      status: "accepted",
      sizeLots: 600,
    });
    const { cancel, submit } = await client.orders.replace({ instrument, clientOrderId: "a" }, order(instrument, "b"));
    expect([unwrap(cancel).status, unwrap(submit).clientOrderId]).toEqual(["cancelled", "b"]);
    // The first half fails, and the second is not tried: both outcomes are told.
    const failed = await client.orders.replace({ instrument, clientOrderId: "a" }, order(instrument, "c"));
    expect(failed.cancel.ok ? undefined : failed.cancel.error).toBeInstanceOf(OrderNotFoundError);
    expect(failed.submit.ok ? undefined : failed.submit.error.message).toContain("not attempted");
    // The cancel succeeds and the new order is refused: the old one is gone all the same.
    const half = await client.orders.replace({ instrument, clientOrderId: "b" }, {
      ...order(instrument, "d"),
      type: "postOnly",
      priceTicks: 10_200,
    } as OrderRequest);
    expect(unwrap(half.cancel).clientOrderId).toBe("b");
    expect(half.submit.ok ? undefined : half.submit.error).toBeInstanceOf(RejectedError);
    expect(await client.orders.listOpen()).toEqual([]);
  });

  test("many orders have an outcome each, in their order, and a batch with a bad one is not sent at all", async () => {
    const { client, instrument, paper } = await setUp({ orderTransport });
    const before = paper.acceptedOrders().length;
    const bad = client.orders.submitMany([order(instrument, "m1"), { ...order(instrument, "m2"), sizeLots: 0 }]);
    expect((await rejectionOf(bad)).message).toMatch(/^requests\[1\]: sizeLots must be a positive whole number/);
    const twice = client.orders.submitMany([order(instrument, "m1"), order(instrument, "m1")]);
    expect((await rejectionOf(twice)).message).toContain('clientOrderId "m1" is twice in the batch');
    expect(paper.acceptedOrders()).toHaveLength(before);

    const requests = [
      order(instrument, "m1"),
      { ...order(instrument, "m2"), type: "postOnly", priceTicks: 10_200 } as OrderRequest,
      order(instrument, "m3"),
    ];
    const outcomes = await client.orders.submitMany(requests);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(outcomes.map((one) => (one.ok ? one.value.clientOrderId : one.error.name))).toEqual([
      "m1",
      "RejectedError",
      "m3",
    ]);
    const amended = await client.orders.amendMany([{ instrument, clientOrderId: "m3", sizeLots: 500 }]);
    expect(amended.map((one) => unwrap(one).sizeLots)).toEqual([500]);
    const refs = ["m1", "none", "m3"].map((clientOrderId) => ({ instrument, clientOrderId }));
    const cancelled = await client.orders.cancelMany(refs);
    expect(cancelled.map((one) => (one.ok ? one.value.status : one.error.name))).toEqual([
      "cancelled",
      "OrderNotFoundError",
      "cancelled",
    ]);
  });

  test("of a pair one cancels the other, and an entry brings its target and its stop", async () => {
    const { client, instrument, resting } = await setUp({ orderTransport });
    const above = { type: "postOnly", clientOrderId: "target", priceTicks: 10_500 } as const;
    const below = { type: "stop", clientOrderId: "stop", triggerTicks: 9_500 } as const;
    const oco = await client.orders.submitList({
      type: "oco",
      instrument,
      clientListId: "pair",
      side: "sell",
      sizeLots: 1_000,
      above,
      below,
    });
    expect(oco).toMatchObject({ clientListId: "pair", status: "working" });
    expect(oco.orders.map(({ clientOrderId }) => clientOrderId).sort()).toEqual(["stop", "target"]);
    const cancelled = await client.orders.cancel({ instrument, clientOrderId: "stop" }); // takes its list along
    expect(cancelled).toMatchObject({ clientOrderId: "stop", status: "cancelled" });
    expect((await client.orders.getList({ instrument, clientListId: "pair" })).status).toBe("done");

    await client.orders.submitList({
      type: "otoco",
      instrument,
      clientListId: "entry",
      working: { ...order(instrument, "in"), priceTicks: 9_850 },
      pendingSide: "sell",
      pendingSizeLots: 1_000,
      pendingAbove: { ...above, clientOrderId: "target-2" },
      pendingBelow: { ...below, clientOrderId: "stop-2" },
    });
    await resting("fill", "sell", 9_850, 1_000);
    await resting("fill-2", "sell", 9_850, 1_000);
    const open = await client.orders.listOpen();
    expect(open.map(({ clientOrderId }) => clientOrderId).sort()).toEqual(["stop-2", "target-2"]);
    expect((await client.orders.cancelList({ instrument, clientListId: "entry" })).status).toBe("done");
    expect(await client.orders.listOpen()).toEqual([]);
  });
});

test("single orders within the batching window go out together, each with its own result", async () => {
  const { client, instrument } = await setUp({ batching: { maxAgeMs: 5, maxSize: 10 } });
  const reports = await Promise.all(["a", "b", "c"].map((id) => client.orders.submit(order(instrument, id))));
  expect(reports.map(({ clientOrderId }) => clientOrderId)).toEqual(["a", "b", "c"]);
  const mixed = await Promise.allSettled([
    client.orders.cancel({ instrument, clientOrderId: "a" }),
    client.orders.cancel({ instrument, clientOrderId: "gone" }),
  ]);
  expect(mixed.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(await rejectionOf(client.orders.submit({ ...order(instrument, "d"), sizeLots: 0 }))).toMatchObject({
    code: "INVALID_INPUT",
  });
});

test("public data: book, trades by id, bars and the top of the book", async () => {
  const { client, instrument } = await setUp();
  const { book, sequence } = await client.market.getBook(instrument, { limit: 5 });
  expect([book.bestBidTicks, book.bestAskTicks, sequence > 0]).toEqual([9_900, 10_100, true]);
  const trades = await client.market.listTrades(instrument);
  expect(trades).toMatchObject([{ priceTicks: 10_000, sizeLots: 100, aggressor: "buy" }]);
  expect(await client.market.listTrades(instrument, { fromId: trades[0]!.tradeId + 1 })).toEqual([]);
  const bars = await client.market.listBars(instrument, { interval: "1m" });
  expect(bars.at(-1)).toMatchObject({
    interval: "1m",
    closeTicks: 10_000,
    volumeLots: 100,
    trades: 1,
    isClosed: false,
  });
  expect(await client.market.getTopOfBook(instrument)).toMatchObject({ bidTicks: 9_900, askTicks: 10_100 });
  expect((await rejectionOf(client.market.getInstrument("aaa/usdt"))).message).toContain("did you mean AAA/USDT?");
  expect((await rejectionOf(client.market.listBars(instrument, { interval: "7m" as "1m" }))).message).toMatch(
    /^interval/,
  );
});
