// Every market event crosses the bus once. The floor is calling the handler; the rest is what lanes, order, conflation and counters cost.
import { createSystemClock } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { Bus, type BusOptions } from "../src/bus/bus.ts";
import type { BusEvent } from "../src/bus/events.ts";
import { testInstrument } from "../src/testing.ts";

const at = { instrument: testInstrument(), venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
const what = { tradeId: 1, priceTicks: 1, sizeLots: 1, aggressor: "buy", isBackfilled: false } as const;
const trade: BusEvent = { kind: "trade", ...at, ...what };
const quote: BusEvent = { kind: "quote", ...at, bidTicks: 1, bidLots: 1, askTicks: 2, askLots: 1, sequence: 1 };
const counts = new Float64Array(1);
const dispatch = (event: BusEvent) => {
  counts[0]! += event.kind === "trade" ? 1 : 2;
};

const handlerAlone: Case = {
  loop: () => (n) => {
    for (let i = 0; i < n; i++) dispatch(i % 2 === 0 ? trade : quote);
    return counts[0];
  },
};

function createBus(options: Partial<BusOptions> = {}): Bus {
  return new Bus({ dispatch, defer: () => {}, onOverflow: () => {}, ...options });
}

function throughBus(event: BusEvent, options?: Partial<BusOptions>): Case {
  return {
    loop: () => {
      const bus = createBus(options);
      return (n) => {
        for (let i = 0; i < n; i++) {
          bus.publish(event, 0, 0);
          bus.drain();
        }
        return counts[0];
      };
    },
  };
}

/** 50 trades and 50 quotes of as many instruments in, then one drain: a busy frame. The figure is for one event. */
const inFrames: Case = {
  loop: () => {
    const bus = createBus();
    return (n) => {
      for (let done = 0; done < n; done += 100) {
        for (let i = 0; i < 100; i++) bus.publish(i % 2 === 0 ? trade : quote, i, 0);
        bus.drain();
      }
      return counts[0];
    };
  },
};

const floor = { "handler alone (floor)": { case: handlerAlone, aim: null } };

const suite: Suite = {
  name: "event bus",
  comparisons: [
    { name: "publish + drain, trade", unit: "ns/op", ours: throughBus(trade), peers: floor },
    { name: "publish + drain, quote (conflatable)", unit: "ns/op", ours: throughBus(quote), peers: floor },
    {
      name: "publish + drain, trade, deadlines counted",
      unit: "ns/op",
      ours: throughBus(trade, { clock: createSystemClock() }),
      peers: {
        ...floor,
        "without a clock": { case: throughBus(trade), aim: null, note: "the difference is one reading" },
      },
    },
    { name: "in frames of 100", unit: "ns/op", ours: inFrames, peers: floor },
  ],
};

export default suite;
