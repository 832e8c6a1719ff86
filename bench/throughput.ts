// How much goes through the whole path: market event, strategy, risk, journal on disk, wire, the venue's report, portfolio, hooks. The paper
// exchange is another process; each order is one that trades at once, so that there is a fill to book for each, and the market moves with it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { LatencyHistogram, type LatencySummary } from "@pitlane/perf/metrics";
import { createBinance } from "@pitlane/sdk/binance";
import { CALM_FLAGS, checkConfig, definePlugin, openRuntime, type Plugin, type Report, type Runtime } from "pitlane";
import { type ExchangeProcess, sinceStampUs, startExchange, startStamped } from "../scripts/bench/exchanged.ts";
import type { Suite, Trial } from "../scripts/bench/suite.ts";
import type { VenueUrls } from "../scripts/bench/ticked.ts";

const VENUE = new URL("../../scripts/bench/tick-venue.mjs", import.meta.url); // bundles lie one folder below this one
export const PROGRAM = join(dirname(fileURLToPath(import.meta.resolve("pitlane"))), "../bin/pitlane.mjs");
const SUSTAINED = 1_200; // orders a second
const BURST = 5_500;
const BEFORE_SECONDS = 10; // a burst comes in a session that trades
const MESSAGES = 10_000;
const MOST_AT_ONCE = 50; // orders
const DRAIN_MS = 10_000;
const LOOK_MS = 100;

/** Wants `perSecond` orders a second, on market events and every millisecond, each of the smallest size that the venue takes and in turns. */
export function trader(perSecond: number): {
  readonly plugin: Plugin;
  begin(): void;
  /** From now on so many. */
  hurry(perSecond: number): void;
  end(): void;
  readonly wanted: number;
} {
  let rate = perSecond;
  let beganUs = Number.NaN; // at that rate
  let before = 0; // wanted until then
  let isOn = false;
  let wanted = 0;
  let last = 0;
  const plugin = definePlugin({
    name: "trader",
    version: "1.0.0",
    pitlane: "*",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      const act = () => {
        const quote = ctx.quote(instrument);
        if (!isOn || quote === undefined) return;
        if (Number.isNaN(beganUs)) beganUs = ctx.nowUs();
        const due = before + Math.floor(((ctx.nowUs() - beganUs) / 1e6) * rate) - wanted;
        for (let i = 0; i < Math.min(due, MOST_AT_ONCE); i++) {
          const side = last++ % 2 === 0 ? "buy" : "sell";
          wanted++;
          ctx.submit({
            instrument,
            side,
            type: "limit",
            timeInForce: "IOC",
            priceTicks: side === "buy" ? quote.askTicks + 10 : quote.bidTicks - 10,
            sizeLots: Math.max(instrument.minLots, smallest(instrument, quote.bidTicks)),
          });
        }
      };
      ctx.on("quote", { instrument }, act);
      ctx.on("trade", { instrument }, act);
      ctx.every(1, act); // the market's events come in groups, and so would the orders: they are to come evenly
    },
  });
  return {
    plugin,
    begin: () => {
      isOn = true;
    },
    hurry: (perSecond) => {
      rate = perSecond;
      before = wanted;
      beganUs = Number.NaN;
    },
    end: () => {
      isOn = false;
    },
    get wanted() {
      return wanted;
    },
  };
}

/** The lots that are worth twice the venue's least value. */
function smallest(instrument: { minNotional: bigint; priceDecimals: number; sizeDecimals: number }, ticks: number) {
  const unitsOfLot = ticks * 10 ** (8 - instrument.priceDecimals - instrument.sizeDecimals); // in 1e-8
  return Math.ceil((2 * Number(instrument.minNotional)) / unitsOfLot);
}

export async function open(
  urls: VenueUrls,
  credentials: ExchangeProcess["credentials"],
  plugin: Plugin,
  streams: string[],
) {
  const clock = createSystemClock();
  const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
  const client = createBinance({
    venue: "paper",
    urls,
    credentials,
    requestWeight: 1_000_000_000,
    orderTransport: "webSocket",
    clock,
  });
  const instruments = await client.market.listInstruments();
  const first = instruments[0]!;
  const runtime = await openRuntime({
    run: { id: "bench", key: "bench" },
    mode: "paper",
    config: checkConfig(CONFIG, "the bench"),
    plugins: [{ plugin, budgets: { ordersPerMinute: 1_000_000, msPerSecond: 1000, hookMs: 60_000 } }],
    client,
    trading: client,
    streams: streams.map((name) => `${first.venueSymbol.toLowerCase()}@${name}`),
    journalPath: join(folder, "journal.db"),
    recvWindowMs: 60_000,
    clock,
    log: (source, message) => console.error(`${source}: ${message}`),
  });
  return {
    runtime,
    clock,
    close: async (): Promise<Report> => {
      const report = await runtime.close("requested");
      await client.close();
      rmSync(folder, { recursive: true });
      return report;
    },
  };
}

// Limits of money and rate are not what is measured; all voters vote all the same.
const CONFIG = {
  risk: {
    maxPositionNotional: "100000000",
    selfTrade: "allow" as const,
    maxGrossExposure: "0",
    maxNetExposure: "0",
    maxOpenOrdersPerInstrument: 0,
  },
  orderTransport: "websocket" as const,
};

/** Gives a stage's figures from this call on. */
function figuresOf(runtime: Runtime, stage: "processing" | "tickToOrder" | "ack"): () => LatencySummary {
  const all = runtime.observed.samples.histogram(stage);
  const seen = new LatencyHistogram();
  all.catchUp(seen);
  return () => {
    const later = new LatencyHistogram();
    later.add(all.catchUp(seen));
    return later.summary();
  };
}

/**
 * Trades for `seconds` and waits for the last order's end. An order is lost when nobody can say what became of it; those that risk or the venue
 * said no to are told apart, and why, on stderr: none of them counts towards the orders a second.
 *
 * @param before What the session does until then, which is not measured; what is lost or refused there counts as of the burst.
 */
async function trade(
  perSecond: number,
  seconds: number,
  before?: { readonly perSecond: number; readonly seconds: number },
): Promise<Record<string, number>> {
  const exchange = await startExchange(PROGRAM);
  try {
    const strategy = trader(before?.perSecond ?? perSecond);
    const { runtime, clock, close } = await open(exchange.urls, exchange.credentials, strategy.plugin, [
      "trade",
      "bookTicker",
    ]);
    await clock.sleep(1_000);
    strategy.begin();
    if (before !== undefined) {
      await clock.sleep(before.seconds * 1e3);
      strategy.hurry(perSecond);
    }
    const earlier = before === undefined ? 0 : strategy.wanted;
    const stages = {
      processing: figuresOf(runtime, "processing"),
      tickToOrder: figuresOf(runtime, "tickToOrder"),
      ack: figuresOf(runtime, "ack"),
    };
    let rssBytes = 0;
    const look = setInterval(() => {
      rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
    }, LOOK_MS);
    const startNs = clock.monotonicNs();
    const start = process.cpuUsage();
    await clock.sleep(seconds * 1e3);
    strategy.end();
    const { user, system } = process.cpuUsage(start);
    const deadlineNs = clock.monotonicNs() + DRAIN_MS * 1e6;
    while (runtime.status().openOrders > 0 && clock.monotonicNs() < deadlineNs) await clock.sleep(1);
    const tookNs = clock.monotonicNs() - startNs; // the last order's end is in it
    clearInterval(look);
    const [processing, tickToOrder, ack] = [stages.processing(), stages.tickToOrder(), stages.ack()];
    const { orders, faults, risk, rejections } = await close();
    for (const { source, message } of faults) console.error(`${source}: ${message}`);
    for (const { code, voter, count, example } of risk.denials)
      console.error(`${count} orders denied by ${voter}, ${code}, the first one: ${example}`);
    for (const { reason, count } of rejections) console.error(`${count} orders rejected: ${reason}`);
    const ended = orders.filled + orders.cancelled + orders.expired;
    const unaffordable = risk.denials.find(({ code }) => code === "INSUFFICIENT_BALANCE")?.count ?? 0;
    return {
      "orders a second": ((ended - earlier) / tookNs) * 1e9,
      "orders lost": strategy.wanted - ended - orders.denied - orders.rejected,
      "orders denied, the balance spoken for": unaffordable,
      "orders denied otherwise": orders.denied - unaffordable,
      "orders rejected": orders.rejected,
      "orders expired, the price gone": orders.expired,
      "CPU an order": (user + system) / (strategy.wanted - earlier),
      "in process p50": processing.p50,
      "in process p99": processing.p99,
      "frame to socket p50": tickToOrder.p50,
      "frame to socket p99": tickToOrder.p99,
      "answer p50": ack.p50,
      "answer p99": ack.p99,
      RSS: rssBytes / 2 ** 20,
      faults: faults.length,
    };
  } finally {
    exchange.stop();
  }
}

/** Hears a steady stream of trades, and how old each is when the strategy gets it. */
async function hear(perSecond: number, seconds: number): Promise<Record<string, number>> {
  const feed = await startStamped(VENUE);
  try {
    const age = new LatencyHistogram();
    let isMeasured = false;
    let heard = 0;
    const plugin = definePlugin({
      name: "listener",
      version: "1.0.0",
      pitlane: "*",
      setup(ctx) {
        ctx.on("trade", ({ priceTicks }) => {
          heard++;
          if (isMeasured) age.record(sinceStampUs(priceTicks) * 1e3);
        });
      },
    });
    const { clock, close } = await open(feed.urls, { apiKey: "none", apiSecret: "none" }, plugin, ["trade"]);
    const { written, cpuUs } = await feed.run(perSecond, seconds, () => {
      isMeasured = true;
    });
    const rssBytes = process.memoryUsage.rss();
    const deadlineNs = clock.monotonicNs() + DRAIN_MS * 1e6;
    while (heard < written && clock.monotonicNs() < deadlineNs) await clock.sleep(1);
    const { faults } = await close();
    if (faults.length > 0) throw new Error(`the session had faults: ${JSON.stringify(faults)}`);
    const { p50, p99, p999 } = age.summary();
    return {
      "messages a second": age.count / seconds,
      "messages lost": written - heard,
      "CPU a message": cpuUs,
      p50,
      p99,
      "p99.9": p999,
      RSS: rssBytes / 2 ** 20,
    };
  } finally {
    feed.stop();
  }
}

const ORDER_UNITS = {
  "orders a second": "1/s",
  "orders lost": "",
  "orders denied, the balance spoken for": "",
  "orders denied otherwise": "",
  "orders rejected": "",
  "orders expired, the price gone": "",
  "CPU an order": "us",
  "in process p50": "us",
  "in process p99": "us",
  "frame to socket p50": "us",
  "frame to socket p99": "us",
  "answer p50": "us",
  "answer p99": "us",
  RSS: "MiB",
  faults: "",
};
const trial = (
  name: string,
  perSecond: number,
  atLeast: number,
  seconds: number,
  before?: Parameters<typeof trade>[2],
): Trial => ({
  name,
  units: ORDER_UNITS,
  seconds,
  rounds: 1,
  cases: {
    ours: {
      run: (wanted) => trade(perSecond, Math.min(wanted, seconds), before),
      targets: {
        "orders a second": { atLeast },
        "orders lost": { atMost: 0 },
        "orders denied, the balance spoken for": { atMost: 0 },
        "orders denied otherwise": { atMost: 0 },
        "orders rejected": { atMost: 0 },
        "in process p99": { atMost: 1_000 },
        RSS: { atMost: 256 },
        faults: { atMost: 0 },
      },
      nodeFlags: CALM_FLAGS,
    },
  },
});

const suite: Suite = {
  name: "throughput, the exchange being another process",
  comparisons: [],
  trials: [
    trial(`sustained, ${SUSTAINED} orders a second wanted`, SUSTAINED, 1_000, 60),
    trial(`burst, ${BURST} orders a second wanted`, BURST, 5_000, 5, {
      perSecond: SUSTAINED,
      seconds: BEFORE_SECONDS,
    }),
    {
      name: `market data, ${MESSAGES} messages a second, from the feed's write to the strategy`,
      units: {
        "messages a second": "1/s",
        "messages lost": "",
        "CPU a message": "us",
        p50: "us",
        p99: "us",
        "p99.9": "us",
        RSS: "MiB",
      },
      seconds: 10,
      rounds: 1,
      cases: {
        ours: {
          run: (wanted) => hear(MESSAGES, Math.min(wanted, 10)),
          targets: { "messages lost": { atMost: 0 }, p99: { atMost: 500 }, RSS: { atMost: 256 } },
          nodeFlags: CALM_FLAGS,
        },
      },
    },
  ],
};

export default suite;
