// What the plugin host adds to a hook and to an order, and what a market event costs on its way to a worker. A regression here is paid by
// every event of every metered plugin.
import { MessageChannel } from "node:worker_threads";
import { createSystemClock } from "@pitlane/perf";
import { createSharedSpscRing } from "@pitlane/perf/ring";
import { OrderBook, type QuoteEvent } from "@pitlane/sdk";
import type { Case, Comparison, Suite } from "../../../scripts/bench/suite.ts";
import type { Intent } from "../src/orders/order.ts";
import { compilePermissions } from "../src/plugins/permissions.ts";
import { DEFAULT_BUDGETS, Quarantine } from "../src/plugins/quarantine.ts";
import { ScopeTimers } from "../src/plugins/timers.ts";
import { WorkerFeed } from "../src/plugins/worker-feed.ts";
import { EVENT_LAYOUT, type EventRing } from "../src/plugins/worker-protocol.ts";
import { testInstrument } from "../src/testing.ts";

const instrument = testInstrument();
const clock = createSystemClock();
const sums = new Float64Array(1);

const clockAlone: Case = {
  loop: () => (n) => {
    for (let i = 0; i < n; i++) sums[0]! += clock.monotonicNs();
    return sums[0];
  },
};

const meter: Case = {
  loop: () => {
    const quarantine = new Quarantine({ budgets: [DEFAULT_BUDGETS], clock, onAction: () => {} });
    return (n) => {
      for (let i = 0; i < n; i++) quarantine.meter(0, "quote", 50);
      return quarantine.standing(0);
    };
  },
};

const intent: Intent = { instrument, side: "buy", type: "limit", priceTicks: 10_000, sizeLots: 1000 };

function review(maxNotional?: string): Case {
  return {
    loop: () => {
      const check = compilePermissions("me", maxNotional === undefined ? [] : [{ maxNotional }], [instrument]);
      return (n) => {
        let allowed = 0;
        for (let i = 0; i < n; i++) if (check(intent, undefined).allowed) allowed++;
        return allowed;
      };
    },
  };
}

const timer: Case = {
  loop: () => {
    let nowUs = 0;
    const timers = new ScopeTimers(() => nowUs);
    const { id } = timers.set(1, true, () => sums[0]!++);
    timers.attach({ setTimer: () => {}, clearTimer: () => {} });
    return (n) => {
      for (let i = 0; i < n; i++) {
        nowUs += 1000;
        timers.fire(id);
      }
      return sums[0];
    };
  },
};

const quote: QuoteEvent = {
  kind: "quote",
  instrument,
  venueAtUs: 1,
  receivedAtUs: 2,
  receivedNs: 3,
  bidTicks: 100,
  bidLots: 1,
  askTicks: 101,
  askLots: 1,
  sequence: 4,
};

const toWorker: Case = {
  loop: () => {
    const ring = createSharedSpscRing({ layout: EVENT_LAYOUT, capacity: 1024 }) as EventRing;
    const { port1 } = new MessageChannel();
    const feed = new WorkerFeed({ ring, notes: port1, instruments: [instrument], positionLots: () => 0 });
    port1.unref();
    const book = new OrderBook();
    return (n) => {
      for (let i = 0; i < n; i++) {
        feed.market(quote);
        if ((i & 511) === 511) ring.drain(({ sequence }) => book.set("bid", 100, sequence));
      }
      return feed.dropped;
    };
  },
};

const row = (name: string, ours: Case, peers: Comparison["peers"]) => ({ name, unit: "ns/op", ours, peers }) as const;

const clockFloor = { "reading the clock (floor of metering)": { case: clockAlone, aim: null } };

const suite: Suite = {
  name: "plugins",
  comparisons: [
    row("a hook metered, within budget", meter, clockFloor),
    row("a repeated timer fires", timer, clockFloor),
    row("permissions of an order: largest notional", review("500"), {
      "none given": { case: review(), aim: null, note: "the difference is exact arithmetic on the notional" },
    }),
    row("a quote into a worker's ring and out of it", toWorker, clockFloor),
  ],
};

export default suite;
