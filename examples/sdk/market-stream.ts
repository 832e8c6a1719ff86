// Books, quotes and trades in one loop, and what it says when the connection breaks.
import { createPaper } from "@pitlane/paper";
import { formatScaled } from "@pitlane/sdk";
import { createBinanceMarket, forAwait, tradeBackfill } from "@pitlane/sdk/binance/market";

const paper = await createPaper({ seed: 7 });
const binance = createBinanceMarket({ urls: paper.urls, parts: [forAwait, tradeBackfill] });
const instrument = await binance.market.getInstrument("AAA/USDT");
const price = (ticks: number) => formatScaled(ticks, instrument.priceDecimals);
const size = (lots: number) => formatScaled(lots, instrument.sizeDecimals);

const stream = binance.stream.market({
  instruments: [instrument],
  onError: (error) => console.log("told:", error.message), // the stream goes on by itself
});

let trades = 0;
let whole = 0;
for await (const event of stream) {
  if (event.kind === "trade") {
    trades += 1;
    if (trades <= 3)
      console.log(`trade ${event.tradeId}: ${event.aggressor} ${size(event.sizeLots)} at ${price(event.priceTicks)}`);
    if (trades === 20) paper.faults.add({ kind: "close" }); // the venue ends every socket
  }
  if (event.kind === "gap") console.log(`gap: ${event.channel}, ${event.cause}`);
  if (event.kind === "resync") {
    console.log(`resync: ${event.channel}, ${event.backfilled} backfilled, ${event.missing ?? "?"} missing`);
    if (trades >= 20) whole += 1;
  }
  if (whole === 3) break; // book, quotes and trades are whole again; leaving the loop closes the stream
}

const { bookUpdates, quotes, gaps, resyncs } = stream.counters(instrument);
console.log({ bookUpdates, quotes, trades, gaps, resyncs });
await binance.close();
await paper.close();
