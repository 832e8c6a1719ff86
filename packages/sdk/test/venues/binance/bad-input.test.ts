import { createPaper } from "@pitlane/paper";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { bookDigest, InvalidInputError, type MarketStream } from "../../../src/index.ts";
import type { Instrument } from "../../../src/model/instrument.ts";
import type { TRANSPORT_NAMES } from "../../../src/transport/check-options.ts";
import type { TransportOptions } from "../../../src/transport/options.ts";
import {
  type BinanceCredentials,
  type BinanceUrls,
  binanceEndpoints,
  createBinance,
  createBinanceMarket,
  RecordedMarket,
} from "../../../src/venues/binance/index.ts";
import {
  createBinanceMarket as createLightMarket,
  moreCalls,
  otherPlaces,
  regionalTransport,
} from "../../../src/venues/binance/market-only.ts";
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

// biome-ignore lint/suspicious/noExplicitAny: as above
const creators: readonly (readonly [what: string, create: (options: any) => { close(): Promise<void> }])[] = [
  ["createBinance", createBinance],
  ["createBinanceMarket", createBinanceMarket],
  ["the light createBinanceMarket", createLightMarket],
  ["the light one with regions", (options) => createLightMarket({ parts: [regionalTransport], ...options })],
];

describe.each(creators)("options of %s", (_, create) => {
  const clock = "clock.nowUs must be a function, got undefined";
  const venue = "venue must be lower-case letters, digits and -, got";
  test.each<readonly [options: object, words: string]>([
    [{ clock: {} }, clock],
    [{ clock: 5 }, "clock must be an object, got 5"],
    [{ clock: { ...new ManualClock(), nowUs: () => 5 } }, "clock.monotonicNs must be a function, got undefined"],
    [{ random: {} }, "random.next must be a function, got undefined"],
    [{ random: Math.random }, "random must be an object, got function"],
    [{ venue: ["a"] }, `${venue} object`],
    [{ venue: 5 }, `${venue} 5`],
    [{ venue: true }, `${venue} true`],
    [
      { urls: { rest: ["http://a"], stream: "ws://a", wsApi: "ws://a" } },
      "urls.rest must be a URL of http:// or https://",
    ],
    [{ urls: { rest: Symbol(), stream: "ws://a", wsApi: "ws://a" } }, "urls.rest must be a URL of http:// or https://"],
    [{ connectTimeoutMs: Object.create(null) }, "connectTimeoutMs must be a whole number from 1 to 600000, got object"],
  ])("refuse %o", (options, words) => {
    expect(() => create(options)).toThrow(InvalidInputError);
    expect(() => create(options)).toThrow(words);
  });
});

describe.each(creators.filter(([what]) => what !== "the light createBinanceMarket"))(
  "rare options of %s",
  (what, create) => {
    test.each<readonly [options: object, words: string]>([
      [{ http2: "no" }, 'http2 must be true or false, got "no"'],
      [{ http: "x" }, 'http must be an object, got "x"'],
      [{ http: { keepAlive: 5 } }, "a field of http must be one of headersTimeoutMs, keepAliveMs"],
      [{ http: { ca: 5 } }, "http.ca must be text, got 5"],
      [{ http: { lookup: "x" } }, 'http.lookup must be a function, got "x"'],
      [{ backoff: 5 }, "backoff must be an object, got 5"],
      [{ backoff: { retries: 5 } }, 'a field of backoff must be one of baseMs, capMs, factor, got "retries"'],
      [{ regionRules: null }, "regionRules must be an object, got null"],
      [{ regionRules: { suspectAfterMs: "x" } }, "a field of regionRules must be one of probeEveryMs"],
      [{ regionRules: { margin: "x" } }, "margin must be a number from 0 to 0.95, got x"],
      [{ metrics: {} }, "metrics must be a MetricsRegistry, got object"],
      [{ product: Symbol() }, "product must be one of spot, usdm, coinm, got Symbol()"],
    ])("refuse %o", (options, words) => {
      const parts = what.startsWith("the light") ? { parts: [regionalTransport, otherPlaces] } : {};
      expect(() => create({ ...parts, ...options })).toThrow(InvalidInputError);
      expect(() => create({ ...parts, ...options })).toThrow(words);
    });
  },
);

test("the transport's options have all the names that their types have", () => {
  type Names<K extends keyof typeof TRANSPORT_NAMES> = (typeof TRANSPORT_NAMES)[K][number];
  expectTypeOf<Names<"http">>().toEqualTypeOf<keyof NonNullable<TransportOptions["http"]>>();
  expectTypeOf<Names<"backoff">>().toEqualTypeOf<keyof NonNullable<TransportOptions["backoff"]>>();
  expectTypeOf<Names<"regionRules">>().toEqualTypeOf<keyof NonNullable<TransportOptions["regionRules"]>>();
});

test("clients and market streams refuse options that nobody reads, and name the nearest", async () => {
  const make = createBinance as (options: object) => unknown;
  const makeMarket = createBinanceMarket as (options: object) => unknown;
  for (const product of ["spot", "usdm", undefined]) {
    expect(() => make({ product, bogus: 1 })).toThrow(
      "there is no option bogus of createBinance; there are product, venue,",
    );
    expect(() => make({ product, credentails: {} })).toThrow(
      "option credentails of createBinance: did you mean credentials?",
    );
    expect(() => makeMarket({ product, retrys: 1 })).toThrow(
      "option retrys of createBinanceMarket: did you mean retries?",
    );
  }
  expect(() => make({ bogus: 1 })).toThrow(InvalidInputError);
  expect(() => makeMarket({ credentials: {} })).toThrow("there is no option credentials of createBinanceMarket");
  const options: object = { credentials: undefined, venue: undefined }; // as spreading what may be missing gives
  const clients = [
    createBinance(options),
    createBinance({ ...options, product: "coinm" }),
    createBinanceMarket(options),
  ];
  closers.push(...clients.map((client) => () => client.close()));
  for (const { stream } of clients) {
    const open = stream.market as (of: object) => unknown;
    expect(() => open({ instruments: [], onEvnt() {} })).toThrow(
      "option onEvnt of stream.market: did you mean onEvent?",
    );
  }
});

test("the light client refuses parts that are none", () => {
  for (const [parts, words] of [
    [null, "null"],
    [5, "5"],
    [{}, "object"],
    [[null], "object"],
    [["a"], "object"],
    [[moreCalls, {}], "object"],
    [new Array(1), "object"],
  ] as const) {
    const create = () => createLightMarket({ parts: parts as never });
    expect(create).toThrow(InvalidInputError);
    expect(create).toThrow(`parts must be a list of parts, such as tradeBackfill, got ${words}`);
  }
});

describe.each(creators)("events of %s", (_, create) => {
  test("are listened to by their names, with functions", async () => {
    const client = create({
      urls: { rest: "http://localhost:1", stream: "ws://localhost:1", wsApi: "ws://localhost:1" },
    });
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const { events } = client as any;
    const names = "event must be one of regionChanged, endpointDown, endpointUp, retried,";
    for (const verb of ["on", "once", "off"]) {
      for (const event of ["nope", "", 5, null, undefined, Symbol(), ["retried"], "toString"]) {
        expect(() => events[verb](event, () => {})).toThrow(InvalidInputError);
        expect(() => events[verb](event, () => {})).toThrow(names);
      }
      for (const listener of [null, 5, "x", {}]) {
        expect(() => events[verb]("retried", listener)).toThrow(InvalidInputError);
        expect(() => events[verb]("retried", listener)).toThrow("listener must be a function, got ");
      }
    }
    expect(() => events.on("retried")).toThrow("listener must be a function, got undefined");
    const heard: unknown[] = [];
    const listener = (event: unknown) => heard.push(event);
    events.on("retried", listener).once("retried", listener);
    events.emit("retried", 1);
    events.off("retried", listener);
    events.on("retried", listener).off("retried");
    events.emit("retried", 2);
    expect(heard).toEqual([1, 1]);
    await client.close();
  });
});

test("a symbol that is no text is refused before anything is asked", async () => {
  const paper = await createPaper({ seed: 5, market: false });
  const requests = countRequests([paper.port]);
  closers.push(() => paper.close());
  for (const [, create] of creators) {
    const client = create({ urls: paper.urls });
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const { market } = client as any;
    const throwing = { toString: () => "AAA/USDT" };
    for (const symbol of [["AAA/USDT"], throwing, Symbol(), Object.create(null), 5, null, undefined, "AAA"]) {
      const error = await rejectionOf(market.getInstrument(symbol));
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toMatch(/^symbol must be AAA\/BBB, base and quote asset, got /);
    }
    await client.close();
  }
  expect(requests.count()).toBe(0);
  requests.stop();
});

test("an order's id that is none is refused by a client that batches as by any other", async () => {
  const { paper, instrument } = await setUp();
  const batching = { maxAgeMs: 1, maxSize: 5 };
  const { orders, close } = createBinance({ urls: paper.urls, credentials: paper, batching, clockSync: false });
  closers.push(close);
  const order = { instrument, side: "buy", type: "postOnly", priceTicks: 8_000, sizeLots: 1_000 } as const;
  for (const clientOrderId of [Symbol(), Object.create(null), undefined, 5, "not an id"] as never[]) {
    for (const call of [
      () => orders.submit({ ...order, clientOrderId }),
      () => orders.cancel({ instrument, clientOrderId }),
      () => orders.amend({ instrument, clientOrderId, sizeLots: 900 }),
    ]) {
      const error = await rejectionOf(call());
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toMatch(/^clientOrderId must be 1 to 36 of /);
    }
  }
  expect(paper.acceptedOrders()).toEqual([]);
});

test("a market stream refuses limits that are none when it is told them", async () => {
  const { client, instrument } = await setUp();
  const open = () => client.stream.market({ instruments: [instrument], onEvent() {}, staleAfterMs: () => undefined });
  expect(open).toThrow(InvalidInputError);
  expect(open).toThrow("staleAfterMs must be an object, got undefined");
});

describe("parts of the package that are made without a client", () => {
  const product = "product must be one of spot, usdm, coinm, got";
  test.each<readonly [what: string, make: () => unknown, words: string]>([
    ["a recorded market of nothing", () => new RecordedMarket({} as never), `${product} undefined`],
    ["one of null", () => new RecordedMarket(null as never), "options must be an object, got null"],
    ["one of no list", () => new RecordedMarket({ product: "spot" } as never), "instruments must be a list"],
    [
      "one of no instrument",
      () => new RecordedMarket({ product: "spot", instruments: [null as never] }),
      "instruments[0] must be an instrument, got null",
    ],
    [
      "one without a listener",
      () => new RecordedMarket({ product: "spot", instruments: [], onEvent: 5 as never }),
      "onEvent must be a function, got 5",
    ],
    ["a digest of no book", () => bookDigest({} as never, {} as never), "book must be an OrderBook, got object"],
    ["endpoints of null", () => binanceEndpoints(null as never), "options must be an object, got null"],
  ])("refuse to make %s", (_, make, words) => {
    expect(make).toThrow(InvalidInputError);
    expect(make).toThrow(words);
  });
});
