import { copyFileSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, type PaperOptions } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { formatUnits } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, expect, test, vi } from "vitest";
import { summaryLines } from "../src/cli/summary.ts";
import {
  type ConfigInput,
  checkConfig,
  definePlugin,
  defineStrategy,
  deny,
  lotsWorth,
  type OrderView,
  openRuntime,
  type Plugin,
  verifyJournal,
} from "../src/index.ts";
import { readRows } from "../src/journal/read.ts";
import { replayRun } from "../src/replay-run.ts";

const SCHEMA = JSON.parse(readFileSync(new URL("../schema/report.schema.json", import.meta.url), "utf8"));
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface JournalEntry {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function journalOf(path: string): readonly JournalEntry[] {
  return [...readRows(path)]
    .filter(({ kind }) => kind !== "inputs")
    .map(({ kind, body }) => ({ kind, body: JSON.parse(String(body)) }));
}

interface SetUp {
  readonly plugins: readonly Plugin[];
  readonly config?: ConfigInput;
  readonly paper?: PaperOptions;
  readonly apiSecret?: string;
  /** Which orders' answers are lost on the way back, by their number. */
  readonly loses?: (orderNumber: number) => boolean;
}

async function setUp({ plugins, config = {}, paper: paperOptions = {}, apiSecret, loses }: SetUp) {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock, ...paperOptions });
  closers.push(() => paper.close());
  const urls = loses === undefined ? paper.urls : { ...paper.urls, rest: await losingProxy(paper.urls.rest, loses) };
  const client = createBinance({
    venue: "paper",
    urls,
    credentials: { apiKey: paper.apiKey, apiSecret: apiSecret ?? paper.apiSecret },
    clock,
  });
  closers.push(() => client.close());
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-session-")), "journal.db");
  const logged: string[] = [];
  const open = () =>
    openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "paper",
      config: checkConfig(config, "test"),
      plugins: plugins.map((plugin) => ({ plugin })),
      client,
      trading: client,
      journalPath,
      recvWindowMs: 5000,
      clock,
      log: (source, message) => logged.push(`${source}: ${message}`),
    });
  return { paper, client, journalPath, logged, open };
}

/** Stands between client and exchange and hands on everything, but for the answers to the orders that `loses` names, which get a dead socket. */
async function losingProxy(target: string, loses: (orderNumber: number) => boolean) {
  let orders = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    const isLost = method === "POST" && url.endsWith("/order") && loses(++orders);
    const forwarded = request(new URL(url, target), { method: method ?? "GET", headers }, (answer) => {
      if (isLost) {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => proxy.close(resolve)));
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** Buys and sells the smallest amount in turns, as fast as answers come. */
function churn(orders: OrderView[]) {
  return defineStrategy({
    name: "churn",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        if (ctx.openOrders(instrument).length > 0) return;
        const held = ctx.positionLots(instrument);
        const sizeLots = held > 0 ? held : lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
        orders.push(ctx.submit({ instrument, side: held > 0 ? "sell" : "buy", type: "market", sizeLots }));
      });
    },
  });
}

test("a session trades, and its books, journal and report agree with the exchange", async () => {
  const orders: OrderView[] = [];
  const { paper, client, open, journalPath } = await setUp({ plugins: [churn(orders)] });
  const runtime = await open();
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(10), { timeout: 20_000 });
  const report = await runtime.close("requested");

  expect(report.faults).toEqual([]);
  expect(new Ajv2020({ strict: false }).compile(SCHEMA)(report)).toBe(true);
  expect(report.orders).toMatchObject({
    intents: orders.length,
    submitted: orders.length,
    unknown: 0,
    duplicated: 0,
    open: 0,
  });
  const { accepted, filled, expired, cancelled } = report.orders;
  expect(filled + expired + cancelled).toBe(accepted);
  expect(report.market).toMatchObject({ gaps: 0, resyncs: 0 });

  const ledger = paper.acceptedOrders().map((order) => order.clientOrderId);
  expect(new Set(ledger).size).toBe(ledger.length);
  expect(ledger.sort()).toEqual(
    orders
      .filter((order) => order.state !== "rejected")
      .map((order) => order.clientOrderId)
      .sort(),
  );

  const balances = await client.account.getBalances();
  for (const [asset, { free, locked }] of balances) {
    expect(locked).toBe(0n);
    expect(report.portfolio.balances[asset]).toBe(formatUnits(free));
  }

  const { asset, total, strategies } = report.performance;
  expect(asset).toBe("USDT");
  expect(strategies["churn"]).toEqual(total); // it is the only one
  expect(total.trades).toBeGreaterThan(3);
  expect(Number(total.fees)).toBeGreaterThan(0);
  expect(Number(total.profit)).toBeLessThan(Number(total.fees)); // what it churns it pays for

  expect(report.latency.tickToOrder.count).toBe(orders.length);
  expect(report.latency.processing.count).toBe(orders.length);
  expect(report.latency.processing.mean).toBeLessThan(report.latency.tickToOrder.mean); // it is a part of it
  expect(report.latency.ack.count).toBeGreaterThan(0);
  expect(verifyJournal(journalPath)).toMatchObject({
    events: report.journal.events,
    headHash: report.journal.headHash,
    fault: undefined,
  });
});

test("every order the exchange accepted was in the journal before, with its verdicts", async () => {
  const { paper, open, journalPath } = await setUp({ plugins: [churn([])] });
  const runtime = await open();
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(3), { timeout: 20_000 });
  // What a process that is killed now leaves behind.
  const accepted = paper.acceptedOrders();
  const left = join(mkdtempSync(join(tmpdir(), "pitlane-left-")), "journal.db");
  for (const file of ["", "-wal", "-tail"])
    if (existsSync(journalPath + file)) copyFileSync(journalPath + file, left + file);
  const intents = new Set(
    journalOf(left)
      .filter(({ kind }) => kind === "intent")
      .map(({ body }) => body["clientOrderId"]),
  );
  expect(accepted.length).toBeGreaterThan(3);
  for (const { clientOrderId } of accepted) expect(intents.has(clientOrderId)).toBe(true);
  await runtime.close("requested");
});

test("an order whose answer is lost is found out about and never sent again", async () => {
  const orders: OrderView[] = [];
  const { paper, open, journalPath } = await setUp({ plugins: [churn(orders)], loses: (number) => number % 3 === 1 });
  const runtime = await open();
  await vi.waitFor(
    () => {
      expect(runtime.status().fills).toBeGreaterThan(8);
      expect(orders.length).toBeGreaterThan(8); // one may have several fills
    },
    { timeout: 20_000 },
  );
  const report = await runtime.close("requested");
  const lost = journalOf(journalPath).filter(({ kind, body }) => kind === "failure" && body["outcome"] === "unknown");
  expect(lost.length).toBeGreaterThan(2);
  expect(report.orders).toMatchObject({ unknown: 0, duplicated: 0, open: 0, rejected: 0 });
  const ledger = paper.acceptedOrders().map((order) => order.clientOrderId);
  expect(ledger).toHaveLength(orders.length);
  expect(new Set(ledger).size).toBe(ledger.length);
  expect(report.faults).toEqual([]); // the sum of our fills is what the exchange says, too
});

test("the close cancels what is open, and the exchange has nothing of ours left", async () => {
  const quoter = defineStrategy({
    name: "quoter",
    setup(ctx) {
      for (const instrument of ctx.instruments) {
        let quoted = false;
        ctx.on("quote", { instrument }, (quote) => {
          if (quoted) return;
          quoted = true;
          const priceTicks = Math.floor((quote.bidTicks * 0.9) / instrument.tickIncrement) * instrument.tickIncrement;
          const sizeLots = lotsWorth(instrument, priceTicks, 2n * instrument.minNotional);
          ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots });
        });
      }
    },
  });
  const { paper, client, open } = await setUp({ plugins: [quoter] });
  const runtime = await open();
  const count = runtime.instruments.length;
  await vi.waitFor(() => expect(paper.acceptedOrders()).toHaveLength(count), { timeout: 20_000 });
  expect(await client.orders.listOpen()).toHaveLength(count); // a dear question: asked once
  const report = await runtime.close("signal");
  expect(report.orders).toMatchObject({ cancelled: count, open: 0, unknown: 0 });
  expect(await client.orders.listOpen()).toEqual([]);
  expect(await runtime.close("signal")).toBe(report);
});

test("risk denies what is too large, and a plugin's vote is heard; nothing of it reaches the exchange", async () => {
  const states = new Map<string, string>();
  const greedy = defineStrategy({
    name: "greedy",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      let asked = false;
      ctx.on("quote", { instrument }, (quote) => {
        if (asked) return;
        asked = true;
        ctx.submit({ instrument, side: "buy", type: "limit", priceTicks: quote.askTicks, sizeLots: 10 ** 12 });
        ctx.submit({ instrument, side: "buy", type: "market", sizeLots: instrument.lotIncrement * 1000 });
      });
      ctx.on("order", ({ order }) => states.set(order.clientOrderId, `${order.state} ${order.reason}`));
    },
  });
  const veto = definePlugin({
    name: "veto",
    setup: (ctx) =>
      ctx.vote("intent", (intent) =>
        intent.type === "market" ? deny("NO_MARKET_ORDERS", "limit orders only") : { allowed: true },
      ),
  });
  const { paper, open } = await setUp({ plugins: [greedy, veto] });
  const runtime = await open();
  await vi.waitFor(() => expect(states.size).toBe(2), { timeout: 20_000 });
  const report = await runtime.close("requested");
  const [tooLarge, market] = [...states.values()];
  expect(tooLarge).toMatch(/^denied (MAX_ORDER_SIZE|BAD_SIZE)/);
  expect(market).toContain("denied");
  expect(report.orders).toMatchObject({ intents: 2, denied: 2, submitted: 0 });
  expect(paper.acceptedOrders()).toEqual([]);
  expect(report.risk.denials).toContainEqual({
    code: "NO_MARKET_ORDERS",
    voter: "veto",
    count: 1,
    example: "limit orders only",
  });
  expect(new Ajv2020({ strict: false }).validate(SCHEMA, JSON.parse(JSON.stringify(report)))).toBe(true);
  const line = summaryLines(report).find((text) => text.startsWith("denied"));
  expect(line).toMatch(
    /^denied {3}1 BAD_SIZE \(shape\), 1 MAX_ORDER_NOTIONAL \(order-size\), .*; \d more in the report$/,
  );
});

test("an intent of the wrong kind is told to its strategy; it reaches nobody, and the next one trades", async () => {
  const orders: OrderView[] = [];
  const loose = defineStrategy({
    name: "loose",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      let quotes = 0;
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        const sizeLots = lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
        const order = { instrument, side: "buy", type: "market", sizeLots } as const;
        const wrong = [{ side: "BUY" }, { type: "limit", priceTicks: askTicks, timeInForce: "GTX" }, { stopTicks: 1 }];
        const changes = wrong[quotes++];
        if (changes !== undefined) ctx.submit({ ...order, ...changes } as unknown as typeof order);
        else if (orders.length === 0) orders.push(ctx.submit(order));
      });
    },
  });
  const { paper, open } = await setUp({ plugins: [loose] });
  const runtime = await open();
  await vi.waitFor(() => expect(orders[0]?.state).toBe("filled"), { timeout: 20_000 });
  const report = await runtime.close("requested");
  expect(report.orders).toMatchObject({ intents: 1, submitted: 1, filled: 1, open: 0 });
  expect(paper.acceptedOrders()).toHaveLength(1);
  expect(report.faults.map(({ message }) => message)).toEqual([
    expect.stringContaining('loose: an intent\'s side must be "buy" or "sell", got "BUY"'),
    expect.stringContaining('loose: an intent\'s timeInForce must be "GTC", "IOC" or "FOK", got "GTX"'),
    expect.stringContaining('loose: an intent has no field "stopTicks"'),
  ]);
});

test("a strategy that keeps throwing is taken out, its orders cancelled, and the others go on", async () => {
  const orders: OrderView[] = [];
  const thrower = defineStrategy({
    name: "thrower",
    setup(ctx) {
      ctx.on("quote", () => {
        throw new Error("no idea");
      });
    },
  });
  const { open } = await setUp({ plugins: [thrower, churn(orders)] });
  const runtime = await open();
  await vi.waitFor(
    () => expect(runtime.status()).toMatchObject({ fills: expect.toSatisfy((fills: number) => fills > 3), faults: 2 }),
    { timeout: 20_000 },
  );
  const report = await runtime.close("requested");
  expect(report.faults.map((fault) => `${fault.source}: ${fault.message} x${fault.count}`)).toEqual([
    expect.stringMatching(/^strategy thrower: its quote hook threw Error: no idea at .*session\.test\.ts:\d+ x10$/),
    expect.stringMatching(/^strategy thrower: quarantined: .* x1$/),
  ]);
});

test("a start that fails before anything happened leaves no journal; one refused at login leaves one that says why", async () => {
  const limits = await setUp({ plugins: [churn([])], config: { risk: { instruments: { "ZZZ/USDT": {} } } } });
  await expect(limits.open()).rejects.toThrow("risk.instruments names ZZZ/USDT");
  expect(existsSync(limits.journalPath)).toBe(false);

  const unreachable = await setUp({ plugins: [churn([])] });
  await unreachable.paper.close();
  await expect(unreachable.open()).rejects.toMatchObject({ code: "NETWORK" });
  expect(existsSync(unreachable.journalPath)).toBe(false);

  const refused = await setUp({ plugins: [churn([])], apiSecret: "not the secret" });
  await expect(refused.open()).rejects.toMatchObject({ code: "AUTH" });
  expect(verifyJournal(refused.journalPath)).toMatchObject({ events: 3, fault: undefined });
});

test("a session and the replay of its journal decide the same", async () => {
  const { journalPath, open } = await setUp({ plugins: [churn([])] });
  const runtime = await open();
  await vi.waitFor(() => expect(runtime.status().orders).toBeGreaterThan(20), { timeout: 20_000 });
  const { orders } = await runtime.close("requested");
  const replay = (plugin: Plugin) =>
    replayRun({ journalPath, plugins: [{ plugin }], clock: createSystemClock(), log: () => {} });
  const report = await replay(churn([]));
  expect(report).toMatchObject({ divergences: 0, first: null, isWhatIf: false });
  expect(report.decisions).toBeGreaterThan(orders.submitted);
  const other = defineStrategy({ name: "churn", setup: () => {} });
  expect(await replay(other)).toMatchObject({
    divergences: 1,
    first: { recorded: { kind: "intent" }, replayed: undefined },
  });
});
