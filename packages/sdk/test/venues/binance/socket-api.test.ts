import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AuthError, RateLimitError, RejectedError, TimeoutError } from "../../../src/errors.ts";
import { createSigner } from "../../../src/session/sign.ts";
import type { Link } from "../../../src/stream/link.ts";
import { CallAbortedError } from "../../../src/transport/errors.ts";
import { repeats } from "../../../src/transport/retry.ts";
import type { ApiCall } from "../../../src/venues/binance/api.ts";
import type { RateCount } from "../../../src/venues/binance/rate-counts.ts";
import { ScannedOrder } from "../../../src/venues/binance/scan-answer.ts";
import { scanNewOrder } from "../../../src/venues/binance/scan-order.ts";
import { type ApiConnectionCallbacks, SocketApi } from "../../../src/venues/binance/socket-api.ts";
import { parseNewOrder } from "../../../src/venues/binance/wire.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

interface Sent {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

class FakeLink implements Link {
  readonly endpoint = { region: "test", url: "ws://test" };
  readonly isCurrent = true;
  readonly sent: Sent[] = [];
  isReady = false;
  isOpen = true;
  dropped: string | undefined;

  trySend(text: string): boolean {
    if (this.isOpen) this.sent.push(JSON.parse(text) as Sent);
    return this.isOpen;
  }

  ready(): void {
    this.isReady = true;
  }

  drop(reason: string): void {
    this.dropped = reason;
  }
}

const ed25519 = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const closers: SocketApi[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((api) => api.close()));
});

function setUp({ secret = "planted-secret", timeoutMs = 5_000 } = {}) {
  const clock = new ManualClock(1_767_225_600_000_000);
  let callbacks: ApiConnectionCallbacks | undefined;
  const opened = { times: 0, recycled: 0 };
  const budget = { isFree: true, waitMs: 0, grant: () => {} };
  const pauses: number[] = [];
  const weights: number[] = [];
  const errors: Error[] = [];
  const resync = vi.fn(async () => {});
  const api = new SocketApi({
    open: (of) => {
      opened.times++;
      callbacks = of;
      return { recycle: () => void opened.recycled++, close: async () => {} };
    },
    signer: createSigner({ apiKey: "planted-key", apiSecret: secret }),
    recvWindowMs: 777,
    callTimeoutMs: timeoutMs,
    nowUs: () => clock.nowUs(),
    resync,
    limit: {
      tryTake: () => budget.isFree,
      waitMs: () => budget.waitMs,
      take: (_call, signal) =>
        new Promise((resolve, reject) => {
          budget.grant = resolve;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      observe: (used) => weights.push(used),
      pause: (ms) => pauses.push(ms),
    },
    repeat: repeats({ clock, random: { next: () => 1 } }),
    clock,
    onError: (error) => errors.push(error),
  });
  closers.push(api);
  const open = () => {
    const link = new FakeLink();
    callbacks?.onOpen(link);
    return link;
  };
  const say = (message: unknown, link: Link) =>
    callbacks?.onFrame(Buffer.from(typeof message === "string" ? message : JSON.stringify(message)), link);
  const lose = (reason = "cut off") => callbacks?.onLost(reason);
  return { api, open, say, lose, opened, budget, pauses, weights, errors, resync, clock };
}

const place: ApiCall = {
  verb: "POST",
  path: "/order",
  method: "order.place",
  params: { symbol: "BTCUSDT", newClientOrderId: "mine-1" },
  isSigned: true,
  isRead: false,
  weight: 0,
  priority: "new",
  control: {},
};
const ask: ApiCall = { ...place, verb: "GET", method: "order.status", isRead: true, priority: "read" };
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a call", () => {
  test("opens the socket once, waits for it, and is signed at the moment it is sent", async () => {
    const { api, open, say, opened, clock } = setUp();
    const sentNs: number[] = [];
    const result = api.call({ ...place, control: { onSent: (ns) => sentNs.push(ns) } });
    const other = api.call(ask);
    await settle();
    expect([opened.times, sentNs]).toEqual([1, []]);
    clock.advance({ ms: 3_000 });
    const link = open();
    const [first, second] = link.sent;
    expect(first).toMatchObject({
      method: "order.place",
      params: { symbol: "BTCUSDT", apiKey: "planted-key", recvWindow: 777, timestamp: 1_767_225_603_000 },
    });
    expect(first?.params["signature"]).toMatch(/^[0-9a-f]{64}$/);
    expect(sentNs).toEqual([clock.monotonicNs()]);
    say({ id: second?.id, status: 200, result: "second" }, link);
    say({ id: first?.id, status: 200, result: "first" }, link);
    expect(await Promise.all([result, other])).toEqual(["first", "second"]);
  });

  test("of an Ed25519 key waits for the logon, and needs no signature of its own", async () => {
    const { api, open, say } = setUp({ secret: ed25519 });
    const result = api.call(place);
    await settle();
    const link = open();
    expect(link.sent.map(({ method }) => method)).toEqual(["session.logon"]);
    expect(link.isReady).toBe(false);
    say({ id: 0, status: 200, result: {} }, link);
    expect(link.isReady).toBe(true);
    expect(link.sent[1]?.params).toEqual({
      symbol: "BTCUSDT",
      newClientOrderId: "mine-1",
      recvWindow: 777,
      timestamp: 1_767_225_600_000,
    });
    say({ id: link.sent[1]?.id, status: 200, result: 7 }, link);
    expect(await result).toBe(7);
  });

  test("fails with the logon that was refused for good, and waits for the next socket otherwise", async () => {
    const { api, open, say } = setUp({ secret: ed25519 });
    const refused = rejectionOf(api.call(place));
    await settle();
    const link = open();
    say({ id: 0, status: 401, error: { code: -2015, msg: "Invalid API-key, IP, or permissions for action." } }, link);
    expect(await refused).toBeInstanceOf(AuthError);
    expect(link.dropped).toBe("the venue refused the logon");

    const waiting = api.call(ask);
    await settle();
    const busy = open();
    say({ id: 0, status: 503, error: { code: -1008, msg: "overloaded" } }, busy);
    const last = open();
    say({ id: 0, status: 200, result: {} }, last);
    say({ id: last.sent[1]?.id, status: 200, result: "after all" }, last);
    expect(await waiting).toBe("after all");
  });
});

describe("the answer to an order", () => {
  const instrument = testInstrument();
  const answered = {
    symbol: "BTCUSDT",
    orderId: 28,
    orderListId: -1,
    clientOrderId: "mine-1",
    transactTime: 1_767_225_600_000,
    price: "61000.01000000",
    origQty: "0.01000000",
    executedQty: "0.00000000",
    origQuoteOrderQty: "0.00000000",
    cummulativeQuoteQty: "0.00000000",
    status: "NEW",
    timeInForce: "GTC",
    type: "LIMIT",
    side: "BUY",
    workingTime: 1_767_225_600_000,
    selfTradePreventionMode: "EXPIRE_MAKER",
    fills: [],
  };
  const rateLimits = [
    { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100, count: 12 },
    { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6_000, count: 70 },
  ];

  test.each([
    ["in the documented form is read from its bytes", answered, true],
    ["in another form is read as JSON", { ...answered, usedSor: true }, false],
  ])("%s, and so is what it tells of the venue's limits", async (_, result, isScanned) => {
    const { api, open, say, weights } = setUp();
    const told: (readonly RateCount[])[] = [];
    const ticket = {
      tell: (counts: readonly RateCount[]) => told.push([...counts]),
      tellHeaders: () => {},
      end: () => {},
    };
    const answer = { read: scanNewOrder, asked: { instrument, clientOrderId: "mine-1" } };
    const call = api.call({ ...place, answer, ticket });
    const link = open();
    say({ id: link.sent[0]?.id, status: 200, result, rateLimits }, link);
    const read = await call;
    expect(read instanceof ScannedOrder).toBe(isScanned);
    expect(read instanceof ScannedOrder ? read.report : parseNewOrder(read, instrument)).toEqual(
      parseNewOrder(result, instrument),
    );
    expect(weights).toEqual([70]);
    expect(told).toEqual([
      [
        { type: "ORDERS", windowMs: 10_000, limit: 100, count: 12 },
        { type: "REQUEST_WEIGHT", windowMs: 60_000, limit: 6_000, count: 70 },
      ],
    ]);
  });

  test("that there were too many of them holds up nothing else", async () => {
    const { api, open, say, pauses } = setUp();
    const call = rejectionOf(api.call(place));
    const link = open();
    const error = { code: -1015, msg: "Too many new orders; current limit is 100 orders per 10 SECOND." };
    say({ id: link.sent[0]?.id, status: 429, error }, link);
    expect(await call).toBeInstanceOf(RateLimitError);
    expect(pauses).toEqual([]);
  });
});

describe("an outcome", () => {
  test("is unknown for a write whose socket is lost, and a read is asked again over the next", async () => {
    const { api, open, say, lose } = setUp();
    const write = rejectionOf(api.call(place));
    const read = api.call(ask);
    await settle();
    open();
    lose();
    expect(await write).toMatchObject({ code: "NETWORK", outcome: "unknown" });
    const next = open();
    expect(next.sent.map(({ method }) => method)).toEqual(["order.status"]);
    say({ id: next.sent[0]?.id, status: 200, result: 1 }, next);
    expect(await read).toBe(1);
  });

  test("is unsent while the socket takes nothing, and the write goes out over the next one", async () => {
    const { api, open, say } = setUp();
    const first = open;
    const result = api.call(place);
    await settle();
    const dead = first();
    dead.isOpen = false;
    const again = rejectionOf(api.call(place)); // flushed over the dead link, which takes nothing
    await settle();
    expect(dead.sent).toHaveLength(1);
    const next = open();
    expect(next.sent).toHaveLength(1);
    say({ id: next.sent[0]?.id, status: 400, error: { code: -2010, msg: "Duplicate order sent." } }, next);
    expect(await again).toBeInstanceOf(RejectedError);
    say({ id: dead.sent[0]?.id, status: 200, result: 1 }, dead);
    expect(await result).toBe(1);
  });

  test("is unsent for a call that timed out, or was aborted, while it waited for the socket", async () => {
    const { api, clock } = setUp({ timeoutMs: 20 });
    const stop = new AbortController();
    const aborted = rejectionOf(api.call({ ...place, control: { signal: stop.signal } }));
    stop.abort(new Error("enough"));
    expect(await aborted).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: { message: "enough" } });
    const call = rejectionOf(api.call(place));
    clock.advance({ ms: 20 });
    const late = await call;
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late).toMatchObject({ outcome: "unsent" });
  });

  test("is unsent for a call that its caller aborts in onSent: nothing goes out", async () => {
    const { api, open } = setUp();
    const stop = new AbortController();
    const onSent = () => stop.abort(new Error("too late"));
    const result = rejectionOf(api.call({ ...place, control: { signal: stop.signal, onSent } }));
    await settle();
    const link = open();
    expect(await result).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: { message: "too late" } });
    expect(link.sent).toEqual([]);
  });

  test("is unsent for a call whose onSent throws", async () => {
    const { api, open } = setUp();
    const cause = new Error("not now");
    const onSent = () => {
      throw cause;
    };
    const result = rejectionOf(api.call({ ...place, control: { onSent } }));
    const link = open();
    expect(await result).toMatchObject({ code: "ABORTED", outcome: "unsent", cause });
    expect(link.sent).toEqual([]);
  });

  test("is unknown for a write that is aborted after it was sent, which says who ended it", async () => {
    const { api, open } = setUp();
    const stop = new AbortController();
    const result = rejectionOf(api.call({ ...place, control: { signal: stop.signal } }));
    open();
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await result).toMatchObject({ code: "ABORTED", outcome: "unknown", retryable: false, cause: reason });
  });

  test("of an aborted read is its signal's reason", async () => {
    const { api } = setUp();
    const reason = new Error("enough");
    expect(await rejectionOf(api.call({ ...ask, control: { signal: AbortSignal.abort(reason) } }))).toBe(reason);
  });

  test("is unknown for what was sent when the client closes, and unsent for the rest", async () => {
    const { api, open } = setUp();
    const sent = rejectionOf(api.call(place));
    await settle();
    const link = open();
    link.isOpen = false;
    const unsent = rejectionOf(api.call(place));
    await settle();
    await api.close();
    for (const error of [await sent, await unsent]) expect(error).toBeInstanceOf(CallAbortedError);
    expect([await sent, await unsent]).toMatchObject([{ outcome: "unknown" }, { outcome: "unsent" }]);
    for (const call of [place, ask]) {
      const refused = {
        code: "ABORTED",
        outcome: "unsent",
        message: `${call.method} was refused: the client is closed`,
      };
      expect(await rejectionOf(api.call(call))).toMatchObject(refused);
    }
  });
});

describe("the request budget", () => {
  test("holds a call back until its weight is there, and nothing is connected before", async () => {
    const { api, budget, opened, open, say } = setUp();
    Object.assign(budget, { isFree: false, waitMs: 10 });
    const result = api.call(place);
    await settle();
    expect(opened.times).toBe(0);
    budget.grant();
    await settle();
    const link = open();
    say({ id: link.sent[0]?.id, status: 200, result: 1 }, link);
    expect(await result).toBe(1);
  });

  test("leaves a call what its wait has left of its time, and does not send it when that is nothing", async () => {
    const { api, budget, open, clock } = setUp({ timeoutMs: 100 });
    Object.assign(budget, { isFree: false, waitMs: 10 });
    const result = rejectionOf(api.call(place));
    clock.advance({ ms: 100 });
    budget.grant();
    const error = await result;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "unsent" });
    budget.isFree = true;
    void api.call(ask).catch(() => {});
    const link = open();
    expect(link.sent.map(({ method }) => method)).toEqual(["order.status"]);
  });

  test("refuses a call at once that has no time for the wait, and one that is aborted in it, unsent", async () => {
    const { api, budget, opened } = setUp({ timeoutMs: 100 });
    Object.assign(budget, { isFree: false, waitMs: 100 });
    expect(await rejectionOf(api.call(place))).toMatchObject({ code: "BUDGET_EXHAUSTED", outcome: "unsent" });
    budget.waitMs = 50;
    const stop = new AbortController();
    const aborted = rejectionOf(api.call({ ...place, control: { signal: stop.signal } }));
    const read = rejectionOf(api.call({ ...ask, control: { signal: stop.signal } }));
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await aborted).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: reason });
    expect(await read).toBe(reason);
    const closed = rejectionOf(api.call(place));
    await api.close();
    expect(await closed).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    expect(opened.times).toBe(0);
  });
});

describe("what is repeated", () => {
  const busy = { status: 503, error: { code: -1008, msg: "overloaded" } };

  test("is a read whose error is retryable, after its pause and within its time", async () => {
    const { api, open, say, clock } = setUp();
    const read = api.call(ask);
    const link = open();
    await settle();
    for (const [i, pauseMs] of [100, 200].entries()) {
      say({ id: link.sent[i]?.id, ...busy }, link);
      await settle();
      clock.advance({ ms: pauseMs - 1 });
      await settle();
      expect(link.sent).toHaveLength(i + 1);
      clock.advance({ ms: 1 });
      await settle();
    }
    say({ id: link.sent[2]?.id, status: 200, result: "after all" }, link);
    expect(await read).toBe("after all");
  });

  test("waits as long as the venue asks for", async () => {
    const { api, open, say, clock } = setUp();
    const read = api.call(ask);
    const link = open();
    await settle();
    const error = { code: -1003, msg: "Too many requests.", data: { serverTime: 5_000, retryAfter: 7_500 } };
    say({ id: link.sent[0]?.id, status: 429, error }, link);
    await settle();
    clock.advance({ ms: 2_499 });
    await settle();
    expect(link.sent).toHaveLength(1);
    clock.advance({ ms: 1 });
    await settle();
    say({ id: link.sent[1]?.id, status: 200, result: 1 }, link);
    expect(await read).toBe(1);
  });

  test("is no read whose error is not, nor one past its repeats or its time limit", async () => {
    const { api, open, say, clock } = setUp({ timeoutMs: 150 });
    const rejected = rejectionOf(api.call(ask));
    const link = open();
    await settle();
    say({ id: link.sent[0]?.id, status: 400, error: { code: -1121, msg: "Invalid symbol." } }, link);
    expect(await rejected).toMatchObject({ code: "REJECTED_BY_VENUE" });

    const once = rejectionOf(api.call({ ...ask, control: { retries: 0 } }));
    await settle();
    say({ id: link.sent[1]?.id, ...busy }, link);
    expect(await once).toMatchObject({ code: "VENUE_UNAVAILABLE" });

    const late = rejectionOf(api.call(ask));
    await settle();
    say({ id: link.sent[2]?.id, ...busy }, link);
    await settle();
    clock.advance({ ms: 100 });
    await settle();
    say({ id: link.sent[3]?.id, ...busy }, link);
    expect(await late).toMatchObject({ code: "VENUE_UNAVAILABLE" });
    expect(link.sent).toHaveLength(4);
  });

  test("is no write that the venue has seen", async () => {
    const { api, open, say, clock } = setUp();
    const write = rejectionOf(api.call(place));
    const link = open();
    say({ id: link.sent[0]?.id, ...busy }, link);
    expect(await write).toMatchObject({ code: "VENUE_UNAVAILABLE", outcome: "unknown" });
    clock.advance({ ms: 1_000 });
    await settle();
    expect(link.sent).toHaveLength(1);
  });

  test("ends with the read's signal", async () => {
    const { api, open, say } = setUp();
    const stop = new AbortController();
    const read = rejectionOf(api.call({ ...ask, control: { signal: stop.signal } }));
    const link = open();
    await settle();
    say({ id: link.sent[0]?.id, ...busy }, link);
    await settle();
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await read).toBe(reason);
  });
});

describe("a refusal", () => {
  test("of a timestamp is repeated once, after the clock was measured", async () => {
    const { api, open, say, resync } = setUp();
    const result = rejectionOf(api.call(place));
    await settle();
    const link = open();
    const late = {
      status: 400,
      error: { code: -1021, msg: "Timestamp for this request is outside of the recvWindow." },
    };
    say({ id: link.sent[0]?.id, ...late }, link);
    await settle();
    expect(resync).toHaveBeenCalledTimes(1);
    expect(link.sent).toHaveLength(2);
    say({ id: link.sent[1]?.id, ...late }, link);
    expect(await result).toMatchObject({ code: "AUTH", venueCode: -1021 });
    expect(link.sent).toHaveLength(2);
  });

  test("of a timestamp is not repeated before the clock was measured, whatever else is sent meanwhile", async () => {
    const { api, open, say, resync } = setUp();
    let measured = () => {};
    resync.mockImplementation(() => new Promise((resolve) => (measured = resolve)));
    const result = api.call(place);
    await settle();
    const link = open();
    say({ id: link.sent[0]?.id, status: 400, error: { code: -1021, msg: "outside of the recvWindow" } }, link);
    const other = api.call({ ...place, params: { symbol: "BTCUSDT", newClientOrderId: "mine-2" } });
    await settle();
    expect(link.sent).toMatchObject([{ id: 1 }, { id: 2, params: { newClientOrderId: "mine-2" } }]);
    measured();
    await settle();
    expect(link.sent[2]).toMatchObject({ params: { newClientOrderId: "mine-1" } });
    for (const { id } of link.sent.slice(1)) say({ id, status: 200, result: id }, link);
    expect(await Promise.all([result, other])).toEqual([3, 2]);
  });

  test("for too many requests pauses the budget, and the used weight is told to it", async () => {
    const { api, open, say, pauses, weights } = setUp();
    const result = rejectionOf(api.call(place));
    await settle();
    const link = open();
    say(
      {
        id: link.sent[0]?.id,
        status: 429,
        error: { code: -1003, msg: "Too much request weight used.", data: { serverTime: 5_000, retryAfter: 7_500 } },
        rateLimits: [
          { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6_000, count: 6_001 },
        ],
      },
      link,
    );
    expect(await result).toBeInstanceOf(RateLimitError);
    expect([pauses, weights]).toEqual([[2_500], [6_001]]);
  });

  test("shows neither key nor signature, whatever the venue echoes", async () => {
    const { api, open, say, errors } = setUp();
    const result = rejectionOf(api.call(place));
    await settle();
    const link = open();
    const signature = String(link.sent[0]?.params["signature"]);
    say({ id: link.sent[0]?.id, status: 400, error: { code: -1100, msg: `bad: ${signature} of planted-key` } }, link);
    say(`garbage planted-key ${signature}`, link);
    const shown = inspect([await result, ...errors], { depth: 20, showHidden: true });
    expect(errors).toHaveLength(1);
    for (const secret of ["planted-key", "planted-secret", signature]) expect(shown).not.toContain(secret);
  });
});

test("a shutdown notice opens another socket, and a session that the venue ended gives the socket up", async () => {
  const { api, open, say, opened, errors } = setUp();
  void api.call(ask).catch(() => {});
  await settle();
  const link = open();
  say({ event: { e: "serverShutdown", E: 1 } }, link);
  expect(opened.recycled).toBe(1);
  say({ id: null, status: 401, error: { code: -2015, msg: "Invalid API-key." } }, link);
  expect(link.dropped).toBe("the venue ended the session");
  expect(errors[0]).toBeInstanceOf(AuthError);
});
