// mitata. Every level of every depth diff calls `set` once, so a regression here slows the whole market data path. Changes near the
// top are what live books mostly do; one at the far end moves all 5,000 levels and is the worst case. The floor is the binary
// search's input alone: reading the price to set.
import { bench, run, summary } from "mitata";
import { Levels, OrderBook } from "../src/index.ts";

const LEVELS = 5_000;
const TOP = 6_000_000;

const snapshot = new Levels(LEVELS);
for (let i = 0; i < LEVELS; i++) snapshot.push(TOP - 2 * i, 1_000 + i);

const book = new OrderBook();
book.load("bid", snapshot);
const loaded = new OrderBook();

// Prices to visit, so that no branch is always the same: 1,024 of the best 50 levels.
const near = new Float64Array(1_024);
for (let i = 0; i < near.length; i++) near[i] = TOP - 2 * ((i * 37) % 50);
let at = 0;

// Where results go: handing a double to do_not_optimize boxes it, which costs more than what is measured here.
const out = new Float64Array(1);

summary(() => {
  bench("read a price (floor)", () => {
    out[0] = near[at++ & 1_023] as number;
  });
  bench("set, size of a level near the top", () => book.set("bid", near[at & 1_023] as number, 1 + (at++ & 7)));
  bench("set, new level near the top and its removal", () => {
    const ticks = (near[at++ & 1_023] as number) + 1;
    book.set("bid", ticks, 5);
    book.set("bid", ticks, 0);
  });
  bench("set, new level at the far end of 5,000 and its removal", () => {
    book.set("bid", 1, 5);
    book.set("bid", 1, 0);
  });
  bench("best bid and its size", () => {
    out[0] = book.bestBidTicks + book.bestBidLots;
  });
  bench("load a snapshot of 5,000 levels", () => loaded.load("bid", snapshot));
});

await run();
