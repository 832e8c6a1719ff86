// A region dies under load: reads and streams go on in another one, and nothing is sent twice.
import { setTimeout as sleep } from "node:timers/promises";
import { createPaper } from "@pitlane/paper";
import { OutcomeUnknownError, RequestError } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";

const paper = await createPaper({ seed: 7, regions: [{ name: "tokyo" }, { name: "frankfurt", delayMs: 20 }] });
const binance = createBinance({
  regions: paper.regions.map(({ name, urls }) => ({ name, ...urls })), // the first is preferred until measured
  credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
});
binance.events.on("endpointDown", ({ service, region, reason }) =>
  console.log(`down: ${service} in ${region}: ${reason}`),
);
binance.events.on("regionChanged", ({ service, from, to }) => console.log(`${service} moved from ${from} to ${to}`));
const instrument = await binance.market.getInstrument("AAA/USDT");

let lastEventAt = 0;
let longestQuietMs = 0;
const stream = binance.stream.market({
  instruments: [instrument],
  onEvent: (event) => {
    if (event.kind === "gap") console.log(`gap: ${event.channel}, ${event.cause}`);
    if (event.kind === "resync") console.log(`resync: ${event.channel}`);
    if (event.kind !== "quote") return;
    if (lastEventAt > 0) longestQuietMs = Math.max(longestQuietMs, performance.now() - lastEventAt);
    lastEventAt = performance.now();
  },
  onError: () => {}, // losses, which the events above tell as well
});
await stream.ready;
const { bidTicks } = await binance.market.getTopOfBook(instrument);

const ends = new Map<string, number>();
const count = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);
let longestReadMs = 0;
const until = performance.now() + 2_500;
const down = sleep(500).then(() => paper.faults.add({ kind: "regionDown", region: "tokyo" }));
for (let id = 0; performance.now() < until; id++) {
  const order = {
    instrument,
    clientOrderId: `f-${id}`,
    side: "buy",
    type: "postOnly",
    priceTicks: bidTicks - 500,
    sizeLots: 200,
  } as const;
  await binance.orders.submit(order).then(
    () => count("accepted"),
    async (error) => {
      if (!(error instanceof RequestError)) throw error;
      count(error.outcome);
      if (error instanceof OutcomeUnknownError)
        await binance.orders.get(order).then(
          () => count("found"),
          () => count("not there"),
        );
    },
  );
  const startedAt = performance.now();
  await binance.market.getTopOfBook(instrument);
  longestReadMs = Math.max(longestReadMs, performance.now() - startedAt);
}
await down;

const ids = paper.acceptedOrders().map(({ clientOrderId }) => clientOrderId);
console.log(
  "orders:",
  Object.fromEntries(ends),
  "- in the ledger:",
  ids.length,
  "- twice:",
  ids.length - new Set(ids).size,
);
console.log(
  "longest read, longest time without a quote:",
  Math.ceil(longestReadMs),
  "ms,",
  Math.ceil(longestQuietMs),
  "ms",
);
await binance.close();
await paper.close();
