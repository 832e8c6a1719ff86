import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { killAll, start } from "./program.ts";

afterEach(killAll);

const STRATEGY = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "ticker",
  version: "1.0.0",
  setup(ctx) {
    let turn = 0;
    ctx.on("quote", { instrument: "AAA/USDT" }, ({ instrument, askTicks }) => {
      if (ctx.openOrders(instrument).length > 0) return;
      const sizeLots = lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
      ctx.submit({ instrument, side: turn++ % 2 === 0 ? "buy" : "sell", type: "market", sizeLots });
      if (turn === 3) ctx.log("three turns of version one");
    });
    return { snapshot: () => ({ turn }), hydrate: (old: { turn: number }) => { turn = old.turn; } };
  },
});
`;

function folder(config: object): string {
  const path = mkdtempSync(join(tmpdir(), "pitlane-plugins-"));
  writeFileSync(join(path, "ticker.ts"), STRATEGY);
  writeFileSync(join(path, "pitlane.config.json"), JSON.stringify(config));
  return path;
}

test("a strategy is exchanged as its file is saved, with its state; broken code leaves the old one running", async () => {
  const cwd = folder({ strategies: [{ use: "./ticker.ts" }], debug: true });
  const session = start(["start", "--watch", "--journal", "journal.db", "--json", "report.json"], cwd);
  await session.shows("ticker 1.0.0"); // the boot tree
  await session.shows("three turns of version one");
  writeFileSync(join(cwd, "ticker.ts"), "this is no code");
  await session.shows("its new code does not run, the old one goes on");
  const next = STRATEGY.replace("1.0.0", "1.1.0")
    .replace("turn === 3", "turn > 3")
    .replace("version one", "version two");
  writeFileSync(join(cwd, "ticker.ts"), next);
  await session.shows("its new code runs, after");
  await session.shows("three turns of version two"); // the count went on from where it was
  session.child.kill("SIGINT");
  expect(await session.done).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report.orders).toMatchObject({ open: 0, unknown: 0, duplicated: 0 });
  const replay = await start(["replay", "journal.db"], cwd).done;
  expect(replay.code).toBe(2);
  expect(replay.err).toMatch(/the code of ticker was exchanged at event \d+/);
}, 120_000);

test("a strategy in a worker thread trades, and its run is replayed without the thread", async () => {
  const cwd = folder({ strategies: [{ use: "./ticker.ts", name: "threaded", worker: true }] });
  const run = await start(["start", "--duration", "6s", "--journal", "journal.db", "--json", "report.json"], cwd).done;
  expect(run).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report.run.strategies).toEqual(["threaded"]);
  expect(report.orders).toMatchObject({ open: 0, unknown: 0, duplicated: 0 });
  expect(report.fills.count).toBeGreaterThan(3);
  expect(report.latency.tickToOrder.count).toBeGreaterThan(3); // measured from the tick that the thread was told of
  const replay = await start(["replay", "journal.db", "--json", "replay.json"], cwd).done;
  expect(replay).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(readFileSync(join(cwd, "replay.json"), "utf8"))).toMatchObject({ divergences: 0 });
}, 120_000);

const ALL_OF_IT = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "all-of-it",
  setup(ctx) {
    const instrument = ctx.instrument("AAA/USDT");
    const stats = ctx.stats(instrument);
    const rows = ctx.recent(instrument, "trades", 100);
    let quotes = 0;
    let hasTold = false;
    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      if (hasTold) return; // what it wants while the session closes is denied
      quotes++;
      const sizeLots = 4 * lotsWorth(instrument, askTicks, instrument.minNotional);
      const [resting] = ctx.openOrders(instrument).filter(({ intent }) => intent.tag === "rest");
      if (resting === undefined) ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: bidTicks - 300, sizeLots, tag: "rest" });
      else if (resting.sizeLots === resting.intent.sizeLots) ctx.amend(resting, { sizeLots: resting.sizeLots / 2 });
      else if (resting.state === "accepted") ctx.cancel(resting);
      if (quotes % 10 === 0) ctx.submitSignal({ instrument, side: "buy", sizeLots, confidence: 0.9, maxLatencyMs: 500, expectedProfit: 5n });
      if (quotes % 10 === 5) ctx.route({ symbol: "AAA/USDT", side: "buy", sizeUnits: 100_000_000n });
      const levels = ctx.book(instrument)?.bidLevels ?? 0;
      const isWhole = levels > 5 && stats.vwapTicks > 0 && rows.size > 5 && ctx.ordersTagged("rest").length > 5;
      if (isWhole) ctx.log("it has seen all of it");
      hasTold = isWhole;
    });
  },
});
`;

test("whatever a plugin may do it may do in a worker thread: signals, amendments, routes, tags, on the whole market", async () => {
  const cwd = folder({ strategies: [{ use: "./all.ts", worker: true }], risk: { maxPriceDeviationBps: 0 } });
  writeFileSync(join(cwd, "all.ts"), ALL_OF_IT);
  const session = start(["start", "--duration", "40s", "--journal", "journal.db", "--json", "report.json"], cwd);
  await session.shows("it has seen all of it");
  session.child.kill("SIGINT");
  expect(await session.done).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report.orders).toMatchObject({ open: 0, unknown: 0, duplicated: 0, denied: 0 });
  expect(report.fills.count).toBeGreaterThan(0);
  const shown = await start(["journal", "export", "journal.db", "--format", "jsonl", "--out", "all.jsonl"], cwd).done;
  expect(shown.code).toBe(0);
  const journal = readFileSync(join(cwd, "all.jsonl"), "utf8");
  for (const kind of ["amend", "route", "cancel", "intent"]) expect(journal).toContain(`"kind":"${kind}"`);
  const replay = await start(["replay", "journal.db", "--json", "replay.json"], cwd).done;
  expect(replay).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(readFileSync(join(cwd, "replay.json"), "utf8"))).toMatchObject({ divergences: 0 });
}, 120_000);

const ONE_ORDER = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "one-order",
  worker: true,
  setup(ctx) {
    const instrument = ctx.instrument("AAA/USDT");
    let isFound = false;
    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      const [order] = ctx.openOrders(instrument);
      const sizeLots = 2 * lotsWorth(instrument, askTicks, instrument.minNotional);
      if (order === undefined && !isFound) ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: bidTicks - 500, sizeLots });
      else if (order?.state === "accepted" && order.clientOrderId.endsWith("-1")) ctx.cancel(order);
      if (order !== undefined) isFound = true;
    });
    ctx.on("order", ({ order }) => ctx.log("it " + order.state));
  },
});
`;

test("a worker finds the order that it placed before a hard kill, and places no other", async () => {
  const cwd = folder({});
  writeFileSync(join(cwd, "one.ts"), ONE_ORDER.replace("endsWith", "startsWith")); // it cancels nothing yet
  const exchange = start(["exchange"]);
  const rest = /faults, ledger (http:\/\/\S+?)\/_paper/.exec(await exchange.shows("faults, ledger"))?.[1] ?? "";
  const own = ["--gc", "default"]; // no process but this one, which the kill is for
  const first = start(["run", "./one.ts", "--exchange", rest, "--journal", "journal.db", ...own], cwd);
  await first.shows("it accepted");
  first.child.kill("SIGKILL");
  await first.done;
  writeFileSync(join(cwd, "one.ts"), ONE_ORDER);
  const second = start(["run", "./one.ts", "--exchange", rest, "--resume", "journal.db", "--json", "report.json"], cwd);
  await second.shows("it cancelled");
  second.child.kill("SIGINT");
  expect(await second.done).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report).toMatchObject({ faults: [], orders: { unknown: 0, open: 0, duplicated: 0 } });
  const ledger = (await (await fetch(`${rest}/_paper/ledger`)).json()) as { readonly orders: readonly unknown[] };
  expect(ledger.orders).toHaveLength(1);
  expect(await start(["replay", "journal.db"], cwd).done).toMatchObject({ code: 0, err: "" });
  exchange.child.kill("SIGTERM");
}, 90_000);

test("two instances of one plugin run side by side, each with settings and limits of its own", async () => {
  const cwd = folder({
    strategies: [
      { use: "./ticker.ts", name: "free" },
      { use: "./ticker.ts", name: "bound", permissions: { instruments: ["BBB/USDT"] } },
    ],
  });
  const run = await start(["start", "--duration", "5s", "--journal", "journal.db", "--json", "report.json"], cwd).done;
  expect(run).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
  expect(report.run.strategies).toEqual(["free", "bound"]);
  expect(report.orders.denied).toBeGreaterThan(0);
  expect(report.fills.count).toBeGreaterThan(0);
  const shown = await start(
    ["journal", "show", "journal.db", "--kind", "intent", "--last", "100000", "--json", "all.json"],
    cwd,
  ).done;
  expect(shown.code).toBe(0);
  const intents = JSON.parse(readFileSync(join(cwd, "all.json"), "utf8")) as { entries?: unknown } & readonly unknown[];
  const bodies = JSON.stringify(intents);
  expect(bodies).toContain('"strategy":"free","instrument":"paper:AAA/USDT"');
  expect(bodies).toMatch(/"strategy":"bound".{0,400}"approved":false/);
}, 120_000);
