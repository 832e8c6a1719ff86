import type { Socket } from "node:net";
import { createSystemClock } from "@pitlane/perf";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InvalidInputError, type MarketEvent } from "../../../src/index.ts";
import { fixedEndpoint } from "../../../src/region/endpoints.ts";
import { StreamOverflowError } from "../../../src/stream/overflow.ts";
import type { MarketStreamOptions } from "../../../src/stream/streams.ts";
import { ALL_PARTS } from "../../../src/venues/binance/all-parts.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";
import { type MarketStreamParts, openMarketStream } from "../../../src/venues/binance/market-stream.ts";
import {
  type FakeRequest,
  FakeVenue,
  type FakeVenueOptions,
  plainApi,
  sendJson,
  TestChoice,
} from "../../support/fake-venue.ts";
import { barFrame, depthFrame, frame, quoteFrame, snapshotReply, tradeFrame } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const instrument = testInstrument();
const eth = testInstrument({ id: "binance:ETH/USDT", symbol: "ETH/USDT", base: "ETH", venueSymbol: "ETHUSDT" });
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

/** Reads clocks as they are and waits for nothing: backoff is tested where it is made. */
function impatientClock(waits: number[] = []) {
  const clock = createSystemClock();
  return {
    nowUs: () => clock.nowUs(),
    monotonicNs: () => clock.monotonicNs(),
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

async function fakeVenue(options: FakeVenueOptions = {}): Promise<FakeVenue> {
  const venue = await FakeVenue.create(options);
  closers.push(() => venue.close());
  return venue;
}

function open(options: Partial<MarketStreamOptions>, parts: Pick<MarketStreamParts, "endpoints" | "rest">) {
  const waits: number[] = [];
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const order: string[] = [];
  let closes = 0;
  const stream = openMarketStream(
    {
      instruments: [instrument],
      onEvent: (event) => {
        events.push(event);
        order.push("channel" in event ? `${event.channel} ${event.kind}` : event.kind);
      },
      onFrameEnd: () => order.push("end"),
      onError: (error) => errors.push(error),
      ...options,
    },
    {
      ...PARTS,
      clock: impatientClock(waits),
      onClose: () => closes++,
      ...parts,
    },
  );
  closers.push(() => stream.close());
  const kinds = () => order.filter((kind) => kind !== "end");
  return { stream, events, errors, order, kinds, waits, closes: () => closes };
}

async function setUp(venueOptions: FakeVenueOptions = {}, options: Partial<MarketStreamOptions> = {}) {
  const venue = await fakeVenue(venueOptions);
  const { stream: url, rest } = venue.urls;
  return { venue, ...open(options, { endpoints: fixedEndpoint(url), rest: plainApi(rest) }) };
}

const zeroRandom = {
  next: () => 0,
  integer: (min: number) => min,
  normal: () => 0,
  exponential: () => 0,
  fork: () => zeroRandom,
};

const PARTS = {
  product: "spot",
  venue: "binance",
  connectTimeoutMs: 5_000,
  random: zeroRandom,
  optional: ALL_PARTS,
  mostLevels: 5_000,
} as const;

/** Answers depth requests with whatever snapshot the test has put up last. */
function snapshots() {
  let answer: (request: FakeRequest) => {
    readonly status: number;
    readonly body: unknown;
    readonly retryAfter?: string;
  } = () => ({
    status: 200,
    body: snapshotReply(0, [], []),
  });
  const onRequest: NonNullable<FakeVenueOptions["onRequest"]> = (request, response) => {
    const { status, body, retryAfter } = answer(request);
    sendJson(response, body, status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
  };
  return {
    onRequest,
    put: (lastUpdateId: number) => {
      answer = () => ({ status: 200, body: snapshotReply(lastUpdateId, [["61.00", "2"]], [["61.10", "3"]]) });
    },
    answer: (make: typeof answer) => {
      answer = make;
    },
  };
}

test("asks for its streams in the URL, lower-case, and sends nothing", async () => {
  const { venue, stream } = await setUp();
  await stream.ready;
  expect(venue.socketUrls).toEqual(["/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade"]);
});

test("takes the venue's own stream names, and gives no event for what it does not decode", async () => {
  const { venue, stream, order } = await setUp(
    {},
    { streams: ["btcusdt@kline_1m", "btcusdt@miniTicker", "１２@trade"] },
  );
  await stream.ready;
  expect(venue.socketUrls).toEqual(["/stream?streams=btcusdt@kline_1m/btcusdt@miniTicker/%EF%BC%91%EF%BC%92@trade"]);
  venue.socket.send(barFrame(1)); // of an interval that `bars` does not name
  venue.socket.send(frame("btcusdt@miniTicker", { e: "24hrMiniTicker", s: "BTCUSDT" }));
  await vi.waitFor(() => expect(stream.counters(instrument)).toMatchObject({ messages: 2, ignored: 2 }));
  expect(order).toEqual(["end", "end"]);
});

test("bars are subscribed and delivered where they are asked for", async () => {
  const { venue, stream, events } = await setUp({}, { streams: ["btcusdt@trade"], bars: ["1m", "1h"] });
  await stream.ready;
  expect(venue.socketUrls).toEqual(["/stream?streams=btcusdt@trade/btcusdt@kline_1m/btcusdt@kline_1h"]);
  venue.socket.send(barFrame(3));
  await vi.waitFor(() => expect(events).toMatchObject([{ kind: "bar", interval: "1m", closeTicks: 6_110, trades: 3 }]));
});

test("syncs the book with a snapshot asked for at the first diff, and ends every frame", async () => {
  const { onRequest, put } = snapshots();
  const { venue, stream, order } = await setUp({ onRequest }, { snapshotLimit: 100 });
  put(11);
  await stream.ready;
  expect(stream.book(instrument)).toBeUndefined();
  venue.socket.send(depthFrame({ U: 11, u: 12, b: [["61.01", "1"]] }));
  await vi.waitFor(() => expect(stream.book(instrument)?.bestBidTicks).toBe(6_101));
  venue.socket.send(tradeFrame(1));
  await vi.waitFor(() => expect(order).toEqual(["end", "book", "end", "trade", "end"]));
  expect(venue.requests).toHaveLength(1);
  expect(venue.requests[0]).toMatchObject({ method: "GET", path: "/api/v3/depth" });
  expect(venue.requests[0]?.params.toString()).toBe("symbol=BTCUSDT&limit=100");
});

test("fetches again while the snapshot is older than the diffs", async () => {
  const { onRequest, answer } = snapshots();
  const { venue, stream, errors } = await setUp({ onRequest });
  let next = 8;
  answer(() => ({ status: 200, body: snapshotReply(next++, [], []) }));
  await stream.ready;
  venue.socket.send(depthFrame({ U: 12, u: 13 }));
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  expect(venue.requests).toHaveLength(4); // 8, 9 and 10 are too old
  expect(errors).toEqual([]);
});

test("a gap in the diffs takes the book away until a new snapshot is there", async () => {
  const { onRequest, put } = snapshots();
  const { venue, stream, order, events } = await setUp({ onRequest });
  put(11);
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  put(20);
  venue.socket.send(depthFrame({ U: 14, u: 15 }));
  await vi.waitFor(() => expect(order.slice(-3)).toEqual(["book resync", "book", "end"]));
  expect(order).toEqual(["end", "book", "end", "book gap", "end", "book resync", "book", "end"]);
  expect(events.at(-1)).toMatchObject({ sequence: 20 });
  expect(stream.counters(instrument)).toMatchObject({ gaps: 1, resyncs: 1, sequenceFailures: 1 });
});

test("a socket that dies makes a gap; the next one resyncs the book", async () => {
  const { onRequest, put } = snapshots();
  const { venue, stream, order, errors } = await setUp({ onRequest });
  put(11);
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  venue.socket.terminate();
  await vi.waitFor(() => expect(order.slice(-2)).toEqual(["book gap", "end"]));
  expect(stream.book(instrument)).toBeUndefined();
  expect(errors).toHaveLength(1);
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
  put(50);
  venue.socket.send(depthFrame({ U: 51, u: 52 }));
  await vi.waitFor(() => expect(order.slice(-3)).toEqual(["book resync", "book", "end"]));
  expect(stream.counters(instrument)).toMatchObject({ gaps: 1, resyncs: 1, bookUpdates: 2 });
});

test("a snapshot that was under way when the socket died is not used for the next one", async () => {
  const held: (() => void)[] = [];
  const sockets: Socket[] = [];
  const { venue, stream, order } = await setUp({
    onRequest: (_, response, socket) => {
      const at = held.length;
      sockets.push(socket);
      held.push(() => sendJson(response, snapshotReply(at === 0 ? 11 : 60, [], [])));
    },
  });
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  await vi.waitFor(() => expect(held).toHaveLength(1));
  venue.socket.terminate();
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
  await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true)); // nobody waits for the first one any more
  venue.socket.send(depthFrame({ U: 60, u: 61 }));
  await vi.waitFor(() => expect(held).toHaveLength(2));
  held[1]?.();
  await vi.waitFor(() => expect(order.at(-2)).toBe("book"));
  expect(order.filter((kind) => kind !== "end")).toEqual(["book"]); // it was never good before: no gap, no resync
});

test("a shutdown that the venue announces is no gap: another socket takes over before the first one goes", async () => {
  const { onRequest, put } = snapshots();
  const { venue, stream, kinds, errors } = await setUp({ onRequest });
  put(11);
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  venue.socket.send(tradeFrame(1));
  await vi.waitFor(() => expect(kinds()).toEqual(expect.arrayContaining(["book", "trade"])));
  venue.socket.send(frame("!serverShutdown", { e: "serverShutdown", E: 1 }));
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
  const [before, after] = venue.sockets;
  for (const socket of [before, after]) socket?.send(depthFrame({ U: 13, u: 14 }));
  after?.send(tradeFrame(3)); // the first one had the second trade, which is still on its way
  before?.send(tradeFrame(2));
  before?.send(tradeFrame(3));
  await vi.waitFor(() => expect(kinds().filter((kind) => kind === "trade")).toHaveLength(3));
  await vi.waitFor(() => expect(before?.readyState).toBe(3));
  after?.send(depthFrame({ U: 15, u: 16 }));
  await vi.waitFor(() => expect(stream.counters(instrument).bookUpdates).toBe(3));
  expect(stream.counters(instrument)).toMatchObject({ gaps: 0, sequenceFailures: 0, duplicates: 2, trades: 3 });
  expect(errors).toEqual([]);
});

test("a snapshot that fails is told and tried again; too many requests wait as long as the venue says", async () => {
  const { onRequest, answer } = snapshots();
  const { venue, stream, errors, waits } = await setUp({ onRequest });
  answer(() => {
    const { length } = venue.requests;
    if (length === 1) return { status: 500, body: {} };
    if (length === 2) return { status: 429, retryAfter: "7", body: {} };
    return length === 3
      ? { status: 200, body: { lastUpdateId: "11" } }
      : { status: 200, body: snapshotReply(11, [], []) };
  });
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  expect(errors.map(({ message }) => message)).toEqual([
    "GET /depth: HTTP 500",
    "GET /depth: HTTP 429",
    'depth of BTCUSDT: "bids" must be a list, got undefined',
  ]);
  expect(waits).toContain(7_000);
});

test("errors of the callbacks go to onError and stop nothing", async () => {
  const { venue, stream, errors } = await setUp(
    {},
    {
      onEvent: () => {
        throw new Error("from onEvent");
      },
      onFrameEnd: () => {
        throw new Error("from onFrameEnd");
      },
    },
  );
  await stream.ready;
  venue.socket.send(tradeFrame(1));
  venue.socket.send(tradeFrame(2));
  await vi.waitFor(() => expect(errors).toHaveLength(4));
  expect(errors.map(({ message }) => message)).toEqual([
    "from onEvent",
    "from onFrameEnd",
    "from onEvent",
    "from onFrameEnd",
  ]);
});

describe("close", () => {
  test("ends the socket and every event, and may be called again", async () => {
    const { venue, stream, order } = await setUp();
    await stream.ready;
    const closing = stream.close();
    venue.socket.send(tradeFrame(1));
    await Promise.all([closing, stream.close()]);
    expect(order).toEqual([]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
  });

  test("of the client closes its streams; ready of one that was never open rejects", async () => {
    const venue = await fakeVenue();
    const client = createBinance({ urls: venue.urls });
    const options = { instruments: [instrument], onEvent: () => {}, onError: () => {} };
    const stream = client.stream.market(options);
    await client.close();
    expect((await rejectionOf(stream.ready)).message).toBe(
      "the stream was closed before its subscriptions were confirmed",
    );
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    await client.close();
    expect(() => client.stream.market(options)).toThrow("the client is closed: create another one");
  });

  test("while a snapshot is under way leaves nothing behind", async () => {
    const { venue, stream, order, errors, closes } = await setUp({ onRequest: () => {} });
    await stream.ready;
    venue.socket.send(depthFrame({ U: 11, u: 12 }));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    await stream.close();
    expect([order, errors, closes()]).toEqual([["end"], [], 1]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
  });

  test("comes with the signal, and its listener goes with the stream", async () => {
    const abort = new AbortController();
    const { venue, stream, closes } = await setUp({}, { signal: abort.signal });
    await stream.ready;
    abort.abort();
    await vi.waitFor(() => expect(closes()).toBe(1));
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    const aborted = () =>
      open({ signal: abort.signal }, { endpoints: fixedEndpoint(venue.urls.stream), rest: plainApi(venue.urls.rest) });
    expect(aborted).toThrow("This operation was aborted");
    expect(venue.sockets).toHaveLength(1);
  });
});

describe("a hole in the trades", () => {
  function history(request: FakeRequest, most: number) {
    const { fromId, limit } = Object.fromEntries(request.params);
    const first = Number(fromId);
    const rows = [];
    for (let id = first; id < first + Math.min(Number(limit), most); id++) {
      rows.push({ id, price: "61.00", qty: "0.5", quoteQty: "1", time: id, isBuyerMaker: false, isBestMatch: true });
    }
    return rows;
  }

  test("is fetched by id, in pages, and delivered in order as backfilled", async () => {
    const { venue, stream, events, errors } = await setUp(
      { onRequest: (request, response) => sendJson(response, history(request, 2)) },
      { streams: ["btcusdt@trade"] },
    );
    await stream.ready;
    venue.socket.send(tradeFrame(100));
    venue.socket.send(tradeFrame(106));
    await vi.waitFor(() => expect(events).toHaveLength(9));
    expect(events.map((event) => (event.kind === "trade" ? event.tradeId : event.kind))).toEqual([
      100,
      "gap",
      101,
      102,
      103,
      104,
      105,
      "resync",
      106,
    ]);
    expect(events[2]).toMatchObject({ isBackfilled: true, priceTicks: 6_100, sizeLots: 50_000, venueAtUs: 101_000 });
    expect(events[7]).toMatchObject({ backfilled: 5, missing: 0 });
    expect(venue.requests.map(({ path, params }) => `${path}?${params}`)).toEqual([
      "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=101&limit=5",
      "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=103&limit=3",
      "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=105&limit=1",
    ]);
    expect(errors).toEqual([]);
  });

  test("is asked for again while the venue's history is behind, and stays when it never comes", async () => {
    let isThere = false;
    const { venue, stream, events, waits } = await setUp(
      { onRequest: (request, response) => sendJson(response, isThere ? history(request, 9) : []) },
      { streams: ["btcusdt@trade"] },
    );
    await stream.ready;
    venue.socket.send(tradeFrame(1));
    venue.socket.send(tradeFrame(3));
    await vi.waitFor(() => expect(events).toHaveLength(4));
    expect(events[2]).toMatchObject({ kind: "resync", backfilled: 0, missing: 1 });
    expect([venue.requests.length, waits.length]).toEqual([6, 5]);
    isThere = true;
    venue.socket.send(tradeFrame(5));
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ tradeId: 5 }));
    expect(stream.counters(instrument)).toMatchObject({ trades: 4, backfilled: 1 });
  });

  test("is fetched once the venue answers again, and not before it lets us", async () => {
    let asked = 0;
    const { venue, stream, events, waits, errors } = await setUp(
      {
        onRequest: (request, response) => {
          asked++;
          if (asked === 1) return void response.writeHead(429, { "retry-after": "27" }).end("{}");
          if (asked < 9) return void response.writeHead(503).end("{}");
          sendJson(response, history(request, 9));
        },
      },
      { streams: ["btcusdt@trade"] },
    );
    await stream.ready;
    venue.socket.send(tradeFrame(1));
    venue.socket.send(tradeFrame(3));
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ tradeId: 3 }));
    expect(events.find(({ kind }) => kind === "resync")).toMatchObject({ backfilled: 1, missing: 0 });
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(27_000);
    expect(errors.length).toBeGreaterThan(1);
  });

  test("that cannot be fetched is told, and the stream goes on", async () => {
    const { venue, stream, events, errors } = await setUp(
      { onRequest: (_, response) => sendJson(response, { not: "a list" }) },
      { streams: ["btcusdt@trade"] },
    );
    await stream.ready;
    venue.socket.send(tradeFrame(1));
    venue.socket.send(tradeFrame(3));
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ tradeId: 3 }));
    expect(errors.map(({ message }) => message)).toEqual(["historicalTrades must be a list, got object"]);
  });

  test("is left as it is where nobody wants it fetched", async () => {
    const { venue, stream, kinds } = await setUp({}, { streams: ["btcusdt@trade"], backfillTrades: 0 });
    await stream.ready;
    venue.socket.send(tradeFrame(1));
    venue.socket.send(tradeFrame(3));
    await vi.waitFor(() => expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade"]));
    expect(venue.requests).toEqual([]);
  });
});

describe("instruments", () => {
  /** Answers subscriptions, and writes them down. */
  function answering(
    log: string[],
    answer: (id: number) => unknown = (id) => ({ result: null, id }),
  ): FakeVenueOptions {
    return {
      onSocket: (socket) =>
        socket.on("message", (data) => {
          const { method, params, id } = JSON.parse(String(data)) as { method: string; params: string[]; id: number };
          log.push(`${method} ${params.join()}`);
          socket.send(JSON.stringify(answer(id)));
        }),
    };
  }

  test("can be added and taken out while the stream is open", async () => {
    const log: string[] = [];
    const { venue, stream, kinds } = await setUp(answering(log), { streams: ["btcusdt@trade"] });
    await stream.ready;
    await stream.subscribe([eth], ["ethusdt@trade"]);
    venue.socket.send(frame("ethusdt@trade", { ...JSON.parse(tradeFrame(1)).data, s: "ETHUSDT" }));
    await vi.waitFor(() => expect(stream.counters(eth).trades).toBe(1));
    await stream.unsubscribe([instrument]);
    await vi.waitFor(() => expect(log).toEqual(["SUBSCRIBE ethusdt@trade", "UNSUBSCRIBE btcusdt@trade"]));
    venue.socket.send(tradeFrame(1)); // was on its way
    venue.socket.send(frame("ethusdt@trade", { ...JSON.parse(tradeFrame(2)).data, s: "ETHUSDT" }));
    await vi.waitFor(() => expect(kinds()).toEqual(["trade", "trade"]));
    expect(() => stream.counters(instrument)).toThrow(InvalidInputError);
    venue.socket.terminate();
    await vi.waitFor(() => expect(venue.socketUrls.at(-1)).toBe("/stream?streams=ethusdt@trade"));
  });

  test("whose subscription is refused are told by onError, in either form of the venue's errors", async () => {
    for (const answer of [
      (id: number) => ({ error: { code: 4, msg: "Too many subscriptions" }, id }),
      (id: number) => ({ code: 4, msg: "Too many subscriptions", id }),
    ]) {
      const { stream, errors } = await setUp(answering([], answer), { streams: ["btcusdt@trade"] });
      await stream.ready;
      await stream.subscribe([eth]);
      expect(errors.map(({ message }) => message)).toEqual([
        "the venue refused a subscription: 4 Too many subscriptions",
      ]);
    }
  });

  test("that do not fit a URL are asked for by message, and more than one connection may have get another one", async () => {
    const log: string[] = [];
    const streams = Array.from({ length: 1_500 }, (_, i) => `symbol${i}usdt@trade`);
    const { venue, stream } = await setUp(answering(log), { streams });
    await stream.ready;
    expect(venue.sockets).toHaveLength(2);
    const inUrls = venue.socketUrls.flatMap((url) => url.slice("/stream?streams=".length).split("/"));
    const inMessages = log.flatMap((line) => line.slice("SUBSCRIBE ".length).split(","));
    expect([...inUrls, ...inMessages].sort()).toEqual([...streams].sort());
    expect(Math.max(...venue.socketUrls.map(({ length }) => length))).toBeLessThanOrEqual(4_000);
    expect(stream.legs()).toMatchObject([{ isReady: true }, { isReady: true }]);
  });

  test("cannot be added to a stream that is closed", async () => {
    const { stream } = await setUp();
    await stream.close();
    expect((await rejectionOf(stream.subscribe([eth]))).message).toBe("the market stream is closed: open another one");
  });
});

describe("two sockets in two regions", () => {
  async function setUpDual(options: Partial<MarketStreamOptions> = {}) {
    const { onRequest, put } = snapshots();
    const venues = [await fakeVenue({ onRequest }), await fakeVenue()] as const;
    const endpoints = new TestChoice(...venues.map(({ urls }) => urls.stream));
    const parts = open({ dual: true, ...options }, { endpoints, rest: plainApi(venues[0].urls.rest) });
    await vi.waitFor(() => expect(parts.stream.legs().map(({ isReady }) => isReady)).toEqual([true, true]));
    put(11);
    const both = (text: string) => {
      for (const venue of venues) venue.socket.send(text);
    };
    return { venues, endpoints, both, ...parts };
  }

  test("bring everything once, and count who was first", async () => {
    const { both, kinds, stream } = await setUpDual();
    both(depthFrame({ U: 11, u: 12, b: [["61.00", "1"]] }));
    await vi.waitFor(() => expect(kinds()).toEqual(["book"]));
    both(tradeFrame(1));
    both(quoteFrame(12, ["61.00", "1"], ["61.10", "3"]));
    await vi.waitFor(() => expect(stream.legs().reduce((sum, { frames }) => sum + frames, 0)).toBe(6));
    expect(kinds()).toEqual(["book", "trade", "quote"]);
    expect(stream.counters(instrument)).toMatchObject({
      sequenceFailures: 0,
      checksumsChecked: 1,
      checksumFailures: 0,
    });
    const [first, second] = stream.legs();
    expect([first?.region, second?.region]).toEqual(["region0", "region1"]);
    expect((first?.wins ?? 0) + (second?.wins ?? 0)).toBeGreaterThanOrEqual(3);
  });

  test("lose one of them without a gap, and both with one", async () => {
    const { both, venues, kinds, stream } = await setUpDual();
    both(depthFrame({ U: 11, u: 12 }));
    await vi.waitFor(() => expect(kinds()).toEqual(["book"]));
    await venues[0].close();
    await vi.waitFor(() => expect(stream.legs()[0]?.losses).toBe(1));
    venues[1].sockets[0]?.send(depthFrame({ U: 13, u: 14 }));
    await vi.waitFor(() => expect(kinds()).toEqual(["book", "book"]));
    await venues[1].close();
    await vi.waitFor(() => expect(kinds()).toEqual(["book", "book", "book gap"]));
  });

  test("heal each other's holes", async () => {
    const { both, venues, kinds, stream } = await setUpDual();
    both(depthFrame({ U: 11, u: 12 }));
    await vi.waitFor(() => expect(kinds()).toEqual(["book"]));
    venues[0].socket.send(depthFrame({ U: 15, u: 16 }));
    venues[1].socket.send(depthFrame({ U: 13, u: 14 }));
    venues[1].socket.send(depthFrame({ U: 15, u: 16 }));
    await vi.waitFor(() => expect(stream.counters(instrument)).toMatchObject({ bookUpdates: 3, gaps: 0 }));
    venues[0].socket.send(depthFrame({ U: 19, u: 20 })); // what both of them miss
    await vi.waitFor(() => expect(kinds().at(-1)).toBe("book gap"));
  });
});

describe("a channel that brings nothing", () => {
  test("has a gap after its limit and is subscribed anew; then the socket is replaced", async () => {
    const log: string[] = [];
    const { venue, stream, events } = await setUp(
      {
        onSocket: (socket) =>
          socket.on("message", (data) => {
            const { method, params, id } = JSON.parse(String(data)) as { method: string; params: string[]; id: number };
            log.push(`${method} ${params.join()}`);
            socket.send(JSON.stringify({ result: null, id }));
          }),
      },
      { streams: ["btcusdt@trade", "btcusdt@bookTicker"], staleAfterMs: { trade: 1_000 } },
    );
    await stream.ready;
    venue.socket.send(tradeFrame(1));
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(events[1]).toMatchObject({
      kind: "gap",
      channel: "trade",
      cause: "stale",
      reason: expect.stringMatching(/^nothing came for \d+ ms$/),
    });
    await vi.waitFor(() => expect(log).toEqual(["UNSUBSCRIBE btcusdt@trade", "SUBSCRIBE btcusdt@trade"]));
    await vi.waitFor(() => expect(venue.sockets.length).toBeGreaterThanOrEqual(2));
    venue.socket.send(tradeFrame(2));
    await vi.waitFor(() => expect(events.slice(2)).toMatchObject([{ kind: "resync", missing: 0 }, { tradeId: 2 }]));
  });

  test("is not stale while its subscription waits to be confirmed; its age counts from then on", async () => {
    const asked: { socket: { send(text: string): void }; id: number }[] = [];
    const { stream, events } = await setUp(
      { onSocket: (socket) => socket.on("message", (data) => asked.push({ socket, id: JSON.parse(String(data)).id })) },
      { streams: ["btcusdt@depth5"], staleAfterMs: { quote: 300 } },
    );
    await stream.ready;
    const subscribed = stream.subscribe([eth], ["ethusdt@bookTicker"]);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(events).toEqual([]);
    asked[0]?.socket.send(JSON.stringify({ result: null, id: asked[0].id }));
    await subscribed;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).toEqual([]);
    await vi.waitFor(() => expect(events).toMatchObject([{ kind: "gap", channel: "quote", instrument: eth }]));
  });

  test("may have a limit for each instrument, or none", async () => {
    const asked: string[] = [];
    const { stream } = await setUp(
      {},
      {
        instruments: [instrument, eth],
        staleAfterMs: ({ venueSymbol }) => {
          asked.push(venueSymbol);
          return venueSymbol === "BTCUSDT" ? { book: 86_400_000 } : {};
        },
      },
    );
    await stream.ready;
    expect(asked).toEqual(["BTCUSDT", "ETHUSDT"]);
  });
});

describe("for await", () => {
  test("gives the events in order, from the beginning on, and leaving it closes the stream", async () => {
    const venue = await fakeVenue({
      onSocket: (socket) => {
        for (const id of [1, 2, 3]) socket.send(tradeFrame(id));
      },
    });
    const { stream: url, rest } = venue.urls;
    const stream = openMarketStream(
      { instruments: [instrument], streams: ["btcusdt@trade"] },
      { ...PARTS, clock: createSystemClock(), endpoints: fixedEndpoint(url), rest: plainApi(rest), onClose: () => {} },
    );
    const ids: number[] = [];
    for await (const event of stream) {
      if (event.kind === "trade") ids.push(event.tradeId);
      if (ids.length === 3) break;
    }
    expect(ids).toEqual([1, 2, 3]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    expect(() => stream[Symbol.asyncIterator]()).toThrow("a market stream is read by one loop");
  });

  test("ends when the stream is closed, by whatever", async () => {
    const abort = new AbortController();
    const { stream } = await setUp({}, { signal: abort.signal });
    const loop = (async () => {
      for await (const _ of stream);
    })();
    await stream.ready;
    abort.abort();
    await loop;
  });

  test("with the policy close ends with an error when it is too slow, and so does the stream", async () => {
    const { venue, stream, closes } = await setUp(
      {},
      { streams: ["btcusdt@trade"], overflow: { policy: "close", capacity: 2 } },
    );
    await stream.ready;
    const iterator = stream[Symbol.asyncIterator]();
    for (let id = 1; id <= 4; id++) venue.socket.send(tradeFrame(id));
    await vi.waitFor(() => expect(closes()).toBe(1));
    expect([(await iterator.next()).value, (await iterator.next()).value]).toMatchObject([
      { tradeId: 1 },
      { tradeId: 2 },
    ]);
    expect(await rejectionOf(iterator.next())).toBeInstanceOf(StreamOverflowError);
  });

  test("that is too slow is told what it missed", async () => {
    const { venue, stream } = await setUp({}, { streams: ["btcusdt@trade"], overflow: { capacity: 2 } });
    await stream.ready;
    const iterator = stream[Symbol.asyncIterator]();
    for (let id = 1; id <= 5; id++) venue.socket.send(tradeFrame(id));
    await vi.waitFor(() => expect(stream.counters(instrument).trades).toBe(5));
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push((await iterator.next()).value);
    expect(seen).toMatchObject([
      { kind: "gap", cause: "overflow", channel: "trade" },
      { kind: "resync", missing: 3 },
      { tradeId: 4 },
      { tradeId: 5 },
    ]);
  });
});

test("options that cannot work are refused before anything is connected", async () => {
  const { venue, stream } = await setUp();
  await stream.ready;
  const other = testInstrument({ venue: "elsewhere", id: "elsewhere:BTC/USDT" });
  const bad: readonly [options: Partial<MarketStreamOptions>, words: string][] = [
    [{ instruments: [other] }, "instrument elsewhere:BTC/USDT is not of venue binance"],
    [{ instruments: [] }, "streams.length must be a number from 1 to 102400, got 0"],
    [{ streams: ["btcusdt@trade/x@trade"] }, 'like btcusdt@bookTicker, got "btcusdt@trade/x@trade"'],
    [{ streams: ["a&b"] }, 'like btcusdt@bookTicker, got "a&b"'],
    [{ snapshotLimit: 0 }, "snapshotLimit must be a number from 1 to 5000, got 0"],
    [{ backfillTrades: -1 }, "backfillTrades must be a number from 0 to 1000000, got -1"],
    [{ overflow: { capacity: 0 } }, "overflow.capacity must be a number from 1 to 1000000, got 0"],
    [{ staleAfterMs: { trade: 1 } }, "staleAfterMs.trade must be a number from 10 to 86400000, got 1"],
  ];
  for (const [options, words] of bad) {
    const attempt = () =>
      open(options, { endpoints: fixedEndpoint(venue.urls.stream), rest: plainApi(venue.urls.rest) });
    expect(attempt).toThrow(InvalidInputError);
    expect(attempt).toThrow(words);
  }
  expect(() => stream.counters(other)).toThrow("instrument elsewhere:BTC/USDT is not in this stream");
  expect(stream.book(other)).toBeUndefined();
  expect(venue.sockets).toHaveLength(1);
});
