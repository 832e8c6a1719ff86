// What watching a session costs it, which is always on: under 1 % of a core at 10,000 market events a second, and a few nanoseconds in each
// hook. One session is watched and left alone in turns, so that both meet the same machine: the median difference of neighbours counts. What a
// sample costs by itself, and what is added to a hook and to an order, has a row each.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createSystemClock } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { createProcessMonitor } from "@pitlane/perf/monitor";
import type { MarketStreamOptions } from "@pitlane/sdk";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { Bus } from "../src/bus/bus.ts";
import { Core } from "../src/core/core.ts";
import { Inputs } from "../src/core/inputs.ts";
import { DataEngine } from "../src/engines/data.ts";
import { INITIAL_TRADING } from "../src/engines/trading-state.ts";
import { checkConfig, definePlugin } from "../src/index.ts";
import { Journal } from "../src/journal/journal.ts";
import { createStageLatencies, STAGES } from "../src/latency.ts";
import { SampleCollector } from "../src/observe/collector.ts";
import { Observation } from "../src/observe/observation.ts";
import { SlowOrders } from "../src/observe/slow-orders.ts";
import { NO_NETWORK } from "../src/observe/sources.ts";
import { OrderGateway } from "../src/orders/gateway.ts";
import { NO_ORDERS } from "../src/orders/no-orders.ts";
import { Order } from "../src/orders/order.ts";
import { DEFAULT_BUDGETS, Quarantine } from "../src/plugins/quarantine.ts";
import { testInstrument } from "../src/testing.ts";
import type { MarketFeed } from "../src/venue.ts";

const EVENTS = 10_000; // a second
const SECONDS = 3; // of one turn: two or three samples
const SETTLE_SECONDS = 1; // before it: what beginning and ending cost is none of a session's seconds
const PLUGINS = 5;
const clock = createSystemClock();
const instrument = testInstrument();
const NO_COUNTERS: ReturnType<MarketFeed["counters"]> = {
  messages: 0,
  bookUpdates: 0,
  trades: 0,
  quotes: 0,
  bars: 0,
  backfilled: 0,
  duplicates: 0,
  ignored: 0,
  gaps: 0,
  resyncs: 0,
  sequenceFailures: 0,
  checksumsChecked: 0,
  checksumFailures: 0,
};

/** A session without sockets: what comes is told by `hear`, goes through bus, hook and a journal on disk, and is measured as in any other. */
async function openSession() {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
  const latencies = createStageLatencies();
  const config = checkConfig({}, "the bench");
  const observation = new Observation({ clock, plugins: 1, onFault: fail });
  const gateway = new OrderGateway({
    venue: NO_ORDERS,
    clock,
    latencies,
    recvWindowMs: 5_000,
    onReport: () => {},
    onFailure: () => {},
    onCancelEnd: () => {},
    onAmendEnd: () => {},
    onOverdue: () => {},
    onFault: fail,
    timer: observation.slowOrders,
  });
  const journal = Journal.create({ path: join(folder, "journal.db"), clock });
  let market: MarketStreamOptions | undefined;
  const data: DataEngine = new DataEngine({
    stream: {
      market: (options) => {
        market = options;
        return {
          ready: Promise.resolve(),
          book: () => undefined,
          counters: () => ({ ...NO_COUNTERS }),
          close: () => Promise.resolve(),
        };
      },
    },
    instruments: [instrument],
    clock,
    latencies,
    onEvent: (event, change, nowNs) => inputs.market(event, change, nowNs),
    onFrameEnd: () => inputs.frameEnd(),
    onFault: fail,
  });
  let heard = 0;
  const listener = definePlugin({
    name: "listener",
    version: "1.0.0",
    pitlane: "*",
    setup: (ctx) => ctx.on("trade", () => void heard++),
  });
  const core: Core = await Core.create({
    runKey: "bench",
    config,
    instruments: [instrument],
    plugins: [{ plugin: listener, budgets: { hookMs: 60_000, msPerSecond: 1_000 } }],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => void journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: gateway,
    book: () => undefined,
    clock,
    latencies,
    hookTimes: observation.hookTimes,
    defer: () => setImmediate(() => inputs.rest()),
    timers: { set: () => {}, clear: () => {} },
    control: fail,
    log: () => {},
    onFault: (_source, message) => fail(message),
    onHalt: fail,
  });
  const inputs = new Inputs({ core, journal, onControl: () => {} });
  await data.open();
  const flush = setInterval(() => journal.commit(), 50);
  return {
    observation,
    parts: {
      core,
      data,
      gateway,
      journal,
      latencies,
      instruments: [instrument],
      config,
      faults: () => 0,
      isPaused: () => false,
      network: () => NO_NETWORK,
    },
    heard: () => heard,
    /** A trade, in a frame of its own. */
    hear: (tradeId: number) => {
      market?.onEvent?.(
        {
          kind: "trade",
          instrument,
          venueAtUs: clock.nowUs(),
          receivedAtUs: clock.nowUs(),
          receivedNs: clock.monotonicNs(),
          tradeId,
          priceTicks: 6_000_000 + (tradeId & 1023),
          sizeLots: 10,
          aggressor: "buy",
          isBackfilled: false,
        },
        undefined,
      );
      market?.onFrameEnd?.();
    },
    close: async () => {
      clearInterval(flush);
      observation.close();
      await core.close();
      await gateway.close();
      journal.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** CPU of `seconds` of a session that hears `EVENTS` trades a second, in percent of a core. */
async function turn(session: Awaited<ReturnType<typeof openSession>>, seconds: number): Promise<number> {
  const { hear, heard } = session;
  const events = EVENTS * seconds;
  const before = heard();
  const startNs = clock.monotonicNs();
  const start = process.cpuUsage();
  for (let told = 0; told < events; ) {
    const due = Math.min(events, Math.floor(((clock.monotonicNs() - startNs) * EVENTS) / 1e9));
    while (told < due) hear(told++);
    await sleep(1);
  }
  const { user, system } = process.cpuUsage(start);
  const tookUs = (clock.monotonicNs() - startNs) / 1e3;
  if (heard() - before !== events) throw new Error(`of ${events} events ${heard() - before} were heard`);
  return ((user + system) / tookUs) * 100;
}

/** The same session watched and left alone, in turns, now one and now the other first. */
async function onAndOff(seconds: number): Promise<Record<string, number>> {
  const session = await openSession();
  const { observation, parts } = session;
  let samples = 0;
  const watched = async () => {
    const collector = observation.begin(parts);
    collector.onSample(() => samples++);
    await turn(session, SETTLE_SECONDS);
    const percent = await turn(session, SECONDS);
    observation.close();
    return percent;
  };
  const alone = async () => {
    await turn(session, SETTLE_SECONDS);
    return turn(session, SECONDS);
  };
  await watched(); // code that was never run is slow, whichever comes first
  await alone();
  samples = 0;
  const on: number[] = [];
  const off: number[] = [];
  const pairs = Math.max(1, Math.round(seconds / (2 * SECONDS)));
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) on.push(await watched());
    off.push(await alone());
    if (pair % 2 !== 0) on.push(await watched());
  }
  await session.close();
  if (samples < pairs * (SECONDS - 1)) throw new Error(`${samples} samples were taken`);
  return {
    "CPU with it": middle(on),
    "CPU without it": middle(off),
    "added CPU": middle(on.map((percent, i) => percent - off[i]!)),
  };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function fail(reason: unknown): never {
  throw new Error(`the session had a fault: ${JSON.stringify(reason)}`);
}

/** A sample of a session whose stages and plugins were all busy since the one before. */
const sample: Case = {
  loop: () => {
    const latencies = createStageLatencies();
    const hookTimes = Array.from({ length: PLUGINS }, () => new LatencyHistogram());
    const bus = new Bus({ dispatch: () => {}, defer: () => {}, onOverflow: () => {} });
    const monitor = createProcessMonitor({ clock });
    const counts = {
      intents: 0,
      denied: 0,
      submitted: 0,
      accepted: 0,
      filled: 0,
      cancelled: 0,
      expired: 0,
      rejected: 0,
    };
    const collector = new SampleCollector({
      sources: {
        clock,
        latencies,
        events: () => 0,
        fills: () => 0,
        faults: () => 0,
        orders: () => ({ ...counts, unknown: 0, open: 0, queued: 0, inFlight: 0 }),
        failures: () => 0,
        profit: () => [],
        trading: () => INITIAL_TRADING,
        lanes: () => bus.counters(clock.monotonicNs()).lanes,
        journal: () => ({ events: 0, bytes: 0, queued: 0, lagMs: 0 }),
        process: () => monitor.sample(),
        plugins: () =>
          hookTimes.map((times, owner) => ({
            name: `plugin-${owner}`,
            standing: "active" as const,
            isPaused: false,
            hookTimes: times,
            budgetMsPerSecond: 200,
            budgetHookMs: 5,
            faults: 0,
            orders: 0,
            openOrders: 0,
          })),
        instruments: () => [],
        network: () => NO_NETWORK,
        caches: () => [],
        pools: () => [],
        pluginMetrics: () => ({ atUs: 0, metrics: [] }),
      },
      slowOrders: { slowest: () => [] },
      onFault: (message) => {
        throw new Error(message);
      },
    });
    let spread = 1;
    return (n) => {
      for (let i = 0; i < n; i++) {
        // 200 values over four decades each, as a second of a busy session leaves in a stage.
        for (let value = 0; value < 200; value++) {
          spread = (spread * 16_807) % 2_147_483_647;
          const ns = 10 ** (2 + (spread % 4_000) / 1_000);
          for (const stage of STAGES) latencies[stage].record(ns);
          for (const times of hookTimes) times.record(ns);
        }
        collector.take();
      }
      return collector.latest?.seq;
    };
  },
};

/** One hook in the host's books, with its histogram or without. */
function hook(isRecorded: boolean): Case {
  return {
    loop: () => {
      const quarantine = new Quarantine({ budgets: [DEFAULT_BUDGETS], clock, onAction: () => {} });
      const hookTimes = isRecorded ? [new LatencyHistogram()] : [];
      return (n) => {
        for (let i = 0; i < n; i++) {
          hookTimes[0]?.record(50 + (i & 1023));
          quarantine.meter(0, "quote", 50);
        }
        return quarantine.standing(0);
      };
    },
  };
}

const offer: Case = {
  loop: () => {
    const slow = new SlowOrders(clock);
    const order = new Order("pl-1", "maker", 0, { instrument, side: "buy", type: "market", sizeLots: 1 });
    const startNs = clock.monotonicNs();
    order.bornNs = startNs;
    for (let i = 0; i < 50; i++) slow.offer(order, Number.NaN, startNs, startNs, startNs, startNs + 1e6);
    return (n) => {
      for (let i = 0; i < n; i++) slow.offer(order, Number.NaN, startNs, startNs, startNs, startNs + 1e3 + (i & 1023));
      return slow.slowest().length;
    };
  },
};

const clockAlone: Case = {
  loop: () => (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += clock.monotonicNs();
    return sum;
  },
};

const suite: Suite = {
  name: "watching a session",
  comparisons: [
    {
      name: `a sample: 10 stages and ${PLUGINS} plugins that were all busy, one a second`,
      unit: "us/op",
      ours: sample,
      peers: { "1 % of a second": { case: { value: () => 10_000 }, aim: 1, note: "recording its values is in it" } },
    },
    {
      name: "a hook in the books, its histogram among them",
      unit: "ns/op",
      ours: hook(true),
      peers: { "without the histogram": { case: hook(false), aim: null } },
    },
    {
      name: "an order that is not among the slowest",
      unit: "ns/op",
      ours: offer,
      peers: { "reading the clock": { case: clockAlone, aim: null } },
    },
  ],
  trials: [
    {
      name: `a session that hears ${EVENTS} events a second, watched and not, in turns`,
      units: { "CPU with it": "% of a core", "CPU without it": "% of a core", "added CPU": "% of a core" },
      seconds: 48, // eight pairs
      rounds: 1,
      cases: { ours: { run: onAndOff, targets: { "added CPU": { atMost: 1 } } } },
    },
  ],
};

export default suite;
