// Every level of every depth diff calls `set` once, so a regression here slows the whole market data path. Peers: a bare tick
// ladder, which knows its few prices beforehand and holds nothing else, and sorted arrays with the best last, the plain way to
// hold any price. Inside the window ours should cost about the former, outside about the latter.
import { createRandom } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { Levels, OrderBook } from "../src/index.ts";

const UPDATES = 1 << 18; // more than a branch predictor learns by heart
const LEVELS = 1_000;
const MID = 6_000_000;

/** One side of a book, however it is kept. */
interface Side {
  set(ticks: number, lots: number): void;
  best(): number;
  /** Sum of the best 20 prices. */
  top20(): number;
}

function ours(): Side {
  const book = new OrderBook();
  return {
    set: (ticks, lots) => book.set("bid", ticks, lots),
    best: () => book.bestBidTicks,
    top20: () => {
      let sum = 0;
      for (let depth = 0; depth < 20; depth++) sum += book.bidTicksAt(depth);
      return sum;
    },
  };
}

/** Keys in order and their sizes beside them: found by binary search, and everything behind a change is moved. */
class PlainLevels {
  #keys = new Float64Array(8_192);
  #lots = new Float64Array(8_192);
  count = 0;

  keyAt(index: number): number {
    return this.#keys[index] as number;
  }

  set(key: number, lots: number): void {
    const keys = this.#keys;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    const isThere = low < this.count && keys[low] === key;
    if (lots !== 0) {
      if (!isThere) this.#move(low, low + 1);
      keys[low] = key;
      this.#lots[low] = lots;
    } else if (isThere) this.#move(low + 1, low);
  }

  clear(): void {
    this.count = 0;
  }

  /** Everything from `from` on now begins at `to`, one further or one before. */
  #move(from: number, to: number): void {
    const keys = this.#keys;
    const lots = this.#lots;
    const { count } = this;
    this.count += to - from;
    if (count - from > 32) {
      keys.copyWithin(to, from, count);
      lots.copyWithin(to, from, count);
      return;
    }
    // A call of copyWithin costs more than moving so few.
    if (to > from) {
      for (let i = count; i > from; i--) {
        keys[i] = keys[i - 1] as number;
        lots[i] = lots[i - 1] as number;
      }
    } else {
      for (let i = from; i < count; i++) {
        keys[i - 1] = keys[i] as number;
        lots[i - 1] = lots[i] as number;
      }
    }
  }
}

function sortedArrays(): Side {
  const levels = new PlainLevels();
  return {
    set: (ticks, lots) => levels.set(ticks, lots),
    best: () => levels.keyAt(levels.count - 1),
    top20: () => {
      let sum = 0;
      for (let i = 1; i <= 20; i++) sum += levels.keyAt(levels.count - i);
      return sum;
    },
  };
}

/** Sizes by tick, a bit for each, and the best: 8,192 ticks below a price that it is given. */
function bareLadder(): Side {
  const base = MID - 8_192;
  const all = new Float64Array(8_192);
  const bits = new Int32Array(256);
  let best = -1;
  const below = (index: number): number => {
    let word = index >>> 5;
    let found = (bits[word] as number) & ((1 << index) - 1);
    while (found === 0 && word > 0) found = bits[--word] as number;
    return found === 0 ? -1 : (word << 5) + 31 - Math.clz32(found);
  };
  return {
    set: (ticks, lots) => {
      const index = ticks - base;
      all[index] = lots;
      if (lots !== 0) {
        bits[index >>> 5]! |= 1 << index;
        if (index > best) best = index;
      } else {
        bits[index >>> 5]! &= ~(1 << index);
        if (index === best) best = below(index);
      }
    },
    best: () => base + best,
    top20: () => {
      let sum = 0;
      for (let i = 0, index = best; i < 20; i++, index = below(index)) sum += base + index;
      return sum;
    },
  };
}

type Use = (side: Side, ticks: number, lots: number) => number;

/** Updates near the touch (26 % removals), or far below the window of a book whose touch stays where it is. */
function updating(make: () => Side, where: "near" | "far", use: Use): Case {
  return {
    loop: () => {
      const random = createRandom(1);
      const ticks = new Float64Array(UPDATES);
      const lots = new Float64Array(UPDATES);
      const side = make();
      for (let i = 0; i < LEVELS; i++) side.set(MID - 2 - i, 1);
      const from = where === "near" ? MID - 1 : MID - 100_000;
      if (where === "far") for (let i = 0; i < LEVELS; i++) side.set(from - i, 1);
      for (let i = 0; i < UPDATES; i++) {
        ticks[i] = from - Math.floor(Math.min(random.exponential(200), LEVELS));
        lots[i] = random.next() < 0.26 ? 0 : random.integer(1, 5_000);
      }
      const out = new Float64Array(1); // a double that is returned would be boxed
      let next = 0;
      return (n) => {
        for (let i = 0; i < n; i++) {
          next = (next + 1) & (UPDATES - 1);
          out[0] = use(side, ticks[next] as number, lots[next] as number);
        }
        return out;
      };
    },
  };
}

const apply: Use = (side, ticks, lots) => {
  side.set(ticks, lots);
  return lots;
};
const applyAndBest: Use = (side, ticks, lots) => {
  side.set(ticks, lots);
  return side.best();
};
const applyAndTop20: Use = (side, ticks, lots) => {
  side.set(ticks, lots);
  return side.top20();
};

const snapshotLevels = 5_000;
function snapshot(): Levels {
  const levels = new Levels(snapshotLevels);
  for (let i = 0; i < snapshotLevels; i++) levels.push(MID - 2 * i, 1_000 + i);
  return levels;
}

const load: Case = {
  loop: () => {
    const book = new OrderBook();
    const levels = snapshot();
    return (n) => {
      for (let i = 0; i < n; i++) book.load("bid", levels);
      return book;
    };
  },
};

const loadSorted: Case = {
  loop: () => {
    const side = new PlainLevels();
    const levels = snapshot();
    return (n) => {
      for (let i = 0; i < n; i++) {
        side.clear();
        for (let j = levels.count - 1; j >= 0; j--) side.set(levels.ticksAt(j), levels.lotsAt(j));
      }
      return side;
    };
  },
};

interface Aims {
  readonly ladder: number;
  readonly sorted: number;
}

const near = (use: Use, { ladder, sorted }: Aims) => ({
  unit: "ns/op" as const,
  rounds: 9,
  ours: updating(ours, "near", use),
  peers: {
    "bare tick ladder": { case: updating(bareLadder, "near", use), aim: ladder },
    "sorted arrays, binary search": { case: updating(sortedArrays, "near", use), aim: sorted },
  },
});

const suite: Suite = {
  name: "order book",
  comparisons: [
    { name: "set near the touch", ...near(apply, { ladder: 1.5, sorted: 0.5 }) },
    { name: "set near the touch, best read", ...near(applyAndBest, { ladder: 1.5, sorted: 0.5 }) },
    // Any depth can be asked for by its number, where the ladder walks down from the best and the arrays index.
    { name: "set near the touch, best 20 read", ...near(applyAndTop20, { ladder: 3, sorted: 2.5 }) },
    {
      name: "set outside the window",
      unit: "ns/op",
      ours: updating(ours, "far", apply),
      peers: { "sorted arrays, binary search": { case: updating(sortedArrays, "far", apply), aim: 0.75 } },
    },
    {
      name: "load a snapshot of 5,000 levels",
      unit: "ns/op",
      ours: load,
      peers: { "sorted arrays, level by level": { case: loadSorted } },
    },
  ],
};

export default suite;
