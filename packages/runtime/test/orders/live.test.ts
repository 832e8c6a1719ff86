import { mkdtempSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, type InstrumentSpec, type PaperOptions } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { type BinanceClient, createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import {
  type ConfigInput,
  checkConfig,
  defineStrategy,
  type OrderView,
  openRuntime,
  type Plugin,
  type PluginContext,
  type Verdict,
} from "../../src/index.ts";
import { readRows } from "../../src/journal/read.ts";
import { replayRun } from "../../src/replay-run.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const WAIT = { timeout: 30_000, interval: 5 };
/** No market is needed: limits that look at one are off. */
const QUIET = { risk: { maxPriceDeviationBps: 0, maxDataAgeMs: 0 } } as const satisfies ConfigInput;

const pair = (base: string): InstrumentSpec => ({
  symbol: `${base}USDT`,
  base,
  quote: "USDT",
  tickSize: "0.01",
  lotSize: "0.001",
  minSize: "0.001",
  maxSize: "90000",
  minNotional: "5",
  startPrice: "100",
});

interface Held {
  readonly text: string;
  readonly release: () => void;
}

/** Stands between client and exchange and holds back requests for new orders while `holds` says so. */
async function holdingProxy(target: string, holds: (text: string) => boolean) {
  const held: Held[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const { method = "GET", url = "/", headers } = incoming;
      const body = Buffer.concat(parts);
      const forward = () => {
        const forwarded = request(new URL(url, target), { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        forwarded.end(body);
      };
      const text = `${url} ${body.toString()}`;
      if (method === "POST" && url.startsWith("/api/v3/order") && holds(text)) held.push({ text, release: forward });
      else forward();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => proxy.close(resolve)));
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, held };
}

async function setUp(options: {
  readonly plugin: Plugin;
  readonly instruments: readonly InstrumentSpec[];
  readonly config?: ConfigInput;
  readonly connections?: number;
  readonly streams?: readonly string[];
  readonly holds?: (text: string) => boolean;
  readonly faults?: PaperOptions["faults"];
  /** Done with the account before the session opens. */
  readonly before?: (client: BinanceClient) => Promise<void>;
}) {
  const { plugin, instruments, config = {}, connections = 20, streams, holds, faults = [] } = options;
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock, instruments, market: false, faults });
  closers.push(() => paper.close());
  const proxy = holds === undefined ? undefined : await holdingProxy(paper.urls.rest, holds);
  const client = createBinance({
    venue: "paper",
    urls: { ...paper.urls, ...(proxy === undefined ? {} : { rest: proxy.url }) },
    credentials: paper,
    connections,
    clock,
  });
  closers.push(() => client.close());
  await options.before?.(client);
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-orders-")), "journal.db");
  const logged: string[] = [];
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({ ...QUIET, ...config, connections }, "test"),
    plugins: [{ plugin }],
    client,
    trading: client,
    ...(streams === undefined ? {} : { streams }),
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: (source, message) => logged.push(`${source}: ${message}`),
  });
  const rows = (kind: string) =>
    [...readRows(journalPath)].filter((row) => row.kind === kind).map(({ body }) => JSON.parse(String(body)));
  const replay = async () => {
    const report = await replayRun({ journalPath, plugins: [{ plugin }], clock, log: () => {} });
    return { first: report.first, divergences: report.divergences };
  };
  return { paper, client, runtime, journalPath, logged, rows, replay, held: proxy?.held ?? [] };
}

/** Runs `step` every millisecond of the session's time. What it keeps is its own: a replay begins with nothing, as the session did. */
function stepping<Kept>(kept: () => Kept, step: (ctx: PluginContext, kept: Kept) => void) {
  const lives: Kept[] = [];
  const plugin = defineStrategy({
    name: "stepper",
    setup(ctx) {
      const own = kept();
      lives.push(own);
      ctx.every(1, () => step(ctx, own));
    },
  });
  return { plugin, lives };
}

const low = (ctx: PluginContext, symbol: string) =>
  ({ instrument: ctx.instrument(symbol), side: "buy", type: "postOnly", priceTicks: 9_000, sizeLots: 1000 }) as const;

test("slow answers of one market hold up no order of another, and a cancel passes them all", async () => {
  let isFree = false;
  const { plugin, lives } = stepping(
    () => ({ slow: [] as OrderView[], fast: [] as OrderView[] }),
    (ctx, { slow, fast }) => {
      if (slow.length === 0) {
        for (let i = 0; i < 40; i++) slow.push(ctx.submit(low(ctx, "SLOW/USDT")));
        for (let i = 0; i < 40; i++) fast.push(ctx.submit(low(ctx, "FAST/USDT")));
      }
      if (fast.every(({ state }) => state === "accepted")) for (const order of fast) ctx.cancel(order);
    },
  );
  const { runtime, paper, held, replay } = await setUp({
    plugin,
    instruments: [pair("SLOW"), pair("FAST")],
    config: { risk: { ...QUIET.risk, maxOrderNotional: "1000", maxPositionNotional: "100000" } },
    holds: (text) => text.includes("symbol=SLOWUSDT") && !isFree,
  });
  const { slow, fast } = lives[0]!;
  await vi.waitFor(() => expect(fast.filter(({ state }) => state === "cancelled")).toHaveLength(40), WAIT);
  expect(slow.every(({ state }) => state === "submitted")).toBe(true);
  isFree = true;
  for (const { release } of held.splice(0)) release();
  await vi.waitFor(() => expect(slow.filter(({ state }) => state === "accepted")).toHaveLength(40), WAIT);
  const report = await runtime.close("requested");
  expect(report.faults).toEqual([]);
  expect(report.orders).toMatchObject({ submitted: 80, accepted: 80, cancelled: 80, unknown: 0, open: 0 });
  expect(new Set(paper.acceptedOrders().map(({ clientOrderId }) => clientOrderId)).size).toBe(80);
  expect(report.latency.queue.count).toBeGreaterThan(0);
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});

test("a hundred pairs in one process, with a hundred operations under way at one moment", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `P${i}`);
  let isFree = false;
  const { plugin, lives } = stepping(
    (): OrderView[] => [],
    (ctx, orders) => {
      if (orders.length === 0) for (const name of names) orders.push(ctx.submit(low(ctx, `${name}/USDT`)));
    },
  );
  const { runtime, held, paper } = await setUp({
    plugin,
    instruments: names.map(pair),
    streams: ["!miniTicker@arr"], // snapshots of a hundred books would use up a minute's budget
    connections: 200,
    holds: () => !isFree,
  });
  await vi.waitFor(() => expect(held).toHaveLength(100), WAIT); // all of them wait for the venue, none for another
  expect(new Set(held.map(({ text }) => /symbol=(\w+)/.exec(text)?.[1])).size).toBe(100);
  isFree = true;
  for (const { release } of held.splice(0)) release();
  await vi.waitFor(() => expect(lives[0]!.filter(({ state }) => state === "accepted")).toHaveLength(100), WAIT);
  const report = await runtime.close("requested");
  expect(report.faults).toEqual([]);
  expect(report.orders).toMatchObject({ submitted: 100, accepted: 100, cancelled: 100, unknown: 0, open: 0 });
  expect(paper.acceptedOrders()).toHaveLength(100);
}, 60_000);

test("an order is made smaller at the venue, every step of it is in the journal, and a replay decides the same", async () => {
  const { plugin, lives } = stepping(
    () => ({ orders: [] as OrderView[], verdicts: [] as Verdict[], states: new Set<string>() }),
    (ctx, { orders, verdicts, states }) => {
      if (orders.length === 0) {
        const order = ctx.submit({ ...low(ctx, "AAA/USDT"), type: "limit" });
        orders.push(order);
        verdicts.push(ctx.amend(order, { sizeLots: 500 })); // the venue has not said that it has it
      }
      const order = orders[0]!;
      if (order.state === "accepted" && verdicts.length < 2) {
        verdicts.push(ctx.amend(order, { sizeLots: 400 }), ctx.amend(order, { sizeLots: 300 }));
        states.add(order.state);
      }
    },
  );
  const { runtime, client, rows, replay } = await setUp({ plugin, instruments: [pair("AAA")] });
  const { orders, verdicts, states } = lives[0]!;
  await vi.waitFor(() => expect(orders[0]).toMatchObject({ state: "accepted", sizeLots: 400 }), WAIT);
  const [open] = await client.orders.listOpen();
  expect(open).toMatchObject({ clientOrderId: orders[0]!.clientOrderId, sizeLots: 400 });
  expect(verdicts.map((verdict) => (verdict.allowed ? "allowed" : verdict.code))).toEqual([
    "NOT_ACKNOWLEDGED",
    "allowed",
    "AMEND_PENDING",
  ]);
  expect([...states]).toEqual(["pendingAmend"]);
  expect((await runtime.close("requested")).faults).toEqual([]);
  const { clientOrderId } = orders[0]!;
  expect(rows("amend")).toEqual([{ clientOrderId, sizeLots: 400 }]);
  expect(rows("amend.end")).toEqual([{ clientOrderId }]);
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});

test("a signal is dropped unsent when its budget is over, and one without an answer is cancelled: a replay comes to the same", async () => {
  let isFree = false;
  const { plugin, lives } = stepping(
    (): OrderView[] => [],
    (ctx, orders) => {
      if (orders.length > 0) return;
      const instrument = ctx.instrument("AAA/USDT");
      const signal = { instrument, side: "buy", sizeLots: 1000, priceTicks: 9_000, timeInForce: "GTC" } as const;
      orders.push(ctx.submitSignal({ ...signal, confidence: 0.1 }));
      orders.push(ctx.submitSignal({ ...signal, confidence: 1, maxLatencyMs: 20, priority: 9 }));
      orders.push(ctx.submitSignal({ ...signal, confidence: 1, maxLatencyMs: 20 }));
    },
  );
  const { runtime, rows, replay, held, paper } = await setUp({
    plugin,
    instruments: [pair("AAA")],
    config: { execution: { batch: 1, concurrency: 1 } },
    holds: () => !isFree,
  });
  await vi.waitFor(() => expect(lives[0]).toHaveLength(3), WAIT);
  const [unsure, unanswered, waiting] = lives[0] as [OrderView, OrderView, OrderView];
  expect(unsure).toMatchObject({ state: "denied", reason: expect.stringContaining("LOW_CONFIDENCE") });
  await vi.waitFor(() => expect(waiting.state).toBe("rejected"), WAIT);
  expect(waiting.reason).toBe("LATENCY_BUDGET: not handed to the socket within 20 ms");
  await vi.waitFor(() => expect(rows("overdue")).toEqual([{ clientOrderId: unanswered.clientOrderId }]), WAIT);
  isFree = true; // the cancel has found nothing by now, or soon will; the order arrives, and is cancelled all the same
  for (const { release } of held.splice(0)) release();
  await vi.waitFor(() => expect(unanswered.state).toBe("cancelled"), WAIT);
  await runtime.close("requested");
  expect(paper.acceptedOrders().map(({ clientOrderId }) => clientOrderId)).toEqual([unanswered.clientOrderId]);
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});

test("what changed while the user stream was away is found, and an order that is not of this run is told", async () => {
  const { plugin, lives } = stepping(
    (): OrderView[] => [],
    (ctx, orders) => {
      if (orders.length === 0) for (let i = 0; i < 2; i++) orders.push(ctx.submit(low(ctx, "AAA/USDT")));
    },
  );
  const { runtime, client, paper, rows } = await setUp({ plugin, instruments: [pair("AAA")] });
  const orders = lives[0]!;
  await vi.waitFor(() => expect(orders.filter(({ state }) => state === "accepted")).toHaveLength(2), WAIT);
  await vi.waitFor(() => expect(rows("reconciled")).toMatchObject([{ cause: "start", drift: [] }]), WAIT);
  const { instrument } = orders[0]!.intent;
  paper.faults.add({ kind: "drop", route: "user.executionReport" });
  await client.orders.cancel({ instrument, clientOrderId: orders[0]!.clientOrderId });
  await client.orders.submit({
    instrument,
    clientOrderId: "by-hand",
    side: "buy",
    type: "limit",
    timeInForce: "GTC",
    priceTicks: 8_000,
    sizeLots: 1000,
  });
  expect(orders[0]!.state).toBe("accepted"); // nobody has told
  paper.faults.clear();
  paper.faults.add({ kind: "close", route: "/ws-api/v3", count: 1 });
  await vi.waitFor(() => expect(orders[0]!.state).toBe("cancelled"), WAIT);
  await vi.waitFor(() => expect(rows("reconciled")).toHaveLength(2), WAIT);
  expect(orders[1]!.state).toBe("accepted");
  expect(rows("reconciled")[1]).toMatchObject({ cause: "reconnect", asked: 1, unknown: 0 });
  expect(rows("reconciled")[1].drift).toEqual([expect.stringContaining("order by-hand on paper:AAA/USDT open")]);
  const report = await runtime.close("requested");
  expect(report.faults.map(({ message }) => message)).toContainEqual(
    expect.stringContaining("which is not of this run"),
  );
});

test("what is open on the account before a run begins is told at its start", async () => {
  const { plugin } = stepping(
    () => undefined,
    () => {},
  );
  const { rows, logged } = await setUp({
    plugin,
    instruments: [pair("AAA")],
    before: async ({ orders, market }) => {
      const [instrument] = await market.listInstruments();
      const terms = { side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 8_000, sizeLots: 1000 } as const;
      await orders.submit({ instrument: instrument!, clientOrderId: "by-hand", ...terms });
    },
  });
  await vi.waitFor(() => expect(rows("reconciled")).not.toHaveLength(0), WAIT);
  const drift = [expect.stringContaining("order by-hand on paper:AAA/USDT open, which is not of this run")];
  expect(rows("reconciled")[0]).toMatchObject({ cause: "start", drift });
  expect(logged).toContainEqual(expect.stringContaining("which is not of this run"));
});

test("a hundred books that have used up the venue's weight hold up no cancel when the session closes", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `P${i}`);
  const { plugin, lives } = stepping(
    (): OrderView[] => [],
    (ctx, orders) => {
      if (orders.length === 0) for (const name of names) orders.push(ctx.submit(low(ctx, `${name}/USDT`)));
    },
  );
  const { runtime, client, rows } = await setUp({
    plugin,
    instruments: names.map(pair),
    config: { execution: { queueTimeoutMs: 30_000 } }, // a hundred books take their time to begin, on a busy machine
  });
  await vi.waitFor(() => {
    expect(lives[0]?.filter(({ state }) => state === "rejected").map(({ reason }) => reason)).toEqual([]);
    expect(lives[0]?.map(({ state }) => state)).toEqual(names.map(() => "accepted"));
  }, WAIT);
  // The share of reads is used up, if the minute has turned meanwhile by some more of them: further books wait for the next minute.
  const readBook = () => client.market.getBook(runtime.instruments[0]!, { limit: 5_000, timeoutMs: 2_000 });
  await vi.waitFor(() => expect(readBook()).rejects.toThrow("request budget"), WAIT);
  const report = await runtime.close("requested");
  expect(report.orders).toMatchObject({ submitted: 100, cancelled: 100, open: 0, unknown: 0 });
  expect(rows("cancel.end")).toEqual([]); // none had to be repeated
  // The account cannot be read in such a minute, and the report says so.
  expect(report.faults.filter(({ source }) => !["market", "accounts"].includes(source))).toEqual([]);
}, 60_000);

test("a strategy that cancels on each order event meets a venue that refuses: it cannot flood it, and a halt cancels until all has ended", async () => {
  const stubborn = defineStrategy({
    name: "stubborn",
    setup(ctx) {
      let isDone = false;
      ctx.every(1, () => {
        if (!isDone) ctx.submit(low(ctx, "AAA/USDT"));
        isDone = true;
      });
      ctx.on("order", ({ order }) => ctx.cancel(order));
    },
  });
  const { runtime, paper, rows, replay, journalPath } = await setUp({
    plugin: stubborn,
    instruments: [pair("AAA")],
    config: { risk: { ...QUIET.risk, afterHalt: "stay" } },
    faults: [{ kind: "error", status: 400, code: -2011, msg: "Busy.", route: "DELETE /api/v3/order" }],
  });
  await vi.waitFor(() => expect(rows("cancel.end").length).toBeGreaterThanOrEqual(3), WAIT);
  const told = [...readRows(journalPath)].filter(({ kind }) => kind.startsWith("cancel"));
  let endedUs = Number.NEGATIVE_INFINITY;
  for (const { kind, atUs } of told) {
    if (kind === "cancel.end") endedUs = atUs;
    else expect(atUs - endedUs).toBeGreaterThanOrEqual(100_000); // on the session's time
  }
  runtime.setTradingState("halted", "drill");
  paper.faults.clear();
  await vi.waitFor(() => expect(runtime.status().openOrders).toBe(0), WAIT);
  await runtime.close("requested");
  expect(await replay()).toEqual({ first: null, divergences: 0 });
});
