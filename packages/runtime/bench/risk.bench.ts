// Every order is voted on between hook and wire: what the session's voters take is on the tick-to-order path. And a halt is as good as the
// time until nothing is open any more.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { type BinanceOptions, createBinance } from "@pitlane/sdk/binance";
import type { Case, Suite, TrialCase } from "../../../scripts/bench/suite.ts";
import { CALM_FLAGS } from "../src/cli/calm-gc.ts";
import { checkConfig } from "../src/config.ts";
import { MarketState } from "../src/core/market-state.ts";
import { Portfolio } from "../src/engines/portfolio.ts";
import { allow, RiskEngine } from "../src/engines/risk.ts";
import { RiskDesk } from "../src/engines/risk-desk.ts";
import { lotsWorth } from "../src/engines/sizing.ts";
import { type Intent, Order } from "../src/orders/order.ts";
import { defineStrategy } from "../src/plugins/define.ts";
import { openRuntime } from "../src/runtime.ts";
import { testInstrument } from "../src/testing.ts";
import type { OrderVenue } from "../src/venue.ts";

const INSTRUMENTS = 100;
const OPEN_EACH = 10;
const HALTED_ORDERS = 100;
const HALTED_INSTRUMENTS = 10;
const VENUE = fileURLToPath(new URL("../halt-venue.mjs", import.meta.url)); // bundles lie one folder below this one

/** A desk of 100 instruments with 1,000 orders open, as a busy session has it; each of `changes` is an order to vote on. */
function desk(changes: Partial<Intent>) {
  const instruments = Array.from({ length: INSTRUMENTS }, (_, i) =>
    testInstrument({ id: `test:A${i}/USDT`, symbol: `A${i}/USDT`, base: `A${i}` }),
  );
  const indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
  const indexOf = (instrument: Intent["instrument"]) => indexes.get(instrument)!;
  const market = new MarketState(instruments, () => undefined);
  const portfolio = new Portfolio({ venue: "test" });
  portfolio.start(new Map([["USDT", 10n ** 15n]]));
  let nowUs = 1_700_000_000_000_000;
  const risk = new RiskDesk({
    config: checkConfig({ risk: { maxOrdersPerSecond: 1_000_000, maxOrdersPerMinute: 1_000_000 } }, "bench").risk,
    instruments,
    indexOf,
    portfolio,
    market,
    nowUs: () => nowUs,
  });
  const order = (i: number, terms: Partial<Intent>): Order => {
    const instrument = instruments[i % INSTRUMENTS]!;
    const intent: Intent = { instrument, side: "buy", type: "limit", priceTicks: 9_990, sizeLots: 100, ...terms };
    return new Order(`pl-bench-0-${i}`, "bench", 0, intent);
  };
  for (const [index, instrument] of instruments.entries()) {
    const at = { instrument, venueAtUs: nowUs, receivedAtUs: nowUs, receivedNs: 0, sequence: 1 };
    const quote = { kind: "quote", ...at, bidTicks: 9_999, bidLots: 5, askTicks: 10_001, askLots: 5 } as const;
    market.apply(quote, index);
    risk.onMarket(quote, index);
  }
  for (let i = 0; i < INSTRUMENTS * OPEN_EACH; i++)
    risk.exposure.update(Object.assign(order(i, { priceTicks: 9_000 + (i % 7) }), { state: "accepted" }));
  const orders = Array.from({ length: INSTRUMENTS }, (_, i) => order(i, changes));
  return (n: number) => {
    let approved = 0;
    for (let i = 0; i < n; i++) {
      nowUs += 100; // 10,000 a second
      if (risk.engine.review(orders[i % INSTRUMENTS]!).approved !== undefined) approved++;
    }
    return approved;
  };
}

const floor: Case = {
  loop: () => {
    const engine = new RiskEngine();
    for (let i = 0; i < 13; i++) engine.addVoter(`voter-${i}`, () => allow());
    const intent: Intent = { instrument: testInstrument(), side: "buy", type: "market", sizeLots: 1 };
    const order = new Order("a", "bench", 0, intent);
    return (n) => {
      let approved = 0;
      for (let i = 0; i < n; i++) if (engine.review(order).approved !== undefined) approved++;
      return approved;
    };
  },
};

/** How a halt's cancels reach the exchange. */
interface Way {
  readonly orderTransport: "rest" | "webSocket";
  /** The venue has a call for all open orders of an instrument, or is taken to have none. */
  readonly cancelsAll: boolean;
}

/**
 * Halts a session with so many orders open on a paper exchange of another process, over and over; milliseconds from the call until this
 * process has the exchange's word that the last of them has ended.
 */
async function halts({ orderTransport, cancelsAll }: Way, seconds: number): Promise<Readonly<Record<string, number>>> {
  const clock = createSystemClock();
  const exchange = fork(VENUE, [], { execArgv: [] });
  const [{ urls, credentials }] = (await once(exchange, "message")) as [
    Required<Pick<BinanceOptions, "urls" | "credentials">>,
  ];
  const client = createBinance({
    venue: "paper",
    urls,
    credentials,
    requestWeight: 1_000_000_000,
    orderTransport,
    clock,
  });
  const trading = cancelsAll ? client : { ...client, orders: withoutCancelAll(client.orders) };
  const working = new Set<string>();
  let onEnded = () => {};
  let isQuoting = true; // what it wanted while halted would only be denied, at the halt's cost
  const wanted = defineStrategy({
    name: "quoter",
    setup(ctx) {
      ctx.on("order", ({ order: { state, clientOrderId } }) => {
        if (state === "accepted") working.add(clientOrderId);
        else if (state === "cancelled" && working.delete(clientOrderId) && working.size === 0) onEnded();
      });
      for (const instrument of ctx.instruments.slice(0, HALTED_INSTRUMENTS))
        ctx.on("quote", { instrument }, ({ bidTicks }) => {
          const perInstrument = HALTED_ORDERS / HALTED_INSTRUMENTS;
          const step = instrument.tickIncrement;
          const priceTicks = Math.floor((bidTicks * 0.9) / step) * step;
          const sizeLots = lotsWorth(instrument, priceTicks, 2n * instrument.minNotional);
          for (let open = ctx.openOrders(instrument).length; isQuoting && open < perInstrument; open++)
            ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots });
        });
    },
  });
  const runtime = await openRuntime({
    run: { id: "bench", key: "bench" },
    mode: "paper",
    config: checkConfig({ risk: { afterHalt: "stay", maxPositionNotional: "100000" } }, "bench"),
    plugins: [{ plugin: wanted }],
    client,
    trading,
    journalPath: join(mkdtempSync(join(tmpdir(), "pitlane-bench-")), "journal.db"),
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  const tookMs: number[] = [];
  const cpuMs: number[] = [];
  try {
    const endNs = clock.monotonicNs() + seconds * 1e9;
    while (clock.monotonicNs() < endNs || tookMs.length === 0) {
      while (working.size < HALTED_ORDERS) await clock.sleep(5);
      isQuoting = false;
      await clock.sleep(300); // a halt comes out of the blue, not right after a hundred orders
      const ended = new Promise<number>((resolve) => {
        onEnded = () => resolve(clock.monotonicNs());
      });
      const startNs = clock.monotonicNs();
      const start = process.cpuUsage();
      runtime.setTradingState("halted", "bench");
      tookMs.push(((await ended) - startNs) / 1e6);
      const { user, system } = process.cpuUsage(start);
      cpuMs.push((user + system) / 1e3);
      const left = await client.orders.listOpen();
      if (left.length > 0) throw new Error(`${left.length} orders are open after the halt`);
      runtime.setTradingState("active", "bench");
      isQuoting = true;
    }
    const { faults } = await runtime.close("requested");
    if (faults.length > 0) throw new Error(`the session had faults: ${JSON.stringify(faults)}`);
  } finally {
    await client.close();
    exchange.kill();
  }
  tookMs.sort((a, b) => a - b);
  cpuMs.sort((a, b) => a - b);
  const median = (sorted: readonly number[]) => sorted[sorted.length >> 1]!;
  return { halts: tookMs.length, median: median(tookMs), worst: tookMs.at(-1)!, "our CPU": median(cpuMs) };
}

function withoutCancelAll(orders: OrderVenue): OrderVenue {
  return {
    submit: (request, control) => orders.submit(request, control),
    cancel: (ref, control) => orders.cancel(ref, control),
    get: (ref, control) => orders.get(ref, control),
    listFills: (instrument, options) => orders.listFills(instrument, options),
  };
}

const haltBy = (orderTransport: Way["orderTransport"], cancelsAll: boolean): TrialCase => ({
  run: (seconds) => halts({ orderTransport, cancelsAll }, seconds),
  targets: { median: { atMost: 100 }, worst: { atMost: 100 } },
  nodeFlags: CALM_FLAGS, // those of a session that trades
});

const suite: Suite = {
  name: "risk",
  comparisons: [
    {
      name: "votes of the session on one order, allowed",
      unit: "ns/op",
      ours: { loop: () => desk({}) },
      peers: { "13 voters that only allow (floor)": { case: floor, aim: null } },
    },
    {
      name: "votes of the session on one order, denied by the collar",
      unit: "ns/op",
      ours: { loop: () => desk({ priceTicks: 7_000 }) },
      peers: { "13 voters that only allow (floor)": { case: floor, aim: null } },
    },
  ],
  trials: [
    {
      name: `a halt with ${HALTED_ORDERS} orders open on ${HALTED_INSTRUMENTS} markets of another process, until the last has ended`,
      units: { halts: "halts", median: "ms", worst: "ms", "our CPU": "ms" },
      cases: {
        "HTTP, one call a market": haltBy("rest", true),
        "HTTP, one call an order": haltBy("rest", false),
        "WebSocket, one call a market": haltBy("webSocket", true),
        "WebSocket, one call an order": haltBy("webSocket", false),
      },
      seconds: 10,
      rounds: 1,
    },
  ],
};

export default suite;
