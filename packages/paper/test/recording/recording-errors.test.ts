import { appendFileSync, mkdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { InvalidInputError } from "@pitlane/perf";
import { expect, test } from "vitest";
import { openRecording, RecordingError } from "../../src/recording/index.ts";
import { connect, depth, folder, frame, header, http, itemsOf, raw, recv, snapshot, trade } from "./files.ts";

async function errorOf(...paths: readonly string[]): Promise<RecordingError> {
  const error = await openRecording(paths).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RecordingError);
  expect(error).toBeInstanceOf(InvalidInputError);
  return error as RecordingError;
}

test("refuses an empty list of files", async () => {
  await expect(openRecording([])).rejects.toThrow(InvalidInputError);
});

const good = raw(0, trade("BTCUSDT", 1));

test.each([
  ["JSON that is cut off", raw(1, trade("BTCUSDT", 2).slice(0, -9)), "the line is cut off: its JSON has no end"],
  ["broken JSON", raw(1, '{"stream":"btcusdt@trade","data":{"p":61.}}'), "the line is not valid JSON"],
  ["no time", trade("BTCUSDT", 2), "does not begin with a receive time and a space"],
  ["a time of 14 digits", `17230752000000 ${trade("BTCUSDT", 2)}`, "the receive time has 14 digits"],
  ["a time alone", "1723075200000001", "does not begin with a receive time and a space"],
  ["a stream that is no text", raw(1, '{"stream":7,"data":{}}'), '"stream" is not a text'],
  ["no data", raw(1, '{"stream":"btcusdt@trade"}'), '"data" is not an object'],
  ["data that is no object", raw(1, frame("btcusdt@trade", [])), '"data" is not an object'],
  ["an event of another symbol", raw(1, frame("btcusdt@trade", { s: "ETHUSDT" })), 'the event\'s "s" is "ETHUSDT"'],
  ["a trade without a price", raw(1, frame("btcusdt@trade", { s: "BTCUSDT", q: "1" })), "the price missing is not"],
  ["a price that is a float", raw(1, frame("btcusdt@trade", { s: "BTCUSDT", p: 61.25 })), "the price 61.25 is not"],
  ["a price in another notation", raw(1, trade("BTCUSDT", 2, "6e1")), 'the price "6e1" is not a decimal text'],
  ["a size with a sign", raw(1, trade("BTCUSDT", 2, "6", "-1")), 'the size "-1" is not a decimal text'],
  [
    "depth without ids",
    raw(1, frame("btcusdt@depth", { e: "depthUpdate", s: "BTCUSDT", b: [], a: [] })),
    '"U" and "u"',
  ],
  [
    "depth without asks",
    raw(1, frame("btcusdt@depth", { e: "depthUpdate", s: "BTCUSDT", U: 1, u: 1, b: [] })),
    '"a" is not',
  ],
  ["a level that is no pair", raw(1, depth("BTCUSDT", 1, ["61.25" as never])), '"b" is not a list of [price, size]'],
  ["a depth event of another type", raw(1, frame("btcusdt@depth", { s: "BTCUSDT" })), "is not a depth event"],
  ["a snapshot without an id", raw(1, '{"lastUpdateId":"7","bids":[],"asks":[]}'), 'no whole number "lastUpdateId"'],
  ["a snapshot without bids", raw(1, '{"lastUpdateId":7,"asks":[]}'), '"bids" is not a list'],
  ["another venue's message", raw(1, '{"channel":"l2Book","data":{"coin":"BTC"}}'), "is neither a Binance frame"],
  ["a list", raw(1, "[1,2]"), "is neither a Binance frame"],
  [
    "raw depth of unknown speed",
    raw(1, JSON.stringify(JSON.parse(depth("BTCUSDT", 2)).data)),
    "comes from a raw socket and does not say its stream's speed",
  ],
  [
    "a time far back",
    raw(-1_000_001, trade("BTCUSDT", 2)),
    "was received at 2024-08-07T23:59:58.999999Z, before the line",
  ],
  [
    "a future's depth",
    raw(1, frame("btcusdt@depth", { e: "depthUpdate", s: "BTCUSDT", U: 1, u: 1, pu: 0, b: [], a: [] })),
    "",
  ],
])("names file, line, reason and remedy for %s", async (kind, bad, reason) => {
  const files = folder();
  const spot = raw(0, depth("BTCUSDT", 1));
  // A futures event is only wrong beside a spot one.
  const path = files.lines("a.txt", kind === "a future's depth" ? spot : good, "", bad);
  const error = await errorOf(path);
  expect(error.message.startsWith(`${path}:3: `)).toBe(true);
  expect(error.message).toContain(
    kind === "a future's depth" ? `is Binance USD-M futures, but ${path}:1 is spot` : reason,
  );
  expect(error.message).toContain("; "); // a remedy follows
  expect(error).toMatchObject({ path, line: 3, code: "INVALID_RECORDING", retryable: false });
  expect(error.message.endsWith(bad.slice(0, 80) + (bad.length > 80 ? "..." : ""))).toBe(true);
});

test.each([
  ["a record of unknown type", '{"t":"rexv"}', '"t" must be header, http, connect, send or recv, not rexv'],
  ["a record without type", '{"conn":"ws.1"}', 'it has no "t"'],
  ["broken JSON", '{"t":"recv","conn":', "the line is cut off"],
  ["a record without data", '{"t":"recv","conn":"ws.1","ts":1723075200.5}', 'the recv record needs a text "data"'],
  [
    "a record without time",
    '{"t":"recv","conn":"ws.1","data":"{}"}',
    'the recv record needs "ts", Unix time in seconds',
  ],
  [
    "a time in milliseconds",
    '{"t":"recv","conn":"ws.1","ts":1723075200000,"data":"{}"}',
    "Unix time in seconds, got 17",
  ],
  ["broken JSON inside", recv(1, trade("BTCUSDT", 1).slice(0, -3)), 'the text in "data" is cut off'],
  ["an address that is no URL", connect("stream"), '"addr" is not a URL'],
  ["a request that is no URL", http(1, "depth", "{}"), '"url" is not a URL'],
  ["a snapshot of no symbol", http(1, "https://api.binance.com/api/v3/depth", snapshot(1)), "names no symbol"],
  ["a broken snapshot", http(1, "https://api.binance.com/api/v3/depth?symbol=BTCUSDT", "{}"), '"lastUpdateId"'],
  ["a broken exchangeInfo", http(1, "https://api.binance.com/api/v3/exchangeInfo", "{}"), 'no list "symbols"'],
  [
    "a snapshot of another product",
    http(1, "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT", snapshot(1)),
    "USD-M",
  ],
])("names file, line and reason for %s in a jsonl file", async (_kind, bad, reason) => {
  const path = folder().lines("a.jsonl", header("BINANCE"), recv(0, trade("BTCUSDT", 1)), bad);
  const error = await errorOf(path);
  expect(error.message).toContain(`${path}:3: `);
  expect(error.message).toContain(reason);
});

test("counts lines over gzip members and chunks", async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => raw(i, trade("BTCUSDT", i)));
  const path = folder().write("a.gz", Buffer.concat([`${lines.join("\n")}\n`, "oops"].map((text) => gzipSync(text))));
  expect(await errorOf(path)).toMatchObject({ line: 30_001 });
});

test.each(["KRAKEN", "BITSTAMP", ""])(
  "refuses a recording of the venue %j, and says which are supported",
  async (venue) => {
    const path = folder().lines("a.jsonl", header(venue), recv(0, "{}"));
    const { message } = await errorOf(path);
    expect(message).toContain(
      `${path}:1: was recorded from ${venue || "no named venue"}, but supported are Binance spot`,
    );
    expect(message).toContain("USD-M futures (BINANCE_FUTURES) and COIN-M futures (BINANCE_DELIVERY)");
  },
);

test.each([
  ["a table", "time,price\n1723075200000000,61.25\n"],
  ["a table without a head", "1723075200000000,61.25\n"],
  ["a log", "[info] started\n"],
  ["JSON lines of another kind", '{"rx_ns":1,"frame":{}}\n'],
  ["one JSON list", "[\n]\n"],
  ["one JSON object", '{\n"a": 1 }\n'],
])("says that %s is no recording", async (_kind, text) => {
  const path = folder().write("a.csv", text);
  const { message } = await errorOf(path);
  expect(message).toContain(`${path}:1: is not a recording: it begins neither with {"t":"header",..} nor`);
  expect(message).toContain(text.slice(0, text.indexOf("\n")));
});

test.each([
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 0], "zstd -dc"],
  ["bzip2", Buffer.from("BZh91AY"), "bzip2 -dc"],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0], "xz -dc"],
  ["a zip archive", Buffer.from("PK\x03\x04..", "latin1"), "unzip it"],
  ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), "save it as UTF-8"],
])("says what to do with %s", async (_kind, bytes, remedy) => {
  const path = folder().write("a.gz", Uint8Array.from(bytes));
  expect((await errorOf(path)).message).toContain(remedy);
});

test("tells apart what is no readable file", async () => {
  const files = folder();
  mkdirSync(join(files.path, "sub"));
  const messages = [join(files.path, "none"), join(files.path, "sub"), files.write("empty", ""), "/dev/null"].map(
    async (path) => (await errorOf(path)).message.replace(path, "FILE"),
  );
  expect(await Promise.all(messages)).toEqual([
    "FILE: there is no such file: check the path",
    "FILE: is a directory: name the recordings in it one by one",
    "FILE: is empty: no byte was recorded",
    "FILE: is not a regular file: save the recording to one first",
  ]);
});

test.each([
  ["blank lines", "\n\r\n  \n", "is empty: it has no line with text"],
  ["an empty gzip member", gzipSync(""), "is empty: it has no line with text"],
  ["a header alone", `${header("BINANCE")}\n`, "has no Binance frame in it"],
  ["answers alone", `${raw(0, '{"result":null,"id":1}')}\n`, "has no Binance frame in it"],
  ["a snapshot alone", `${raw(0, snapshot(1))}\n`, "has no Binance frame in it"],
  [
    "bars alone",
    `${raw(0, frame("btcusdt@kline_1m", { e: "kline", s: "BTCUSDT" }))}\n`,
    "has no depth, bookTicker, trade",
  ],
])("says so when a file holds %s", async (_kind, content, reason) => {
  expect((await errorOf(folder().write("a", content))).message).toContain(reason);
});

test.each([
  ["cut in its data", 1000],
  ["cut in its checksum", 3],
])("tells of a gzip file %s, and after which line", async (_kind, missing) => {
  const lines = Array.from({ length: 40_000 }, (_, i) => raw(i * 7919, trade("BTCUSDT", i)));
  const packed = gzipSync(`${lines.join("\n")}\n`);
  const { message } = await errorOf(folder().write("a.gz", packed.subarray(0, packed.length - missing)));
  expect(message).toMatch(/: the gzip data ends too early, after line \d+: copy the file again/);
});

test("tells of damaged gzip data", async () => {
  const packed = gzipSync(`${good}\n`);
  packed[packed.length - 6]! ^= 1; // its checksum
  expect((await errorOf(folder().write("a.gz", packed))).message).toContain("the gzip data is damaged after line");
  const trailed = Buffer.concat([gzipSync(`${good}\n`), Buffer.from("and something else")]);
  expect((await errorOf(folder().write("b.gz", trailed))).message).toContain("the gzip data is damaged after line");
});

test("tells of bytes that are no text, by line", async () => {
  const bytes = Buffer.from(`${good}\n${good}\n`);
  bytes[bytes.length - 5] = 0xff;
  const error = await errorOf(folder().write("a.txt", bytes));
  expect(error.line).toBe(2);
  expect(error.message).toContain("has bytes that are not UTF-8 text");
});

test("refuses files that are not in the order they were recorded, naming both", async () => {
  const files = folder();
  const early = files.lines("early.txt", raw(0, trade("BTCUSDT", 1)), raw(10, trade("BTCUSDT", 2)));
  const late = files.lines("late.txt", raw(9, trade("BTCUSDT", 3)));
  for (const [first, second] of [
    [early, late],
    [early, early],
  ] as const) {
    const { message, path } = await errorOf(first, second);
    expect(path).toBe(second);
    expect(message).toContain(
      `before ${first} ends at 2024-08-08T00:00:00.000010Z: name the files of one session in the`,
    );
  }
});

test("refuses a raw snapshot that may be of several symbols", async () => {
  const path = folder().lines("a.txt", good, raw(1, trade("ETHUSDT", 1)), raw(2, snapshot(1)));
  const error = await errorOf(path);
  expect(error.line).toBe(3);
  expect(error.message).toContain("the frames have several symbols (BTCUSDT, ETHUSDT)");
});

test("refuses files of different products, naming both places", async () => {
  const files = folder();
  const spot = files.lines("spot.txt", raw(0, depth("BTCUSDT", 1)));
  const inverse = files.lines("coinm.txt", raw(1, trade("BTCUSD_PERP", 1)));
  const { message } = await errorOf(spot, inverse);
  expect(message).toContain(
    `${inverse}:1: is Binance COIN-M futures, but ${spot}:1 is spot; a recording holds one product`,
  );
});

test("refuses a symbol whose assets nobody knows", async () => {
  const { message } = await errorOf(folder().lines("a.txt", raw(0, trade("ABCXYZ", 1))));
  expect(message).toContain("cannot tell the base asset of ABCXYZ from the quote asset: add a jsonl file with");
});

test.each([
  ["longer", (path: string) => appendFileSync(path, "\n"), 0],
  ["newer", () => {}, 1],
])("refuses to read a file that is %s than when it was opened", async (_kind, change, secondsLater) => {
  const path = folder().lines("a.txt", good);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  const recording = await openRecording([path]);
  change(path);
  utimesSync(path, 1_700_000_000, 1_700_000_000 + secondsLater);
  await expect(itemsOf(recording)).rejects.toThrow(
    `${path}: was changed after it was opened: open the recording again`,
  );
});

test("refuses to read a file that is gone", async () => {
  const path = folder().lines("a.txt", good);
  const recording = await openRecording([path]);
  rmSync(path);
  await expect(itemsOf(recording)).rejects.toThrow(`${path}: there is no such file`);
});
