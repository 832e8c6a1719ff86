import { createSystemClock } from "@pitlane/perf";
import { seededRandom } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import {
  AuthError,
  type Balance,
  InvalidInputError,
  type OrderReport,
  ProtocolError,
  RateLimitError,
  TimeoutError,
} from "../../../src/index.ts";
import type { OrderListReport } from "../../../src/model/order-list.ts";
import { fixedEndpoint } from "../../../src/region/endpoints.ts";
import { createSigner } from "../../../src/session/sign.ts";
import type { BalanceChange, UserStreamOptions } from "../../../src/stream/streams.ts";
import { signWsApi } from "../../../src/venues/binance/sign.ts";
import { openUserStream } from "../../../src/venues/binance/user-stream.ts";
import { FakeVenue } from "../../support/fake-venue.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const instrument = testInstrument();
const credentials = { apiKey: "planted-key", apiSecret: "planted-secret" };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: {
    readonly timestamp: number;
    readonly recvWindow: number;
    readonly apiKey: string;
    readonly signature: string;
  };
}

type Answer = (request: Request, socket: WebSocket, at: number) => unknown;

const accept: Answer = ({ id }) => ({ id, status: 200, result: { subscriptionId: 0 } });

/** Waits are noted, and over at once. */
function impatientClock(waits: number[]) {
  const clock = createSystemClock();
  return {
    nowUs: () => clock.nowUs(),
    resync: async () => {},
    monotonicNs: () => clock.monotonicNs(),
    sleep: async (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

async function setUp(answer: Answer = accept, options: Partial<UserStreamOptions> = {}, callTimeoutMs = 5_000) {
  const requests: Request[] = [];
  const venue = await FakeVenue.create({
    onSocket: (socket) =>
      socket.on("message", (data) => {
        const request = JSON.parse(String(data)) as Request;
        requests.push(request);
        const reply = answer(request, socket, requests.length);
        if (reply !== undefined) socket.send(JSON.stringify(reply));
      }),
  });
  const waits: number[] = [];
  const reports: OrderReport[] = [];
  const balances: (readonly [string, Balance])[] = [];
  const errors: Error[] = [];
  let reconnects = 0;
  let closes = 0;
  const clock = impatientClock(waits);
  const stream = openUserStream(
    {
      instruments: [instrument],
      onReport: (report) => reports.push(report),
      onBalances: (changed) => balances.push(...changed),
      onReconnected: () => reconnects++,
      onError: (error) => errors.push(error),
      ...options,
    },
    {
      venue: "binance",
      endpoints: fixedEndpoint(venue.urls.wsApi),
      signer: createSigner(credentials),
      recvWindowMs: 5_000,
      nowUs: () => clock.nowUs(),
      resync: async () => {},
      connectTimeoutMs: 5_000,
      callTimeoutMs,
      clock,
      random: seededRandom(1),
      onClose: () => closes++,
    },
  );
  closers.push(
    () => venue.close(),
    () => stream.close(),
  );
  const sendEvent = (event: unknown) => venue.socket.send(JSON.stringify({ subscriptionId: 0, event }));
  return {
    venue,
    stream,
    requests,
    reports,
    balances,
    errors,
    reconnects: () => reconnects,
    closes: () => closes,
    sendEvent,
    waits,
  };
}

const report = {
  e: "executionReport",
  s: "BTCUSDT",
  c: "mine-1",
  S: "BUY",
  q: "0.01",
  C: "",
  x: "NEW",
  X: "NEW",
  i: 28,
  z: "0",
  T: 9,
};

test("subscribes by a signed request", async () => {
  const { stream, requests } = await setUp();
  await stream.ready;
  const { method, params } = requests[0] as Request;
  expect(method).toBe("userDataStream.subscribe.signature");
  const { timestamp, recvWindow } = params as { readonly timestamp: number; readonly recvWindow: number };
  const { json } = signWsApi({}, createSigner(credentials), String(timestamp), recvWindow);
  expect(params).toEqual(JSON.parse(json));
  expect(recvWindow).toBe(5_000);
  expect(Number.isInteger(timestamp)).toBe(true);
});

test("delivers reports of its instruments, and balances", async () => {
  const { stream, sendEvent, reports, balances, errors } = await setUp();
  await stream.ready;
  sendEvent({ ...report, s: "ETHUSDT" });
  sendEvent({ e: "outboundAccountPosition", E: 1, u: 1, B: [{ a: "BTC", f: "1.5", l: "0" }] });
  sendEvent(report);
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  expect(reports[0]).toMatchObject({ instrument, clientOrderId: "mine-1", status: "accepted", atUs: 9_000 });
  expect(balances).toEqual([["BTC", { free: 150_000_000n, locked: 0n }]]);
  expect(errors).toEqual([]);
  expect(stream.counters()).toEqual({ reports: 1, balances: 1, otherInstruments: 1, ignored: new Map() });
});

test("a lost socket is subscribed anew, and its owner told to ask what it missed", async () => {
  const { venue, stream, sendEvent, reports, reconnects, errors } = await setUp();
  await stream.ready;
  expect(reconnects()).toBe(0);
  venue.socket.terminate();
  await vi.waitFor(() => expect(reconnects()).toBe(1));
  sendEvent(report);
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/was lost: cut off$/)]);
});

test("a stream that the venue has ended is replaced", async () => {
  const { stream, sendEvent, reconnects, errors } = await setUp();
  await stream.ready;
  sendEvent({ e: "eventStreamTerminated", E: 1 });
  await vi.waitFor(() => expect(reconnects()).toBe(1));
  expect(errors[0]?.message).toMatch(/was lost: the venue ended the user stream \(eventStreamTerminated\)$/);
});

test("one that the venue is about to end is replaced before it does: the owner is told to ask, and hears of nothing twice", async () => {
  const { venue, stream, sendEvent, reconnects, reports, errors } = await setUp();
  await stream.ready;
  sendEvent({ e: "serverShutdown", E: 1 });
  await vi.waitFor(() => expect(reconnects()).toBe(1));
  expect(venue.sockets).toHaveLength(2);
  for (const socket of venue.sockets) socket.send(JSON.stringify({ subscriptionId: 0, event: report }));
  await vi.waitFor(() => expect(venue.connections).toBe(1));
  expect([reports.length, errors]).toEqual([1, []]);
});

test("a subscription of the successor that gets no answer leaves the present one as it is", async () => {
  let mute = false;
  const { venue, stream, sendEvent, reports, reconnects, errors } = await setUp(
    (request, socket, at) => {
      if (!mute) return accept(request, socket, at);
      mute = false;
      return undefined;
    },
    {},
    1_000,
  );
  await stream.ready;
  mute = true;
  sendEvent({ e: "serverShutdown", E: 1 });
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
  venue.sockets[0]?.send(JSON.stringify({ subscriptionId: 0, event: report }));
  await vi.waitFor(() => expect(reconnects()).toBe(1)); // by the third socket
  expect([reports.length, venue.sockets.length]).toEqual([1, 3]);
  expect(errors[0]).toBeInstanceOf(TimeoutError);
});

test("changes of balances and order lists are delivered to who asks for them, and counted by name where nobody does", async () => {
  const changes: BalanceChange[] = [];
  const lists: OrderListReport[] = [];
  const events = [
    { e: "balanceUpdate", E: 1, a: "BTC", d: "-1.5", T: 7 },
    { e: "externalLockUpdate", E: 1, a: "BTC", d: "0.5", T: 8 },
    {
      e: "listStatus",
      E: 1,
      s: "BTCUSDT",
      g: 5,
      c: "OCO",
      l: "EXEC_STARTED",
      L: "EXECUTING",
      r: "NONE",
      C: "list-1",
      T: 9,
      O: [{ s: "BTCUSDT", i: 17, c: "leg-1" }],
    },
    { e: "newThing" },
  ];
  const asking = await setUp(accept, {
    onBalanceChange: (change) => changes.push(change),
    onOrderList: (list) => lists.push(list),
  });
  await asking.stream.ready;
  for (const event of events) asking.sendEvent(event);
  await vi.waitFor(() => expect(asking.stream.counters().ignored).toEqual(new Map([["newThing", 1]])));
  expect(changes).toEqual([
    { kind: "transfer", asset: "BTC", delta: -150_000_000n, atUs: 7_000 },
    { kind: "externalLock", asset: "BTC", delta: 50_000_000n, atUs: 8_000 },
  ]);
  expect(lists).toEqual([
    {
      instrument,
      clientListId: "list-1",
      venueListId: "5",
      status: "working",
      orders: [{ clientOrderId: "leg-1", venueOrderId: "17" }],
      atUs: 9_000,
    },
  ]);
  expect(asking.errors).toEqual([]);
  const silent = await setUp();
  await silent.stream.ready;
  for (const event of events) silent.sendEvent(event);
  const names = ["balanceUpdate", "externalLockUpdate", "listStatus", "newThing"];
  await vi.waitFor(() => expect([...silent.stream.counters().ignored.keys()]).toEqual(names));
});

test("a message that cannot be read is an error that shows it, and the stream goes on", async () => {
  const { venue, stream, sendEvent, reports, errors } = await setUp();
  await stream.ready;
  venue.socket.send("nonsense");
  sendEvent({ ...report, i: "28" });
  sendEvent(report);
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  expect(errors).toHaveLength(2);
  expect(errors[0]).toBeInstanceOf(ProtocolError);
  expect(errors[0]?.message).toBe("a user stream message cannot be read: not JSON; it begins nonsense");
  expect(errors[1]?.message).toMatch(
    /executionReport: "i" must be a whole number, got string; it begins \{"subscriptionId":0/,
  );
});

test("an error of a callback goes to onError as it is, and the stream goes on", async () => {
  const mistake = new TypeError("a mistake");
  const { stream, sendEvent, errors } = await setUp(accept, {
    onReport: () => {
      throw mistake;
    },
  });
  await stream.ready;
  sendEvent(report);
  sendEvent(report);
  await vi.waitFor(() => expect(errors).toEqual([mistake, mistake]));
});

describe("a refused subscription", () => {
  const refusal =
    (status: number, code: number, data?: object): Answer =>
    ({ id }) => ({
      id,
      status,
      error: { code, msg: "No.", ...(data === undefined ? {} : { data }) },
    });

  test("of the key ends the stream: ready rejects, and nobody tries again", async () => {
    const { venue, stream, errors, requests } = await setUp(refusal(401, -2015));
    const error = await rejectionOf(stream.ready);
    expect(error).toBeInstanceOf(AuthError);
    expect(errors).toEqual([error]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    expect(requests).toHaveLength(1);
  });

  test("for too many requests is tried again when the venue says", async () => {
    const { stream, errors, waits } = await setUp((request, socket, at) =>
      at === 1
        ? refusal(429, -1003, { serverTime: 1_000, retryAfter: 61_000 })(request, socket, at)
        : accept(request, socket, at),
    );
    await stream.ready;
    expect(errors[0]).toBeInstanceOf(RateLimitError);
    expect(errors[0]).toMatchObject({ retryAfterMs: 60_000 });
    expect(waits).toEqual([60_000]);
  });

  test("by an ailing venue is tried again", async () => {
    const { stream, errors } = await setUp((request, socket, at) =>
      at < 3 ? refusal(503, -1008)(request, socket, at) : accept(request, socket, at),
    );
    await stream.ready;
    expect(errors.filter(({ message }) => message.startsWith("userDataStream"))).toHaveLength(2);
  });

  test("that never comes is an error in time, and tried again", async () => {
    const { stream, errors, requests } = await setUp(
      (request, socket, at) => (at === 1 ? undefined : accept(request, socket, at)),
      {},
      1_000,
    );
    await stream.ready;
    expect(errors[0]).toBeInstanceOf(TimeoutError);
    expect(errors[0]?.message).toBe("the user stream's subscription got no answer in 1000 ms");
    expect(requests).toHaveLength(2);
  });

  test("that is lost with its socket does not count against the next one", async () => {
    const { venue, stream, errors, requests, sendEvent, reports } = await setUp(
      (request, socket, at) => {
        if (at > 1) return accept(request, socket, at);
        socket.terminate();
        return undefined;
      },
      {},
      1_000,
    );
    await stream.ready;
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // the time in which the first one would have been missed
    sendEvent(report);
    await vi.waitFor(() => expect(reports).toHaveLength(1));
    expect([requests.length, venue.sockets.length]).toEqual([2, 2]);
    expect(errors.filter((error) => error instanceof TimeoutError)).toEqual([]);
  });

  test("after a key was revoked in mid-session ends the stream as well", async () => {
    let isRevoked = false;
    const { venue, stream, errors, reconnects } = await setUp((request, socket, at) =>
      (isRevoked ? refusal(401, -2015) : accept)(request, socket, at),
    );
    await stream.ready;
    isRevoked = true;
    venue.socket.send(JSON.stringify({ id: null, status: 401, error: { code: -2015, msg: "Invalid API-key." } }));
    await vi.waitFor(() => expect(errors.filter((error) => error instanceof AuthError)).toHaveLength(2));
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    expect(reconnects()).toBe(0);
  });

  test("that quotes the request shows no secret", async () => {
    const { stream, errors, requests } = await setUp((request) => ({
      id: request.id,
      status: 400,
      error: { code: -1102, msg: `cannot read ${JSON.stringify(request.params)}` },
    }));
    const error = await rejectionOf(stream.ready);
    expect(error.message).toContain("[secret]");
    for (const secret of [credentials.apiKey, credentials.apiSecret, requests[0]?.params.signature ?? "?"]) {
      expect(JSON.stringify([errors.map(String), error.message])).not.toContain(secret);
    }
  });
});

test("close before the subscription rejects ready and leaves nothing behind", async () => {
  const { venue, stream, closes } = await setUp(() => undefined);
  await vi.waitFor(() => expect(venue.sockets).toHaveLength(1));
  await stream.close();
  expect((await rejectionOf(stream.ready)).message).toBe("the user stream was closed before it was subscribed");
  expect(closes()).toBe(1);
  await vi.waitFor(() => expect(venue.connections).toBe(0));
});

test("the signal closes it", async () => {
  const abort = new AbortController();
  const { venue, stream, closes } = await setUp(accept, { signal: abort.signal });
  await stream.ready;
  abort.abort();
  await vi.waitFor(() => expect(closes()).toBe(1));
  await vi.waitFor(() => expect(venue.connections).toBe(0));
});

test.each(["onReport", "onBalances", "onReconnected", "onError"])("needs %s, and says so at the call", async (name) => {
  for (const value of [undefined, null, 5]) {
    const opening = rejectionOf(setUp(accept, { [name]: value }));
    expect(await opening).toBeInstanceOf(InvalidInputError);
    expect((await opening).message).toBe(`${name} must be a function, got ${value}`);
  }
});

test("refuses other callbacks, instruments and signals that are none", async () => {
  const bad: readonly [options: object, words: string][] = [
    [{ onBalanceChange: 5 }, "onBalanceChange must be a function, got 5"],
    [{ onOrderList: "x" }, 'onOrderList must be a function, got "x"'],
    [{ signal: {} }, "signal must be an AbortSignal, got object"],
    [{ instruments: undefined }, "instruments must be a list, got undefined"],
    [{ instruments: [undefined] }, "instrument undefined is not of venue binance"],
  ];
  for (const [options, words] of bad) {
    const error = await rejectionOf(setUp(accept, options));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(words);
  }
});
