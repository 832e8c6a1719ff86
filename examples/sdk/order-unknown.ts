// The venue takes an order and its answer is lost. The order is not sent again: the venue is asked about it.
import { setTimeout as sleep } from "node:timers/promises";
import { createPaper } from "@pitlane/paper";
import { OrderNotFoundError, OutcomeUnknownError, RequestError } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";

const RECV_WINDOW_MS = 500; // how long after its timestamp the venue may still act on a request
const paper = await createPaper({ seed: 7 });
const binance = createBinance({
  urls: paper.urls,
  credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
  recvWindowMs: RECV_WINDOW_MS,
});
const instrument = await binance.market.getInstrument("AAA/USDT");
const { bidTicks } = await binance.market.getTopOfBook(instrument);

/** Sends an order once, and says what became of it. */
async function place(clientOrderId: string): Promise<string> {
  const order = {
    instrument,
    clientOrderId,
    side: "buy",
    type: "postOnly",
    priceTicks: bidTicks - 500,
    sizeLots: 400,
  } as const;
  try {
    return (await binance.orders.submit(order)).status;
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return find(order);
    // `unsent` and `refused` are certain: there is no order.
    if (error instanceof RequestError) return `no order: ${error.outcome}, ${error.code}`;
    throw error;
  }
}

/** Asks about an order in doubt. That the venue does not know it proves nothing before its receive window has passed. */
async function find(order: {
  readonly instrument: typeof instrument;
  readonly clientOrderId: string;
}): Promise<string> {
  for (let asked = 0; ; asked++) {
    try {
      return `unknown, then found: ${(await binance.orders.get(order)).status}`;
    } catch (error) {
      if (!(error instanceof OrderNotFoundError)) throw error;
      if (asked === 1) return "unknown, then certain: no order";
    }
    await sleep(2 * RECV_WINDOW_MS); // with room for a clock that is off
  }
}

console.log(await place("a-1"));

paper.faults.add({ kind: "responseLost", route: "POST /api/v3/order", count: 1 }); // taken, and never answered
console.log(await place("a-2"));

paper.faults.add({ kind: "resetBefore", route: "POST /api/v3/order", count: 1 }); // not taken, and never answered
console.log(await place("a-3"));

paper.faults.add({ kind: "error", status: 400, code: -2010, msg: "Account has insufficient balance", count: 1 });
console.log(await place("a-4"));

console.log(
  "the venue's ledger:",
  paper
    .acceptedOrders()
    .map(({ clientOrderId }) => clientOrderId)
    .join(", "),
);
await binance.close();
await paper.close();
