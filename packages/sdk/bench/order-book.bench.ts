// Every level of every depth diff calls `set` once, so a regression here slows the whole market data path. Changes near the
// top are what live books mostly do; one at the far end moves all 5,000 levels and is the worst case. The floor is the binary
// search's input alone: reading the price to set.
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { Levels, OrderBook } from "../src/index.ts";

const LEVELS = 5_000;
const TOP = 6_000_000;

// Prices to visit, so that no branch is always the same: 1,024 of the best 50 levels.
const near = Float64Array.from({ length: 1_024 }, (_, i) => TOP - 2 * ((i * 37) % 50));

function loadedBook() {
  const snapshot = new Levels(LEVELS);
  for (let i = 0; i < LEVELS; i++) snapshot.push(TOP - 2 * i, 1_000 + i);
  const book = new OrderBook();
  book.load("bid", snapshot);
  return { book, snapshot };
}

/** `step` once for each operation; what it returns goes into a typed array, as a double that is returned would be boxed. */
function onBook(step: (book: OrderBook, i: number, snapshot: Levels) => number): Case {
  return {
    loop: () => {
      const { book, snapshot } = loadedBook();
      const out = new Float64Array(1);
      return (n) => {
        for (let i = 0; i < n; i++) out[0] = step(book, i, snapshot);
        return out;
      };
    },
  };
}

const copyColumns: Case = {
  loop: () => {
    const [from, to] = [new Float64Array(2 * LEVELS).fill(1), new Float64Array(2 * LEVELS)];
    return (n) => {
      for (let i = 0; i < n; i++) to.set(from);
      return to[LEVELS];
    };
  },
};

const floor = {
  "read a price (floor)": { case: onBook((_, i) => near[i & 1_023] as number), aim: null },
};

const suite: Suite = {
  name: "order book",
  comparisons: [
    {
      name: "set, size of a level near the top",
      unit: "ns/op",
      ours: onBook((book, i) => {
        book.set("bid", near[i & 1_023] as number, 1 + (i & 7));
        return i;
      }),
      peers: floor,
    },
    {
      name: "set, new level near the top and its removal",
      unit: "ns/op",
      ours: onBook((book, i) => {
        const ticks = (near[i & 1_023] as number) + 1;
        book.set("bid", ticks, 5);
        book.set("bid", ticks, 0);
        return i;
      }),
      peers: floor,
    },
    {
      name: "set, new level at the far end of 5,000 and its removal",
      unit: "ns/op",
      ours: onBook((book, i) => {
        book.set("bid", 1, 5);
        book.set("bid", 1, 0);
        return i;
      }),
      peers: floor,
    },
    {
      name: "best bid and its size",
      unit: "ns/op",
      ours: onBook((book) => book.bestBidTicks + book.bestBidLots),
      peers: floor,
    },
    {
      name: "load a snapshot of 5,000 levels",
      unit: "ns/op",
      ours: onBook((book, i, snapshot) => {
        book.load("bid", snapshot);
        return i;
      }),
      peers: { "copy of its two columns (floor)": { case: copyColumns, aim: null } },
    },
  ],
};

export default suite;
