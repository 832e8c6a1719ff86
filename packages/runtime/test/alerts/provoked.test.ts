import { setTimeout } from "node:timers/promises";
import type { LimitOrderRequest } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";
import { expect, test, vi } from "vitest";
import { defineStrategy } from "../../src/index.ts";
import { churn, openAlerted, SOON } from "./alerted-session.ts";

// Each built-in alert that an exchange can cause, caused by a fault of one, and over after it. The durations are shortened where they are
// minutes (their own lengths are those of alert-desk.test.ts), and latencies' thresholds are above what a busy machine shows by itself.

const LONG = { timeout: 150_000 };

test.concurrent(
  "late answers: order-latency-p99, order-latency-mean, transaction-p95",
  LONG,
  async ({ onTestFinished }) => {
    const { paper, raised, over } = await openAlerted({
      onTestFinished,
      plugin: churn(),
      paper: { faults: [{ kind: "delay", ms: 900, route: "POST /api/v3/order" }] },
      config: {
        alerts: {
          rules: {
            "order-latency-p99": { warning: { threshold: 0.3 } },
            "order-latency-mean": { warning: { threshold: 0.3 } },
            "transaction-p95": { warning: { threshold: 0.3, forMs: 1000 } },
          },
        },
      },
    });
    await raised("order-latency-p99", "critical");
    await raised("order-latency-mean");
    await raised("transaction-p95");
    for (const fault of paper.faults.list()) fault.remove();
    await over("order-latency-p99", "order-latency-mean", "transaction-p95");
  },
);

test.concurrent("orders that the venue refuses: order-errors", LONG, async ({ onTestFinished }) => {
  const { paper, raised, over } = await openAlerted({
    onTestFinished,
    plugin: churn(),
    config: { alerts: { rules: { "order-errors": { critical: { forMs: 1000 } } } } },
  });
  const fault = paper.faults.add({ kind: "error", status: 400, code: -2010, route: "POST /api/v3/order" });
  await raised("order-errors", "critical");
  fault.remove();
  await over("order-errors");
});

test.concurrent("a region that is down: connection-failures", LONG, async ({ onTestFinished }) => {
  const { paper, raised, over } = await openAlerted({ onTestFinished, plugin: churn() });
  const fault = paper.faults.add({ kind: "regionDown" });
  await raised("connection-failures");
  fault.remove();
  await over("connection-failures");
});

test.concurrent("a clock that is wrong: clock-offset", LONG, async ({ onTestFinished }) => {
  const { paper, raised, over } = await openAlerted({ onTestFinished, plugin: churn() });
  const fault = paper.faults.add({ kind: "clockSkew", ms: 7000 });
  await raised("clock-offset", "critical");
  fault.remove();
  await over("clock-offset");
});

test.concurrent("streams that fall silent: event-rate", LONG, async ({ onTestFinished }) => {
  const { paper, raised, over, samples } = await openAlerted({
    onTestFinished,
    config: { alerts: { rules: { "event-rate": { warning: { threshold: 1, forMs: 1000, clearAt: 2 } } } } },
  });
  await vi.waitFor(() => expect(samples.latest?.events.nowPerSecond).toBeGreaterThan(2), SOON);
  const fault = paper.faults.add({ kind: "silent", pings: true });
  await raised("event-rate");
  fault.remove();
  await over("event-rate");
});

test.concurrent("orders that are performed late: order-queue", LONG, async ({ onTestFinished }) => {
  const ladder = defineStrategy({
    name: "ladder",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      let isPlaced = false;
      ctx.on("quote", { instrument }, ({ bidTicks }) => {
        if (isPlaced) return;
        isPlaced = true;
        for (let i = 0; i < 16; i++)
          ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: bidTicks - 500 - i, sizeLots: 100 });
      });
    },
  });
  const { paper, raised, over } = await openAlerted({
    onTestFinished,
    plugin: ladder,
    paper: { faults: [{ kind: "delay", ms: 3000, on: "request", route: "POST /api/v3/order" }] },
    config: { execution: { queue: 20, batch: 1, concurrency: 1, queueTimeoutMs: 60_000 } },
  });
  await raised("order-queue");
  for (const fault of paper.faults.list()) fault.remove();
  await over("order-queue");
});

test.concurrent("a request budget that is used up: limiter-used", LONG, async ({ onTestFinished }) => {
  const { client, runtime, paper, over } = await openAlerted({ onTestFinished });
  // Another program of the same address uses 5,400 of a minute's 6,000, again where a minute ends in between; the session hears of it with its
  // next answer.
  const use = async () => {
    for (let used = 0; used < 5400; ) {
      const answer = await fetch(`${paper.urls.rest}/api/v3/depth?symbol=AAAUSDT&limit=5000`); // 250
      await answer.arrayBuffer();
      used = Number(answer.headers.get("x-mbx-used-weight-1m"));
      expect(used).toBeGreaterThan(0);
    }
    await client.market.getServerTimeUs();
  };
  const isRaised = () => runtime.observed.alerts.active.some(({ rule }) => rule === "limiter-used");
  const usedAt = () => Math.floor(Date.now() / 60_000);
  for (let minute = -1; !isRaised(); await setTimeout(50)) {
    if (usedAt() === minute) continue;
    minute = usedAt();
    await use();
  }
  await over("limiter-used");
});

test.concurrent("a market that falls: drawdown, until it has recovered", LONG, async ({ onTestFinished }) => {
  const holder = defineStrategy({
    name: "holder",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.every(50, () => {
        if (ctx.positionLots(instrument) > 0 || ctx.openOrders(instrument).length > 0) return;
        ctx.submit({ instrument, side: "buy", type: "market", sizeLots: 10_000 });
      });
    },
  });
  const { paper, runtime, raised, over } = await openAlerted({
    onTestFinished,
    plugin: holder,
    paper: { market: false, accounts: [{ name: "demo" }, { name: "maker" }] },
    config: { risk: { maxOrderNotional: "5000", maxDrawdown: "200", maxDataAgeMs: 0 } },
  });
  const { apiKey, apiSecret } = paper.accounts[1]!;
  const maker = createBinance({ venue: "paper", urls: paper.urls, credentials: { apiKey, apiSecret } });
  onTestFinished(() => maker.close());
  const instrument = runtime.instruments[0]!;
  let orders = 0;
  const resting = (side: "buy" | "sell", priceTicks: number): LimitOrderRequest => ({
    instrument,
    clientOrderId: `maker-${++orders}`,
    side,
    type: "limit",
    timeInForce: "GTC",
    priceTicks,
    sizeLots: 20_000,
  });
  /** Ticks are cents. */
  const quote = async (mid: number) => {
    await maker.orders.cancelAll(instrument).catch(() => {}); // there may be none yet
    await maker.orders.submit(resting("buy", mid - 5));
    await maker.orders.submit(resting("sell", mid + 5));
  };
  await quote(10_000);
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(0), SOON);
  await quote(8_800); // 10 AAA: 120 of 200 USDT
  await raised("drawdown");
  await quote(8_300); // 170 of 200
  await raised("drawdown", "critical");
  await quote(10_000);
  await over("drawdown");
});
