import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import {
  type ConfigInput,
  checkConfig,
  combineVenues,
  defineStrategy,
  lotsWorth,
  type OrderView,
  openRuntime,
  type Plugin,
  type TradingVenue,
} from "../src/index.ts";
import { readRows } from "../src/journal/read.ts";
import { replayRun } from "../src/replay-run.ts";

const closers: (() => Promise<unknown>)[] = [];
const clock = createSystemClock();

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A paper exchange of its own, and its client under the name `venue`. */
async function exchange(venue: string, seed: number) {
  const paper = await createPaper({ seed, clock });
  closers.push(() => paper.close());
  const { urls, apiKey, apiSecret } = paper;
  const client = createBinance({ venue, urls, credentials: { apiKey, apiSecret }, clock });
  closers.push(() => client.close());
  return { paper, client };
}

async function openOn(venue: TradingVenue, plugins: readonly Plugin[], config: ConfigInput = {}) {
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-venues-")), "journal.db");
  const entries = plugins.map((plugin) => ({ plugin }));
  const logged: string[] = [];
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig(config, "test"),
    plugins: entries,
    client: venue,
    trading: venue,
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: (source, message) => logged.push(`${source}: ${message}`),
  });
  return { runtime, journalPath, entries, logged };
}

/** Buys a little on the first quote of each venue. */
const buyer = defineStrategy({
  name: "buyer",
  setup(ctx) {
    for (const id of ["alpha:AAA/USDT", "beta:AAA/USDT"]) {
      const instrument = ctx.instrument(id);
      let hasBought = false;
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        if (hasBought) return;
        hasBought = true;
        const sizeLots = lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
        ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
      });
    }
  },
});

test("one session trades on two exchanges: orders, fills and balances stay with their venue, and a replay follows", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  const venue = combineVenues([
    { name: "alpha", client: alpha.client },
    { name: "beta", client: beta.client },
  ]);
  const { runtime, journalPath, entries } = await openOn(venue, [buyer]);
  expect(runtime.instruments.filter(({ symbol }) => symbol === "AAA/USDT").map(({ id }) => id)).toEqual([
    "alpha:AAA/USDT",
    "beta:AAA/USDT",
  ]);
  await vi.waitFor(
    () => {
      for (const { paper } of [alpha, beta]) expect(paper.acceptedOrders()).toHaveLength(1);
      expect(runtime.status().openOrders).toBe(0); // a fill may be a part of one
    },
    { timeout: 20_000 },
  );
  const report = await runtime.close("requested");
  expect(report.orders).toMatchObject({ intents: 2, submitted: 2, filled: 2, unknown: 0, open: 0 });
  expect(report.faults).toEqual([]); // balances were compared with both venues' words
  expect(alpha.paper.acceptedOrders()).toHaveLength(1);
  expect(beta.paper.acceptedOrders()).toHaveLength(1);
  const kinds = [...readRows(journalPath)].map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "account.venue")).toHaveLength(2);
  const replayed = await replayRun({ journalPath, plugins: entries, clock, log: () => {} });
  expect(replayed).toMatchObject({ divergences: 0, first: null });
  expect(replayed.decisions).toBeGreaterThanOrEqual(2);
});

test("balances are the sums over all venues, and each venue's own", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  const { account } = combineVenues([
    { name: "alpha", client: alpha.client },
    { name: "beta", client: beta.client },
  ]);
  const own = await account.listBalances?.();
  expect([...(own?.keys() ?? [])]).toEqual(["alpha", "beta"]);
  for (const [asset, { free, locked }] of await account.getBalances()) {
    const parts = [...(own?.values() ?? [])].map((balances) => balances.get(asset));
    expect(free).toBe(parts.reduce((sum, part) => sum + (part?.free ?? 0n), 0n));
    expect(locked).toBe(parts.reduce((sum, part) => sum + (part?.locked ?? 0n), 0n));
  }
});

test("a symbol that several venues trade must be named with its venue", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  const venue = combineVenues([
    { name: "alpha", client: alpha.client },
    { name: "beta", client: beta.client },
  ]);
  const vague = defineStrategy({ name: "vague", setup: (ctx) => void ctx.instrument("AAA/USDT") });
  await expect(openOn(venue, [vague])).rejects.toThrow(
    "AAA/USDT is traded on several venues of this session: name one of alpha:AAA/USDT, beta:AAA/USDT",
  );
});

test("two venues of one name, and a client of another name, are refused before anything is opened", async () => {
  const { client } = await exchange("alpha", 1);
  expect(() =>
    combineVenues([
      { name: "alpha", client },
      { name: "alpha", client },
    ]),
  ).toThrow("venues must have names of their own; got alpha, alpha");
  const { market } = combineVenues([{ name: "other", client }]);
  await expect(market.listInstruments()).rejects.toThrow(/venue other has alpha:.*made with the venue name other/);
});

/** Rests three orders on one market of each venue; they are put into `orders`. */
const rester = (orders: OrderView[]) =>
  defineStrategy({
    name: "rester",
    setup(ctx) {
      for (const id of ["alpha:AAA/USDT", "beta:AAA/USDT"]) {
        const instrument = ctx.instrument(id);
        let left = 3;
        ctx.on("quote", { instrument }, ({ bidTicks }) => {
          for (; left > 0; left--) {
            const priceTicks = Math.floor((bidTicks * 0.9) / instrument.tickIncrement) * instrument.tickIncrement;
            const sizeLots = lotsWorth(instrument, priceTicks, 2n * instrument.minNotional);
            orders.push(ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots }));
          }
        });
      }
    },
  });

test("a halt cancels at each venue by its own call for an instrument, and by one each where it has none", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  const calls: string[] = [];
  const counted = (name: string, { client }: typeof alpha, hasCancelAll: boolean): TradingVenue => ({
    ...client,
    orders: {
      submit: (request, control) => client.orders.submit(request, control),
      get: (ref, control) => client.orders.get(ref, control),
      listFills: (instrument, options) => client.orders.listFills(instrument, options),
      cancel: (ref, control) => {
        calls.push(`${name} cancel`);
        return client.orders.cancel(ref, control);
      },
      ...(hasCancelAll
        ? {
            cancelAll: (instrument, control) => {
              calls.push(`${name} cancelAll`);
              return client.orders.cancelAll(instrument, control);
            },
          }
        : {}),
    },
  });
  const venue = combineVenues([
    { name: "alpha", client: counted("alpha", alpha, true) },
    { name: "beta", client: counted("beta", beta, false) },
  ]);
  const orders: OrderView[] = [];
  const { runtime } = await openOn(venue, [rester(orders)], { risk: { afterHalt: "stay" } });
  // The session has heard of it, too: orders under way are cancelled one by one.
  await vi.waitFor(() => expect(orders.map(({ state }) => state)).toEqual(new Array(6).fill("accepted")), {
    timeout: 20_000,
  });
  runtime.setTradingState("halted", "drill");
  await vi.waitFor(() => expect(runtime.status().openOrders).toBe(0), { timeout: 20_000 });
  expect(await alpha.client.orders.listOpen()).toEqual([]);
  expect(await beta.client.orders.listOpen()).toEqual([]);
  expect(calls.sort()).toEqual(["alpha cancelAll", "beta cancel", "beta cancel", "beta cancel"]);
  expect((await runtime.close("requested")).faults).toEqual([]);
});

test("what two venues have wrong in opposite ways is told at the close", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  let shift = 0n;
  const shifted = (client: TradingVenue, sign: bigint): TradingVenue => ({
    ...client,
    account: {
      getBalances: async (control) => {
        const balances = new Map(await client.account.getBalances(control));
        const { free, locked } = balances.get("USDT")!;
        return balances.set("USDT", { free: free + sign * shift, locked });
      },
    },
  });
  const venue = combineVenues([
    { name: "alpha", client: shifted(alpha.client, 1n) },
    { name: "beta", client: shifted(beta.client, -1n) },
  ]);
  const { runtime } = await openOn(venue, [], { closeTimeoutMs: 200 });
  shift = 100_000_000n;
  const { faults } = await runtime.close("requested");
  expect(faults.map(({ message }) => message.split(":")[0]).sort()).toEqual(["at alpha, USDT", "at beta, USDT"]);
});
