import { readdirSync, readlinkSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openRecording } from "../../src/recording/index.ts";
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

const DEPTH_URL = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000";

test("tells what was recorded, and gives it back as it was", async () => {
  const files = folder();
  const first = depth("BTCUSDT", 7, [["61.2500", "0.50100"]]);
  const path = files.lines("a.txt", raw(0, first), raw(5, snapshot(6)), raw(9, trade("BTCUSDT", 1)));
  const recording = await openRecording([path]);
  expect(recording).toMatchObject({
    paths: [path],
    product: "spot",
    streams: ["btcusdt@depth@100ms", "btcusdt@trade"],
    frames: 2,
    snapshots: 1,
    firstAtUs: START_US,
    lastAtUs: START_US + 9,
  });
  expect(recording.instruments).toEqual([
    {
      symbol: "BTCUSDT",
      base: "BTC",
      quote: "USDT",
      priceDecimals: 2,
      sizeDecimals: 3,
      streams: ["btcusdt@depth@100ms", "btcusdt@trade"],
    },
  ]);
  const expected = [
    { kind: "frame", atUs: START_US, stream: "btcusdt@depth@100ms", source: "file", text: first },
    { kind: "snapshot", atUs: START_US + 5, symbol: "BTCUSDT", text: snapshot(6) },
    { kind: "frame", atUs: START_US + 9, stream: "btcusdt@trade", source: "file", text: trade("BTCUSDT", 1) },
  ];
  expect(await itemsOf(recording)).toEqual(expected);
  expect(await itemsOf(recording)).toEqual(expected); // as often as wanted
});

test("keeps the text of a frame to the byte, spaces and member order included", async () => {
  const text =
    '{ "stream" : "btcusdt@trade", "data": {"s":"BTCUSDT","e":"trade","p":"61.250","q":"1","M":true} , "x":1}';
  const swapped = '{"data":{"s":"BTCUSDT","e":"trade","p":"61","q":"1","M":true},"stream":"btcusdt@trade"}';
  const path = folder().lines("a.txt", raw(0, text), raw(1, swapped));
  expect((await itemsOf(await openRecording([path]))).map((item) => item.text)).toEqual([text, swapped]);
});

test("reads milliseconds, microseconds and nanoseconds", async () => {
  const path = folder().lines(
    "a.txt",
    `1723075200001 ${trade("BTCUSDT", 1)}`,
    `1723075200001002 ${trade("BTCUSDT", 2)}`,
    `1723075200001003999 ${trade("BTCUSDT", 3)}`,
  );
  const items = await itemsOf(await openRecording([path]));
  expect(items.map((item) => item.atUs - START_US)).toEqual([1000, 1002, 1003]);
});

test.each([
  ["plain", (text: string) => Buffer.from(text)],
  ["with CRLF", (text: string) => Buffer.from(text.replaceAll("\n", "\r\n"))],
  ["without a last newline", (text: string) => Buffer.from(text.trimEnd())],
  ["with a byte order mark", (text: string) => Buffer.from(`\ufeff${text}`)],
  ["with blank lines", (text: string) => Buffer.from(`\n \n${text.replaceAll("\n", "\n\n\t\n")}`)],
  ["as gzip", (text: string) => gzipSync(text)],
  ["as gzip with a byte order mark and CRLF", (text: string) => gzipSync(`\ufeff${text.replaceAll("\n", "\r\n")}`)],
  ["as a gzip member per line", (text: string) => Buffer.concat(text.split(/(?<=\n)/).map((line) => gzipSync(line)))],
])("reads a file %s alike, whatever its name", async (_form, pack) => {
  const files = folder();
  const text = [header("BINANCE"), recv(0, depth("BTCUSDT", 1)), recv(1, trade("BTCUSDT", 1)), ""].join("\n");
  const items = await itemsOf(await openRecording([files.write("recording.dat", pack(text))]));
  expect(items.map((item) => [item.atUs - START_US, item.text])).toEqual([
    [0, depth("BTCUSDT", 1)],
    [1, trade("BTCUSDT", 1)],
  ]);
});

test("yields an http snapshot at its place in time, though it stands before all frames", async () => {
  const path = folder().lines(
    "a.jsonl",
    header("BINANCE"),
    http(30, DEPTH_URL, snapshot(3)),
    http(20, DEPTH_URL, snapshot(2)),
    http(90, DEPTH_URL, snapshot(9)),
    recv(10, depth("BTCUSDT", 1)),
    recv(20, depth("BTCUSDT", 2)),
    recv(40, depth("BTCUSDT", 4)),
  );
  const recording = await openRecording([path]);
  const items = await itemsOf(recording);
  expect(items.map((item) => [item.kind, item.atUs - START_US])).toEqual([
    ["frame", 10],
    ["snapshot", 20], // before the frame of the same microsecond
    ["frame", 20],
    ["snapshot", 30],
    ["frame", 40],
    ["snapshot", 90],
  ]);
  expect(items[1]).toEqual({ kind: "snapshot", atUs: START_US + 20, symbol: "BTCUSDT", text: snapshot(2) });
  expect([recording.firstAtUs, recording.lastAtUs]).toEqual([START_US + 10, START_US + 90]);
});

test("merges connections that were written one after the other", async () => {
  const second = 1_000_000;
  const path = folder().lines(
    "a.jsonl",
    header("BINANCE"),
    ...[0, 10, 20].map((s) => recv(s * second, depth("BTCUSDT", s), "ws.1")),
    ...[5, 10, 25].map((s) => recv(s * second, trade("BTCUSDT", s), "ws.2")),
    http(7 * second, DEPTH_URL, snapshot(1)),
  );
  const items = await itemsOf(await openRecording([path]));
  expect(
    items.map((item) => [(item.atUs - START_US) / second, item.kind === "frame" ? item.stream : "snapshot"]),
  ).toEqual([
    [0, "btcusdt@depth@100ms"],
    [5, "btcusdt@trade"],
    [7, "snapshot"],
    [10, "btcusdt@depth@100ms"],
    [10, "btcusdt@trade"],
    [20, "btcusdt@depth@100ms"],
    [25, "btcusdt@trade"],
  ]);
});

test("merges connections whose lines are mixed, but not in the order of time", async () => {
  const path = folder().lines(
    "a.jsonl",
    header("BINANCE"),
    recv(30, depth("BTCUSDT", 30), "ws.1"),
    recv(10, trade("BTCUSDT", 10), "ws.2"),
    recv(40, depth("BTCUSDT", 40), "ws.1"),
    recv(35, trade("BTCUSDT", 35), "ws.2"),
  );
  const items = await itemsOf(await openRecording([path]));
  expect(items.map((item) => item.atUs - START_US)).toEqual([10, 30, 35, 40]);
});

test("keeps the order of the lines where the recorder's clock was set back by up to a second", async () => {
  const path = folder().lines(
    "a.txt",
    raw(1_000_000, trade("BTCUSDT", 1)),
    raw(0, trade("BTCUSDT", 2)),
    raw(1_000_001, trade("BTCUSDT", 3)),
  );
  const items = await itemsOf(await openRecording([path]));
  expect(items.map((item) => item.atUs - START_US)).toEqual([1_000_000, 1_000_000, 1_000_001]);
  expect(items.map((item) => item.text)).toEqual([1, 2, 3].map((id) => trade("BTCUSDT", id)));
});

test("joins several files to one session, each in its own form", async () => {
  const files = folder();
  const paths = [
    files.lines("1.txt", raw(0, depth("BTCUSDT", 1)), raw(5, snapshot(1))),
    files.gzip("2.gz", header("BINANCE"), recv(5, depth("BTCUSDT", 2, [["1.125", "3"]]))),
  ];
  const recording = await openRecording(paths);
  expect(recording).toMatchObject({ paths, frames: 2, snapshots: 1, firstAtUs: START_US, lastAtUs: START_US + 5 });
  expect(recording.instruments).toMatchObject([{ priceDecimals: 3, sizeDecimals: 3 }]);
  expect((await itemsOf(recording)).map((item) => item.kind)).toEqual(["frame", "snapshot", "frame"]);
});

test("gives a raw snapshot the symbol it names, else that of the frames, of other files too", async () => {
  const files = folder();
  const alone = files.lines("1.txt", raw(0, snapshot(1)));
  const frames = files.lines("2.txt", raw(1, depth("ETHBTC", 2)));
  const named = files.lines("3.txt", raw(2, JSON.stringify({ symbol: "ETHBTC", ...JSON.parse(snapshot(3)) })));
  const items = await itemsOf(await openRecording([alone, frames, named]));
  expect(items.map((item) => item.kind === "snapshot" && item.symbol)).toEqual(["ETHBTC", false, "ETHBTC"]);
});

test("takes assets from a recorded exchangeInfo, even one in a file of its own", async () => {
  const files = folder();
  const info = { symbols: [{ symbol: "ABCXYZ", baseAsset: "AB", quoteAsset: "CXYZ" }] };
  const paths = [
    files.lines(
      "1.jsonl",
      header("BINANCE"),
      http(0, "https://api.binance.com/api/v3/exchangeInfo", JSON.stringify(info)),
    ),
    files.lines("2.txt", raw(0, trade("ABCXYZ", 1))),
  ];
  expect((await openRecording(paths)).instruments).toMatchObject([{ symbol: "ABCXYZ", base: "AB", quote: "CXYZ" }]);
});

test("skips answers to requests and refused snapshots", async () => {
  const path = folder().lines(
    "a.jsonl",
    header("BINANCE"),
    send({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 }),
    recv(0, '{"result":null,"id":1}'),
    recv(1, '{"error":{"code":2,"msg":"Invalid request"},"id":2}'),
    http(1, DEPTH_URL, '{"code":-1003,"msg":"Too much request weight used"}'),
    recv(2, trade("BTCUSDT", 1)),
  );
  const recording = await openRecording([path]);
  expect([recording.frames, recording.snapshots, recording.firstAtUs]).toEqual([1, 0, START_US + 2]);
  expect(await itemsOf(recording)).toHaveLength(1);
});

test("wraps the events of a raw socket into the frames they would have been", async () => {
  const { data } = JSON.parse(depth("BTCUSDT", 1));
  const bookTicker = { u: 1, s: "BTCUSDT", b: "61.25", B: "1", a: "61.26", A: "2" };
  const path = folder().lines(
    "a.jsonl",
    header("BINANCE"),
    connect("wss://stream.binance.com:9443/ws/btcusdt@depth@100ms/btcusdt@bookTicker"),
    connect("wss://stream.binance.com:9443/ws", "ws.2"),
    send({ method: "SUBSCRIBE", params: ["btcusdt@depth", "btcusdt@trade"], id: 1 }, "ws.2"),
    recv(0, JSON.stringify(data)),
    recv(1, JSON.stringify(bookTicker)),
    recv(2, JSON.stringify(data), "ws.2"),
    send({ method: "UNSUBSCRIBE", params: ["btcusdt@depth"], id: 2 }, "ws.2"),
    recv(3, JSON.stringify(JSON.parse(trade("BTCUSDT", 1)).data), "ws.2"),
  );
  const recording = await openRecording([path]);
  expect((await itemsOf(recording)).map((item) => item.text)).toEqual([
    depth("BTCUSDT", 1),
    frame("btcusdt@bookTicker", bookTicker),
    frame("btcusdt@depth", data),
    trade("BTCUSDT", 1),
  ]);
  expect(recording.streams).toEqual(["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@depth", "btcusdt@trade"]);
});

test("lists streams that make no instrument, and reads symbols that are not ASCII", async () => {
  const path = folder().lines(
    "a.txt",
    raw(0, frame("!miniTicker@arr", [{ e: "24hrMiniTicker", s: "ETHUSDT" }])),
    raw(1, trade("\u5e01\u5b89USDT", 1)),
  );
  const recording = await openRecording([path]);
  expect(recording.streams).toEqual(["!miniTicker@arr", "\u5e01\u5b89usdt@trade"]);
  expect(recording.instruments).toMatchObject([{ symbol: "\u5e01\u5b89USDT", base: "\u5e01\u5b89", quote: "USDT" }]);
});

test("stops with the signal's reason, before and while it reads", async () => {
  const path = folder().lines("a.txt", ...[1, 2, 3].map((id) => raw(id, trade("BTCUSDT", id))));
  const reason = new Error("enough");
  await expect(openRecording([path], AbortSignal.abort(reason))).rejects.toBe(reason);
  const recording = await openRecording([path]);
  await expect(itemsOf(recording, AbortSignal.abort(reason))).rejects.toBe(reason);
  const abort = new AbortController();
  let seen = 0;
  const reading = (async () => {
    for await (const _item of recording.read(abort.signal)) if (++seen === 2) abort.abort(reason);
  })();
  await expect(reading).rejects.toBe(reason);
  expect(seen).toBe(2);
});

test.skipIf(process.platform !== "linux")(
  process.platform === "linux"
    ? "closes its files when the loop is left early"
    : "closes its files when the loop is left early (skipped: open files are listed on Linux only)",
  async () => {
    const second = 1_000_000;
    const files = folder();
    const path = files.gzip(
      "a.gz",
      header("BINANCE"),
      ...Array.from({ length: 20_000 }, (_, i) => recv(i * 100, trade("BTCUSDT", i), "ws.1")),
      ...Array.from({ length: 20_000 }, (_, i) => recv(i * 100 - 10 * second, trade("BTCUSDT", i), "ws.2")),
    );
    const recording = await openRecording([path]);
    const open = () => readdirSync("/proc/self/fd").filter((fd) => target(fd) === path).length;
    for await (const _item of recording.read()) {
      expect(open()).toBeGreaterThan(0);
      break;
    }
    await expect.poll(open).toBe(0);
  },
);

function target(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // the listing's own handle is gone by now
  }
}
