// A depth update is applied for every change of a level at the venue: ours beside ccxt.pro's book, on the same seeded updates.
// Both keep about 1,000 levels a side; a quarter of the updates remove one. The floor is a Map without an order.
import { createRandom } from "@pitlane/perf";
import { OrderBook } from "@pitlane/sdk";
import ccxt from "ccxt";
import { bench, do_not_optimize, run, summary } from "mitata";

const LEVELS = 1000;
const UPDATES = 100_000;
const MID = 100_000;

const random = createRandom(1);
const updates = Array.from({ length: UPDATES }, () => {
  const isBid = random.next() < 0.5;
  // Changes crowd near the touch, as in recorded streams.
  const depth = 1 + Math.floor(Math.min(random.exponential(40), LEVELS));
  return { isBid, ticks: isBid ? MID - depth : MID + depth, lots: random.next() < 0.26 ? 0 : random.integer(1, 5000) };
});

const ours = new OrderBook();
const theirs = new ccxt.pro.binance().orderBook({}, LEVELS * 2);
const floor = new Map<number, number>();
for (let depth = 1; depth <= LEVELS; depth++) {
  ours.set("bid", MID - depth, 1);
  ours.set("ask", MID + depth, 1);
  theirs.bids.store(MID - depth, 1);
  theirs.asks.store(MID + depth, 1);
}

let next = 0;
const update = () => {
  next = (next + 1) % UPDATES;
  return updates[next] as (typeof updates)[number];
};

summary(() => {
  bench("Map, no order (floor)", () => {
    const { ticks, lots } = update();
    if (lots === 0) floor.delete(ticks);
    else floor.set(ticks, lots);
  });
  bench("pitlane OrderBook, update + best", () => {
    const { isBid, ticks, lots } = update();
    ours.set(isBid ? "bid" : "ask", ticks, lots);
    do_not_optimize(isBid ? ours.bestBidTicks : ours.bestAskTicks);
  });
  bench("ccxt.pro OrderBook, update + best", () => {
    const { isBid, ticks, lots } = update();
    const side = isBid ? theirs.bids : theirs.asks;
    side.store(ticks, lots);
    do_not_optimize(side[0]);
  });
});

await run();
