import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { ProtocolError } from "../../../src/errors.ts";
import { StreamOverflowError } from "../../../src/stream/overflow.ts";
import { type AxiomOptions, axiomRooms, createAxiom, type RoomEvent } from "../../../src/venues/axiom/index.ts";
import type { RoomStreamOptions } from "../../../src/venues/axiom/room-stream.ts";
import { MINT, PAIR, roomTradeColumns, trendingColumns, WALLET } from "./examples.ts";
import { authCookies, type FakeOptions, fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

async function setUpFake(fakeOptions: FakeOptions = {}, options: AxiomOptions = {}) {
  const fake = await fakeAxiom(fakeOptions);
  const session = { accessToken: token("user", 900), refreshToken: "refresh" };
  const axiom = createAxiom({ urls: fake.urls, session, ...options });
  onTestFinished(() => axiom.close());
  const errors: Error[] = [];
  const open = async (of: Partial<RoomStreamOptions> = {}) => {
    const events: RoomEvent[] = [];
    const stream = axiom.stream.rooms({
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
      ...of,
    });
    await stream.ready;
    return { stream, events };
  };
  return { fake, axiom, open, errors };
}

/** Answers joins by keeping them, and pings by a pong. */
function listening(received: string[]): NonNullable<FakeOptions["onSocket"]> {
  return (socket) =>
    socket.on("message", (data) => {
      received.push(data.toString());
      if (data.toString() === '{"method":"ping"}') socket.send('{"method":"pong"}');
    });
}

const say = (room: string, content: unknown) => JSON.stringify({ room, content });

test("the rooms of the paper venue are read as events of their kinds", async () => {
  const { axiom, venue } = await setUp();
  const pairs = venue.pairAddresses; // those of now: old ones give way to new ones
  const pair = pairs[0] as string;
  const { tokenAddress } = await axiom.market.getPairInfo(pair);
  const rooms = [
    ...[axiomRooms.newPairs, axiomRooms.price(pair), axiomRooms.tradeWallets(pair), axiomRooms.viewers(pair)],
    ...[axiomRooms.tokenActivity(tokenAddress), axiomRooms.coinPrice("SOL"), axiomRooms.blockhash],
    ...[axiomRooms.priorityFee, axiomRooms.jitoBribeFee, axiomRooms.pulse, axiomRooms.serverTime],
    // Every pair, so that somebody trades soon.
    ...pairs.flatMap((address) => [axiomRooms.trades(address), axiomRooms.feed(address)]),
  ];
  const errors: Error[] = [];
  const stream = axiom.stream.rooms({ rooms, onError: (error) => errors.push(error) });
  const wanted = new Set([
    "newPair",
    "trade",
    "coinPrice",
    "blockhash",
    "priorityFee",
    "jitoBribeFee",
    "pulse",
    "serverTime",
  ]);
  for await (const event of stream) {
    wanted.delete(event.kind);
    expect(event.kind).not.toBe("unknown");
    if (event.kind === "trade") {
      expect(pairs).toContain(event.pairAddress);
      expect((event.trade.priceSol ?? 0) * (event.trade.tokenAmount ?? 0)).toBeCloseTo(event.trade.totalSol ?? -1, 6);
    }
    if (wanted.size === 0) break;
  }
  expect(errors).toEqual([]);
});

describe("a stream of rooms", () => {
  test("joins its rooms on open, and more while it runs", async () => {
    const received: string[] = [];
    const { open } = await setUpFake({ onSocket: listening(received) });
    const { stream } = await open({ rooms: ["new_pairs", axiomRooms.price(PAIR)] });
    stream.join("any-room");
    stream.leave("new_pairs");
    await until(() => received.length === 4);
    expect(received.map((text) => JSON.parse(text))).toEqual([
      { action: "join", room: "new_pairs" },
      { action: "join", room: `b-${PAIR}` },
      { action: "join", room: "any-room" },
      { action: "leave", room: "new_pairs" },
    ]);
    expect([...stream.rooms]).toEqual([`b-${PAIR}`, "any-room"]);
  });

  test("sends both cookies and the headers of the site in its handshake", async () => {
    const { fake, open } = await setUpFake({}, { userAgent: "Browser/1" });
    await open();
    expect(fake.handshakes[0]).toMatchObject({
      cookie: expect.stringMatching(/^auth-access-token=.*; auth-refresh-token=refresh$/),
      origin: "https://axiom.trade",
      "user-agent": "Browser/1",
      "cache-control": "no-cache",
    });
    expect(fake.socketUrls).toEqual(["/"]);
  });

  test("reads every room of a known form", async () => {
    const { fake, open, errors } = await setUpFake();
    const { events } = await open();
    const frames: readonly (readonly [string, unknown, object])[] = [
      ["sol_price", "193.93", { kind: "coinPrice", coin: "SOL", priceUsd: 193.93 }],
      ["btc_price", 70_000, { kind: "coinPrice", coin: "BTC", priceUsd: 70_000 }],
      ["sol-priority-fee", 0.0042, { kind: "priorityFee", feeSol: 0.0042 }],
      ["jito-bribe-fee", 0.0028, { kind: "jitoBribeFee", feeSol: 0.0028 }],
      ["block_hash", "hash", { kind: "blockhash", blockhash: "hash" }],
      ["connection_monitor", 1_770_000_000_000, { kind: "serverTime", serverTimeUs: 1_770_000_000_000_000 }],
      [`e-${PAIR}`, "49", { kind: "viewers", pairAddress: PAIR, viewers: 49 }],
      [`b-${PAIR}`, 4e-8, { kind: "price", pairAddress: PAIR, priceSol: 4e-8 }],
      [`td:${PAIR}`, [WALLET, 3], { kind: "tradeWallet", pairAddress: PAIR, walletAddress: WALLET, column1: 3 }],
      [`s:${PAIR}`, { active_users: 3 }, { kind: "pairState", pairAddress: PAIR, state: { active_users: 3 } }],
      [`t:${PAIR}`, roomTradeColumns(), { kind: "trade", pairAddress: PAIR, trade: { side: "buy" } }],
      [`f:${PAIR}`, [roomTradeColumns()], { kind: "trade", pairAddress: PAIR, trade: { side: "buy" } }],
      [`a:${MINT}`, [PAIR, 100, -5, 1, 0, 0, 0, 2, 0.5], { kind: "tokenActivity", activity: { tokenDeltaRaw: -5 } }],
      [
        `v:${WALLET}`,
        { signature: "s", type: "buy", f: 0.1 },
        { kind: "walletTrade", walletAddress: WALLET, trade: { feeSol: 0.1 } },
      ],
      [
        "new-trending:1h",
        { rankings: [trendingColumns()] },
        { kind: "trending", period: "1h", rows: [{ pairAddress: PAIR }] },
      ],
      ["update_pulse_v2", [[PAIR, MINT]], { kind: "pulse", rows: [{ tokenAddress: MINT }] }],
      ["twitter_feed_v2", { taskId: 1 }, { kind: "twitterFeed", item: { taskId: 1 } }],
      ["pump-live-stream-tokens", [{ a: 1 }], { kind: "pumpLiveStreams", tokens: [{ a: 1 }] }],
      [
        "thumbnail",
        { pairAddress: PAIR, base64Image: "i" },
        { kind: "thumbnail", pairAddress: PAIR, base64Image: "i" },
      ],
      ["token-thumbnails", { tokenAddress: MINT, base64Image: "i" }, { kind: "tokenThumbnail", tokenAddress: MINT }],
      [
        "twitter-preview",
        { pairAddress: PAIR, type: "tweet", data: 1 },
        { kind: "twitterPreview", type: "tweet", data: 1 },
      ],
      ["lighthouse", { "1h": { All: {} } }, { kind: "lighthouse" }],
      ["new_pairs", { pair_address: PAIR, token_address: MINT }, { kind: "newPair", pair: { pairAddress: PAIR } }],
    ];
    for (const [room, content] of frames) fake.sockets[0]?.send(say(room, content));
    await until(() => events.length + errors.length === frames.length);
    expect(errors).toEqual([]);
    expect(events).toMatchObject(frames.map(([room, , event]) => ({ room, ...event })));
  });

  test("hands over what it does not know, untouched", async () => {
    const { fake, open } = await setUpFake();
    const { events } = await open();
    const content = { some: [1, "thing"], of: null };
    fake.sockets[0]?.send(say("bnb|migrations", content));
    fake.sockets[0]?.send(say(`${PAIR}-dex-paid`, 1));
    fake.sockets[0]?.send('{"type":"connected"}');
    await until(() => events.length === 3);
    expect(events).toMatchObject([
      { kind: "unknown", room: "bnb|migrations", content },
      { kind: "unknown", room: `${PAIR}-dex-paid`, content: 1 },
      { kind: "unknown", room: "", content: { type: "connected" } },
    ]);
  });

  test("tells of a frame it cannot read, as an error and as a gap that no resync ends, and goes on", async () => {
    const { fake, open, errors } = await setUpFake();
    const { stream, events } = await open({ rooms: ["new_pairs", `b-${PAIR}`] });
    for (const frame of ["planted-secret", say(`b-${PAIR}`, "planted-secret"), say(`b-${PAIR}`, 1)]) {
      fake.sockets[0]?.send(frame);
    }
    await until(() => events.length === 3);
    expect(events).toMatchObject([
      { kind: "gap", cause: "undecodable", rooms: [...stream.rooms], reason: errors[0]?.message },
      { kind: "gap", cause: "undecodable", rooms: [`b-${PAIR}`], reason: errors[1]?.message },
      { kind: "price" },
    ]);
    expect(errors).toEqual([
      new ProtocolError("a frame of the cluster socket is no JSON: 14 bytes"),
      new ProtocolError(`b-${PAIR}: must be a number, got string`),
    ]);
  });

  test("goes on when a callback throws, and tells of it", async () => {
    const { fake, open, errors } = await setUpFake();
    let calls = 0;
    await open({
      onEvent: () => {
        calls++;
        throw new Error("mine");
      },
    });
    fake.sockets[0]?.send(say("a-room", 1));
    fake.sockets[0]?.send(say("a-room", 2));
    await until(() => calls === 2);
    expect(errors.map(({ message }) => message)).toEqual(["mine", "mine"]);
  });
});

describe("a socket that is lost", () => {
  test("is a gap of its rooms, and a resync when they are joined again; nothing is said to be whole in between", async () => {
    const received: string[] = [];
    const { fake, open } = await setUpFake({ onSocket: listening(received) });
    const { events } = await open({ rooms: ["new_pairs", "sol_price"] });
    await until(() => received.length === 2);
    fake.sockets[0]?.terminate();
    await until(() => events.length === 2);
    expect(events).toMatchObject([
      { kind: "gap", cause: "lost", rooms: ["new_pairs", "sol_price"], reason: "cut off" },
      { kind: "resync", rooms: ["new_pairs", "sol_price"] },
    ]);
    await until(() => received.length === 4);
    expect(received.slice(2)).toEqual(received.slice(0, 2));
    fake.sockets[1]?.send(say("sol_price", 1));
    await until(() => events.length === 3);
  });

  test("when its token ends comes back with a new one", async () => {
    const { axiom, venue } = await setUp();
    const events: RoomEvent[] = [];
    const errors: Error[] = [];
    const stream = axiom.stream.rooms({
      rooms: [axiomRooms.coinPrice("SOL")],
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
    });
    await stream.ready;
    let refreshes = 0;
    axiom.events.on("sessionRefreshed", () => refreshes++);
    venue.expireTokens(); // closes the socket with 1008, and refuses the old token in the handshake
    await until(() => events.some(({ kind }) => kind === "resync"));
    const at = events.findIndex(({ kind }) => kind === "resync");
    await until(() => events.slice(at).some(({ kind }) => kind === "coinPrice"));
    expect(refreshes).toBe(1);
    expect(events.find(({ kind }) => kind === "gap")).toMatchObject({
      reason: "closed by the venue (1008 session expired)",
    });
  });

  test("whose token has ended by the clock is renewed before the handshake", async () => {
    const accessToken = token("user", 900, 5);
    const { fake, open } = await setUpFake(
      { answer: () => ({ json: "Access token refreshed!", headers: { "set-cookie": authCookies(accessToken) } }) },
      { session: { accessToken: token("user", -1), refreshToken: "refresh" } },
    );
    await open();
    expect(fake.paths()).toEqual(["/refresh-access-token"]);
    expect(fake.handshakes.map(({ cookie }) => cookie)).toEqual([
      `auth-access-token=${accessToken}; auth-refresh-token=refresh`,
    ]);
  });

  test("that is refused in the handshake is tried again at once with a renewed session", async () => {
    const { fake, open } = await setUpFake({
      answer: () => ({
        json: "Access token refreshed!",
        headers: { "set-cookie": authCookies(token("user", 900, 1)) },
      }),
      refuse: (_, count) => (count === 1 ? 401 : undefined),
    });
    await open();
    expect(fake.of("/refresh-access-token")).toHaveLength(1);
    expect(fake.handshakes).toHaveLength(2);
    expect(fake.handshakes[1]?.cookie).not.toBe(fake.handshakes[0]?.cookie);
  });

  test("is noticed by the venue's own ping, which goes out every 30 s and is answered while all is well", async () => {
    const clock = new ManualClock(Date.now() * 1000);
    const received: string[] = [];
    let answers = true;
    const { fake, open } = await setUpFake(
      {
        onSocket: (socket) =>
          socket.on("message", (data) => {
            received.push(data.toString());
            if (answers) socket.send('{"method":"pong"}');
          }),
      },
      { clock },
    );
    const { events } = await open({ rooms: ["sol_price"] });
    const pings = () => received.filter((text) => text === '{"method":"ping"}').length;
    clock.advance({ ms: 30_000 });
    await until(() => pings() === 1);
    answers = false;
    clock.advance({ ms: 30_000 });
    await until(() => pings() === 2);
    expect(fake.sockets).toHaveLength(1);
    clock.advance({ ms: 10_000 });
    await until(() => events.length === 1);
    expect(events).toMatchObject([{ kind: "gap", reason: "a keepalive got no answer in 10000 ms" }]);
    clock.advance({ ms: 1_000 });
    await until(() => fake.sockets.length === 2);
  });

  test("moves to another host when its own is down", async () => {
    const dead = await fakeAxiom({ refuse: () => 502 });
    const { fake } = await setUpFake();
    const urls = { ...fake.urls, cluster: { "us-east": dead.urls.cluster.global!, asia: fake.urls.cluster.global! } };
    const axiom = createAxiom({ urls, region: "us-east", session: { accessToken: token("user", 900) } });
    onTestFinished(() => axiom.close());
    const stream = axiom.stream.rooms({ rooms: ["sol_price"], onError: () => {} });
    await stream.ready;
    expect(fake.sockets).toHaveLength(1);
    expect(dead.handshakes.length).toBeGreaterThan(0);
  });
});

describe("a reader", () => {
  test("that aborts, breaks or closes ends the stream and its socket", async () => {
    const { fake, axiom } = await setUpFake();
    const stop = new AbortController();
    const aborted = axiom.stream.rooms({ onError: () => {}, signal: stop.signal });
    const broken = axiom.stream.rooms({ onError: () => {} });
    const closed = axiom.stream.rooms({ onError: () => {} });
    await Promise.all([aborted.ready, broken.ready, closed.ready]);
    const ends = Promise.all(fake.sockets.map((socket) => new Promise((resolve) => socket.on("close", resolve))));
    for (const socket of fake.sockets) socket.send(say("a-room", 1));
    stop.abort();
    for await (const _ of aborted); // over by itself
    for await (const _ of broken) break;
    await closed.close();
    await ends;
    const late = new AbortController();
    late.abort(new Error("too late"));
    expect(() => axiom.stream.rooms({ onError: () => {}, signal: late.signal })).toThrow("too late");
    expect(fake.handshakes).toHaveLength(3);
  });

  test("that is slow loses the oldest events, and is told how many", async () => {
    const { fake, axiom } = await setUpFake();
    const stream = axiom.stream.rooms({ onError: () => {}, overflow: { capacity: 3 } });
    await stream.ready;
    for (let i = 0; i < 10; i++) fake.sockets[0]?.send(say("sol_price", i));
    await pongOf(fake.sockets[0]!);
    const events: RoomEvent[] = [];
    for await (const event of stream) {
      events.push(event);
      if (events.length === 4) break;
    }
    expect(events).toMatchObject([
      { kind: "gap", cause: "overflow", reason: "overflow: 7 events were dropped, the consumer is too slow" },
      ...[7, 8, 9].map((priceUsd) => ({ kind: "coinPrice", priceUsd })),
    ]);
  });

  test("that is slow ends with an error where the policy says so", async () => {
    const { fake, axiom } = await setUpFake();
    const stream = axiom.stream.rooms({ onError: () => {}, overflow: { capacity: 1, policy: "close" } });
    await stream.ready;
    const ended = new Promise((resolve) => fake.sockets[0]?.on("close", resolve));
    for (let i = 0; i < 3; i++) fake.sockets[0]?.send(say("sol_price", i));
    await ended;
    const read = async () => {
      const events: RoomEvent[] = [];
      for await (const event of stream) events.push(event);
      return events;
    };
    await expect(read()).rejects.toBeInstanceOf(StreamOverflowError);
  });

  test("beside another one is refused", async () => {
    const { axiom } = await setUpFake();
    const stream = axiom.stream.rooms({ onError: () => {} });
    stream[Symbol.asyncIterator]();
    expect(() => stream[Symbol.asyncIterator]()).toThrow("read by another loop already");
  });
});

test("a client that closes ends its streams", async () => {
  const { axiom, open } = await setUpFake();
  const { stream } = await open();
  await axiom.close();
  for await (const _ of stream) throw new Error("no event was expected");
});

test.each<readonly [name: string, options: Partial<RoomStreamOptions>, rule: string]>([
  ["a room's name", { rooms: ["a room"] }, "rooms[0] must be the name of a room"],
  [
    "too many rooms",
    { rooms: Array.from({ length: 501 }, (_, index) => `r${index}`) },
    "rooms must be at most 500, got 501",
  ],
  ["no onError", { onError: undefined as never }, "onError must be a function"],
  ["a policy", { overflow: { policy: "wait" as never } }, "overflow.policy must be dropOldest or close"],
  ["a capacity", { overflow: { capacity: 0 } }, "overflow.capacity must be a number from 1 to 1000000"],
])("bad input is refused before a socket is opened: %s", async (_, options, rule) => {
  const { fake, axiom } = await setUpFake();
  const open = () => axiom.stream.rooms({ onError: () => {}, ...options });
  expect(open).toThrow(InvalidInputError);
  expect(open).toThrow(rule);
  expect(fake.handshakes).toEqual([]);
});

test("names of rooms are made of addresses that are some", () => {
  expect(() => axiomRooms.trades("x")).toThrow("pairAddress must be a Solana address");
  expect(() => axiomRooms.trending("2h" as never)).toThrow("period must be one of");
  expect(axiomRooms.trending("24h")).toBe("new-trending:24h");
});

/** Resolves when everything sent before was read by the client. */
function pongOf(socket: import("ws").WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("pong", () => resolve());
    socket.ping();
  });
}
