// Every market event crosses the bus once. The floor is calling the handler; the rest is what lanes, order and conflation cost.
import { bench, do_not_optimize, run, summary } from "mitata";
import { Bus } from "../src/bus/bus.ts";
import type { BusEvent } from "../src/bus/events.ts";
import { testInstrument } from "../src/testing.ts";

const at = { instrument: testInstrument(), venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
const trade: BusEvent = { kind: "trade", ...at, tradeId: 1, priceTicks: 1, sizeLots: 1, aggressor: "buy" };
const quote: BusEvent = { kind: "quote", ...at, bidTicks: 1, bidLots: 1, askTicks: 2, askLots: 1, sequence: 1 };
const counts = new Float64Array(1);
const dispatch = (event: BusEvent) => {
  counts[0]! += event.kind === "trade" ? 1 : 2;
};
const bus = new Bus({ dispatch, defer: (task) => setImmediate(task), onOverflow: () => {} });

summary(() => {
  bench("handler alone", () => {
    dispatch(trade);
    do_not_optimize(counts);
  });
  bench("publish + drain, trade", () => {
    bus.publish(trade, 0, 0);
    bus.drain();
  });
  bench("publish + drain, quote (conflatable)", () => {
    bus.publish(quote, 0, 0);
    bus.drain();
  });
});

await run();
