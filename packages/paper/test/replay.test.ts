import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createPaper, openRecording, type Paper, type PaperOptions } from "../src/index.ts";
import { RestClient, SocketClient, signedParams } from "./client.ts";

const folders: string[] = [];
const papers: Paper[] = [];
const clients: SocketClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const START_US = 1_723_161_253_000_000;

/** A line of a recording, `ms` after its start. */
const line = (ms: number, message: unknown) => `${START_US + ms * 1000} ${JSON.stringify(message)}`;

const frame = (stream: string, data: unknown) => ({ stream: `btcusdt@${stream}`, data });

const depth = (U: number, u: number, b: string[][], a: string[][] = []) =>
  frame("depth@100ms", { e: "depthUpdate", E: START_US / 1000, s: "BTCUSDT", U, u, b, a });

const trade = (t: number, p: string, q: string, m: boolean) =>
  frame("trade", { e: "trade", E: START_US / 1000, s: "BTCUSDT", t, p, q, T: START_US / 1000, m, M: true });

const SNAPSHOT = {
  lastUpdateId: 10,
  bids: [["99.9", "1.5"]],
  asks: [
    ["100.1", "2"],
    ["100.2", "0.25"],
  ],
};

const LINES = [
  line(0, depth(9, 10, [["99.8", "1"]])),
  line(50, SNAPSHOT),
  line(100, depth(11, 12, [["99.8", "3"]], [["100.1", "1"]])),
  line(150, trade(1, "100.1", "0.5", false)),
  line(5000, depth(13, 13, [["100.0", "4"]])),
];

async function setUp(lines: readonly string[] = LINES, options: PaperOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "paper-replay-"));
  folders.push(folder);
  const path = join(folder, "recording.txt");
  writeFileSync(path, `${lines.join("\n")}\n`);
  const recording = await openRecording([path]);
  const paper = await createPaper({ recording, ...options });
  papers.push(paper);
  const open = async (suffix: string) => {
    const client = await SocketClient.open(paper.urls.stream + suffix);
    clients.push(client);
    return client;
  };
  return { paper, recording, open, rest: new RestClient(paper) };
}

const textOf = (recorded: string) => recorded.slice(recorded.indexOf(" ") + 1);

describe("a recording", () => {
  test("is sent as it was recorded: whole frames to combined sockets, their data to raw ones", async () => {
    const { paper, open, rest } = await setUp();
    const combined = await open("/stream?streams=btcusdt@depth@100ms/btcusdt@trade");
    const raw = await open("/ws/btcusdt@trade");
    expect(await paper.replay()).toEqual({ frames: 4, snapshots: 1 });
    // The promise says that every socket has answered after the last frame: nothing is under way any more.
    expect(combined.texts).toEqual([0, 2, 3, 4].map((i) => textOf(LINES[i]!)));
    expect(raw.messages).toEqual([trade(1, "100.1", "0.5", false).data]);
    expect(await paper.replay()).toEqual({ frames: 4, snapshots: 1 });
    expect(combined.texts).toHaveLength(8);
    // The mirrored book began anew too.
    expect((await rest.get("ticker/bookTicker", { symbol: "BTCUSDT" })).body).toEqual({
      symbol: "BTCUSDT",
      bidPrice: "100.00000000",
      bidQty: "4.00000000",
      askPrice: "100.10000000",
      askQty: "1.00000000",
    });
  });

  test("lists its instruments, and sends nothing of its own", async () => {
    const { paper, rest, open } = await setUp();
    const { symbols } = (await rest.get("exchangeInfo")).body;
    expect(symbols).toHaveLength(1);
    expect(symbols[0]).toMatchObject({ symbol: "BTCUSDT", status: "TRADING", baseAsset: "BTC", quoteAsset: "USDT" });
    expect(symbols[0].filters[0]).toMatchObject({ tickSize: "0.10000000" });
    expect(symbols[0].filters[1]).toMatchObject({ stepSize: "0.01000000" });
    expect(paper.instruments[0]).toMatchObject({ symbol: "BTCUSDT", minNotional: "5" });
    const client = await open("/ws/btcusdt@bookTicker/btcusdt@depth5@100ms");
    await paper.replay();
    expect(client.messages).toEqual([]);
  });

  test("answers depth with its snapshots, each once, and says when there is none left", async () => {
    const { paper, rest } = await setUp();
    const waiting = rest.get("depth", { symbol: "BTCUSDT", limit: 1000 });
    await paper.replay();
    expect((await waiting).body).toEqual(SNAPSHOT);
    const late = await rest.get("depth", { symbol: "BTCUSDT" });
    expect(late.status).toBe(503);
    expect(late.body).toEqual({ code: -1000, msg: "the recording has no further snapshot of BTCUSDT" });
  });

  test("gives a reader that asks on the first diff its snapshot before the diffs recorded after it", async () => {
    const { paper, rest, open } = await setUp();
    const client = await open("/stream?streams=btcusdt@depth@100ms");
    const replayed = paper.replay();
    await client.until(() => true);
    const { body } = await rest.get("depth", { symbol: "BTCUSDT" });
    expect(body).toEqual(SNAPSHOT);
    expect(client.messages).toHaveLength(1);
    await replayed;
    expect(client.messages).toHaveLength(3);
  });

  test("keeps a snapshot that was reached before it was asked for, and gives the WebSocket API the same", async () => {
    const { paper, rest, open } = await setUp();
    const api = await open("/ws-api/v3");
    await paper.replay();
    expect((await api.ask(1, "depth", { symbol: "BTCUSDT" })).result).toEqual(SNAPSHOT);
    expect((await rest.get("depth", { symbol: "BTCUSDT" })).status).toBe(503);
    expect((await api.ask(2, "depth", { symbol: "BTCUSDT" })).status).toBe(503);
  });

  test("takes its own time when told to", async () => {
    const clock = new ManualClock();
    const { paper, open } = await setUp(LINES, { clock, replaySpeed: 10 });
    const client = await open("/ws/btcusdt@depth@100ms");
    let isDone = false;
    const replaying = paper.replay().then(() => {
      isDone = true;
    });
    await client.until(({ u }) => u === 10);
    // 100 ms of the recording are 10 ms here, 5 s are 500 ms.
    while (client.messages.length < 2) {
      if (clock.sleeping > 1) clock.advance({ ms: 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(clock.monotonicNs()).toBeGreaterThanOrEqual(10e6);
    expect(isDone).toBe(false);
    while (!isDone) {
      if (clock.sleeping > 1) clock.advance({ ms: 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await replaying;
    expect(clock.monotonicNs()).toBeGreaterThanOrEqual(500e6);
    expect(clock.monotonicNs()).toBeLessThan(600e6);
  });

  test("can be stopped, and ends with the exchange", async () => {
    const { paper, rest } = await setUp(LINES, { replaySpeed: 0.001 });
    const stop = new AbortController();
    const stopped = paper.replay(stop.signal);
    await expect(paper.replay()).rejects.toThrow("a replay is running");
    stop.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    const again = paper.replay();
    const closed = expect(again).rejects.toThrow("abort");
    await paper.close();
    await closed;
    await expect(paper.replay()).rejects.toThrow("abort");
    await expect(rest.get("ping")).rejects.toThrow("fetch failed");
  });

  test("can be stopped while it waits for a reader that hangs", async () => {
    const { paper, open } = await setUp();
    const hung = await open("/ws/btcusdt@trade");
    hung.socket.pause();
    const stop = new AbortController();
    const stopped = paper.replay(stop.signal);
    stop.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    const later = new AbortController();
    const waiting = paper.replay(later.signal); // sends everything, then waits for the pong
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    later.abort(new Error("enough now"));
    await expect(waiting).rejects.toThrow("enough now");
  });

  test("takes no instruments beside its own", async () => {
    const { recording, paper } = await setUp();
    await expect(createPaper({ recording, instruments: paper.instruments })).rejects.toThrow(
      "a recording brings its own instruments",
    );
  });

  test("waits for a reader that is slow, and loses nothing", async () => {
    // 32 MB in 4000 frames: more than the sockets of both hosts hold together with what the exchange may keep for a reader.
    const levels = Array.from({ length: 300 }, (_, i) => [`${(i + 1) / 10}`, "1.25000000"]);
    const lines = Array.from({ length: 4000 }, (_, i) => line(i, depth(i + 1, i + 1, levels)));
    const { paper, open } = await setUp(lines);
    const slow = await open("/stream?streams=btcusdt@depth@100ms");
    const fast = await open("/stream?streams=btcusdt@depth@100ms");
    slow.socket.pause();
    const replaying = paper.replay();
    let before = -1;
    while (fast.messages.length !== before) {
      before = fast.messages.length;
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(before).toBeLessThan(lines.length); // it waits for the slow one
    slow.socket.resume();
    expect(await replaying).toEqual({ frames: 4000, snapshots: 0 });
    for (const client of [slow, fast]) expect(client.texts).toEqual(lines.map(textOf));
  });
});

describe("orders in a recording", () => {
  test("trade with the recorded book, and are filled by what the recording does", async () => {
    const clock = new ManualClock();
    const { paper, open } = await setUp(
      [
        line(0, SNAPSHOT),
        line(10, depth(11, 11, [["99.8", "3"]])),
        line(1000, trade(1, "99.9", "0.2", true)),
        line(2000, depth(12, 12, [], [["100.0", "1"]])),
      ],
      { clock, replaySpeed: 1 },
    );
    const nowMs = () => clock.nowUs() / 1000;
    const rest = new RestClient(paper, nowMs);
    const api = await open("/ws-api/v3");
    await api.ask(1, "userDataStream.subscribe.signature", signedParams(paper, {}, nowMs()));
    const stream = await open("/ws/btcusdt@depth@100ms/btcusdt@trade");
    let isDone = false;
    const replaying = paper.replay().finally(() => {
      isDone = true;
    });
    const goOn = async (until: () => boolean) => {
      while (!until()) {
        if (clock.sleeping > 1) clock.advance({ ms: 1 });
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await goOn(() => stream.messages.some(({ u }) => u === 11));
    const order = { symbol: "BTCUSDT", type: "LIMIT", timeInForce: "GTC" };
    // Takes half of the best ask.
    const taken = await rest.signed("POST", "order", { ...order, side: "BUY", quantity: "1", price: "100.1" });
    expect(taken.body).toMatchObject({ status: "FILLED", cummulativeQuoteQty: "100.10000000" });
    // Rests between bid and ask: the recorded seller at 99.9 would have met it, and the recorded ask at 100.0 does.
    const resting = await rest.signed("POST", "order", { ...order, side: "BUY", quantity: "0.5", price: "100.0" });
    expect(resting.body.status).toBe("NEW");
    await goOn(() => isDone);
    await replaying;
    const fills = (await rest.signed("GET", "myTrades", { symbol: "BTCUSDT", orderId: resting.body.orderId })).body;
    expect(fills.map(({ price, qty, isMaker }: Record<string, unknown>) => [price, qty, isMaker])).toEqual([
      ["100.00000000", "0.20000000", true],
      ["100.00000000", "0.30000000", true],
    ]);
    // What was recorded is sent unchanged.
    expect(stream.messages.map(({ e, u, t }) => [e, u ?? t])).toEqual([
      ["depthUpdate", 11],
      ["trade", 1],
      ["depthUpdate", 12],
    ]);
    const { body } = await rest.signed("GET", "account");
    expect(body.balances).toContainEqual({ asset: "USDT", free: "999849.90000000", locked: "0.00000000" });
  });

  test("are not taken on futures, whose recordings have their own paths", async () => {
    const perpetual = { e: "depthUpdate", E: 1, T: 1, s: "BTCUSDT", U: 1, u: 5, pu: 0, b: [["99.9", "1.5"]], a: [] };
    const { rest } = await setUp([line(0, frame("depth@0ms", perpetual)), line(5, { ...SNAPSHOT, E: 1, T: 1 })]);
    const { body } = await rest.send("GET", "/fapi/v1/exchangeInfo");
    expect(body.symbols[0]).toMatchObject({
      symbol: "BTCUSDT",
      status: "HALT",
      contractType: "PERPETUAL",
      marginAsset: "USDT",
    });
    expect((await rest.place({ symbol: "BTCUSDT" })).status).toBe(404);
    expect((await rest.send("GET", "/api/v3/exchangeInfo")).status).toBe(404);
  });
});

const DATA = join(process.env["PITLANE_DATA"] ?? join(import.meta.dirname, "../../../../shared/data"), "binance-raw");
const reason = existsSync(DATA) ? "" : " (skipped: no recordings; set PITLANE_DATA)";

test.skipIf(reason !== "")(
  `a real session arrives whole, and its book is mirrored without a crossing${reason}`,
  async () => {
    const recording = await openRecording([join(DATA, "spot-btcusdt-20240808.gz")]);
    const paper = await createPaper({ recording });
    papers.push(paper);
    const client = await SocketClient.open(`${paper.urls.stream}/stream?streams=${recording.streams.join("/")}`);
    clients.push(client);
    const { frames, snapshots } = await paper.replay();
    expect({ frames, snapshots }).toEqual({ frames: recording.frames, snapshots: recording.snapshots });
    let i = 0;
    for await (const item of recording.read())
      if (item.kind === "frame" && client.texts[i++] !== item.text) expect(client.texts[i - 1]).toBe(item.text);
    expect(client.texts).toHaveLength(i);
    // The mirrored book shows through the prices an order gets.
    const rest = new RestClient(paper);
    const tops = client.messages.filter(({ stream }) => stream === "btcusdt@bookTicker").map(({ data }) => data);
    const { body } = await rest.get("ticker/bookTicker", { symbol: "BTCUSDT" });
    const lastDepth = client.messages.findLast(({ stream }) => stream === "btcusdt@depth@100ms").data;
    const top = tops.findLast(({ u }) => u <= lastDepth.u);
    expect(Number(body.bidPrice)).toBeLessThan(Number(body.askPrice));
    expect(Math.abs(Number(body.bidPrice) - Number(top.b))).toBeLessThan(50);
  },
);
