// Several orders at once, over one socket: an outcome for each, in their order. One that fails costs itself alone.
import { createPaper } from "@pitlane/paper";
import { RequestError } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";

const paper = await createPaper({ seed: 7 });
const binance = createBinance({
  urls: paper.urls,
  credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
  orderTransport: "webSocket", // all of them leave in one write
  batching: { maxAgeMs: 2, maxSize: 50 },
});
const instrument = await binance.market.getInstrument("AAA/USDT");
const { bidTicks } = await binance.market.getTopOfBook(instrument);
const order = (index: number) =>
  ({
    instrument,
    clientOrderId: `ladder-${index}`,
    side: "buy",
    type: "postOnly",
    priceTicks: bidTicks - 100 * (index + 1),
    sizeLots: index === 2 ? instrument.maxLots - (instrument.maxLots % instrument.lotIncrement) : 400, // more than we can pay
  }) as const;

const outcomes = await binance.orders.submitMany([0, 1, 2, 3].map(order));
for (const [index, outcome] of outcomes.entries()) {
  if (outcome.ok) console.log(index, outcome.value.status);
  else if (outcome.error instanceof RequestError) console.log(index, outcome.error.outcome, outcome.error.message);
}

// A rule that is broken is found before anything is sent: none of them goes out.
await binance.orders
  .submitMany([order(4), { ...order(5), sizeLots: -1 }])
  .catch((error: Error) => console.log("none sent:", error.message));

// Single calls of one moment travel together, by `batching`.
await Promise.all([0, 1, 3].map((index) => binance.orders.cancel(order(index))));
console.log("open now:", (await binance.orders.listOpen()).length);

await binance.close();
await paper.close();
