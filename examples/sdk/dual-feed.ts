// Two sockets with the same streams, in two regions: the first arrival counts, and the loss of one is no gap.
import { createPaper } from "@pitlane/paper";
import { createBinanceMarket, dualFeed } from "@pitlane/sdk/binance/market";

const paper = await createPaper({ seed: 7, regions: [{ name: "near" }, { name: "far", delayMs: 15, jitterMs: 10 }] });
const regions = paper.regions.map(({ name, urls }) => ({ name, ...urls }));
const binance = createBinanceMarket({ regions, parts: [dualFeed] });
const instruments = [await binance.market.getInstrument("AAA/USDT"), await binance.market.getInstrument("BBB/USDT")];

let events = 0;
let gaps = 0;
const stream = binance.stream.market({
  instruments,
  dual: true,
  onEvent: (event) => {
    if (event.kind === "gap") gaps += 1;
    else events += 1;
  },
  onError: () => {}, // the losses that are shown here
});
await stream.ready;

/** Resolves when so many events have come since. */
async function eventsMore(count: number) {
  for (const before = events; events < before + count; ) await new Promise((resolve) => setTimeout(resolve, 10));
}

await eventsMore(200);
console.log("both sockets", stream.legs());

gaps = 0;
const down = paper.faults.add({ kind: "regionDown", region: "near" });
await eventsMore(200);
console.log(`without region near: ${gaps} gaps`);
for (const { region, losses } of stream.legs()) console.log(`  a socket in ${region}, lost ${losses} times`);
down.remove();

await binance.close();
await paper.close();
