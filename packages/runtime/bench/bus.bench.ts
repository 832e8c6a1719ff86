// Every market event crosses the bus once. The floor is calling the handler; the rest is what lanes, order and conflation cost.
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { Bus } from "../src/bus/bus.ts";
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

function throughBus(event: BusEvent): Case {
  return {
    loop: () => {
      const bus = new Bus({ dispatch, defer: (task) => setImmediate(task), onOverflow: () => {} });
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

const floor = { "handler alone (floor)": { case: handlerAlone, aim: null } };

const suite: Suite = {
  name: "event bus",
  comparisons: [
    { name: "publish + drain, trade", unit: "ns/op", ours: throughBus(trade), peers: floor },
    { name: "publish + drain, quote (conflatable)", unit: "ns/op", ours: throughBus(quote), peers: floor },
  ],
};

export default suite;
