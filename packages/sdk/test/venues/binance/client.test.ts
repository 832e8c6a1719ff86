import { inspect } from "node:util";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  AuthError,
  InvalidInputError,
  NetworkError,
  OrderNotFoundError,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitError,
  RejectedError,
  RequestError,
  VenueUnavailableError,
} from "../../../src/index.ts";
import { createSigner } from "../../../src/session/sign.ts";
import { type BinanceOptions, type BinanceUrls, createBinance } from "../../../src/venues/binance/index.ts";
import { createBinanceMarket as createLightMarket } from "../../../src/venues/binance/market-only.ts";
import { FakeVenue, type FakeVenueOptions, sendJson } from "../../support/fake-venue.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const instrument = testInstrument();
const credentials = { apiKey: "planted-key", apiSecret: "planted-secret" };
const limit = {
  type: "limit",
  instrument,
  clientOrderId: "mine-1",
  side: "buy",
  sizeLots: 1_000,
  priceTicks: 6_000_000,
  timeInForce: "GTC",
} as const;
const ref = { instrument, clientOrderId: "mine-1" };
const order = {
  symbol: "BTCUSDT",
  orderId: 28,
  clientOrderId: "mine-1",
  origQty: "0.01000000",
  executedQty: "0.00000000",
  status: "NEW",
  side: "BUY",
  transactTime: 5,
  updateTime: 5,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(
  onRequest: NonNullable<FakeVenueOptions["onRequest"]>,
  options: Omit<BinanceOptions, "product"> = {},
) {
  const venue = await FakeVenue.create({ onRequest });
  const client = createBinance({ urls: venue.urls, credentials, clockSync: false, retries: 0, ...options });
  closers.push(
    () => venue.close(),
    () => client.close(),
  );
  return { venue, client };
}

const answering = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  setUp((_, response) => sendJson(response, body, status, headers));

describe("a signed request", () => {
  test("carries key, receive window, time in milliseconds and the signature of exactly what was sent, last", async () => {
    const clock = new ManualClock(1_767_225_600_123_999);
    const { client, venue } = await setUp((_, response) => sendJson(response, { ...order, fills: [] }), {
      clock,
      recvWindowMs: 777,
    });
    await client.orders.submit(limit);
    const { method, path, headers, text, params } = venue.requests[0]!;
    expect([method, path, headers["x-mbx-apikey"]]).toEqual(["POST", "/api/v3/order", "planted-key"]);
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(params)).toMatchObject({
      symbol: "BTCUSDT",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: "0.01",
      price: "60000",
      newClientOrderId: "mine-1",
      newOrderRespType: "FULL",
      recvWindow: "777",
      timestamp: "1767225600123",
    });
    const sent = /symbol=\S*/.exec(text)?.[0] ?? "";
    const [payload, signature] = sent.split("&signature=");
    expect(signature).toBe(createSigner(credentials).sign(payload ?? ""));
  });

  test("of reading and cancelling goes in the query", async () => {
    const { client, venue } = await setUp((request, response) =>
      sendJson(response, request.method === "DELETE" ? { ...order, origClientOrderId: "mine-1" } : order),
    );
    await client.orders.get(ref);
    await client.orders.cancel(ref);
    for (const [i, method] of ["GET", "DELETE"].entries()) {
      expect(venue.requests[i]).toMatchObject({ method, path: "/api/v3/order" });
      expect(venue.requests[i]?.params.get("origClientOrderId")).toBe("mine-1");
      expect(venue.requests[i]?.text).toMatch(
        /^\/api\/v3\/order\?symbol=BTCUSDT&origClientOrderId=mine-1&recvWindow=5000&timestamp=\d{13}&signature=[0-9a-f]{64} /,
      );
    }
  });

  test("of a write tells its moment, once and with the clock it was given", async () => {
    const clock = new ManualClock();
    clock.advance({ ms: 5 });
    const { client } = await setUp((_, response) => sendJson(response, { ...order, fills: [] }), { clock });
    const onSent = vi.fn();
    await client.orders.submit(limit, { onSent });
    expect(onSent.mock.calls).toEqual([[5e6]]);
  });
});

describe("a write whose outcome is not known says so, and is sent once", () => {
  const html = "<html><body><h1>502 Bad Gateway</h1></body></html>";
  const faults: readonly [
    name: string,
    onRequest: NonNullable<FakeVenueOptions["onRequest"]>,
    cause: new (...args: never[]) => Error,
  ][] = [
    [
      "a 500 with the venue's words",
      (_, response) => sendJson(response, { code: -1000, msg: "oops" }, 500),
      VenueUnavailableError,
    ],
    ["a gateway's page", (_, response) => response.writeHead(502).end(html), VenueUnavailableError],
    ["a page with status 400", (_, response) => response.writeHead(400).end(html), VenueUnavailableError],
    [
      "-1007 with status 400",
      (_, response) => sendJson(response, { code: -1007, msg: "Timeout" }, 400),
      VenueUnavailableError,
    ],
    ["a reset after the request was read", (_, __, socket) => socket.resetAndDestroy(), NetworkError],
    [
      "half an answer",
      (_, response, socket) => {
        response.writeHead(200, { "content-length": "900" });
        response.write("{", () => socket.destroy());
      },
      NetworkError,
    ],
    ["a success that is no JSON", (_, response) => response.end("OK"), ProtocolError],
    ["a success of another form", (_, response) => sendJson(response, { orderId: "28" }), ProtocolError],
  ];
  for (const [name, onRequest, cause] of faults) {
    test(name, async () => {
      const { client, venue } = await setUp(onRequest);
      for (const write of [() => client.orders.submit(limit), () => client.orders.cancel(ref)]) {
        const error = await rejectionOf(write());
        expect(error).toBeInstanceOf(OutcomeUnknownError);
        expect(error).toMatchObject({ clientOrderId: "mine-1", outcome: "unknown", retryable: false });
        expect(error.cause).toBeInstanceOf(cause);
      }
      expect(venue.requests).toHaveLength(2);
    });
  }

  test("no answer in time", async () => {
    const { client, venue } = await setUp(() => {}, { callTimeoutMs: 1_000 });
    const error = await rejectionOf(client.orders.submit(limit));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error.cause).toMatchObject({ code: "TIMEOUT", outcome: "unknown" });
    expect(venue.requests).toHaveLength(1);
  });

  test("an abort after it was sent", async () => {
    const { client, venue } = await setUp(() => {});
    const stop = new AbortController();
    const sent = rejectionOf(client.orders.submit(limit, { signal: stop.signal }));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    stop.abort(new Error("enough"));
    expect(await sent).toMatchObject({ code: "OUTCOME_UNKNOWN", cause: { cause: { message: "enough" } } });
  });

  test("close of the client while it is under way", async () => {
    const { client, venue } = await setUp(() => {});
    const sent = rejectionOf(client.orders.submit(limit));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    await client.close();
    expect(await sent).toBeInstanceOf(OutcomeUnknownError);
  });
});

describe("a write that surely did not happen says that", () => {
  const replies: readonly [status: number, code: number, msg: string, kind: new (...args: never[]) => Error][] = [
    [400, -2010, "Account has insufficient balance for requested action.", RejectedError],
    [400, -1021, "Timestamp for this request is outside of the recvWindow.", AuthError],
    [401, -2015, "Invalid API-key, IP, or permissions for action.", AuthError],
    [429, -1003, "Too much request weight used.", RateLimitError],
    [400, -2011, "Unknown order sent.", OrderNotFoundError],
  ];
  for (const [status, code, msg, kind] of replies) {
    test(`${status} ${code} ${msg}`, async () => {
      const { client } = await answering({ code, msg }, status, { "retry-after": "2" });
      const error = await rejectionOf(client.orders.submit(limit));
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ outcome: "refused", status, venueCode: code, venueText: msg });
    });
  }

  test("nobody listening", async () => {
    const { client, venue } = await answering({});
    await venue.close();
    const error = await rejectionOf(client.orders.submit(limit));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ outcome: "unsent" });
  });

  test("an aborted signal, a closed client", async () => {
    const { client, venue } = await answering({});
    const aborted = client.orders.submit(limit, { signal: AbortSignal.abort(new Error("no")) });
    expect(await rejectionOf(aborted)).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    await client.close();
    expect(await rejectionOf(client.orders.submit(limit))).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    expect(venue.requests).toHaveLength(0);
  });
});

test.each([
  ["full", (urls: BinanceUrls) => createBinance({ urls, credentials, clockSync: false })],
  ["light", (urls: BinanceUrls) => createLightMarket({ urls })],
] as const)("calls that come while a %s client closes its streams are refused, and never sent", async (_, create) => {
  const venue = await FakeVenue.create({ onRequest: (_request, response) => sendJson(response, { symbols: [] }) });
  closers.push(() => venue.close());
  const client = create(venue.urls);
  await client.market.listInstruments(); // a connection is there to be used
  const stream = client.stream.market({ instruments: [instrument], streams: ["btcusdt@trade"], onEvent() {} });
  await stream.ready;
  const closing = client.close();
  const calls = [client.market.listInstruments(), ...("orders" in client ? [client.orders.submit(limit)] : [])];
  for (const error of await Promise.all(calls.map(rejectionOf))) {
    expect(error).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    expect(error.message).toContain("the client is closed");
  }
  await closing;
  expect(venue.requests).toHaveLength(1);
});

test("a failed read keeps its own error; an aborted one gives the signal's reason back", async () => {
  const { client } = await setUp((_, response) => response.writeHead(502).end("<html>"));
  expect(await rejectionOf(client.orders.get(ref))).toBeInstanceOf(VenueUnavailableError);
  const reason = new Error("enough");
  expect(await rejectionOf(client.orders.get(ref, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  expect(await rejectionOf(client.market.getServerTimeUs({ signal: AbortSignal.abort(reason) }))).toBe(reason);
});

test("a call's own number of repeats goes before the client's", async () => {
  const failing: NonNullable<FakeVenueOptions["onRequest"]> = (_, response) => response.writeHead(503).end();
  const { client, venue } = await setUp(failing, { retries: 1, backoff: { baseMs: 1, capMs: 1 } });
  await rejectionOf(client.market.getServerTimeUs());
  expect(venue.requests).toHaveLength(2);
  await rejectionOf(client.market.getServerTimeUs({ retries: 0 }));
  expect(venue.requests).toHaveLength(3);
  await rejectionOf(client.market.getServerTimeUs({ retries: 3 }));
  expect(venue.requests).toHaveLength(7);
  for (const control of [{ retries: -1 }, { hedgeAfterMs: 0 }, { timeoutMs: Number.NaN }]) {
    expect(await rejectionOf(client.market.getServerTimeUs(control))).toBeInstanceOf(InvalidInputError);
  }
  expect(venue.requests).toHaveLength(7);
});

describe("no secret is in an error", () => {
  const signatureOf = (text: string) => /signature=([0-9a-f]+)/.exec(text)?.[1] ?? "no signature";
  const replies: readonly [name: string, onRequest: NonNullable<FakeVenueOptions["onRequest"]>][] = [
    [
      "that quotes the request in the venue's words",
      (request, response) => sendJson(response, { code: -1100, msg: request.text }, 400),
    ],
    ["that quotes it in a page", (request, response) => response.writeHead(502).end(`<html>${request.text}`)],
    ["that quotes it in a success", (request, response) => response.end(`OK ${request.text}`)],
    ["of a broken answer that quotes it", (request, _, socket) => socket.end(`garbage ${request.text}\r\n\r\n`)],
    ["of a reset connection", (_, __, socket) => socket.resetAndDestroy()],
  ];
  for (const [name, onRequest] of replies) {
    test(name, async () => {
      const { client, venue } = await setUp(onRequest);
      const errors = [
        await rejectionOf(client.orders.submit(limit)),
        await rejectionOf(client.orders.cancel(ref)),
        await rejectionOf(client.orders.get(ref)),
        await rejectionOf(client.account.getBalances()),
      ];
      const signatures = venue.requests.map(({ text }) => signatureOf(text));
      expect(signatures).toEqual(signatures.map(() => expect.stringMatching(/^[0-9a-f]{64}$/)));
      for (const error of errors) {
        expect(error).toBeInstanceOf(RequestError);
        const shown = inspect(error, { depth: 20, showHidden: true }) + String(error.stack);
        for (const secret of [...Object.values(credentials), ...signatures]) expect(shown).not.toContain(secret);
      }
    });
  }
});

describe("reading", () => {
  test("the venue's time is in microseconds", async () => {
    const { client } = await answering({ serverTime: 1_499_827_319_559 });
    expect(await client.market.getServerTimeUs()).toBe(1_499_827_319_559_000);
  });

  test("open orders of every instrument; the instruments are asked for once", async () => {
    const symbols = ["BTC", "ETH"].map((base) => ({
      symbol: `${base}USDT`,
      status: "TRADING",
      baseAsset: base,
      quoteAsset: "USDT",
      filters: [],
    }));
    const { client, venue } = await setUp((request, response) =>
      sendJson(
        response,
        request.path.endsWith("exchangeInfo") ? { symbols } : [order, { ...order, symbol: "ETHUSDT", orderId: 29 }],
      ),
    );
    const open = await client.orders.listOpen();
    await client.orders.listOpen();
    expect(open.map((report) => [report.instrument.id, report.venueOrderId])).toEqual([
      ["binance:BTC/USDT", "28"],
      ["binance:ETH/USDT", "29"],
    ]);
    expect(venue.requests.map(({ path }) => path.replace("/api/v3/", ""))).toEqual([
      "openOrders",
      "exchangeInfo",
      "openOrders",
    ]);
  });

  test("an open order of a symbol that cannot be represented is an error that names it", async () => {
    const tiny = {
      symbol: "BTCUSDT",
      status: "TRADING",
      baseAsset: "BTC",
      quoteAsset: "USDT",
      filters: [{ filterType: "PRICE_FILTER", tickSize: `0.${"0".repeat(12)}1` }],
    };
    const { client } = await setUp((request, response) =>
      sendJson(response, request.path.endsWith("exchangeInfo") ? { symbols: [tiny] } : [order]),
    );
    const error = await rejectionOf(client.orders.listOpen());
    expect(error.message).toBe("open order of BTCUSDT: no such instrument: tickSize has 13 decimals, at most 12 fit");
  });

  test("fills are asked for by id, up to a thousand", async () => {
    const { client, venue } = await answering([]);
    expect(await client.orders.listFills(instrument, { fromId: 77 })).toEqual([]);
    await client.orders.listFills(instrument);
    expect(venue.requests[0]?.params.toString()).toMatch(/^symbol=BTCUSDT&fromId=77&limit=1000&/);
    expect(venue.requests[1]?.params.has("fromId")).toBe(false);
  });
});

describe("what cannot work is refused before anything is sent", () => {
  test("orders that break a rule, instruments of another venue", async () => {
    const { client, venue } = await answering({});
    const foreign = testInstrument({ id: "kraken:BTC/USDT", venue: "kraken" });
    const calls = [
      client.orders.submit({ ...limit, sizeLots: 0 }),
      client.orders.submit({ ...limit, instrument: foreign }),
      client.orders.cancel({ instrument, clientOrderId: "not good!" }),
      client.orders.cancel({ ...ref, instrument: foreign }),
      client.orders.get({ instrument, clientOrderId: "" }),
      client.orders.listFills(foreign),
      client.orders.listFills(instrument, { fromId: -1 }),
    ];
    for (const call of calls) expect(await rejectionOf(call)).toBeInstanceOf(InvalidInputError);
    expect(venue.requests).toHaveLength(0);
  });

  test("signed calls without credentials", async () => {
    const { venue } = await answering({});
    const client = createBinance({ urls: venue.urls });
    closers.push(() => client.close());
    const words = "this call is signed: give createBinance its `credentials`";
    for (const call of [client.orders.submit(limit), client.orders.listOpen(), client.account.getBalances()]) {
      expect((await rejectionOf(call)).message).toBe(words);
    }
    const options = {
      instruments: [instrument],
      onReport: () => {},
      onBalances: () => {},
      onReconnected: () => {},
      onError: () => {},
    };
    expect(() => client.stream.user(options)).toThrow(words);
    expect([venue.requests, venue.sockets]).toEqual([[], []]);
  });

  test("credentials of a futures client, which has market data only", async () => {
    const { venue, client: spot } = await answering({ serverTime: 5 });
    await spot.close();
    for (const [product, path] of [
      ["usdm", "/fapi/v1/time"],
      ["coinm", "/dapi/v1/time"],
    ] as const) {
      expect(() => createBinance({ urls: venue.urls, credentials, product } as BinanceOptions)).toThrow(
        `credentials are for product "spot"; a client for "${product}" has market data only`,
      );
      const client = createBinance({ urls: venue.urls, product });
      closers.push(() => client.close());
      expect(client.venue).toBe(`binance-${product}`);
      expect(await client.market.getServerTimeUs()).toBe(5_000);
      expect(venue.requests.at(-1)?.path).toBe(path);
    }
  });

  test("options out of range, and never with a credential in the words", () => {
    const urls = { rest: "http://127.0.0.1:1", stream: "ws://127.0.0.1:1", wsApi: "ws://127.0.0.1:1/ws-api/v3" };
    const bad: readonly [options: BinanceOptions, words: string][] = [
      [{ product: "options" as never }, 'product must be one of spot, usdm, coinm, got "options"'],
      [{ venue: "My Venue" }, 'venue must be lower-case letters, digits and -, got "My Venue"'],
      [{ recvWindowMs: 60_001 }, "recvWindowMs must be a number from 1 to 60000, got 60001"],
      [{ recvWindowMs: 1.5 }, "recvWindowMs must be a whole number from 1 to 60000, got 1.5"],
      [{ connectTimeoutMs: 0 }, "connectTimeoutMs must be"],
      [{ callTimeoutMs: Number.NaN }, "callTimeoutMs must be"],
      [{ connections: 0 }, "connections must be"],
      [{ credentials: { apiKey: "", apiSecret: "x" } }, "credentials.apiKey must be"],
      [{ urls: { ...urls, rest: "nowhere" } }, 'urls.rest must be a URL of http:// or https://, got "nowhere"'],
      [
        { urls: { ...urls, rest: "http://a/api/v3" } },
        'urls.rest must be an origin without a path, got "http://a/api/v3"',
      ],
      [{ urls: { ...urls, stream: "http://a" } }, 'urls.stream must be a URL of ws:// or wss://, got "http://a"'],
      [{ urls, regions: [] }, "give one of urls, regions and environment"],
      [{ regions: [] }, "regions.length must be a number from 1 to 1000, got 0"],
      [{ regions: "here" as never }, 'regions must be a list, got "here"'],
      [{ regions: [null as never] }, "regions[0] must be an object, got null"],
      [{ product: "margin" as never }, 'product must be one of spot, usdm, coinm, got "margin"'],
      [null as never, "options must be an object, got null"],
      [{ credentials: null as never }, "credentials must be an object, got null"],
      [{ metrics: 5 as never }, "metrics must be a MetricsRegistry, got 5"],
      [
        {
          regions: [
            { name: "a", ...urls },
            { name: "a", ...urls },
          ],
        },
        'regions[1].name must be unique text, got "a"',
      ],
      [{ regions: [{ name: "a", ...urls, rest: "x" }] }, "regions[0].rest must be a URL"],
      [{ environment: "live" as never }, 'environment must be "production", "testnet" or "demo", got "live"'],
      [{ environment: "testnet", urls }, "give one of urls, regions and environment"],
      [{ orderTransport: "fix" as never }, 'orderTransport must be "rest" or "webSocket", got "fix"'],
      [{ retries: -1 }, "retries must be"],
      [{ http: { keepAliveMs: 0 } }, "keepAliveMs must be"],
      [{ backoff: { factor: 99 } }, "factor must be"],
      [{ regionRules: { margin: 2 } }, "margin must be"],
      [{ suspectAfterMs: 0 }, "suspectAfterMs must be"],
      [{ requestWeight: 0 }, "requestWeight must be"],
      [{ credentials, batching: { maxAgeMs: -1, maxSize: 10 } }, "maxAgeMs must be"],
      [
        { credentials, batching: { maxAgeMs: 1, maxSize: 5_000 } },
        "batching.maxSize must be a number from 1 to 1000, got 5000",
      ],
      [{ credentials, batching: true as never }, "batching must be an object, got true"],
      [{ credentials, batching: {} as never }, "batching.maxAgeMs must be a number from 0 to 60000, got undefined"],
      [{ credentials, batching: { maxAgeMs: 1 } as never }, "batching.maxSize must be a whole number from 1 to 1000"],
      [{ batching: true as never }, "batching must be"],
      [{ clockSync: "no" as never }, 'clockSync must be true or false, got "no"'],
      [{ credentials, orderLimits: "x" as never }, 'orderLimits must be a list, got "x"'],
      [{ orderLimits: "x" as never }, "orderLimits must be a list"],
      [{ credentials, orderLimits: [undefined] as never }, "orderLimits[0] must be an object, got undefined"],
      [{ urls: { ...urls, wsApi: "" } }, 'urls.wsApi must be a URL of ws:// or wss://, got ""'],
    ];
    for (const [options, words] of bad) {
      expect(() => createBinance(options)).toThrow(InvalidInputError);
      expect(() => createBinance(options)).toThrow(words);
    }
  });
});
