import type { Socket } from "node:net";
import { createSystemClock } from "@pitlane/perf";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InvalidInputError, type MarketEvent } from "../../../src/index.ts";
import { createBinance, type MarketStreamOptions } from "../../../src/venues/binance/index.ts";
import { type FakeRequest, FakeVenue, type FakeVenueOptions, sendJson } from "../../support/fake-venue.ts";
import { depthFrame, frame, snapshotReply, tradeFrame } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const instrument = testInstrument();
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

async function setUp(venueOptions: FakeVenueOptions = {}, options: Partial<MarketStreamOptions> = {}) {
  const venue = await FakeVenue.create(venueOptions);
  const waits: number[] = [];
  const client = createBinance({ urls: venue.urls, clock: impatientClock(waits), random: zeroRandom });
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const order: string[] = [];
  const stream = client.stream.market({
    instruments: [instrument],
    onEvent: (event) => {
      events.push(event);
      order.push("channel" in event ? `${event.channel} ${event.kind}` : event.kind);
    },
    onFrameEnd: () => order.push("end"),
    onError: (error) => errors.push(error),
    ...options,
  });
  closers.push(
    () => venue.close(),
    () => client.close(),
  );
  return { venue, client, stream, events, errors, order, waits };
}

const zeroRandom = {
  next: () => 0,
  integer: (min: number) => min,
  normal: () => 0,
  exponential: () => 0,
  fork: () => zeroRandom,
};

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
  const onRequest: FakeVenueOptions["onRequest"] = (request, response) => {
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
  const { venue, stream, order } = await setUp({}, { streams: ["btcusdt@kline_1m", "１２@trade"] });
  await stream.ready;
  expect(venue.socketUrls).toEqual(["/stream?streams=btcusdt@kline_1m/%EF%BC%91%EF%BC%92@trade"]);
  venue.socket.send(frame("btcusdt@kline_1m", { e: "kline", s: "BTCUSDT" }));
  await vi.waitFor(() => expect(stream.counters(instrument)).toMatchObject({ messages: 1, ignored: 1 }));
  expect(order).toEqual(["end"]);
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

test("reconnects at once when the venue announces a shutdown", async () => {
  const { venue, stream, errors } = await setUp();
  await stream.ready;
  venue.socket.send(frame("!serverShutdown", { e: "serverShutdown", E: 1 }));
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
  expect(errors[0]?.message).toMatch(/was lost: the venue announced a shutdown$/);
});

test("a snapshot that fails is told and tried again; too many requests wait as long as the venue says", async () => {
  const { onRequest, answer } = snapshots();
  const { venue, stream, errors, waits } = await setUp({ onRequest });
  answer(() => {
    const { length } = venue.requests;
    if (length === 1) return { status: 500, body: { code: -1000, msg: "oops" } };
    if (length === 2) return { status: 429, retryAfter: "7", body: { code: -1003, msg: "slow down" } };
    return length === 3
      ? { status: 200, body: { lastUpdateId: "11" } }
      : { status: 200, body: snapshotReply(11, [], []) };
  });
  await stream.ready;
  venue.socket.send(depthFrame({ U: 11, u: 12 }));
  await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined());
  expect(errors.map(({ message }) => message)).toEqual([
    "GET /depth: -1000 oops (HTTP 500)",
    "GET /depth: -1003 slow down (HTTP 429)",
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
    const { client, stream, venue } = await setUp();
    await client.close();
    expect((await rejectionOf(stream.ready)).message).toBe("the market stream was closed before it was open");
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    await client.close();
    expect(() => client.stream.market({ instruments: [instrument], onEvent: () => {}, onError: () => {} })).toThrow(
      "the client is closed: create another one",
    );
  });

  test("while a snapshot is under way leaves nothing behind", async () => {
    const { venue, client, stream, order, errors } = await setUp({ onRequest: () => {} });
    await stream.ready;
    venue.socket.send(depthFrame({ U: 11, u: 12 }));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    await client.close();
    expect([order, errors]).toEqual([["end"], []]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
  });
});

test("options that cannot work are refused before anything is connected", async () => {
  const { client, venue, stream } = await setUp();
  await stream.ready;
  const other = testInstrument({ venue: "elsewhere", id: "elsewhere:BTC/USDT" });
  const bad: readonly [options: Partial<MarketStreamOptions>, words: string][] = [
    [{ instruments: [other] }, "instrument elsewhere:BTC/USDT is not of venue binance"],
    [{ instruments: [] }, "a market stream has 1 to 1024 streams, got 0"],
    [{ streams: Array.from({ length: 1_025 }, (_, i) => `a${i}@trade`) }, "got 1025: open several for more"],
    [{ streams: ["btcusdt@trade/x@trade"] }, 'streams: "btcusdt@trade/x@trade" is not a stream name'],
    [{ streams: ["a&b"] }, "is not a stream name"],
    [{ snapshotLimit: 0 }, "snapshotLimit must be a number from 1 to 5000, got 0"],
  ];
  for (const [options, words] of bad) {
    const open = () =>
      client.stream.market({ instruments: [instrument], onEvent: () => {}, onError: () => {}, ...options });
    expect(open).toThrow(InvalidInputError);
    expect(open).toThrow(words);
  }
  expect(() => stream.counters(other)).toThrow("instrument elsewhere:BTC/USDT is not in this stream");
  expect(stream.book(other)).toBeUndefined();
  expect(venue.sockets).toHaveLength(1);
});
