// An entry with its target and its stop: when the entry has filled, one of the two closes the position and cancels the other.
import { createPaper } from "@pitlane/paper";
import { createBinance } from "@pitlane/sdk/binance";

const paper = await createPaper({ seed: 7 });
const binance = createBinance({
  urls: paper.urls,
  credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
});
const instrument = await binance.market.getInstrument("AAA/USDT");
const { askTicks } = await binance.market.getTopOfBook(instrument);
const onTick = (ticks: number) => Math.round(ticks / instrument.tickIncrement) * instrument.tickIncrement;

const user = binance.stream.user({
  instruments: [instrument],
  onReport: ({ clientOrderId, status }) => console.log(`  ${clientOrderId}: ${status}`),
  onBalances: () => {},
  onOrderList: ({ clientListId, status }) => console.log(`  list ${clientListId}: ${status}`),
  onReconnected: () => {},
  onError: (error) => console.log(error.message),
});
await user.ready;

const list = await binance.orders.submitList({
  type: "otoco",
  instrument,
  clientListId: "trade-1",
  working: {
    type: "limit",
    timeInForce: "GTC",
    clientOrderId: "trade-1-entry",
    side: "buy",
    priceTicks: onTick(askTicks * 1.001), // crosses: it fills at once
    sizeLots: 200,
  },
  pendingSide: "sell",
  pendingSizeLots: 200,
  pendingAbove: { type: "postOnly", clientOrderId: "trade-1-target", priceTicks: onTick(askTicks * 1.05) },
  pendingBelow: { type: "stop", clientOrderId: "trade-1-stop", triggerTicks: onTick(askTicks * 0.95) },
});
console.log("list", list.clientListId, list.status);

const open = await binance.orders.listOpen();
console.log("open now:", open.map(({ clientOrderId }) => clientOrderId).join(", "));

const done = await binance.orders.cancelList({ instrument, clientListId: "trade-1" });
console.log("list", done.clientListId, done.status, "with", (await binance.orders.listOpen()).length, "orders open");

await binance.close();
await paper.close();
