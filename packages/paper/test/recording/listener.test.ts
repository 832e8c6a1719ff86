import { expect, test } from "vitest";
import { openRecording, RecordingError, type RecordingListener } from "../../src/recording/index.ts";
import {
  connect,
  depth,
  folder,
  frame,
  header,
  http,
  itemsOf,
  raw,
  recv,
  START_US,
  send,
  snapshot,
  trade,
} from "./files.ts";

function listening() {
  const damaged: string[] = [];
  const misplaced: string[] = [];
  const others: string[] = [];
  const listener: RecordingListener = {
    onDamaged: (error) => {
      expect(error).toBeInstanceOf(RecordingError);
      damaged.push(error.message);
    },
    onMisplaced: (error) => misplaced.push(error.message),
    onOther: (name) => others.push(name),
  };
  return { listener, damaged, misplaced, others };
}

test("a damaged line is told, with its place, and left out of every reading", async () => {
  const { lines } = folder();
  const path = lines(
    "a.txt",
    raw(0, trade("BTCUSDT", 1)),
    raw(1, "nonsense"),
    "nonsense",
    raw(2, '{"channel":"l2Book"}'),
    "",
    raw(3, trade("BTCUSDT", 3)),
    raw(4, '{"stream":7,"data":{}}'),
  );
  const { listener, damaged } = listening();
  const recording = await openRecording([path], undefined, listener);
  expect(damaged.map((message) => message.slice(0, message.indexOf(": ")))).toEqual(
    [2, 3, 4, 7].map((n) => `${path}:${n}`),
  );
  expect(recording.frames).toBe(2);
  expect((await itemsOf(recording)).map(({ kind }) => kind)).toEqual(["frame", "frame"]);
  expect(await itemsOf(recording)).toHaveLength(2);
  expect(damaged).toHaveLength(4);
});

test("a frame that is cut off, or whose numbers make no sense, stays, for its decoder to judge", async () => {
  const { lines } = folder();
  const bad = [
    trade("BTCUSDT", 2, "6e1"),
    frame("btcusdt@trade", { s: "ETHUSDT" }),
    frame("btcusdt@depth", { e: "depthUpdate" }),
    trade("BTCUSDT", 2).slice(0, -9),
    '{"stream":"btcusdt@trade","data":7}',
  ];
  const path = lines(
    "a.txt",
    raw(0, trade("BTCUSDT", 1)),
    ...bad.map((text, i) => raw(i + 1, text)),
    raw(9, '{"lastUpdateId":7}'),
  );
  const { listener, damaged } = listening();
  const recording = await openRecording([path], undefined, listener);
  expect(damaged).toEqual([]);
  expect((await itemsOf(recording)).slice(1).map(({ text }) => text)).toEqual([...bad, '{"lastUpdateId":7}']);
  expect([recording.frames, recording.snapshots]).toEqual([6, 1]);
});

test("what is neither frame nor snapshot is told by name, once for each message", async () => {
  const { lines } = folder();
  const url = "https://api.binance.com/api/v3";
  const path = lines(
    "a.jsonl",
    header("BINANCE"),
    http(0, `${url}/exchangeInfo`, '{"symbols":[]}'),
    http(0, `${url}/time`, "{}"),
    http(0, "https://example.com/x?y=1", "{}"),
    http(0, `${url}/depth?symbol=BTCUSDT`, '{"code":-1121,"msg":"Invalid symbol."}'),
    http(0, `${url}/depth?symbol=BTCUSDT`, snapshot(1)),
    connect("wss://stream.binance.com:9443/stream"),
    send({ method: "SUBSCRIBE", params: ["btcusdt@depth@100ms"], id: 1 }),
    recv(1, '{"result":null,"id":1}'),
    recv(2, depth("BTCUSDT", 2)),
  );
  const { listener, damaged, others } = listening();
  const recording = await openRecording([path], undefined, listener);
  expect(others).toEqual([
    "reply of /api/v3/exchangeInfo",
    "reply of /api/v3/time",
    "reply of example.com/x",
    "refusal of /api/v3/depth",
    "answer to a request",
  ]);
  expect(damaged).toEqual([]);
  expect((await itemsOf(recording)).map(({ kind }) => kind)).toEqual(["snapshot", "frame"]);
  expect(others).toHaveLength(5);
});

test.each([
  ["of another venue", [header("KRAKEN"), recv(0, trade("BTCUSDT", 1))], /recorded from KRAKEN/],
  ["of another product", [recv(0, depth("BTCUSDT", 1)), recv(1, depth("BTCUSD_PERP", 1))], /COIN-M/],
  ["that begins no recording", ["time,price", raw(0, trade("BTCUSDT", 2))], /is not a recording/],
])("a line %s is no damage: it still ends the reading", async (_, text, message) => {
  const { lines } = folder();
  const { listener, damaged } = listening();
  await expect(openRecording([lines("a.txt", ...text)], undefined, listener)).rejects.toThrow(message);
  expect(damaged).toEqual([]);
});

test("a line out of the order of time is told, and stays where it stands", async () => {
  const { lines } = folder();
  const path = lines("a.txt", ...[0, 5_000_000, 1].map((afterUs, i) => raw(afterUs, trade("BTCUSDT", i))));
  const { listener, misplaced, damaged } = listening();
  const recording = await openRecording([path], undefined, listener);
  expect(misplaced).toEqual([expect.stringContaining(`${path}:3: was received at`)]);
  expect(damaged).toEqual([]);
  expect((await itemsOf(recording)).map(({ atUs }) => atUs - START_US)).toEqual([0, 5_000_000, 5_000_000]);
});

test("a line that is no text is damage, but not in a file that does not begin as text", async () => {
  const { write } = folder();
  const good = `${raw(0, trade("BTCUSDT", 1))}\n`;
  const bad = Buffer.from([0xff, 0xfe, 0x00, 0x81, 0x0a]);
  const { listener, damaged } = listening();
  const path = write("a.txt", Buffer.concat([Buffer.from(good), bad, Buffer.from(good)]));
  expect(await itemsOf(await openRecording([path], undefined, listener))).toHaveLength(2);
  expect(damaged).toEqual([expect.stringContaining(`${path}:2: has bytes that are not UTF-8 text`)]);
  const other = write("b.bin", Buffer.concat([Buffer.from([0x81, 0x0a]), Buffer.from(good)]));
  await expect(openRecording([other], undefined, listener)).rejects.toThrow("b.bin:1: has bytes that are not UTF-8");
});

test("what cannot be played is read all the same: bars alone, unknown assets, events that name no product", async () => {
  const { lines } = folder();
  const bar = (symbol: string) =>
    frame(`${symbol.toLowerCase()}@kline_1m`, { e: "kline", E: 1, s: symbol, k: { i: "1m", o: "1.25", v: "0.5" } });
  const bars = lines("a.txt", raw(0, bar("BTCUSDT")), raw(1, bar("BTCZZZ")), raw(2, frame("!miniTicker@arr", [])));
  const { listener } = listening();
  const { product, isProductTold, instruments } = await openRecording([bars], undefined, listener);
  expect([product, isProductTold]).toEqual(["spot", false]);
  expect(instruments).toMatchObject([
    { symbol: "BTCUSDT", base: "BTC", quote: "USDT", priceDecimals: 2, sizeDecimals: 1 },
    { symbol: "BTCZZZ", base: "BTCZZZ", quote: "" },
  ]);
  const tickers = lines(
    "b.jsonl",
    connect("wss://fstream.binance.com/stream?streams=!miniTicker@arr"),
    recv(0, frame("!miniTicker@arr", [])),
  );
  expect(await openRecording([tickers], undefined, listener)).toMatchObject({
    product: "usdm",
    isProductTold: true,
    instruments: [],
    streams: ["!miniTicker@arr"],
  });
});

test("a gateway's reply is a refusal, the end of a connection no message, and a listen key nobody's business", async () => {
  const { lines } = folder();
  const url = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT";
  const key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1";
  const path = lines(
    "a.jsonl",
    header("BINANCE"),
    http(0, url, "<html>502 Bad Gateway</html>"),
    http(0, url, ""),
    recv(1, trade("BTCUSDT", 1)),
    recv(2, frame(key, { e: "executionReport", s: "BTCUSDT" })),
    recv(3, `{"stream":"${key}","data":{`),
    recv(4, `{"stream" "${key}"`),
    JSON.stringify({ t: "disconnect", conn: "ws.1", ts: START_US / 1e6 }),
    JSON.stringify({ t: "close", conn: "ws.1" }),
  );
  const { listener, damaged, others } = listening();
  const recording = await openRecording([path], undefined, listener);
  expect(others).toEqual(["refusal of /api/v3/depth", "refusal of /api/v3/depth"]);
  expect(recording.streams).toEqual(["btcusdt@trade", "userData"]);
  const items = await itemsOf(recording);
  expect(items.map((item) => item.kind === "frame" && item.stream)).toEqual(["btcusdt@trade", "userData", "userData"]);
  expect(damaged).toHaveLength(1);
  expect(damaged[0]).not.toContain("pqia91");
});

test("tells the sockets of frames apart, but not streams that look the same", async () => {
  const { lines } = folder();
  const address = "wss://stream.binance.com/ws/btcusdt@depth/btcusdt@depth@100ms/btcusdt@trade";
  const event = (text: string) => JSON.stringify(JSON.parse(text).data);
  const path = lines(
    "a.jsonl",
    connect(address, "a"),
    recv(0, event(trade("BTCUSDT", 1)), "a"),
    connect(address, "a"),
    recv(1, event(trade("BTCUSDT", 1)), "a"),
    recv(2, event(depth("BTCUSDT", 1)), "a"),
  );
  const { listener } = listening();
  const items = await itemsOf(await openRecording([path], undefined, listener));
  const sources = items.map((item) => item.kind === "frame" && item.source);
  expect(new Set(sources).size).toBe(3);
  expect(sources[2]).toBe("");
});

test("reads the raw events of a file as it does a socket's, but for play it must know their speed", async () => {
  const { lines } = folder();
  const { listener, damaged } = listening();
  const path = lines("a.txt", raw(0, JSON.stringify(JSON.parse(depth("BTCUSDT", 1)).data)));
  expect((await openRecording([path], undefined, listener)).streams).toEqual(["btcusdt@depth"]);
  expect(damaged).toEqual([]);
  await expect(openRecording([path])).rejects.toThrow("does not say its stream's speed");
});
