// A depth update is applied for every change of a level at the venue: ours beside ccxt.pro's book, on the same seeded updates.
// Both keep about 1,000 levels a side; a quarter of the updates remove one. Floors are a bare tick ladder, which knows its few
// prices beforehand, and a Map without an order.
import { createRandom } from "@pitlane/perf";
import { OrderBook } from "@pitlane/sdk";
import ccxt from "ccxt";
import type { Case, Suite } from "../scripts/bench/suite.ts";

const LEVELS = 1000;
const UPDATES = 100_000;
const MID = 100_000;

interface Update {
  readonly isBid: boolean;
  readonly ticks: number;
  readonly lots: number;
}

/** A book filled by `makeUpdate`'s own first 2,000 levels, then the seeded updates over and over. */
function updating(makeUpdate: () => (update: Update) => number): Case {
  return {
    loop: () => {
      const random = createRandom(1);
      const updates = Array.from({ length: UPDATES }, (): Update => {
        const isBid = random.next() < 0.5;
        // Changes crowd near the touch, as in recorded streams.
        const depth = 1 + Math.floor(Math.min(random.exponential(40), LEVELS));
        const lots = random.next() < 0.26 ? 0 : random.integer(1, 5000);
        return { isBid, ticks: isBid ? MID - depth : MID + depth, lots };
      });
      const update = makeUpdate();
      for (let depth = 1; depth <= LEVELS; depth++) {
        update({ isBid: true, ticks: MID - depth, lots: 1 });
        update({ isBid: false, ticks: MID + depth, lots: 1 });
      }
      const out = new Float64Array(1);
      let next = 0;
      return (n) => {
        for (let i = 0; i < n; i++) {
          next = (next + 1) % UPDATES;
          out[0] = update(updates[next] as Update);
        }
        return out;
      };
    },
  };
}

/** Both sides by tick, 2,048 of them, with a bit for each and the best. */
function bareLadder(): (update: Update) => number {
  const base = MID - 1_024;
  const sides = [0, 1].map(() => ({ lots: new Float64Array(2_048), bits: new Int32Array(64), best: -1 }));
  return ({ isBid, ticks, lots }) => {
    const side = sides[isBid ? 0 : 1] as (typeof sides)[number];
    const index = isBid ? ticks - base : base + 2_047 - ticks; // the best is the greatest on either side
    side.lots[index] = lots;
    if (lots !== 0) {
      side.bits[index >>> 5]! |= 1 << index;
      if (index > side.best) side.best = index;
    } else {
      side.bits[index >>> 5]! &= ~(1 << index);
      if (index === side.best) {
        let word = index >>> 5;
        let found = (side.bits[word] as number) & ((1 << index) - 1);
        while (found === 0 && word > 0) found = side.bits[--word] as number;
        side.best = found === 0 ? -1 : (word << 5) + 31 - Math.clz32(found);
      }
    }
    return isBid ? base + side.best : base + 2_047 - side.best;
  };
}

const suite: Suite = {
  name: "order book beside ccxt.pro",
  comparisons: [
    {
      name: "one level updated, then the best read",
      unit: "ns/op",
      ours: updating(() => {
        const book = new OrderBook();
        return ({ isBid, ticks, lots }) => {
          book.set(isBid ? "bid" : "ask", ticks, lots);
          return (isBid ? book.bestBidTicks : book.bestAskTicks) ?? 0;
        };
      }),
      peers: {
        "ccxt.pro OrderBook": {
          case: updating(() => {
            const book = new ccxt.pro.binance().orderBook({}, LEVELS * 2);
            return ({ isBid, ticks, lots }) => {
              const side = isBid ? book.bids : book.asks;
              side.store(ticks, lots);
              return side[0][0];
            };
          }),
        },
        "bare tick ladder (floor)": { case: updating(bareLadder), aim: 1.5 },
        "Map, no order (floor)": {
          case: updating(() => {
            const levels = new Map<number, number>();
            return ({ ticks, lots }) => {
              if (lots === 0) levels.delete(ticks);
              else levels.set(ticks, lots);
              return ticks;
            };
          }),
          aim: null,
        },
      },
    },
  ],
};

export default suite;
