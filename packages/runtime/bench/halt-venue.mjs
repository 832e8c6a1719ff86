/** A paper exchange with the markets of `risk.bench.ts`, in a process of its own: it tells its parent where it is, and ends with it. */
import { createPaper } from "@pitlane/paper";

const MARKETS = 10;
const LIMIT = 1_000_000_000; // one that the bench ran into would be measured instead of us

const paper = await createPaper({
  seed: 1,
  instruments: Array.from({ length: MARKETS }, (_, i) => ({
    symbol: `M${i}USDT`,
    base: `M${i}`,
    quote: "USDT",
    tickSize: "0.01",
    lotSize: "0.001",
    minSize: "0.001",
    maxSize: "9000",
    minNotional: "5",
    startPrice: "100",
  })),
  limits: {
    requestWeightPerMinute: LIMIT,
    rawRequestsPer5Minutes: LIMIT,
    ordersPer10Seconds: LIMIT,
    ordersPerDay: LIMIT,
  },
});
const { urls, apiKey, apiSecret } = paper;
process.send?.({ urls, credentials: { apiKey, apiSecret } });
process.once("disconnect", () => process.exit(0));
