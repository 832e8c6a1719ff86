import { fileURLToPath } from "node:url";
import { createRandom } from "@pitlane/perf";
import { type BookChange, type BookSideName, Levels, type MarketEvent, OrderBook } from "@pitlane/sdk";
import { afterEach, beforeAll, expect, test } from "vitest";
import * as authoring from "../../src/plugins/authoring.ts";
import { loadPluginsWith } from "../../src/plugins/load-source.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";
import { Stage } from "./stage.ts";
import { buildWorkerEntry } from "./worker-entry.ts";

// A plugin in a worker is the same plugin: what it sees of the market and what it may do is what it sees and may do in the session's thread.

const cwd = fileURLToPath(new URL("./fixtures", import.meta.url));
const source = { from: "./desk.ts", cwd };
const instrument = testInstrument();
const stages: Stage[] = [];
let workerEntry: URL;

beforeAll(async () => {
  workerEntry = await buildWorkerEntry("worker-whole-test");
});
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
});

/** Out of reach: a test that is held up must not look like a plugin that is slow. */
const budgets = { hookMs: 60_000, msPerSecond: 1000 };

async function open(name: string, worker: boolean): Promise<Stage> {
  const plugin = (await loadPluginsWith(source.from, { cwd }, { pitlane: authoring })).find((one) => one.name === name);
  const stage = await Stage.open([{ plugin: plugin!, worker, source, budgets }], [instrument], { workerEntry });
  stages.push(stage);
  return stage;
}

const has = (stage: Stage, text: string) => () => stage.logged.some((line) => line.includes(text));
const at = { instrument, venueAtUs: 1, receivedAtUs: 2, receivedNs: 3 };
const trade = (tradeId: number) =>
  ({ kind: "trade", ...at, tradeId, priceTicks: 100, sizeLots: 3, aggressor: "buy", isBackfilled: false }) as const;

/** A market of one instrument, all kinds of events, the same for the same seed. Each is told when it is made: the book is live. */
function play(
  seed: number,
  events: number,
  fromUs: number,
  tell: (event: MarketEvent, change?: BookChange) => void,
): void {
  const random = createRandom(seed);
  const book = new OrderBook();
  const below = (n: number) => Math.floor(random.next() * n);
  const move = (side: BookSideName, most: number) => {
    const levels = new Levels();
    for (let i = below(most); i > 0; i--) {
      const distance = below(400);
      levels.push(side === "bid" ? 10_000 - distance : 10_001 + distance, below(4) * (1 + below(50)));
    }
    book.setAll(side, levels);
    return levels;
  };
  let isGood = false;
  for (let sequence = 1; sequence <= events; sequence++) {
    const atUs = fromUs + sequence * 400_000;
    const times = { instrument, venueAtUs: atUs, receivedAtUs: atUs + 7, receivedNs: sequence };
    const draw = below(100);
    if (draw < 30) {
      const top = {
        bidTicks: 9_990 + below(9),
        bidLots: 1 + below(9),
        askTicks: 10_001 + below(9),
        askLots: 1 + below(9),
      };
      tell({ kind: "quote", ...times, ...top, sequence });
    } else if (draw < 60) {
      const terms = {
        priceTicks: 9_990 + below(30),
        sizeLots: 1 + below(9),
        aggressor: below(2) === 0 ? "buy" : "sell",
      } as const;
      tell({ kind: "trade", ...times, tradeId: sequence % 90, ...terms, isBackfilled: false });
    } else if (draw < 95) {
      const change = { bids: move("bid", draw < 63 ? 150 : 12), asks: move("ask", 12) };
      tell({ kind: "book", ...times, book, sequence }, isGood ? change : undefined);
      isGood = true;
    } else if (draw < 98 && isGood) {
      tell({ kind: "gap", ...times, channel: "book", cause: "sequence", reason: "lost" });
      move("bid", 12);
      tell({ kind: "book", ...times, book, sequence });
      tell({ kind: "resync", ...times, channel: "book", backfilled: 0, missing: 0 });
    } else {
      const bar = {
        interval: "1m",
        openAtUs: 0,
        openTicks: 1,
        highTicks: 1,
        lowTicks: 1,
        closeTicks: 1,
        isClosed: true,
      };
      tell({ kind: "bar", ...times, ...bar, volumeLots: 1, trades: 1 } as never);
    }
  }
}

test.each([1, 2, 3])(
  "what a plugin sees in a worker is what it sees in the session's thread: quotes, books, trades, bars, statistics, buffers (seed %i)",
  async (seed) => {
    const here = await open("desk", false);
    const there = await open("desk", true);
    const fromUs = Math.ceil(here.clock.nowUs() / 60e6) * 60e6; // timers of bars that are to come fire long after the test
    for (const stage of [here, there]) {
      play(seed, 600, fromUs, (event, change) => stage.tell(event, change));
      const lastUs = fromUs + 600 * 400_000;
      stage.tell({ ...trade(99), receivedAtUs: lastUs + 8, venueAtUs: lastUs });
    }
    await there.until(has(there, "trade 99:"));
    const isLast = (line: string) => line.includes("trade 99:");
    const seen = (stage: Stage) => stage.logged.slice(0, stage.logged.findIndex(isLast) + 1);
    expect(here.logged.length).toBeGreaterThan(600);
    expect(seen(there)).toEqual(seen(here));
  },
);

test("what a plugin may do in a worker is what it may do in the session's thread: signals, tags, amendments, cancels", async () => {
  const run = async (worker: boolean) => {
    const stage = await open("desk", worker);
    stage.backlog = { orders: 3, limit: 20, isHigh: true };
    stage.quote(98);
    const wanted = [1, 2, 3, 3, 3, 3, 3];
    for (const [act, orders] of wanted.entries()) {
      stage.tell(trade(100 + act));
      await stage.until(has(stage, `act ${act}:`));
      await stage.until(() => stage.orders.length === orders);
      const resting = stage.orders[2];
      if (act === 3) await stage.until(() => resting!.state === "pendingAmend");
      if (act === 5) await stage.until(() => resting!.state === "cancelled");
      if (act === 3) Object.assign(resting!, { state: "accepted", sizeLots: 600, amendLots: 0 });
      for (const order of stage.orders) stage.tellOrder(order);
      await stage.until(() => stage.logged.filter((line) => line.includes("order ")).length >= sum(wanted, act));
    }
    const orders = stage.orders.map(({ intent, state, sizeLots, reason }) => ({ intent, state, sizeLots, reason }));
    const lines = stage.logged.filter((line) => /act|order/.test(line));
    return { orders, lines };
  };
  const here = await run(false);
  expect(here.lines.filter((line) => line.includes("act "))).toEqual([
    "desk: act 0: limit IOC 100",
    "desk: act 1: limit",
    "desk: act 2: limit",
    "desk: act 3: allowed AMEND_PENDING",
    "desk: act 4: BAD_SIZE",
    "desk: act 5: ",
    "desk: act 6: 2 1 3 20 true",
  ]);
  expect(here.orders.map(({ state }) => state)).toEqual(["accepted", "denied", "cancelled"]);
  expect(await run(true)).toEqual(here);
});

const sum = (values: readonly number[], upTo: number) => values.slice(0, upTo + 1).reduce((all, one) => all + one, 0);

test("an amendment that the session denies is told, and the order is as it was", async () => {
  const stage = await open("desk", true);
  stage.quote(98);
  for (let act = 0; act < 3; act++) {
    stage.tell(trade(100 + act));
    await stage.until(() => stage.orders.length === act + 1);
    stage.tellOrder(stage.orders[act]!);
  }
  stage.orders[2]!.cancelling = true; // the session knows of a cancel that the worker does not
  stage.tell(trade(103));
  await stage.until(has(stage, "act 3: allowed"));
  await stage.until(has(stage, "order rest/1 accepted 900 of 900 CANCEL_PENDING: order id-3 is being cancelled"));
});

test("a worker routes by its own books, the decision is journaled, and its pieces are orders", async () => {
  const stage = await open("router", true);
  const book = new OrderBook();
  for (const [ticks, lots] of [
    [101, 2_000],
    [102, 5_000],
  ] as const)
    book.set("ask", ticks, lots);
  book.set("bid", 99, 1_000);
  const receivedAtUs = stage.clock.nowUs();
  const now = { ...at, receivedAtUs };
  stage.quote(99);
  stage.tell({ kind: "book", ...now, book, sequence: 1 });
  stage.tell({ ...trade(1), receivedAtUs });
  await stage.until(has(stage, "single"));
  await stage.until(() => stage.orders.length === 1);
  expect(stage.logged).toEqual(["router: single 6000 at 102"]);
  expect(stage.orders[0]!.intent).toMatchObject({
    side: "buy",
    type: "limit",
    timeInForce: "IOC",
    priceTicks: 102,
    sizeLots: 6_000,
  });
  expect(stage.routes).toEqual([
    {
      owner: 0,
      decision: expect.objectContaining({
        outcome: "single",
        pieces: [expect.objectContaining({ instrument: instrument.id })],
      }),
    },
  ]);
  expect(JSON.parse(JSON.stringify(stage.controls))).toEqual(stage.controls); // plain data for the journal
});

test("a worker's router counts what the session says that the account can spend, less what it has wanted since", async () => {
  const plugin = (await loadPluginsWith(source.from, { cwd }, { pitlane: authoring })).find(
    ({ name }) => name === "router",
  );
  const entries = [{ plugin: plugin!, worker: true, source, budgets }];
  const dear = { ...instrument, minNotional: 0n };
  const stage = await Stage.open(entries, [dear], {
    workerEntry,
    freeUnits: (_venue, asset) => (asset === "USDT" ? 10_00000000n : undefined),
  });
  stages.push(stage);
  const book = new OrderBook();
  book.set("ask", 100, 50_000);
  const now = { ...at, instrument: dear, receivedAtUs: stage.clock.nowUs() };
  stage.tell({ kind: "quote", ...now, bidTicks: 99, bidLots: 9, askTicks: 100, askLots: 50_000, sequence: 1 });
  stage.tell({ kind: "book", ...now, book, sequence: 1 });
  stage.tell({ ...trade(1), instrument: dear, receivedAtUs: now.receivedAtUs });
  stage.tell({ ...trade(2), instrument: dear, receivedAtUs: now.receivedAtUs });
  // 6 at 1.00 is what one costs, and 10 are there.
  await stage.until(has(stage, "none"));
  await stage.until(() => stage.routes.length === 2); // logged lines may overtake it
  expect(stage.logged).toEqual(["router: single 6000 at 100", "router: none "]);
  expect(stage.routes[1]?.decision).toMatchObject({
    venues: [{ reason: "its account can carry 3990 of 6000 lots: it has 3.994 USDT free" }],
  });
});

test("orders of an earlier process that no snapshot knows of are the worker's too: it hears of them, and can end them", async () => {
  const before = await open("desk", true);
  before.quote(98);
  for (let act = 0; act < 3; act++) {
    before.tell(trade(100 + act));
    await before.until(() => before.orders.length === act + 1);
  }
  const stage = await open("heir", true);
  stage.quote(98);
  await stage.until(has(stage, "open , tagged"));
  stage.orders.push(...before.orders);
  stage.host.endRecovery();
  await stage.until(has(stage, "its worker runs with its earlier state"));
  stage.quote(98);
  await stage.until(
    has(stage, "open id-1,id-3, tagged id-1 accepted signal/sure, id-2 denied signal/unsure, id-3 accepted rest/1"),
  );
  stage.tell(trade(1));
  await stage.until(has(stage, "heir: allowed"));
  await stage.until(() => stage.orders[0]!.state === "pendingAmend");
  stage.tell(trade(2));
  await stage.until(() => stage.orders[0]!.state === "cancelled");
  stage.tellOrder(stage.orders[0]!);
  await stage.until(has(stage, "order id-1 cancelled"));
  expect(stage.controls).toEqual([
    { kind: "worker", plugin: "heir", message: { type: "amend", ref: -1, clientOrderId: "id-1", sizeLots: 100 } },
    { kind: "worker", plugin: "heir", message: { type: "cancel", ref: -1, clientOrderId: "id-1" } },
  ]);
  expect(stage.host.snapshot().plugins["heir"]?.refs ?? { open: [] }).toMatchObject({ open: [] }); // such numbers do not last
});

test("a plugin that would run in a worker is tested in the test's own thread", async () => {
  const [plugin] = await loadPluginsWith("./echo.ts", { cwd }, { pitlane: authoring });
  const host = await createTestHost({ plugin: { ...plugin!, worker: true }, instruments: [instrument] });
  host.quote({ bidTicks: 98, askTicks: 100 });
  expect(host.orders[0]?.intent).toMatchObject({ type: "limit", timeInForce: "IOC", priceTicks: 100 });
  await host.close();
  const traded = await createTestHost({ plugin: { ...plugin!, worker: true }, market: {} });
  await traded.close();
});

test("a plugin that is shed hears nothing of the market in a worker, and knows it when it is back", async () => {
  const stage = await open("desk", true);
  stage.quote(98);
  await stage.until(has(stage, "quote 1:"));
  const lines = stage.logged.length;
  stage.host.applyControl({ kind: "shed", plugin: "desk", reason: "test" });
  const book = new OrderBook();
  book.set("bid", 97, 11);
  stage.tell({ kind: "book", ...at, book, sequence: 5 });
  stage.quote(95);
  stage.host.applyControl({ kind: "restore", plugin: "desk", reason: "test" });
  stage.tell(trade(7));
  await stage.until(has(stage, "trade 7:"));
  const heard = stage.logged.slice(lines).filter((line) => !line.includes("test"));
  expect(heard).toEqual([expect.stringMatching(/^desk: trade 7: quote 95 97, bids 1 97x11 /)]);
});
