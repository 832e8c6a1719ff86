import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import type { BinanceUrls } from "@pitlane/sdk/binance";
import { afterEach, describe, expect, test } from "vitest";
import { planVenue } from "../../src/config/venue-plan.ts";
import { checkConfig, secret } from "../../src/config.ts";
import { readRows } from "../../src/journal/read.ts";
import { run } from "./host.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const PLAIN = /\x1b\[[0-9;]*m/g;
const STRATEGY = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "ticker",
  setup(ctx) {
    const instrument = ctx.instrument("BBB/USDT");
    ctx.log("knows " + ctx.instruments.map(({ id }) => id).join(" "));
    let turn = 0;
    ctx.on("quote", { instrument }, ({ askTicks }) => {
      if (ctx.openOrders(instrument).length > 0) return;
      const sizeLots = lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
      ctx.submit({ instrument, side: turn++ % 2 === 0 ? "buy" : "sell", type: "market", sizeLots });
    });
  },
});
`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "pitlane-venue-"));
  writeFileSync(join(path, "ticker.ts"), STRATEGY);
  return path;
}

function envOf({ rest, stream, wsApi }: BinanceUrls, keys: Readonly<Record<string, string>> = {}) {
  return {
    PITLANE_VENUE__URLS__REST: rest,
    PITLANE_VENUE__URLS__STREAM: stream,
    PITLANE_VENUE__URLS__WS_API: wsApi,
    ...keys,
  };
}

/** Stands for the venue: the paper exchange speaks its protocol. */
async function openPaper() {
  const paper = await createPaper({ seed: 3, clock: createSystemClock() });
  closers.push(() => paper.close());
  return paper;
}

/** Addresses at which every connection is counted and nothing answers. */
async function openCounter() {
  const counter = { connections: 0 };
  const server = createServer((socket) => {
    counter.connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return { counter, urls: { rest: `http://${host}`, stream: `ws://${host}`, wsApi: `ws://${host}/ws-api/v3` } };
}

const LIVE = ["run", "./ticker.ts", "--no-dashboard", "--venue", "binance", "--symbols", "BBB/USDT"] as const;

test("one file trades on the venue by its own keys, says that the money is real, and its run is replayed", async () => {
  const paper = await openPaper();
  const keys = { PITLANE_SECRET_BINANCE_API_KEY: paper.apiKey, PITLANE_SECRET_BINANCE_API_SECRET: paper.apiSecret };
  const cwd = folder();
  const files = ["--duration", "6s", "--json", "report.json", "--journal", "journal.db"];
  const { code, out, err } = await run([...LIVE, "--live", ...files], { cwd, env: envOf(paper.urls, keys) });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = out.replace(PLAIN, "");
  expect(lines).toContain("strategies ticker on binance\n");
  expect(lines).toContain(`venue    binance, REAL MONEY: BBB/USDT at ${paper.urls.rest}\n`);
  expect(lines).toContain("limits   orders up to 1000, positions up to 5000 of the quote asset\n");
  expect(lines).toContain("ticker: knows binance:BBB/USDT\n"); // and nothing else that the venue lists
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report.run.mode).toBe("live");
  expect(report.orders).toMatchObject({ open: 0, unknown: 0, duplicated: 0 });
  expect(report.fills.count).toBeGreaterThan(1);
  expect(report.faults).toEqual([]);
  expect(paper.acceptedOrders().length).toBe(report.orders.accepted);
  const journal = [...readRows(join(cwd, "journal.db"))].map(({ body }) => Buffer.from(body).toString("latin1")).join();
  for (const text of [out, journal, JSON.stringify(report)]) {
    expect(text).not.toContain(paper.apiKey);
    expect(text).not.toContain(paper.apiSecret);
  }
  const replay = await run(["replay", "journal.db", "--json", "replay.json"], { cwd });
  expect(replay).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(readFileSync(join(cwd, "replay.json"), "utf8"))).toMatchObject({ divergences: 0 });
  const onPaper = await run(["run", "./ticker.ts", "--no-dashboard", "--resume", "journal.db"], { cwd });
  expect(onPaper.code).toBe(2);
  expect(onPaper.err).toContain("was on binance: go on with it there, --venue binance");
}, 120_000);

describe("before a connection is made, with one message and code 2, is refused", () => {
  const keys = {
    PITLANE_SECRET_BINANCE_API_KEY: "key-of-nobody",
    PITLANE_SECRET_BINANCE_API_SECRET: "secret-of-nobody",
  };
  test.each([
    ["real money that nobody has said yes to", [...LIVE], keys, "binance trades with real money: say so with --live"],
    [
      "a venue without what to trade",
      ["run", "./ticker.ts", "--venue", "binance", "--live"],
      keys,
      "name what to trade, --symbols BTC/USDT",
    ],
    [
      "the sample strategy with real money",
      ["start", "--venue", "binance", "--live", "--symbols", "BBB/USDT"],
      keys,
      "the sample must not trade with real money",
    ],
    [
      "a key that is not set",
      [...LIVE, "--live"],
      { PITLANE_SECRET_BINANCE_API_KEY: "key-of-nobody" },
      "BINANCE_API_SECRET: run `pitlane secret set BINANCE_API_SECRET`, or set PITLANE_SECRET_BINANCE_API_SECRET",
    ],
    [
      "keys of another place",
      ["run", "./ticker.ts", "--venue", "binance-testnet", "--symbols", "BBB/USDT"],
      keys,
      "BINANCE_TESTNET_API_KEY: run `pitlane secret set",
    ],
    ["a key in clear", [...LIVE, "--live", "--set", "venue.apiKey=abcdef"], keys, "a secret must not stand here"],
    ["two places at once", [...LIVE, "--exchange", "http://127.0.0.1:1"], keys, "--exchange is a place to run"],
    ["live on paper", ["run", "./ticker.ts", "--live"], keys, "--live needs a venue to be live at"],
    ["a symbol that is none", ["run", "./ticker.ts", "--venue", "binance", "--symbols", "BBBUSDT"], keys, '"BTC/USDT"'],
  ])("%s", async (_what, args, secrets, message) => {
    const { counter, urls } = await openCounter();
    const { code, err } = await run([...args, "--duration", "1s"], { cwd: folder(), env: envOf(urls, secrets) });
    expect(err.replace(PLAIN, "")).toContain(message);
    expect({ code, connections: counter.connections }).toEqual({ code: 2, connections: 0 });
  });
});

test("a venue that refuses the login, or does not answer, ends the start with code 3; a symbol that it does not list, with 2", async () => {
  const paper = await openPaper();
  const wrong = { PITLANE_SECRET_BINANCE_API_KEY: paper.apiKey, PITLANE_SECRET_BINANCE_API_SECRET: "another-secret" };
  const refused = await run([...LIVE, "--live", "--duration", "1s"], { cwd: folder(), env: envOf(paper.urls, wrong) });
  expect(refused.code).toBe(3);
  expect(refused.err).not.toContain("another-secret");
  const { urls } = await openCounter();
  const silent = await run([...LIVE, "--live", "--duration", "1s"], { cwd: folder(), env: envOf(urls, wrong) });
  expect(silent.code).toBe(3);
  const args = ["run", "./ticker.ts", "--no-dashboard", "--venue", "binance", "--live", "--symbols", "BBB/EUR"];
  const unlisted = await run(args, { cwd: folder(), env: envOf(paper.urls, wrong) });
  expect(unlisted.code).toBe(2);
  expect(unlisted.err).toContain("binance lists no BBB/EUR; of BBB there are BBB/USDT");
}, 120_000);

describe("a plan of the venue", () => {
  const asked = { hasDefaultStrategies: false };
  const of = (venue: object) => planVenue(checkConfig({ venue }, "test"), asked);

  test("is none for the paper exchange", () => {
    expect(of({})).toBeUndefined();
  });

  test("of a test network needs no yes, and has keys of its own", () => {
    expect(of({ name: "binance-testnet", symbols: ["BTC/USDT", "BTC/USDT"] })).toEqual({
      name: "binance-testnet",
      environment: "testnet",
      isRealMoney: false,
      symbols: ["BTC/USDT"],
      urls: undefined,
      credentials: { apiKey: secret("BINANCE_TESTNET_API_KEY"), apiSecret: secret("BINANCE_TESTNET_API_SECRET") },
    });
  });

  test("takes the secrets that the settings name", () => {
    const keys = { apiKey: secret("MY_KEY"), apiSecret: secret("MY_SECRET") };
    expect(of({ name: "binance", live: true, symbols: ["BTC/USDT"], ...keys })?.credentials).toEqual(keys);
  });

  test.each([
    [{ rest: "https://a.example" }, "needs rest, stream and wsApi together"],
    [{ rest: "here", stream: "wss://a.example", wsApi: "wss://a.example" }, "venue.urls.rest is no address"],
    [{ rest: "http://a.example", stream: "wss://a.example", wsApi: "wss://a.example" }, "would carry keys in clear"],
    [
      { rest: "https://a.example", stream: "wss://a.example", wsApi: "ws://127.0.0.1.example" },
      "would carry keys in clear",
    ],
  ])("refuses the addresses %j", (urls, message) => {
    expect(() => of({ name: "binance-testnet", symbols: ["BTC/USDT"], urls })).toThrow(message);
  });
});
