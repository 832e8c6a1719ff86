import { createPaper } from "@pitlane/paper";
import { afterEach, expect, test } from "vitest";
import { BudgetExhaustedError } from "../../../src/index.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

const ORDERS = 20;
const WEIGHT = 1_000; // a minute, for us and for the exchange
const SNAPSHOT_LEVELS = 5_000; // weighs 250

test.each(["rest", "webSocket"] as const)(
  "reads that have used up their share, and those that wait for more, hold up no cancel by %s, and the exchange refuses none",
  async (orderTransport) => {
    const limits = { requestWeightPerMinute: WEIGHT };
    const paper = await createPaper({ seed: 5, market: false, limits });
    closers.push(() => paper.close());
    const client = createBinance({ urls: paper.urls, credentials: paper, requestWeight: WEIGHT, orderTransport });
    closers.push(() => client.close());
    let refusals = 0;
    client.events.on("rateLimited", () => refusals++);
    const [instrument] = await client.market.listInstruments();
    const terms = { instrument: instrument!, side: "buy", type: "limit", timeInForce: "GTC" } as const;
    const sizeLots = instrument!.minLots * 1_000;
    const ids = Array.from({ length: ORDERS }, (_, i) => `order-${i}`);
    await Promise.all(
      ids.map((clientOrderId, i) => client.orders.submit({ ...terms, clientOrderId, sizeLots, priceTicks: 5_000 + i })),
    );
    const stop = new AbortController();
    const reads = Array.from({ length: 4 }, () =>
      client.market.getBook(instrument!, { limit: SNAPSHOT_LEVELS, signal: stop.signal, timeoutMs: 600_000 }).then(
        () => "read",
        () => "waited",
      ),
    );
    expect(await Promise.race(reads)).toBe("read");
    await expect(client.market.getBook(instrument!, { limit: SNAPSHOT_LEVELS, timeoutMs: 100 })).rejects.toThrow(
      BudgetExhaustedError,
    );
    const cancelled = await Promise.all(
      ids.map((clientOrderId) => client.orders.cancel({ instrument: instrument!, clientOrderId })),
    );
    expect(cancelled.map(({ status }) => status)).toEqual(ids.map(() => "cancelled"));
    stop.abort();
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["read", "waited"]));
    expect(refusals).toBe(0);
  },
);
