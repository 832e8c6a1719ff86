import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { checkConfig, defineStrategy, lotsWorth, openRuntime } from "pitlane";
import { onTestFinished } from "vitest";

/** Buys the smallest amount and sells it again, one order after the other. */
const churn = defineStrategy({
  name: "churn",
  setup(ctx) {
    const instrument = ctx.instruments[0]!;
    let side: "buy" | "sell" = "buy";
    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      if (ctx.openOrders(instrument).length > 0) return;
      const priceTicks = side === "buy" ? askTicks : bidTicks;
      const sizeLots = lotsWorth(instrument, bidTicks, 2n * instrument.minNotional);
      ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
      side = side === "buy" ? "sell" : "buy";
    });
  },
});

/** A session that trades on a paper exchange, over real sockets, until the test is over. */
export async function openRealSession() {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  onTestFinished(() => paper.close());
  const { apiKey, apiSecret, urls } = paper;
  const client = createBinance({ venue: "paper", urls, credentials: { apiKey, apiSecret }, clock });
  onTestFinished(() => client.close());
  const folder = await mkdtemp(join(tmpdir(), "pitlane-export-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [{ plugin: churn }],
    client,
    trading: client,
    journalPath: join(folder, "journal.db"),
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  onTestFinished(async () => void (await runtime.close("duration")));
  const { samples } = runtime.observed;
  /** Resolves when so many orders were answered and a sample has them. */
  const answered = (orders: number) =>
    new Promise<void>((resolve) => {
      const stop = samples.onSample(({ flow }) => {
        if (flow.filled + flow.expired < orders) return;
        stop();
        resolve();
      });
    });
  return { runtime, session: runtime.observed, answered };
}
