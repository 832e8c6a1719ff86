// A strategy's inbox: urgent things first, and a history of the latest trades to decide on.
import { MarketDataBuffer, PriorityLanes } from "@pitlane/perf/ring";

const STOPS = 0;
const TRADES = 1;
const inbox = new PriorityLanes<() => void>([16, 1_000]); // most urgent first

const trades = new MarketDataBuffer({ fields: ["priceTicks", "sizeLots"], capacity: 500 });
const price = trades.column("priceTicks");
const size = trades.column("sizeLots");

const startUs = 1_767_225_600_000_000;
for (let i = 0; i < 800; i++) {
  inbox.tryPush(TRADES, () => trades.push(startUs + i * 1_000, 10_000 + (i % 20), 1 + (i % 3)));
}
inbox.tryPush(STOPS, () => console.log("stop handled first, with", inbox.size, "trades waiting"));

for (let work = inbox.shift(); work !== undefined; work = inbox.shift()) work();

console.log(trades.size, "trades kept,", trades.evicted, "have made room; the latest at", price.at(-1), "ticks");

let lots = 0;
let notionalTicks = 0;
for (let row = trades.indexSince(startUs + 750_000); row < trades.size; row++) {
  lots += size.at(row) ?? 0;
  notionalTicks += (price.at(row) ?? 0) * (size.at(row) ?? 0);
}
console.log("average price of the last 50 ms:", (notionalTicks / lots).toFixed(2), "ticks");
