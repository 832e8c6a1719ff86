import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createPaper, DEFAULT_INSTRUMENTS, type Paper, type PaperOptions } from "../src/index.ts";
import { RestClient, SocketClient } from "./client.ts";

const papers: Paper[] = [];
const clients: SocketClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

async function setUp(options: PaperOptions = {}) {
  const paper = await createPaper({ market: false, ...options });
  papers.push(paper);
  const open = async (path: string) => {
    const client = await SocketClient.open(paper.urls.stream + path);
    clients.push(client);
    return client;
  };
  return { paper, rest: new RestClient(paper), open };
}

/** A market that stands still, on a clock that the test moves. */
async function setUpClock(options: PaperOptions = {}) {
  const clock = new ManualClock();
  const parts = await setUp({ clock, ...options });
  const rest = new RestClient(parts.paper, () => clock.nowUs() / 1000);
  /** Moves time on by 100 ms, `count` times, so that every timer gets its turn. */
  const tick = async (count = 1) => {
    for (let i = 0; i < count; i++) {
      clock.advance({ ms: 100 });
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  /** Two orders of the account that trade with each other. */
  const trade = async (price: string, quantity = "1") => {
    await rest.place({ side: "SELL", price, quantity });
    await rest.place({ side: "BUY", price, quantity, selfTradePreventionMode: "NONE" });
  };
  return { ...parts, clock, rest, tick, trade };
}

describe("the shape of events", () => {
  test("trades and aggregates, as they happen", async () => {
    const { open, trade, clock } = await setUpClock();
    const client = await open("/ws/aaausdt@trade/aaausdt@aggTrade");
    await trade("100.5", "0.25");
    const time = clock.nowUs() / 1000;
    const [event] = await client.until(({ e }) => e === "trade");
    expect(event).toEqual({
      e: "trade",
      E: time,
      s: "AAAUSDT",
      t: 1,
      p: "100.50000000",
      q: "0.25000000",
      T: time,
      m: false,
      M: true,
    });
    const [aggregate] = await client.until(({ e }) => e === "aggTrade");
    expect(aggregate).toEqual({
      e: "aggTrade",
      E: time,
      s: "AAAUSDT",
      a: 1,
      p: "100.50000000",
      q: "0.25000000",
      f: 1,
      l: 1,
      T: time,
      m: false,
      M: true,
    });
  });

  test("best prices, only when they or their sizes change", async () => {
    const { open, rest } = await setUpClock();
    const client = await open("/ws/aaausdt@bookTicker");
    await rest.place({ price: "50" });
    await rest.place({ price: "49" }); // below the best
    await rest.place({ price: "50", quantity: "2" });
    await client.until(() => true, 2);
    expect(client.messages).toEqual([
      { u: 1, s: "AAAUSDT", b: "50.00000000", B: "1.00000000", a: "0.00000000", A: "0.00000000" },
      { u: 3, s: "AAAUSDT", b: "50.00000000", B: "3.00000000", a: "0.00000000", A: "0.00000000" },
    ]);
  });

  test("depth, with what changed since the last event, and none when nothing did", async () => {
    const { open, rest, tick, clock } = await setUpClock();
    const client = await open("/ws/aaausdt@depth@100ms");
    await rest.place({ price: "50" });
    const { body } = await rest.place({ price: "49" });
    await tick();
    await tick(5);
    await rest.signed("DELETE", "order", { symbol: "AAAUSDT", orderId: body.orderId });
    await rest.place({ side: "SELL", price: "150", quantity: "3" });
    await tick();
    await client.until(() => true, 2);
    expect(client.messages).toEqual([
      {
        e: "depthUpdate",
        E: clock.nowUs() / 1000 - 600,
        s: "AAAUSDT",
        U: 1,
        u: 2,
        b: [
          ["50.00000000", "1.00000000"],
          ["49.00000000", "1.00000000"],
        ],
        a: [],
      },
      {
        e: "depthUpdate",
        E: clock.nowUs() / 1000,
        s: "AAAUSDT",
        U: 3,
        u: 4,
        b: [["49.00000000", "0.00000000"]],
        a: [["150.00000000", "3.00000000"]],
      },
    ]);
  });

  test("depth by the second, also under its long name, and partial depth without symbol or time", async () => {
    const { open, rest, tick } = await setUpClock();
    const client = await open(
      "/stream?streams=aaausdt@depth/aaausdt@depth@1000ms/aaausdt@depth5@100ms/aaausdt@depth10",
    );
    await rest.place({ price: "50" });
    await tick(10);
    await client.until(() => true, 4);
    const byStream = Object.fromEntries(client.messages.map(({ stream, data }) => [stream, data]));
    expect(byStream["aaausdt@depth5@100ms"]).toEqual({
      lastUpdateId: 1,
      bids: [["50.00000000", "1.00000000"]],
      asks: [],
    });
    expect(byStream["aaausdt@depth10"]).toEqual({ lastUpdateId: 1, bids: [["50.00000000", "1.00000000"]], asks: [] });
    expect(byStream["aaausdt@depth"]).toMatchObject({ e: "depthUpdate", U: 1, u: 1 });
    expect(byStream["aaausdt@depth@1000ms"]).toEqual(byStream["aaausdt@depth"]);
  });

  test("tickers every second", async () => {
    const { open, trade, tick, clock } = await setUpClock();
    const client = await open("/ws/aaausdt@miniTicker/aaausdt@ticker/!miniTicker@arr");
    await trade("100");
    await trade("101");
    await tick(10);
    await client.until(() => true, 3);
    const E = clock.nowUs() / 1000;
    const mini = {
      e: "24hrMiniTicker",
      E,
      s: "AAAUSDT",
      c: "101.00000000",
      o: "100.00000000",
      h: "101.00000000",
      l: "100.00000000",
      v: "2.00000000",
      q: "201.00000000",
    };
    expect(client.messages).toContainEqual(mini);
    expect(client.messages).toContainEqual([mini]);
    expect(client.messages.find(({ e }) => e === "24hrTicker")).toMatchObject({
      E,
      s: "AAAUSDT",
      p: "1.00000000",
      P: "1.000",
      w: "100.50000000",
      c: "101.00000000",
      Q: "1.00000000",
      b: "0.00000000",
      C: E,
      F: 1,
      L: 2,
      n: 2,
    });
  });

  test("candles: every second for 1s, every other one for the rest, and each closed one once", async () => {
    const { open, trade, tick, clock } = await setUpClock();
    const client = await open("/ws/aaausdt@kline_1s/aaausdt@kline_1m");
    const t = clock.nowUs() / 1000;
    await trade("100");
    await tick(20);
    await trade("102");
    await tick(10);
    await client.until(({ k }) => k?.i === "1s" && k.t === t + 3000);
    const seconds = client.messages.filter(({ k }) => k.i === "1s").map(({ k }) => [k.t - t, k.c, k.n, k.x]);
    expect(seconds).toEqual([
      [1000, "100.00000000", 0, false], // the candle before had closed when the first was due
      [1000, "100.00000000", 0, true],
      [2000, "100.00000000", 0, false],
      [2000, "102.00000000", 1, true],
      [3000, "102.00000000", 0, false],
    ]);
    const [minute] = await client.until(({ k }) => k?.i === "1m");
    expect(minute.k).toEqual({
      t,
      T: t + 59_999,
      s: "AAAUSDT",
      i: "1m",
      f: 1,
      L: 1,
      o: "100.00000000",
      c: "100.00000000",
      h: "100.00000000",
      l: "100.00000000",
      v: "1.00000000",
      n: 1,
      x: false,
      q: "100.00000000",
      V: "1.00000000",
      Q: "100.00000000",
      B: "0",
    });
  });

  test("times in microseconds where the URL asks for them", async () => {
    const { open, trade, clock } = await setUpClock();
    const [ms, us] = [await open("/ws/aaausdt@trade"), await open("/ws/aaausdt@trade?timeUnit=MICROSECOND")];
    await trade("100");
    expect((await ms.until(() => true))[0].T).toBe(clock.nowUs() / 1000);
    expect((await us.until(() => true))[0].T).toBe(clock.nowUs());
  });
});

describe("subscriptions", () => {
  test("are made, listed and ended by messages, whose answers are never wrapped", async () => {
    const { open, trade } = await setUpClock();
    const client = await open("/stream");
    client.send({ method: "SUBSCRIBE", params: ["aaausdt@trade", "nosuch@stream"], id: 7 });
    expect((await client.until(({ id }) => id === 7))[0]).toEqual({ result: null, id: 7 });
    client.send({ method: "LIST_SUBSCRIPTIONS", id: "list" });
    expect((await client.until(({ id }) => id === "list"))[0]).toEqual({
      result: ["aaausdt@trade", "nosuch@stream"],
      id: "list",
    });
    await trade("100");
    expect((await client.until(({ stream }) => stream === "aaausdt@trade"))[0].data).toMatchObject({ t: 1 });
    client.send({ method: "UNSUBSCRIBE", params: ["aaausdt@trade"], id: null });
    await client.until(({ id }) => id === null);
    await trade("100");
    client.send({ method: "SUBSCRIBE", params: ["aaausdt@trade"], id: 9 });
    await client.until(({ id }) => id === 9);
    await trade("100");
    const trades = await client.until(({ stream }) => stream === "aaausdt@trade", 2);
    expect(trades.map(({ data }) => data.t)).toEqual([1, 3]);
  });

  test("a socket may switch between raw and combined", async () => {
    const { open, trade } = await setUpClock();
    const client = await open("/ws/aaausdt@trade");
    client.send({ method: "GET_PROPERTY", params: ["combined"], id: 1 });
    expect((await client.until(({ id }) => id === 1))[0].result).toBe(false);
    client.send({ method: "SET_PROPERTY", params: ["combined", true], id: 2 });
    await client.until(({ id }) => id === 2);
    await trade("100");
    expect((await client.until(({ stream }) => stream !== undefined))[0].stream).toBe("aaausdt@trade");
  });

  test.each([
    ["{", { error: { code: 3 } }],
    ["[]", { error: { code: 2 } }],
    ['{"method":"SUBSCRIBE","params":["a@b"],"id":{}}', { error: { code: 2 } }],
    ['{"method":"SUBSCRIBE","params":[],"id":1}', { error: { code: 2 }, id: 1 }],
    ['{"method":"SUBSCRIBE","params":[1],"id":1}', { error: { code: 2 }, id: 1 }],
    ['{"method":"LISTEN","id":"x"}', { error: { code: 2 }, id: "x" }],
    ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', { error: { code: 1 }, id: 1 }],
    ['{"method":"GET_PROPERTY","params":["colour"],"id":1}', { error: { code: 0 }, id: 1 }],
  ])("answers %s with an error", async (message, error) => {
    const { open } = await setUp();
    const client = await open("/ws");
    client.socket.send(message);
    expect((await client.until(() => true))[0]).toMatchObject(error);
  });

  test("of more than 1024 streams in the URL are refused, not cut", async () => {
    const { open } = await setUp();
    const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}@trade`).join("/");
    for (const path of ["/stream?streams=", "/ws/"]) await expect(open(path + names(1025))).rejects.toThrow("400");
    const client = await open(`/stream?streams=${names(1024)}/s1@trade`);
    client.send({ method: "LIST_SUBSCRIPTIONS", id: 1 });
    const [{ result } = {}] = await client.until(({ id }) => id === 1);
    expect(result).toHaveLength(1024);
  });

  test("stop at 1024 streams", async () => {
    const { open } = await setUp();
    const client = await open("/ws");
    const names = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `s${i + from}@trade`);
    client.send({ method: "SUBSCRIBE", params: names(1024), id: 1 });
    expect((await client.until(({ id }) => id === 1))[0]).toEqual({ result: null, id: 1 });
    client.send({ method: "SUBSCRIBE", params: names(1, 1024), id: 2 });
    expect((await client.until(({ id }) => id === 2))[0].error.code).toBe(4);
    client.send({ method: "SUBSCRIBE", params: names(1), id: 3 }); // a name it has
    expect((await client.until(({ id }) => id === 3))[0]).toEqual({ result: null, id: 3 });
  });
});

describe("connections", () => {
  test("end with 1008 at the sixth message of a second, pings included", async () => {
    const { open } = await setUpClock();
    const client = await open("/ws");
    for (let id = 1; id <= 4; id++) client.send({ method: "LIST_SUBSCRIPTIONS", id });
    client.socket.ping();
    client.send({ method: "LIST_SUBSCRIPTIONS", id: 6 });
    expect(await client.closed).toEqual({ code: 1008, reason: "Too many requests" });
    expect(client.messages.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test("may send five messages every second for as long as they like", async () => {
    const { open, clock } = await setUpClock();
    const client = await open("/ws");
    for (let id = 1; id <= 20; id++) {
      client.send({ method: "LIST_SUBSCRIPTIONS", id });
      await client.until((message) => message.id === id);
      clock.advance({ ms: 200 });
    }
    expect(client.messages).toHaveLength(20);
  });

  test("are pinged every 20 seconds, and cut when no pong comes for a minute", async () => {
    const { open, tick } = await setUpClock();
    const alive = await open("/ws");
    const silent = await open("/ws");
    silent.socket.pong = () => {}; // as a client that hangs
    let pings = 0;
    const pinged = (client: SocketClient) =>
      new Promise<void>((resolve) => client.socket.once("ping", () => resolve()));
    alive.socket.on("ping", () => pings++);
    for (let round = 1; round <= 4; round++) {
      const next = pinged(alive);
      await tick(200);
      await next;
      // The answer must be back before the next round: ask for something that the server answers after it.
      alive.send({ method: "LIST_SUBSCRIPTIONS", id: round });
      await alive.until(({ id }) => id === round);
    }
    expect((await silent.closed).code).toBe(1006);
    expect(pings).toBe(4);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
  });

  test("are refused on paths that are not there, and with a bad time unit", async () => {
    const { open } = await setUp();
    await expect(open("/nowhere")).rejects.toThrow("404");
    await expect(open("/ws?timeUnit=NANOSECOND")).rejects.toThrow("400");
  });

  test("a reader that leaves more than 16 MiB unread is cut off, the others go on", async () => {
    const instruments = Array.from({ length: 400 }, (_, i) => ({
      ...DEFAULT_INSTRUMENTS[0]!,
      symbol: `A${i}USDT`,
      base: `A${i}`,
    }));
    const { open } = await setUp({ instruments, limits: { requestWeightPerMinute: 1_000_000 } });
    const stuck = await open("/ws-api/v3");
    const good = await open("/ws-api/v3");
    const answerBytes = JSON.stringify(await good.ask(0, "exchangeInfo")).length;
    // Beside the 16 MiB, the sockets of the two hosts hold some of it; 64 MiB is more than both.
    const requests = Math.ceil((64 * 1024 * 1024) / answerBytes);
    stuck.socket.pause();
    for (let id = 1; id <= requests; id++) stuck.send({ id, method: "exchangeInfo" });
    for (let id = 1; id <= 5; id++) expect((await good.ask(id, "exchangeInfo")).status).toBe(200);
    stuck.socket.resume();
    expect((await stuck.closed).code).toBe(1006);
    expect(stuck.messages.length).toBeLessThan(requests);
    expect((await good.ask(6, "ping")).status).toBe(200);
  });
});

describe("the lively market", () => {
  test("depth has no hole, joins a snapshot and rebuilds the exchange's book; best prices agree with it", async () => {
    const { open, rest, tick } = await setUpClock({ market: true, seed: 21 });
    const client = await open("/stream?streams=aaausdt@depth@100ms/aaausdt@bookTicker");
    const isDepth = ({ stream }: { stream: string }) => stream === "aaausdt@depth@100ms";
    await tick(3);
    const { body: snapshot } = await rest.get("depth", { symbol: "AAAUSDT", limit: 5000 });
    await tick(100);
    // Time stands still: the next event ends with just this version of the book.
    const { body: last } = await rest.get("depth", { symbol: "AAAUSDT", limit: 5000 });
    await tick(1);
    await client.until((message) => isDepth(message) && message.data.u >= last.lastUpdateId);

    const book = { b: new Map<string, string>(snapshot.bids), a: new Map<string, string>(snapshot.asks) };
    let id: number = snapshot.lastUpdateId;
    let previousU: number | undefined;
    let compared = 0;
    const tops = new Map(client.messages.filter((message) => !isDepth(message)).map(({ data }) => [data.u, data]));
    const events = client.messages.filter(isDepth).map(({ data }) => data);
    expect(events.length).toBeGreaterThan(90);
    expect(events.at(-1).u).toBe(last.lastUpdateId);
    for (const { U, u, b, a } of events) {
      if (previousU !== undefined) expect(U).toBe(previousU + 1);
      previousU = u;
      expect(b.length + a.length).toBeGreaterThan(0);
      if (u <= id) continue;
      expect(U).toBeLessThanOrEqual(id + 1);
      id = u;
      for (const [side, changes] of [
        ["b", b],
        ["a", a],
      ] as const) {
        for (const [price, size] of changes) {
          if (size === "0.00000000") book[side].delete(price);
          else book[side].set(price, size);
        }
      }
      const top = tops.get(u);
      if (top === undefined) continue;
      compared++;
      expect([top.b, top.B, top.a, top.A]).toEqual([...sorted(book.b).at(-1)!, ...sorted(book.a)[0]!]);
    }
    expect(compared).toBeGreaterThan(10);
    expect({ bids: sorted(book.b).reverse(), asks: sorted(book.a) }).toEqual({ bids: last.bids, asks: last.asks });
  });
});

function sorted(levels: ReadonlyMap<string, string>): [string, string][] {
  return [...levels].sort(([a], [b]) => Number(a) - Number(b));
}
