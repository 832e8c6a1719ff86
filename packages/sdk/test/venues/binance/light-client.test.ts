import { createPaper } from "@pitlane/paper";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { MarketEvent } from "../../../src/index.ts";
import { createBinanceMarket as createFullMarket } from "../../../src/venues/binance/index.ts";
import {
  bars,
  createBinanceMarket,
  dualFeed,
  forAwait,
  frameScanner,
  MissingPartError,
  manySockets,
  moreCalls,
  otherPlaces,
  type PartName,
  regionalTransport,
  tradeBackfill,
} from "../../../src/venues/binance/market-only.ts";
import { FakeVenue, type FakeVenueOptions, sendJson } from "../../support/fake-venue.ts";
import { depthFrame, snapshotReply, tradeFrame } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const instrument = testInstrument();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function paperVenue() {
  const paper = await createPaper({ seed: 5 });
  closers.push(() => paper.close());
  return paper;
}

function owned<C extends { close(): Promise<void> }>(client: C): C {
  closers.push(() => client.close());
  return client;
}

/** What a program gets that has no types to stop it. */
const untyped = createBinanceMarket as (options?: object) => {
  readonly market: Record<string, unknown>;
  readonly stream: { market(options: object): AsyncIterable<MarketEvent> & { close(): Promise<void> } };
  close(): Promise<void>;
};

function missing(act: () => unknown): PartName | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof MissingPartError) return error.part;
    throw error;
  }
  return undefined;
}

describe("the plain client", () => {
  test("says that a read was unsent where nobody could be reached, as the full one does", async () => {
    const urls = { rest: "http://127.0.0.1:1", stream: "ws://127.0.0.1:1", wsApi: "ws://127.0.0.1:1" };
    for (const create of [createBinanceMarket, createFullMarket]) {
      const error = await rejectionOf(owned(create({ urls, retries: 0 })).market.listInstruments());
      expect(error).toMatchObject({ code: "NETWORK", outcome: "unsent", retryable: true });
    }
  });

  test("has instruments by call, and books, quotes and trades by stream", async () => {
    const { urls } = await paperVenue();
    const client = owned(createBinanceMarket({ urls }));
    const found = await client.market.getInstrument("AAA/USDT");
    expect(await client.market.listInstruments()).toContainEqual(found);
    const kinds = new Set<string>();
    const errors: Error[] = [];
    const stream = client.stream.market({
      instruments: [found],
      onEvent: ({ kind }) => kinds.add(kind),
      onError: (error) => errors.push(error),
    });
    await stream.ready;
    await vi.waitFor(() => expect([...kinds].sort()).toEqual(["book", "quote", "trade"]));
    await vi.waitFor(() => expect(stream.counters(found).checksumsChecked).toBeGreaterThan(0));
    expect(stream.book(found)?.bidLevels).toBeGreaterThan(0);
    expect([stream.counters(found).checksumFailures, errors]).toEqual([0, []]);
  });

  test("tells a missed trade, which it cannot fetch, as a gap that stays", async () => {
    const venue = await fakeVenue();
    const client = owned(createBinanceMarket({ urls: venue.urls }));
    const said: string[] = [];
    const stream = client.stream.market({
      instruments: [instrument],
      streams: ["btcusdt@trade"],
      onEvent: (event) => said.push(word(event)),
    });
    await stream.ready;
    for (const id of [1, 2, 5]) venue.socket.send(tradeFrame(id));
    await vi.waitFor(() => expect(said).toEqual(["1", "2", "gap sequence", "resync 0 2", "5"]));
    expect(venue.requests).toEqual([]);
  });

  test("resyncs a book whose diffs do not follow", async () => {
    let lastUpdateId = 12;
    const venue = await fakeVenue({
      onRequest: (_request, response) =>
        sendJson(response, snapshotReply(lastUpdateId, [["61.00", "2"]], [["61.10", "3"]])),
    });
    const client = owned(createBinanceMarket({ urls: venue.urls }));
    const said: string[] = [];
    const stream = client.stream.market({
      instruments: [instrument],
      streams: ["btcusdt@depth@100ms"],
      onEvent: (event) => said.push(word(event)),
    });
    await stream.ready;
    venue.socket.send(depthFrame({ U: 12, u: 13 }));
    await vi.waitFor(() => expect(said).toEqual(["book 13"]));
    lastUpdateId = 20;
    venue.socket.send(depthFrame({ U: 20, u: 21 }));
    await vi.waitFor(() => expect(said).toEqual(["book 13", "gap sequence", "resync 0 0", "book 21"]));
  });

  test("goes on at the next address when one is gone, with its calls and with its stream", async () => {
    const answer: FakeVenueOptions = { onRequest: (_request, response) => sendJson(response, { symbols: [] }) };
    const [first, second] = [await fakeVenue(answer), await fakeVenue(answer)];
    const regions = [
      { name: "near", ...first.urls },
      { name: "far", ...second.urls },
    ];
    const client = owned(createBinanceMarket({ regions }));
    const said: string[] = [];
    const stream = client.stream.market({
      instruments: [instrument],
      streams: ["btcusdt@trade"],
      onEvent: (event) => said.push(word(event)),
      onError: () => {},
    });
    await stream.ready;
    first.socket.send(tradeFrame(1));
    await vi.waitFor(() => expect(said).toEqual(["1"]));
    await first.close();
    await vi.waitFor(() => expect(second.sockets).toHaveLength(1));
    await vi.waitFor(() => expect(stream.legs()).toMatchObject([{ region: "far", isReady: true, losses: 1 }]));
    second.socket.send(tradeFrame(2));
    await vi.waitFor(() => expect(said).toEqual(["1", "gap connection", "resync 0 0", "2"]));
    await client.market.listInstruments();
    expect(second.requests).toMatchObject([{ path: "/api/v3/exchangeInfo" }]);
  });

  test("subscribes to more, and to less, over its one socket, which goes with the last of them", async () => {
    const asked: string[] = [];
    const venue = await fakeVenue({
      onSocket: (socket) =>
        socket.on("message", (data) => {
          const { method, params, id } = JSON.parse(String(data));
          asked.push(`${method} ${params}`);
          socket.send(JSON.stringify({ result: null, id }));
        }),
    });
    const eth = testInstrument({ id: "binance:ETH/USDT", symbol: "ETH/USDT", venueSymbol: "ETHUSDT" });
    const client = owned(createBinanceMarket({ urls: venue.urls }));
    const stream = client.stream.market({ instruments: [instrument], streams: ["btcusdt@trade"], onEvent: () => {} });
    await stream.subscribe([eth], ["ethusdt@trade"]);
    await stream.unsubscribe([instrument]);
    await vi.waitFor(() => expect(asked).toEqual(["SUBSCRIBE ethusdt@trade", "UNSUBSCRIBE btcusdt@trade"]));
    expect(venue.sockets).toHaveLength(1);
    await stream.unsubscribe([eth]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    await stream.subscribe([eth], ["ethusdt@trade"]);
    expect(venue.sockets).toHaveLength(2);
  });

  test("has no more than it says: what needs a part names it, and its import", async () => {
    const { urls } = await fakeVenue();
    for (const option of [
      { http: {} },
      { http2: true },
      { backoff: {} },
      { regionRules: {} },
      { suspectAfterMs: 100 },
      { hedgeAfterMs: 100 },
      { metrics: {} },
    ]) {
      expect(missing(() => untyped({ urls, ...option }))).toBe("regionalTransport");
    }
    expect(missing(() => untyped({ product: "usdm" }))).toBe("otherPlaces");
    expect(missing(() => untyped({ environment: "testnet" }))).toBe("otherPlaces");
    const client = owned(untyped({ urls }));
    const open = (more: object) =>
      missing(() => client.stream.market({ instruments: [instrument], onEvent() {}, ...more }));
    expect(open({ dual: true })).toBe("dualFeed");
    expect(open({ backfillTrades: 1 })).toBe("tradeBackfill");
    expect(open({ bars: ["1m"] })).toBe("bars");
    expect(open({ onEvent: undefined })).toBe("forAwait");
    expect(open({ overflow: { policy: "close" } })).toBe("forAwait");
    expect(open({ streams: Array.from({ length: 1_025 }, (_, i) => `s${i}@trade`) })).toBe("manySockets");
    expect(Object.keys(client.market)).not.toContain("listTrades");
    expect(client.market["listTrades"]).toBeUndefined();
    const stream = client.stream.market({ instruments: [instrument], onEvent() {} });
    expect(missing(() => stream[Symbol.asyncIterator]())).toBe("forAwait");
    expect(() => client.stream.market({ instruments: [instrument] })).toThrow(
      'needs `parts: [forAwait]`, import { forAwait } from "@pitlane/sdk/binance/market"',
    );
  });

  test("has the types of what it has, and no others", () => {
    const typed = () => {
      // @ts-expect-error: metrics need the part regionalTransport
      createBinanceMarket({ metrics: undefined as never });
      const client = createBinanceMarket();
      // @ts-expect-error: calls beyond instruments need the part moreCalls
      client.market.listTrades(instrument);
      // @ts-expect-error: dual needs the part dualFeed
      client.stream.market({ instruments: [instrument], onEvent: () => {}, dual: true });
      // @ts-expect-error: without the part forAwait events come by onEvent
      client.stream.market({ instruments: [instrument] });
      const stream = client.stream.market({ instruments: [instrument], onEvent: () => {} });
      // @ts-expect-error: no loop without the part forAwait
      stream[Symbol.asyncIterator]();
      createBinanceMarket({ parts: [dualFeed] }).stream.market({
        instruments: [instrument],
        onEvent: () => {},
        dual: true,
        // @ts-expect-error: another part is not this one
        backfillTrades: 1,
      });
      // @ts-expect-error: futures need the part otherPlaces
      createBinanceMarket({ product: "usdm" });
      const futures = createBinanceMarket({ product: "usdm", parts: [moreCalls, otherPlaces] });
      futures.market.listBars(instrument, { interval: "1m" });
      // @ts-expect-error: futures have no old trades, with any part
      futures.market.listTrades(instrument);
    };
    expect(typed).toBeTypeOf("function"); // for the compiler; it is not run
  });
});

describe("with parts", () => {
  test("all of them, it is the client of the other entry", async () => {
    const { urls } = await paperVenue();
    const client = owned(
      createBinanceMarket({
        urls,
        suspectAfterMs: 500,
        parts: [
          bars,
          dualFeed,
          forAwait,
          frameScanner,
          manySockets,
          moreCalls,
          otherPlaces,
          regionalTransport,
          tradeBackfill,
        ],
      }),
    );
    const found = await client.market.getInstrument("AAA/USDT");
    expect((await client.market.listTrades(found, { limit: 3 })).length).toBeLessThanOrEqual(3);
    expect(await client.market.getServerTimeUs()).toBeGreaterThan(0);
    const stream = client.stream.market({ instruments: [found], bars: ["1m"], dual: true, backfillTrades: 5 });
    const kinds = new Set<string>();
    for await (const { kind } of stream) {
      kinds.add(kind);
      if (kinds.size < 4) continue;
      expect(stream.legs()).toHaveLength(2);
      break;
    }
    expect([...kinds].sort()).toEqual(["bar", "book", "quote", "trade"]);
  });

  test("tradeBackfill fetches what was missed, over the plain transport", async () => {
    const rows = [3, 4].map((id) => ({ id, price: "61.00", qty: "1.00000", time: id, isBuyerMaker: false }));
    const venue = await fakeVenue({ onRequest: (_request, response) => sendJson(response, rows) });
    const client = owned(createBinanceMarket({ urls: venue.urls, parts: [tradeBackfill] }));
    const said: string[] = [];
    const stream = client.stream.market({
      instruments: [instrument],
      streams: ["btcusdt@trade"],
      onEvent: (event) => said.push(word(event)),
    });
    await stream.ready;
    for (const id of [1, 2, 5]) venue.socket.send(tradeFrame(id));
    await vi.waitFor(() => expect(said).toEqual(["1", "2", "gap sequence", "3", "4", "resync 2 0", "5"]));
  });
});

async function fakeVenue(options: FakeVenueOptions = {}): Promise<FakeVenue> {
  const venue = await FakeVenue.create(options);
  closers.push(() => venue.close());
  return venue;
}

function word(event: MarketEvent): string {
  if (event.kind === "trade") return String(event.tradeId);
  if (event.kind === "gap") return `gap ${event.cause}`;
  if (event.kind === "resync") return `resync ${event.backfilled} ${event.missing}`;
  return event.kind === "book" ? `book ${event.sequence}` : event.kind;
}
