import { createPaper } from "@pitlane/paper";
import { afterEach, describe, expect, test } from "vitest";
import { InvalidInputError, type MarketStream } from "../../../src/index.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";
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
    [{ streams: ["nonsense"] }, '"nonsense" is not a stream name such as btcusdt@bookTicker'],
    [{ streams: ["AAAUSDT@trade"] }, '"AAAUSDT@trade" is not a stream name such as btcusdt@bookTicker'],
    [{ streams: ["aaausdt@"] }, "is not a stream name"],
    [{ streams: ["@trade"] }, "is not a stream name"],
    [{ streams: ["aaausdt@aggtrade"] }, "is not a stream name"],
    [{ streams: [["aaausdt@trade"]] }, "a stream's name must be text, got object"],
    [{ streams: [5] }, "a stream's name must be text, got 5"],
    [{ streams: ["aaausdt@Trade"] }, '"aaausdt@Trade" is not a stream name'],
    [{ streams: ["aaausdt@bookticker"] }, "is not a stream name such as btcusdt@bookTicker"],
    [{ streams: ["aaausdt@DEPTH@100MS"] }, "is not a stream name such as btcusdt@bookTicker"],
    [{ streams: ["aaausdt@Kline_1m"] }, "is not a stream name such as btcusdt@bookTicker"],
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
      [["AAAUSDT@trade"], "is not a stream name"],
      [["aaausdt@bookticker"], "is not a stream name such as btcusdt@bookTicker"],
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
