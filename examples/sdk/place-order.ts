// An order from the book to its fills: rest, make smaller, cancel; then one that trades, seen on the account's own stream.
import { randomUUID } from "node:crypto";
import { createPaper } from "@pitlane/paper";
import { formatScaled, formatUnits } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";

const paper = await createPaper({ seed: 7 });
const binance = createBinance({
  urls: paper.urls,
  credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
});
const instrument = await binance.market.getInstrument("AAA/USDT");

const user = binance.stream.user({
  instruments: [instrument],
  onReport: ({ clientOrderId, status, fills }) => {
    console.log(`  stream: ${clientOrderId.slice(0, 8)} ${status}`);
    for (const { sizeLots, priceTicks } of fills) {
      const price = formatScaled(priceTicks, instrument.priceDecimals);
      console.log(`  stream: filled ${formatScaled(sizeLots, instrument.sizeDecimals)} at ${price}`);
    }
  },
  onBalances: () => {},
  onReconnected: () => console.log("  stream: ask what was missed"),
  onError: (error) => console.log("  stream:", error.message),
});
await user.ready;

// Prices are whole ticks and sizes whole lots: what no float decides, no float can spoil.
const { bidTicks, askTicks } = await binance.market.getTopOfBook(instrument);
const resting = {
  instrument,
  clientOrderId: randomUUID(), // made before sending: the key to ask about
  side: "buy",
  type: "postOnly",
  priceTicks: Math.floor(bidTicks * 0.9),
  sizeLots: 400,
} as const;
console.log("rests:", (await binance.orders.submit(resting)).status);
const smaller = await binance.orders.amend({ ...resting, sizeLots: 300 });
console.log("smaller:", formatScaled(smaller.sizeLots, instrument.sizeDecimals), instrument.base);
console.log("cancelled:", (await binance.orders.cancel(resting)).status);

const taking = await binance.orders.submit({
  instrument,
  clientOrderId: randomUUID(),
  side: "buy",
  type: "limit",
  timeInForce: "IOC",
  priceTicks: askTicks + 50,
  sizeLots: 100,
});
console.log("took:", taking.status, taking.filledLots, "lots");
const balances = await binance.account.getBalances();
console.log("left:", formatUnits(balances.get(instrument.quote)?.free ?? 0n), instrument.quote);

await binance.close();
await paper.close();
