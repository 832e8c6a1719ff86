import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { addVerify } from "../../src/cli/commands/verify.ts";
import { exitCodeOf } from "../../src/cli/exit.ts";
import { Output } from "../../src/cli/output.ts";
import type { Verification } from "../../src/verification.ts";

const DATA = process.env["PITLANE_DATA"] ?? fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const PRESENT = existsSync(join(DATA, "expected.json"));
const validate = new Ajv2020().compile(
  JSON.parse(readFileSync(new URL("../../schema/verify.schema.json", import.meta.url), "utf8")),
);

/** Runs `pitlane verify ARGS --json` as the program does, but in this process. @param earlier What is in the report's file before. */
async function verify(files: readonly string[], stop = new AbortController().signal, earlier?: string) {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-verify-"));
  let out = "";
  let code = -1;
  const program = new Command().exitOverride();
  addVerify(program, {
    cwd,
    output: new Output({ write: (text) => (out += text) }),
    stop,
    end: (exitCode) => {
      code = exitCode;
    },
  });
  const json = join(cwd, "out.json");
  if (earlier !== undefined) writeFileSync(json, earlier);
  try {
    await program.parseAsync(["verify", ...files, "--json", "out.json"], { from: "user" });
  } catch (error) {
    return {
      code: exitCodeOf(error),
      out,
      message: (error as Error).message,
      found: undefined,
      isLeft: existsSync(json),
    };
  }
  if (!existsSync(json)) return { code, out, message: "", found: undefined, isLeft: false };
  const found = JSON.parse(readFileSync(json, "utf8")) as Verification;
  validate(found);
  expect(validate.errors ?? []).toEqual([]);
  const { in: total, decoded, ignored, undecoded } = found.messages;
  expect(decoded + undecoded + Object.values(ignored).reduce((sum, count) => sum + count, 0)).toBe(total);
  return { code, out, message: "", found, isLeft: true };
}

const start = 1_700_000_000_000;

/** A file of the raw form, a frame each millisecond. */
function rawFile(frames: readonly (string | object)[]): string {
  const lines = frames.map((each, i) => `${start + i} ${typeof each === "string" ? each : JSON.stringify(each)}`);
  return textFile(`${lines.join("\n")}\n`);
}

function jsonlFile(records: readonly object[]): string {
  const header = { t: "header", exchange: "BINANCE", config: {} };
  return textFile([header, ...records].map((record) => JSON.stringify(record)).join("\n"));
}

const API = "https://api.binance.com/api/v3";

/** A message as it came over a connection. */
type Received = readonly [connection: string, data: unknown];

const at = (seconds: number) => start / 1000 + seconds;
const line = ([conn, data]: Received, seconds: number) => ({
  t: "recv",
  conn,
  ts: at(seconds),
  data: JSON.stringify(data),
});

/** A session log: records as they are, and messages a millisecond apart. */
function session(...records: readonly (object | Received)[]): string {
  return jsonlFile(
    records.map((each, i) => (Array.isArray(each) ? line(each as unknown as Received, i / 1000) : each)),
  );
}

function textFile(text: string | Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-recording-")), "session.gz");
  writeFileSync(path, gzipSync(text));
  return path;
}

function bareFile(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-recording-")), name);
  writeFileSync(path, text, "latin1");
  return path;
}

type Row = readonly [string, string];
const snapshot = {
  lastUpdateId: 10,
  bids: [
    ["1.5", "10"],
    ["1.4", "5"],
  ],
  asks: [["1.6", "7"]],
};
const depth = (U: number, u: number, b: readonly Row[], a: readonly Row[] = []) => ({
  stream: "abcusdt@depth@100ms",
  data: { e: "depthUpdate", E: start, s: "ABCUSDT", U, u, b, a },
});
const quote = (u: number, b: Row, a: Row) => ({
  stream: "abcusdt@bookTicker",
  data: { u, s: "ABCUSDT", b: b[0], B: b[1], a: a[0], A: a[1] },
});
const trade = (t: number) => ({
  stream: "abcusdt@trade",
  data: { e: "trade", E: start, s: "ABCUSDT", t, p: "1.5", q: "1", T: start, m: true, M: true },
});
const aggTrade = (a: number) => ({
  stream: "abcusdt@aggTrade",
  data: { e: "aggTrade", E: start, s: "ABCUSDT", a, p: "1.5", q: "1", f: a, l: a, T: start, m: true, M: true },
});
const kline = {
  stream: "abcusdt@kline_1m",
  data: {
    e: "kline",
    E: start,
    s: "ABCUSDT",
    k: {
      t: start,
      T: start + 59_999,
      s: "ABCUSDT",
      i: "1m",
      f: 1,
      L: 1,
      o: "1.55",
      c: "1.5",
      h: "1.55",
      l: "1.5",
      v: "1.25",
      n: 1,
      x: false,
      q: "1",
      V: "1",
      Q: "1",
      B: "0",
    },
  },
};
const ticker = { stream: "abcusdt@ticker", data: { e: "24hrTicker", E: start, s: "ABCUSDT" } };
const good = [snapshot, depth(11, 12, [["1.5", "11"]]), quote(12, ["1.5", "11"], ["1.6", "7"]), trade(1), trade(2)];

describe("a recording that is right", () => {
  test("has every message accounted for and ends with its book", async () => {
    const { code, out, found } = await verify([rawFile([...good, aggTrade(5), kline, ticker, ticker])]);
    expect(code).toBe(0);
    expect(found).toMatchObject({
      right: true,
      problems: [],
      session: { venue: "binance", firstAtUs: start * 1000, lastAtUs: (start + 8) * 1000 },
      messages: { in: 9, decoded: 7, ignored: { ticker: 2 }, undecoded: 0 },
      decoded: { depths: 1, quotes: 1, trades: 2, aggTrades: 1, bars: 1, snapshots: 1 },
      snapshots: { applied: 1, unused: 0, stale: 0 },
      gaps: 0,
      checksums: { checked: 1, matched: 1 },
    });
    expect(found?.instruments["binance:ABC/USDT"]?.book).toEqual({
      bidLevels: 2,
      askLevels: 1,
      bestBid: ["1.5", "11"],
      bestAsk: ["1.6", "7"],
      // printf 'b 1.5 11\nb 1.4 5\na 1.6 7' | sha256sum
      sha256: "b83cba6b2df275299cd18f7bca3a4a9117e26bace4b680d7b25377d2872a9bc0",
    });
    expect(out).toContain("9 in = 7 decoded + 2 ignored + 0 undecoded");
    expect(out).toContain("right");
    expect(out).toContain("report     out.json");
  });

  test("may have several symbols, whose snapshots are known by their update ids though they name none", async () => {
    const other = (U: number, u: number) => {
      const { data } = depth(U, u, [["2.5", "1"]]);
      return { stream: "xyzusdt@depth@100ms", data: { ...data, s: "XYZUSDT" } };
    };
    const second = { ...snapshot, lastUpdateId: 900, bids: [["2.5", "3"]], asks: [["2.7", "1"]] };
    const file = rawFile([depth(9, 10, []), snapshot, depth(11, 12, []), other(899, 900), second, other(901, 902)]);
    const { code, found } = await verify([file]);
    expect(code).toBe(0);
    expect(found).toMatchObject({ snapshots: { applied: 2, unused: 0, stale: 0 }, problems: [] });
    expect(found?.instruments["binance:XYZ/USDT"]?.book?.bestBid?.[0]).toBe("2.5");
  });

  test.each([
    ["several", 10, "is among the update ids of ABCUSDT and XYZUSDT"],
    ["none", 500, "is among the update ids of none of them"],
  ])("but is refused where a snapshot may be of %s of them, with the line and what to do", async (_, id, words) => {
    const { data } = depth(9, 12, []);
    const other = { stream: "xyzusdt@depth@100ms", data: { ...data, s: "XYZUSDT" } };
    const file = rawFile([depth(9, 12, []), other, { ...snapshot, lastUpdateId: id }]);
    const { code, message } = await verify([file]);
    expect(code).toBe(2);
    expect(message).toContain(".gz:3: the depth snapshot does not name its symbol");
    expect(message).toContain(words);
    expect(message).toContain('write "symbol":"..." into that line');
  });

  test("may be in parts, its snapshot before or behind the first diffs", async () => {
    const [first, second] = [rawFile([depth(9, 10, []), depth(11, 12, [["1.5", "11"]]), snapshot]), rawFile([])];
    writeFileSync(second, `${start + 1_000} ${JSON.stringify(depth(13, 13, [["1.5", "0"]]))}\n`);
    const { code, found } = await verify([first, second]);
    expect(code).toBe(0);
    expect(found?.instruments["binance:ABC/USDT"]?.book).toMatchObject({ bidLevels: 1, bestBid: ["1.4", "5"] });
  });

  test("keeps answers and other replies of the recorder's connection by name", async () => {
    const at = start / 1000;
    const url = "https://api.binance.com/api/v3";
    const { code, found } = await verify([
      jsonlFile([
        { t: "http", conn: "h", ts: at, url: `${url}/time`, data: '{"serverTime":1}' },
        {
          t: "http",
          conn: "h",
          ts: at,
          url: `${url}/depth?symbol=ABCUSDT`,
          data: '{"code":-1003,"msg":"Too many requests"}',
        },
        { t: "http", conn: "h", ts: at, url: `${url}/depth?symbol=ABCUSDT`, data: JSON.stringify(snapshot) },
        { t: "recv", conn: "w", ts: at, data: '{"result":null,"id":1}' },
        { t: "recv", conn: "w", ts: at + 1, data: JSON.stringify(depth(11, 12, [["1.5", "11"]])) },
      ]),
    ]);
    expect(code).toBe(0);
    expect(found?.messages).toEqual({
      in: 5,
      decoded: 2,
      ignored: { "reply of /api/v3/time": 1, "refusal of /api/v3/depth": 1, "answer to a request": 1 },
      undecoded: 0,
    });
  });

  test("may have every stream twice, over two sockets, and diffs that the snapshot covers", async () => {
    const url = "https://api.binance.com/api/v3/depth?symbol=ABCUSDT";
    const [old, first, next, gone] = [
      depth(7, 8, []),
      depth(9, 12, [["1.5", "11"]]),
      depth(13, 13, []),
      depth(6, 6, []),
    ];
    const { code, found } = await verify([
      session(
        ["a", gone],
        { t: "http", conn: "h", ts: at(1), url, data: JSON.stringify(snapshot) },
        ...["a", "b"].flatMap((conn) => [old, first, trade(1)].map((each): Received => [conn, each])),
        ...["a", "b"].flatMap((conn) => [next, trade(2), kline].map((each): Received => [conn, each])),
      ),
    ]);
    expect(found).toMatchObject({ problems: [], gaps: 0, sequenceFailures: 0, decoded: { depths: 7, trades: 4 } });
    expect(code).toBe(0);
  });

  test("may come over raw sockets, with events of whatever kind the venue has", async () => {
    const raw = ({ data }: { readonly data: object }) => data;
    const key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1";
    const { code, found, out } = await verify([
      session(
        { t: "connect", conn: "d", ts: at(0), addr: "wss://stream.binance.com:9443/ws/abcusdt@depth@100ms" },
        { t: "http", conn: "h", ts: at(0), url: `${API}/depth?symbol=ABCUSDT`, data: JSON.stringify(snapshot) },
        { t: "http", conn: "h", ts: at(0), url: `${API}/depth?symbol=ABCUSDT`, data: "<html>502</html>" },
        ["d", raw(depth(11, 12, [["1.5", "11"]]))],
        ["d", { e: "serverShutdown", E: start }],
        ["d", raw(depth(13, 13, []))],
        { t: "connect", conn: "m", ts: at(0), addr: "wss://stream.binance.com:9443/ws" },
        { t: "send", conn: "m", ts: at(0), data: '{"method":"SUBSCRIBE","params":["abcusdt@trade"],"id":1}' },
        ["m", raw(trade(1))],
        { t: "send", conn: "m", ts: at(0), data: '{"method":"SUBSCRIBE","params":["abcusdt@aggTrade"],"id":2}' },
        { t: "send", conn: "m", ts: at(0), data: '{"method":"UNSUBSCRIBE","params":["abcusdt@trade"],"id":3}' },
        ["m", raw(trade(2))],
        ["m", { result: null, id: 3 }],
        ["m", raw(aggTrade(1))],
        ["m", { e: "forceOrder", E: start, o: { s: "ABCUSDT" } }],
        ["m", [{ e: "24hrMiniTicker", s: "ABCUSDT" }]],
        ["u", { e: "executionReport", E: start, s: "ABCUSDT" }],
        ["u", { subscriptionId: 0, event: { e: "balanceUpdate" } }],
        ["c", { stream: key, data: { e: "listStatus", s: "ABCUSDT" } }],
        { t: "disconnect", conn: "m", ts: at(0) },
      ),
    ]);
    expect(found).toMatchObject({
      problems: [],
      decoded: { depths: 2, trades: 2, aggTrades: 1 },
      messages: {
        in: 14,
        undecoded: 0,
        ignored: {
          "!serverShutdown": 1,
          "answer to a request": 1,
          "refusal of /api/v3/depth": 1,
          forceOrder: 1,
          "!miniTicker@arr": 1,
          userData: 3,
        },
      },
    });
    expect(code).toBe(0);
    expect(JSON.stringify(found) + out).not.toContain("pqia");
  });

  test("may be raw frames without the name of their stream", async () => {
    const frames = good.map((each) => ("data" in each ? each.data : each));
    const { code, found } = await verify([rawFile(frames)]);
    expect(found).toMatchObject({ problems: [], decoded: { depths: 1, quotes: 1, trades: 2, snapshots: 1 } });
    expect(code).toBe(0);
  });

  test("may hold what cannot be played: bars alone, tickers alone, a symbol nobody knows", async () => {
    const bars = await verify([rawFile([kline])]);
    expect(bars.found).toMatchObject({
      right: true,
      notes: ["nothing tells spot from futures: it was read as spot"],
      messages: { in: 1, decoded: 1 },
      decoded: { bars: 1 },
    });
    const second = JSON.parse(JSON.stringify(kline).replaceAll("ABCUSDT", "XYZUSDT").replace("abc", "xyz")) as object;
    expect((await verify([rawFile([...good, second])])).found).toMatchObject({
      messages: { ignored: {} },
      decoded: { bars: 1 },
    });
    const tickers = await verify([rawFile([{ stream: "!miniTicker@arr", data: [] }])]);
    expect([tickers.code, tickers.found?.notes]).toEqual([
      0,
      [expect.stringContaining("read as spot"), "nothing in it is of a kind that is decoded"],
    ]);
    const other = JSON.parse(
      JSON.stringify(trade(1)).replace("ABCUSDT", "ABCZZZ").replace("abcusdt", "abczzz"),
    ) as object;
    const unknown = await verify([rawFile([trade(1), other])]);
    expect(unknown.code).toBe(0);
    expect(unknown.found?.notes).toEqual([expect.stringMatching(/^binance:ABCZZZ: its base and quote assets cannot/)]);
    expect(Object.keys(unknown.found?.instruments ?? {})).toEqual(["binance:ABC/USDT", "binance:ABCZZZ"]);
  });

  test("may have more connections than can be merged", async () => {
    const received = Array.from({ length: 80 }, (_, i): Received => [`k${i}`, trade(i)]);
    const { code, found } = await verify([session(...received.map((each, i) => line(each, (i % 3) * 0.4)))]);
    expect(found).toMatchObject({ problems: [], decoded: { trades: 80 } });
    expect(code).toBe(0);
    const farApart = await verify([session(...received.map((each, i) => line(each, (i % 3) * 4)))]);
    expect([farApart.code, farApart.found?.problems]).toEqual([1, ["1 lines are out of the order of time"]]);
  });

  test("without a snapshot is right, but shows no book and says so", async () => {
    const { code, found, out } = await verify([rawFile([depth(11, 12, [["1.5", "11"]]), depth(13, 13, [])])]);
    expect(code).toBe(0);
    expect(found?.instruments["binance:ABC/USDT"]?.book).toBeNull();
    expect(found?.notes).toHaveLength(1);
    expect(out).toContain("for want of a snapshot");
  });
});

describe("a recording that is not right ends with exit code 1 and says why:", () => {
  const cases: readonly (readonly [string, readonly (string | object)[], RegExp, object])[] = [
    ["a diff is missing", [...good, depth(14, 15, [])], /1 gaps/, { gaps: 1 }],
    ["a diff is missing before the snapshot", [depth(5, 6, []), depth(8, 9, []), ...good], /1 gaps/, { gaps: 1 }],
    ["a trade is missing", [...good, trade(4)], /1 gaps/, { gaps: 1 }],
    ["a diff comes twice", [...good, good[1] as object], /1 messages do not follow/, { sequenceFailures: 1, gaps: 0 }],
    [
      "a diff comes late",
      [...good, depth(13, 13, []), good[1] as object, depth(14, 14, [])],
      /1 messages do not follow/,
      { sequenceFailures: 1, gaps: 0 },
    ],
    [
      "a diff comes twice before the snapshot",
      [depth(9, 10, []), depth(9, 10, []), ...good],
      /1 messages do not follow/,
      { sequenceFailures: 1, gaps: 0 },
    ],
    ["a trade comes twice", [...good, trade(2)], /1 messages do not follow/, { sequenceFailures: 1, gaps: 0 }],
    [
      "the book differs from a quote of its sequence",
      [...good, depth(13, 13, [["1.5", "9"]]), quote(13, ["1.5", "8"], ["1.6", "7"])],
      /1 of 2 books differ/,
      { checksums: { checked: 2, matched: 1 } },
    ],
    ["the book is crossed", [...good, depth(13, 13, [["1.6", "1"]])], /1 times a best bid/, { crossed: 1 }],
    [
      "the snapshot is older than the diffs",
      [{ ...snapshot, lastUpdateId: 3 }, ...good.slice(1)],
      /no snapshot connects/,
      { snapshots: { applied: 0, unused: 0, stale: 1 } },
    ],
    [
      "a price is no number",
      [...good, depth(13, 13, [["1,5", "1"]])],
      /1 messages cannot be decoded/,
      { messages: { in: 6, decoded: 5, undecoded: 1 } },
    ],
    [
      "a frame is cut off",
      [...good, JSON.stringify(trade(3)).slice(0, -9)],
      /1 messages cannot be decoded/,
      { messages: { in: 6, decoded: 5, undecoded: 1 } },
    ],
    [
      "a frame in between is cut off, and a line is no message at all",
      [...good, JSON.stringify(quote(12, ["1.5", "11"], ["1.6", "7"])).slice(0, -9), "nonsense", trade(3)],
      /2 messages cannot be decoded/,
      { messages: { in: 8, decoded: 6, undecoded: 2 } },
    ],
    [
      "a snapshot has no levels",
      [...good, { lastUpdateId: 5 }],
      /1 messages cannot be decoded/,
      { messages: { in: 6, decoded: 5, undecoded: 1 } },
    ],
  ];

  test.each(cases)("%s", async (_, frames, problem, expected) => {
    const { code, found, out } = await verify([rawFile(frames)]);
    expect(code).toBe(1);
    expect(found).toMatchObject({ right: false, ...expected });
    expect(found?.problems.join("; ")).toMatch(problem);
    expect(found?.examples.length).toBeGreaterThan(0);
    expect(out).toMatch(problem);
  });

  test("lines stand a second and more before the one above them", async () => {
    const texts = [...good, trade(3), trade(4), trade(5)].map(
      (each, i) => `${start + i * 2_000} ${JSON.stringify(each)}`,
    );
    const [other, swapped] = [texts[5] as string, texts[6] as string];
    const { code, found } = await verify([textFile([...texts.slice(0, 5), swapped, other, texts[7]].join("\n"))]);
    expect(code).toBe(1);
    expect(found).toMatchObject({ messages: { in: 8, decoded: 8 }, gaps: 1, sequenceFailures: 2 });
    expect(found?.problems[0]).toBe("1 lines are out of the order of time");
    expect(found?.examples[0]).toMatch(/:7: was received at .*, before the line above it/);
    const twice = await verify([textFile([...texts, texts[5]].join("\n"))]);
    expect(twice.code).toBe(1);
    expect(twice.found).toMatchObject({ gaps: 0, sequenceFailures: 1 });
  });

  test("a line is no text", async () => {
    const texts = good.map((each, i) => `${start + i} ${JSON.stringify(each)}\n`);
    const bytes = [texts.slice(0, 3).join(""), Buffer.from([0xff, 0xfe, 0x00, 0x81, 0x0a]), texts.slice(3).join("")];
    const { code, found } = await verify([textFile(Buffer.concat(bytes.map((each) => Buffer.from(each))))]);
    expect(code).toBe(1);
    expect(found).toMatchObject({ problems: ["1 messages cannot be decoded"], messages: { in: 6, undecoded: 1 } });
    expect(found?.examples).toEqual([expect.stringContaining(":4: has bytes that are not UTF-8 text")]);
  });

  test("however much is wrong, the examples stay few", async () => {
    const frames = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? trade(i * 7) : "nonsense"));
    const { code, found } = await verify([rawFile([...good, ...frames])]);
    expect(code).toBe(1);
    expect(found?.messages.undecoded).toBe(100);
    expect(found?.examples).toHaveLength(20);
  });
});

describe("what is no readable recording ends with exit code 2, named:", () => {
  const missing = join(tmpdir(), "no-such-recording.gz");
  const kraken =
    '{"t":"header","exchange":"KRAKEN","config":{}}\n{"t":"recv","conn":"k","ts":1700000000,"data":"[]"}\n';
  test.each([
    ["a missing file", () => missing, /no-such-recording\.gz: there is no such file/],
    ["a table", () => textFile("timestamp,open\n1,2\n"), /is not a recording/],
    [
      "another venue",
      () => textFile(kraken),
      /recorded from KRAKEN, but supported are Binance spot .* USD-M .* COIN-M/,
    ],
    ["frames of another venue", () => rawFile([{ channel: "l2Book", data: {} }]), /has no Binance frame/],
    ["an empty file", () => textFile(""), /is empty/],
    ["no text", () => textFile(Buffer.from([0x81, 0x82, 0x0a, 0x83])), /:1: has bytes that are not UTF-8 text/],
    [
      "a journal",
      () => bareFile("run.db", "SQLite format 3\0\x10\0\x81"),
      /run\.db: is a database, such as .* journal: for a journal run: pitlane journal verify ".*run\.db"/,
    ],
  ])("%s", async (_, path, message) => {
    const ended = await verify([path()]);
    expect(ended.code).toBe(2);
    expect(ended.message).toMatch(message);
    expect(ended.found).toBeUndefined();
  });

  test("two products in one session", async () => {
    const usdm = { stream: "abcusdt@depth", data: { ...depth(11, 12, []).data, pu: 10 } };
    const ended = await verify([rawFile([...good, usdm])]);
    expect(ended.code).toBe(2);
    expect(ended.message).toMatch(/is Binance USD-M futures, but .* is spot/);
  });

  test("a report that cannot be written, before anything is read", async () => {
    const program = new Command().exitOverride();
    addVerify(program, {
      cwd: tmpdir(),
      output: new Output({ write: () => {} }),
      stop: new AbortController().signal,
      end: () => {},
    });
    await expect(
      program.parseAsync(["verify", missing, "--json", "no/such/folder/x.json"], { from: "user" }),
    ).rejects.toThrow(/--json .* cannot be written/);
  });
});

test("a stop leaves no report, nor an earlier one", async () => {
  for (const earlier of [undefined, '{"right":true}']) {
    const { code, out, found, isLeft } = await verify([rawFile(good)], AbortSignal.abort("signal"), earlier);
    expect({ code, found, isLeft }).toEqual({ code: 1, found: undefined, isLeft: false });
    expect(out).toContain("stopped before the end");
  }
});

describe("a report of an earlier run", () => {
  const { signal } = new AbortController();

  test.each([
    ["no file", () => join(tmpdir(), "no-such-recording.gz")],
    ["no recording", () => textFile("timestamp,open\n1,2\n")],
  ])("is gone when there is %s to report on", async (_, path) => {
    expect(await verify([path()], signal, '{"right":true}')).toMatchObject({ code: 2, isLeft: false });
  });

  test("is replaced by a new one", async () => {
    const { code, found } = await verify([rawFile(good)], signal, "of an earlier run");
    expect([code, found?.right]).toEqual([0, true]);
  });

  test("that is the recording itself is refused, and stays", async () => {
    const frames = [...good].map((each, i) => `${start + i} ${JSON.stringify(each)}\n`).join("");
    for (const name of ["out.json", "./out.json"]) {
      const { code, message, isLeft } = await verify([name], signal, frames);
      expect([code, isLeft]).toEqual([2, true]);
      expect(message).toMatch(/--json .*out\.json is a recording to check: name another file/);
    }
  });
});

interface Expected {
  readonly counters: Readonly<Record<string, number>>;
  readonly books: Readonly<Record<string, { readonly sha256: string }>>;
}

const sessions = PRESENT
  ? Object.entries(
      (JSON.parse(readFileSync(join(DATA, "expected.json"), "utf8")) as { files: Record<string, Expected> }).files,
    ).filter(([name]) => /binance-spot|binance-usdm|binance-coinm|binance-raw/.test(name))
  : [];

test.skipIf(!PRESENT)("recordings are there (skipped: no recordings; set PITLANE_DATA)", () => {
  expect(sessions.length).toBeGreaterThan(0);
});

test.each(sessions)("%s is right, message by message", { timeout: 120_000 }, async (name, { counters, books }) => {
  const { code, found } = await verify(name.split(" + ").map((file) => join(DATA, file)));
  expect(code).toBe(0);
  expect(found).toMatchObject({
    right: true,
    messages: { undecoded: 0 },
    decoded: {
      depths: counters["stream.depth"],
      quotes: counters["stream.bookTicker"],
      trades: counters["stream.trade"] ?? 0,
      aggTrades: counters["stream.aggTrade"] ?? 0,
      bars: counters["stream.kline"] ?? 0,
      snapshots: counters["restSnapshots"],
    },
    snapshots: { applied: counters["restSnapshots"] },
    gaps: 0,
  });
  if (counters["messages"] !== undefined) expect(found?.messages.in).toBe(counters["messages"]);
  expect(found?.checksums.checked).toBeGreaterThan(0);
  expect(found?.checksums.matched).toBe(found?.checksums.checked);
  const instruments = Object.values(found?.instruments ?? {});
  expect(instruments.map(({ book }) => book?.sha256).sort()).toEqual(
    Object.values(books)
      .map(({ sha256 }) => sha256)
      .sort(),
  );
});
