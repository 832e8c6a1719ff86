// The trades of the last minutes, for a price average that is exact: prices in ticks, volumes in lots, times in microseconds.
import { PackedTrades } from "@pitlane/perf/simd";

const TICKS_PER_UNIT = 100; // prices with two decimals

const trades = new PackedTrades({ maxRows: 100_000 });
const startUs = 1_767_225_600_000_000;
for (let i = 0; i < 150_000; i++) {
  const priceTicks = 5_000_000 + ((i * 31) % 400);
  trades.push(startUs + i * 1000, priceTicks, 1 + (i % 50), i % 3 === 0 ? "buy" : "sell");
}
console.log("held:", trades.size, "dropped:", trades.dropped, "bytes:", trades.bytes);

const toUs = startUs + 150_000 * 1000;
const minute = trades.vwap(toUs - 60_000_000, toUs);
console.log(
  "VWAP of the last minute:",
  (minute.vwapTicks / TICKS_PER_UNIT).toFixed(4),
  "over",
  minute.trades,
  "trades",
);
console.log("exactly:", `${minute.notionalTickLots} / ${minute.volumeLots} ticks`);

let boughtLots = 0;
trades.forEach(toUs - 60_000_000, toUs, (_timestampUs, _priceTicks, volumeLots, side) => {
  if (side === "buy") boughtLots += volumeLots;
});
console.log("bought:", boughtLots, "of", minute.volumeLots, "lots");
