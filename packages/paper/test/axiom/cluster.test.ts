import { describe, expect, test } from "vitest";
import { type SocketClient, setUp } from "./local-venue.ts";

type Venue = Awaited<ReturnType<typeof setUp>>;

/** The pair traded most in the last minutes, and its token. */
function busiest({ venue }: Venue) {
  const [token] = [...venue.market.tokens].sort((a, b) => b.buys + b.sells - a.buys - a.sells);
  return { token: token!, pair: token!.facts.pairAddress, mint: token!.facts.tokenAddress };
}

async function joined(local: Venue, ...rooms: string[]): Promise<SocketClient> {
  const socket = await local.connect("/");
  socket.join(...rooms);
  await socket.settled();
  return socket;
}

describe("the handshake", () => {
  test("is refused with 401 without a living access token", async () => {
    const { connect, session, venue, clock } = await setUp();
    for (const path of ["/", "/ws", "/eucalyptus/ws", "/eucalyptus-bnb/ws", "/friends/ws"]) {
      await expect(connect(path, "")).rejects.toThrow("401");
      await expect(connect(path, `auth-refresh-token=${session.refreshToken}`)).rejects.toThrow("401");
      await connect(path, `auth-access-token=${session.accessToken}`);
    }
    expect(venue.sockets).toBe(5);
    clock.advance({ ms: 960_000 });
    await expect(connect("/")).rejects.toThrow("401");
  });

  test("is refused with 404 at any other path", async () => {
    const { connect } = await setUp();
    await expect(connect("/socket")).rejects.toThrow("404");
  });
});

describe("messages", () => {
  test("a ping is answered, joining and leaving are not", async () => {
    const local = await setUp();
    const socket = await joined(local, "nothing");
    socket.send({ action: "leave", room: "nothing" });
    socket.send({ method: "ping" });
    await socket.settled();
    expect(socket.frames).toEqual([{ method: "pong" }]);
  });

  test("what makes no sense is passed over", async () => {
    const local = await setUp();
    const socket = await local.connect("/");
    for (const nonsense of [
      null,
      7,
      [],
      "x",
      {},
      { action: "join" },
      { action: "join", room: "" },
      { action: "stay", room: "sol_price" },
    ]) {
      socket.send(nonsense);
    }
    socket.send({ action: "join", room: "x".repeat(201) });
    await socket.settled();
    local.pass(1000);
    await socket.settled();
    expect(socket.frames).toEqual([]);
  });

  test("rooms nothing is known of may be joined, and stay silent", async () => {
    const local = await setUp();
    const { pair } = busiest(local);
    const socket = await joined(
      local,
      "twitter_feed_v2",
      `${pair}-dex-paid`,
      `s:${pair}`,
      `kol_tx:${pair}`,
      "surge-updates",
      pair,
    );
    local.pass(10_000);
    await socket.settled();
    expect(socket.frames).toEqual([]);
  });

  test("of a room come until it is left", async () => {
    const local = await setUp();
    const socket = await joined(local, "sol_price");
    local.pass(3000);
    socket.send({ action: "leave", room: "sol_price" });
    await socket.settled();
    const before = socket.contents("sol_price").length;
    expect(before).toBe(3);
    local.pass(3000);
    await socket.settled();
    expect(socket.frames.length).toBe(before);
  });

  test("joining a room again does not double its frames", async () => {
    const local = await setUp();
    const socket = await joined(local, "sol_price", "sol_price");
    local.pass(1000);
    await socket.settled();
    expect(socket.frames.length).toBe(1);
  });

  test("go to every region alike", async () => {
    const local = await setUp({ regions: 2 });
    const sockets = [await local.connect("/", undefined, 0), await local.connect("/", undefined, 1)];
    for (const socket of sockets) socket.join("new_pairs", "block_hash");
    for (const socket of sockets) await socket.settled();
    local.pass(5000);
    for (const socket of sockets) await socket.settled();
    expect(sockets[0]!.raw.length).toBeGreaterThanOrEqual(5);
    expect(sockets[0]!.raw).toEqual(sockets[1]!.raw);
  });

  test("more than 5,000 rooms end the connection", async () => {
    const local = await setUp();
    const socket = await local.connect("/");
    for (let i = 0; i <= 5000; i++) socket.join(`room ${i}`);
    expect(await socket.closed).toEqual({ code: 1008, reason: "too many rooms" });
  });
});

describe("rooms of a pair", () => {
  test("f: and t: have its trades in rows of 17 columns that agree", async () => {
    const local = await setUp();
    const { pair } = busiest(local);
    const socket = await joined(local, `f:${pair}`, `t:${pair}`, `td:${pair}`, `b-${pair}`);
    local.pass(20_000);
    await socket.settled();
    const rows = socket.contents(`f:${pair}`);
    expect(rows.length).toBeGreaterThan(5);
    expect(socket.contents(`t:${pair}`)).toEqual(rows);
    for (const row of rows) {
      expect(row.length).toBe(17);
      expect(row[4] * row[8]).toBeCloseTo(row[6], 9);
      expect(row[5] / row[4]).toBeCloseTo(row[7] / row[6], 6);
      expect([0, 1]).toContain(row[3]);
    }
    expect(socket.contents(`b-${pair}`)).toEqual(
      rows.map((row: number[]) => row[9]! / row[10]!).map((price: number) => expect.closeTo(price, 15)),
    );
    expect(socket.contents(`td:${pair}`).map(([wallet]: [string]) => wallet)).toEqual(
      rows.map((row: string[]) => row[1]),
    );
    const feed = (await local.asUser("/transactions-feed-v4", { pairAddress: pair, orderBy: "ASC" })).body;
    expect(feed.slice(-rows.length).map((row: string[]) => row[0])).toEqual(rows.map((row: string[]) => row[0]));
  });

  test("f: carries lists of rows when told so", async () => {
    const local = await setUp({ tradeFrames: "list" });
    const { pair } = busiest(local);
    const socket = await joined(local, `f:${pair}`);
    local.pass(20_000);
    await socket.settled();
    const [list] = socket.contents(`f:${pair}`);
    expect(list.map((row: unknown[]) => row.length)).toEqual([17]);
  });

  test("a: has what its trades did to the pool's tokens", async () => {
    const local = await setUp();
    const { pair, mint, token } = busiest(local);
    const before = token.pool.raw;
    const socket = await joined(local, `a:${mint}`);
    local.pass(10_000);
    await socket.settled();
    const changes = socket.contents(`a:${mint}`);
    expect(changes.length).toBeGreaterThan(3);
    let raw = before;
    for (const [address, after, delta, ...rest] of changes) {
      raw += delta;
      expect(address).toBe(pair);
      expect(after).toBe(raw);
      expect(rest.length).toBe(6);
    }
  });

  test("e- has its viewers, as a number or as text", async () => {
    const local = await setUp();
    const { pair } = busiest(local);
    const socket = await joined(local, `e-${pair}`);
    local.pass(4000);
    await socket.settled();
    const viewers = socket.contents(`e-${pair}`);
    expect(viewers.map((value: unknown) => typeof value)).toEqual(["string", "number", "string", "number"]);
    expect(viewers.every((value: unknown) => Number(value) >= 1)).toBe(true);
  });
});

describe("rooms of the market", () => {
  test("new_pairs has new pairs in snake case, and migrations with where they came from", async () => {
    const market = { pairs: 12, tradesPerSecond: 200, pairsPerMinute: 20, historyS: 60 };
    const local = await setUp({ market });
    const socket = await joined(local, "new_pairs");
    local.pass(60_000);
    await socket.settled();
    const pairs = socket.contents("new_pairs");
    const moved = pairs.filter((pair: { extra: unknown }) => pair.extra !== null);
    expect(moved.length).toBeGreaterThan(0);
    expect(pairs.length).toBeGreaterThan(moved.length + 5);
    for (const pair of pairs) {
      expect(Object.keys(pair).every((name) => name === name.toLowerCase())).toBe(true);
      expect(pair).toMatchObject({ token_decimals: 6, supply: 1e9, discord: null, slot: expect.any(Number) });
      expect(pair.initial_liquidity_sol / pair.initial_liquidity_token).toBeGreaterThan(0);
    }
    expect(moved[0].extra.migratedFrom).toEqual(expect.any(String));
  });

  test("v: has the trades of one wallet", async () => {
    const local = await setUp();
    const wallets = local.venue.market.traders.map(({ address }) => address);
    const socket = await joined(local, ...wallets.map((wallet) => `v:${wallet}`));
    const before = local.venue.market.tape.items.length;
    local.pass(5000);
    await socket.settled();
    const made = local.venue.market.tape.items.slice(before);
    expect(socket.frames.map(({ room, content }) => [room, content.signature])).toEqual(
      made.map(({ trader, signature }) => [`v:${trader.address}`, signature]),
    );
    expect(socket.frames[0].content.pair).toHaveProperty("tokenTicker");
  });

  test("prices, fees and block hashes come every second, the monitor every two", async () => {
    const local = await setUp();
    const everySecond = [
      "sol_price",
      "btc_price",
      "eth_price",
      "bnb_price",
      "sol-priority-fee",
      "jito-bribe-fee",
      "block_hash",
    ];
    const socket = await joined(local, ...everySecond, "connection_monitor");
    local.pass(10_000);
    await socket.settled();
    for (const room of everySecond) expect(socket.contents(room).length).toBe(10);
    const monitor = socket.contents("connection_monitor");
    expect(monitor.length).toBe(5);
    expect(monitor[1] - monitor[0]).toBe(2000);
    expect(monitor[4]).toBe(local.clock.nowUs() / 1000);
    expect(new Set(socket.contents("block_hash")).size).toBe(10);
    expect(socket.contents("sol_price").every((price: number) => price > 50 && price < 120)).toBe(true);
  });

  test("lighthouse and trending come every five seconds, as over REST", async () => {
    const local = await setUp();
    const socket = await joined(local, "lighthouse", "new-trending:1h");
    local.pass(10_000);
    await socket.settled();
    expect(socket.contents("lighthouse").length).toBe(2);
    expect(socket.contents("lighthouse")[1]).toEqual((await local.asUser("/lighthouse")).body);
    expect(socket.contents("new-trending:1h")[1]).toEqual((await local.asUser("/new-trending-v2?timePeriod=1h")).body);
  });

  test("update_pulse_v2 has the rows that changed", async () => {
    const local = await setUp();
    const socket = await joined(local, "update_pulse_v2");
    local.pass(1000);
    await socket.settled();
    const [rows] = socket.contents("update_pulse_v2");
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(row.length).toBe(49);
  });
});

describe("the same seed", () => {
  const rooms = [
    "new_pairs",
    "sol_price",
    "sol-priority-fee",
    "block_hash",
    "connection_monitor",
    "lighthouse",
    "new-trending:5m",
    "update_pulse_v2",
  ];

  async function record(seed: number): Promise<string[]> {
    const local = await setUp({ seed });
    const pairs = local.venue.pairAddresses.flatMap((pair) => [`f:${pair}`, `b-${pair}`, `e-${pair}`, `td:${pair}`]);
    const socket = await joined(local, ...rooms, ...pairs);
    local.pass(20_000);
    await socket.settled();
    return socket.raw.map(String);
  }

  test("gives the same frames, byte for byte", async () => {
    const first = await record(7);
    expect(first.length).toBeGreaterThan(500);
    expect(await record(7)).toEqual(first);
    expect(await record(8)).not.toEqual(first);
  });
});

describe("a token that dies while its socket is open", () => {
  test("ends the socket when tokens are expired, and a refreshed one connects again", async () => {
    const local = await setUp();
    const paths = ["/", "/ws", "/eucalyptus/ws", "/eucalyptus-bnb/ws", "/friends/ws"];
    const sockets = await Promise.all(paths.map((path) => local.connect(path)));
    local.venue.expireTokens();
    for (const socket of sockets) expect(await socket.closed).toEqual({ code: 1008, reason: "session expired" });
    await expect(local.connect("/")).rejects.toThrow("401");
    const { cookies } = await local.ask("/refresh-access-token", { method: "POST", cookie: local.session.cookie });
    await local.connect("/", `auth-access-token=${cookies["auth-access-token"]}`);
    expect(local.venue.sockets).toBe(1);
  });

  test("is what a fault does, too", async () => {
    const local = await setUp({ regions: 2 });
    const socket = await local.connect("/", undefined, 1);
    local.faults.add({ kind: "tokensExpired" });
    expect((await socket.closed).code).toBe(1008);
    expect((await local.asUser("/get-settings")).status).toBe(401);
  });

  test("by age leaves it open, unless told otherwise", async () => {
    const market = { pairs: 4, tradesPerSecond: 0.1, pairsPerMinute: 0, historyS: 0 };
    const lasting = await setUp({ market });
    const strict = await setUp({ market, closesSocketsAtExpiry: true });
    const kept = await lasting.connect("/");
    const ended = await strict.connect("/");
    kept.join("connection_monitor");
    await kept.settled();
    for (const { clock, venue } of [lasting, strict]) {
      clock.advance({ ms: 960_000 });
      venue.tick(clock.nowUs());
    }
    expect(await ended.closed).toEqual({ code: 1008, reason: "session expired" });
    await kept.settled();
    expect(kept.contents("connection_monitor").length).toBe(480);
  });
});
