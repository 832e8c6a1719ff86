import { expect, test } from "vitest";
import { openRecording, RecordingError, type RecordingListener } from "../../src/recording/index.ts";
import { connect, depth, folder, frame, header, http, itemsOf, raw, recv, send, snapshot, trade } from "./files.ts";

function listening() {
  const damaged: string[] = [];
  const others: string[] = [];
  const listener: RecordingListener = {
    onDamaged: (error) => {
      expect(error).toBeInstanceOf(RecordingError);
      damaged.push(error.message);
    },
    onOther: (name) => others.push(name),
  };
  return { listener, damaged, others };
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
  ["out of order", [raw(5_000_000, trade("BTCUSDT", 1)), raw(0, trade("BTCUSDT", 2))], /before the line above/],
  ["that begins no recording", ["time,price", raw(0, trade("BTCUSDT", 2))], /is not a recording/],
])("a line %s is no damage: it still ends the reading", async (_, text, message) => {
  const { lines } = folder();
  const { listener, damaged } = listening();
  await expect(openRecording([lines("a.txt", ...text)], undefined, listener)).rejects.toThrow(message);
  expect(damaged).toEqual([]);
});
