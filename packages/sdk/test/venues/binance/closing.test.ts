import { createPaper } from "@pitlane/paper";
import { expect, onTestFinished, test } from "vitest";
import { CallAbortedError } from "../../../src/index.ts";
import { type BinanceUrls, createBinance } from "../../../src/venues/binance/index.ts";
import { createBinanceMarket } from "../../../src/venues/binance/market-only.ts";
import { rejectionOf } from "../../support/rejection.ts";

test("a close while the venue's clock is measured tells of no failure", async () => {
  const paper = await createPaper({ seed: 5, market: false });
  onTestFinished(() => paper.close());
  const client = createBinance({ urls: paper.urls, credentials: paper });
  const failures: unknown[] = [];
  client.events.on("failed", (event) => failures.push(event));
  const instrument = await client.market.getInstrument("AAA/USDT");
  paper.faults.add({ kind: "delay", ms: 60_000, route: "GET /api/v3/time" });
  const order = { instrument, clientOrderId: "a", side: "buy", priceTicks: 8_000, sizeLots: 1_000 } as const;
  await client.orders.submit({ ...order, type: "postOnly" });
  await client.close();
  await new Promise((resolve) => setImmediate(resolve)); // what the close has ended is told of by now
  expect(failures).toEqual([]);
});

test.each([
  ["the client", (urls: BinanceUrls) => createBinance({ urls })],
  ["the light client", (urls: BinanceUrls) => createBinanceMarket({ urls })],
])("%s gives no instrument once it is closed, also one that it knows", async (_, create) => {
  const paper = await createPaper({ seed: 5, market: false });
  onTestFinished(() => paper.close());
  const client = create(paper.urls);
  await client.market.getInstrument("AAA/USDT");
  await client.close();
  const error = await rejectionOf(client.market.getInstrument("AAA/USDT"));
  expect(error).toBeInstanceOf(CallAbortedError);
  expect(error).toMatchObject({ outcome: "unsent" });
});
