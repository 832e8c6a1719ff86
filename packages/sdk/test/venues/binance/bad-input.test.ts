import { createPaper } from "@pitlane/paper";
import { afterEach, describe, expect, test } from "vitest";
import { InvalidInputError, type MarketStream } from "../../../src/index.ts";
import type { Instrument } from "../../../src/model/instrument.ts";
import {
  type BinanceCredentials,
  type BinanceUrls,
  createBinance,
  createBinanceMarket,
} from "../../../src/venues/binance/index.ts";
import { createBinanceMarket as createLightMarket, moreCalls } from "../../../src/venues/binance/market-only.ts";
import { countRequests } from "../../conformance/server-requests.ts";
import { BAD_CONTROLS } from "../../support/bad-controls.ts";
import { rejectionOf } from "../../support/rejection.ts";

// What plain JavaScript can pass where the types say otherwise: each is refused at the call, with nothing sent.

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(orderTransport: "rest" | "webSocket" = "rest") {
  const paper = await createPaper({ seed: 5, market: false });
  const client = createBinance({ urls: paper.urls, credentials: paper, orderTransport, clockSync: false });
  closers.push(
    () => paper.close(),
    () => client.close(),
  );
  const instrument = await client.market.getInstrument("AAA/USDT");
  const { orders, stream, account, market } = client;
  // biome-ignore lint/suspicious/noExplicitAny: it is what callers without types have
  return { paper, instrument, client: { orders, stream, account, market } as any };
}

describe.each(["rest", "webSocket"] as const)("order calls over %s", (transport) => {
  test("refuse what is no order, before anything is sent", async () => {
    const { paper, instrument, client } = await setUp(transport);
    const { orders } = client;
    const ok = { instrument, clientOrderId: "ok", side: "buy", type: "postOnly", priceTicks: 8_000, sizeLots: 1_000 };
    const ref = { instrument, clientOrderId: "ok" };
    const list = { instrument, clientListId: "list" };
    const noId = /^(requests\[0\]: |refs\[0\]: )?clientOrderId must be 1 to 36 of .*, got (undefined|null|5)$/;
    const noListId = /^clientListId must be 1 to 36 of .*, got (undefined|null|5)$/;
    const rows: (readonly [call: () => Promise<unknown>, words: RegExp])[] = [];
    for (const id of [undefined, null, 5]) {
      const bad = { clientOrderId: id };
      rows.push(
        [() => orders.submit({ ...ok, ...bad }), noId],
        [() => orders.submitMany([{ ...ok, ...bad }]), noId],
        [() => orders.get({ instrument, ...bad }), noId],
        [() => orders.cancel({ instrument, ...bad }), noId],
        [() => orders.cancelMany([{ instrument, ...bad }]), noId],
        [() => orders.amend({ instrument, ...bad, sizeLots: 900 }), noId],
        [() => orders.amendMany([{ instrument, ...bad, sizeLots: 900 }]), noId],
        [() => orders.replace({ instrument, ...bad }, ok), noId],
        [() => orders.replace(ref, { ...ok, ...bad }), noId],
        [() => orders.getList({ instrument, clientListId: id }), noListId],
        [() => orders.cancelList({ instrument, clientListId: id }), noListId],
        [() => orders.submitList({ type: "oto", instrument, clientListId: id }), noListId],
        [
          () => orders.submitList({ ...list, type: "oto", working: { ...ok, ...bad }, pending: ok }),
          /^working: client/,
        ],
      );
    }
    const hole = [ok, ok];
    delete hole[0];
    rows.push(
      [() => orders.submit(undefined), /^request must be an object, got undefined$/],
      [() => orders.submit(null), /^request must be an object, got null$/],
      [() => orders.submit({}), /^instrument undefined is not of venue binance/],
      [() => orders.submitMany(hole), /^requests\[0\]: request must be an object, got undefined$/],
      [() => orders.submitMany([null]), /^requests\[0\]: request must be an object, got null$/],
      [() => orders.cancelMany([undefined]), /^refs\[0\]: ref must be an object/],
      [() => orders.amendMany([undefined]), /^requests\[0\]: request must be an object/],
      [() => orders.cancel({}), /^instrument undefined is not of venue binance/],
      [() => orders.cancel(undefined), /^ref must be an object, got undefined$/],
      [() => orders.get("ok"), /^ref must be an object, got "ok"$/],
      [() => orders.get({ ...ref, instrument: { venue: "binance" } }), /^instrument undefined is not of venue binance/],
      [() => orders.amend(undefined), /^request must be an object/],
      [() => orders.replace(undefined, ok), /^ref must be an object/],
      [() => orders.replace(ref, undefined), /^request must be an object/],
      [() => orders.cancelAll(undefined), /^instrument undefined is not of venue/],
      [() => orders.listFills(null), /^instrument undefined is not of venue/],
      [() => orders.submitList(undefined), /^request must be an object/],
      [() => orders.submitList({ type: "x" }), /^instrument undefined is not of venue/],
      [() => orders.submitList({ ...list, type: "x" }), /^type of a list must be "oco", "oto" or "otoco", got "x"$/],
      [
        () => orders.submitList({ ...list, type: "oco", side: "buy", sizeLots: 1_000 }),
        /^of above and below one must stop/,
      ],
      [() => orders.submitList({ ...list, type: "oto" }), /^working: type must be one of/],
      [() => orders.getList(undefined), /^ref must be an object/],
      [() => orders.cancelList(5), /^ref must be an object, got 5$/],
    );
    for (const control of [{ signal: {} }, { signal: "x" }, { signal: null }]) {
      const words = /^signal must be an AbortSignal, got/;
      rows.push(
        [() => orders.submit(ok, control), words],
        [() => orders.submitMany([ok], control), words],
        [() => orders.cancel(ref, control), words],
        [() => orders.cancelMany([ref], control), words],
        [() => orders.cancelAll(instrument, control), words],
        [() => orders.amend({ ...ref, sizeLots: 900 }, control), words],
        [() => orders.amendMany([{ ...ref, sizeLots: 900 }], control), words],
        [() => orders.replace(ref, ok, control), words],
        [() => orders.cancelList(list, control), words],
        [() => orders.getList(list, control), words],
        [() => orders.get(ref, control), words],
        [() => orders.listOpen(control), words],
        [() => orders.listFills(instrument, control), words],
        [() => client.account.getBalances(control), words],
        [() => client.market.getTopOfBook(instrument, control), words],
      );
    }
    rows.push([() => orders.submit(ok, null), /^control must be an object, got null$/]);
    rows.push([() => orders.submit(ok, { onSent: 5 }), /^onSent must be a function, got 5$/]);
    for (const [call, words] of rows) {
      const error = await rejectionOf(call());
      expect(error.message).toMatch(words);
      expect(error).toBeInstanceOf(InvalidInputError);
    }
    expect(paper.acceptedOrders()).toEqual([]);
  });
});

/** Every call that takes a control, by its name. */
// biome-ignore lint/suspicious/noExplicitAny: as above
function callsOf({ market, orders, account }: any, instrument: Instrument) {
  const order = { instrument, clientOrderId: "a", side: "buy", type: "postOnly", priceTicks: 8_000, sizeLots: 1_000 };
  const ref = { instrument, clientOrderId: "a" };
  const amend = { ...ref, sizeLots: 900 };
  const list = { instrument, clientListId: "b" };
  const legs = { working: order, pending: { ...order, clientOrderId: "c" } };
  return {
    listInstruments: (control: unknown) => market.listInstruments(control),
    getInstrument: (control: unknown) => market.getInstrument("AAA/USDT", control),
    ...(market.getBook && {
      getServerTimeUs: (control: unknown) => market.getServerTimeUs(control),
      getBook: (control: unknown) => market.getBook(instrument, control),
      listTrades: (control: unknown) => market.listTrades(instrument, control),
      listBars: (control: unknown) =>
        market.listBars(instrument, control === Object(control) ? { interval: "1m", ...Object(control) } : control),
      getTopOfBook: (control: unknown) => market.getTopOfBook(instrument, control),
    }),
    ...(orders && {
      submit: (control: unknown) => orders.submit(order, control),
      cancel: (control: unknown) => orders.cancel(ref, control),
      amend: (control: unknown) => orders.amend(amend, control),
      replace: (control: unknown) => orders.replace(ref, order, control),
      cancelAll: (control: unknown) => orders.cancelAll(instrument, control),
      submitMany: (control: unknown) => orders.submitMany([order], control),
      cancelMany: (control: unknown) => orders.cancelMany([ref], control),
      amendMany: (control: unknown) => orders.amendMany([amend], control),
      submitList: (control: unknown) => orders.submitList({ ...list, type: "oto", ...legs }, control),
      cancelList: (control: unknown) => orders.cancelList(list, control),
      getList: (control: unknown) => orders.getList(list, control),
      get: (control: unknown) => orders.get(ref, control),
      listOpen: (control: unknown) => orders.listOpen(control),
      listFills: (control: unknown) => orders.listFills(instrument, control),
      getBalances: (control: unknown) => account.getBalances(control),
    }),
  } as Readonly<Record<string, (control: unknown) => Promise<unknown>>>;
}

describe.each([
  ["over REST", (urls, keys) => createBinance({ urls, credentials: keys, clockSync: false })],
  ["over its socket", (urls, keys) => createBinance({ urls, credentials: keys, orderTransport: "webSocket" })],
  ["that batches", (urls, keys) => createBinance({ urls, credentials: keys, batching: { maxAgeMs: 1, maxSize: 5 } })],
  ["for market data", (urls) => createBinanceMarket({ urls })],
  ["that is light", (urls) => createLightMarket({ urls })],
  ["that is light, with more calls", (urls) => createLightMarket({ urls, parts: [moreCalls] })],
] as const satisfies readonly (readonly [string, (urls: BinanceUrls, keys: BinanceCredentials) => object])[])(
  "a client %s",
  (_, create) => {
    test("refuses a control that is none, from every call, before anything is sent", async () => {
      const paper = await createPaper({ seed: 5, market: false });
      const client = create(paper.urls, paper);
      closers.push(
        () => paper.close(),
        () => client.close(),
      );
      const instrument = await client.market.getInstrument("AAA/USDT");
      const requests = countRequests([paper.port]);
      for (const [name, call] of Object.entries(callsOf(client, instrument))) {
        for (const [control, words] of BAD_CONTROLS) {
          const error = await rejectionOf(call(control));
          expect(error.message, name).toBe(words);
          expect(error, name).toBeInstanceOf(InvalidInputError);
        }
      }
      expect(requests.count()).toBe(0);
      requests.stop();
    });
  },
);

test("an order with a control that is none costs nothing of the limit on orders", async () => {
  const paper = await createPaper({ seed: 5, market: false });
  const orderLimits = [{ orders: 10, windowMs: 10_000 }];
  const client = createBinance({ urls: paper.urls, credentials: paper, orderLimits, clockSync: false });
  closers.push(
    () => paper.close(),
    () => client.close(),
  );
  const instrument = await client.market.getInstrument("AAA/USDT");
  const order = { instrument, side: "buy", type: "postOnly", priceTicks: 8_000, sizeLots: 1_000 } as const;
  for (let i = 0; i < 20; i++) {
    await rejectionOf(client.orders.submit({ ...order, clientOrderId: `a-${i}` }, { timeoutMs: -1 }));
  }
  expect(client.health().budgets.find(({ name }) => name === "orders-10s")).toMatchObject({ limit: 10, used: 0 });
  expect(await client.orders.submit({ ...order, clientOrderId: "b" })).toMatchObject({ clientOrderId: "b" });
});

describe("a market stream", () => {
  const rows: readonly (readonly [options: object, words: string])[] = [
    [{ overflow: { policy: "x" } }, 'overflow.policy must be "conflate", "dropOldest" or "close", got "x"'],
    [{ overflow: "close" }, 'overflow must be an object, got "close"'],
    [{ bars: ["9m"] }, "an interval of bars must be one of 1s, 1m, 3m"],
    [{ bars: ["1H"] }, 'got "1H"'],
    [{ bars: "1m" }, 'bars must be a list, got "1m"'],
    [{ dual: "yes" }, 'dual must be true or false, got "yes"'],
    [{ onEvent: 5 }, "onEvent must be a function, got 5"],
    [{ onFrameEnd: {} }, "onFrameEnd must be a function, got object"],
    [{ onError: "x" }, 'onError must be a function, got "x"'],
    [{ signal: {} }, "signal must be an AbortSignal, got object"],
    [{ instruments: undefined }, "instruments must be a list, got undefined"],
    [{ instruments: [undefined] }, "instrument undefined is not of venue binance"],
    [{ staleAfterMs: 5 }, "staleAfterMs must be an object, got 5"],
    [{ streams: "aaausdt@trade" }, 'streams must be a list, got "aaausdt@trade"'],
    [{ streams: ["nonsense"] }, `a stream's name must be like btcusdt@bookTicker, got "nonsense"`],
    [{ streams: ["AAAUSDT@trade"] }, `a stream's name must be like btcusdt@bookTicker, got "AAAUSDT@trade"`],
    [{ streams: ["aaausdt@"] }, "a stream's name must be like btcusdt@bookTicker"],
    [{ streams: ["@trade"] }, "a stream's name must be like btcusdt@bookTicker"],
    [{ streams: ["aaausdt@aggtrade"] }, "a stream's name must be like btcusdt@bookTicker"],
    [{ streams: [["aaausdt@trade"]] }, "a stream's name must be like btcusdt@bookTicker, got object"],
    [{ streams: [5] }, "a stream's name must be like btcusdt@bookTicker, got 5"],
    [{ streams: ["aaausdt@Trade"] }, 'must be like btcusdt@bookTicker, got "aaausdt@Trade"'],
    [{ streams: ["aaausdt@bookticker"] }, "a stream's name must be like btcusdt@bookTicker"],
    [{ streams: ["aaausdt@DEPTH@100MS"] }, "a stream's name must be like btcusdt@bookTicker"],
    [{ streams: ["aaausdt@Kline_1m"] }, "a stream's name must be like btcusdt@bookTicker"],
  ];
  test.each(rows)("refuses %j", async (options, words) => {
    const { client, instrument } = await setUp();
    const open = () => client.stream.market({ instruments: [instrument], ...options });
    expect(open).toThrow(InvalidInputError);
    expect(open).toThrow(words);
  });

  test("refuses them too when they are added later", async () => {
    const { client, instrument } = await setUp();
    const stream: MarketStream = client.stream.market({ instruments: [instrument], onEvent() {} });
    for (const [streams, words] of [
      [["AAAUSDT@trade"], "a stream's name must be like btcusdt@bookTicker"],
      [["aaausdt@bookticker"], "a stream's name must be like btcusdt@bookTicker"],
    ] as const) {
      const error = await rejectionOf(stream.subscribe([instrument], streams));
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toContain(words);
    }
  });

  test("takes the venue's names as they are written, of months and of all symbols too", async () => {
    const { client, instrument } = await setUp();
    const streams = ["aaausdt@kline_1M", "aaausdt@aggTrade", "aaausdt@depth5@100ms", "!miniTicker@arr", "!bookTicker"];
    const stream = client.stream.market({ instruments: [instrument], streams, onEvent() {} });
    await stream.close().catch(() => {});
    await rejectionOf(stream.ready);
  });
});

test("a user stream without onError is refused, not the end of the process at its first error", async () => {
  const { client, instrument } = await setUp();
  const callbacks = { onReport() {}, onBalances() {}, onReconnected() {} };
  const open = () => client.stream.user({ instruments: [instrument], ...callbacks });
  expect(open).toThrow(InvalidInputError);
  expect(open).toThrow("onError must be a function, got undefined");
  expect(() => client.stream.user(undefined)).toThrow(InvalidInputError);
});
