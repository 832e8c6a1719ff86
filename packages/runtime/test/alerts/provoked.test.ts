import { expect, test, vi } from "vitest";
import { defineStrategy } from "../../src/index.ts";
import { churn, openAlerted, SOON } from "./alerted-session.ts";

// Each built-in alert, caused by a fault of the exchange, and over after it; those that take a whole core are in provoked-flood.test.ts and
// provoked-memory.test.ts. The durations are shortened where they are minutes (their own lengths are those of alert-desk.test.ts), and latencies'
// thresholds are above what a busy machine shows by itself.

const LONG = { timeout: 240_000 };

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

test.concurrent("others of the address who use the request budget: limiter-used", LONG, async ({ onTestFinished }) => {
  const { paper, runtime, quiet, raised, over } = await openAlerted({
    onTestFinished,
    plugin: churn(),
    config: { orders: { reconcileEveryMs: 1000 } }, // the venue's count comes with reads: orders weigh nothing
  });
  await vi.waitFor(() => expect(runtime.status().orders).toBeGreaterThan(0), SOON);
  quiet("limiter-used");
  const fault = paper.faults.add({ kind: "weightUsed", weight: 5600 }); // of a minute's 6,000
  await raised("limiter-used");
  fault.remove();
  await over("limiter-used"); // with the minute
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
  const { paper, runtime, quiet, raised, over } = await openAlerted({
    onTestFinished,
    plugin: holder,
    config: { risk: { maxOrderNotional: "5000", maxDrawdown: "200" } },
  });
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(0), SOON);
  quiet("drawdown");
  paper.faults.add({ kind: "priceMove", by: -0.12 }); // 10 AAA at 100: 120 of 200 USDT
  await raised("drawdown");
  paper.faults.add({ kind: "priceMove", by: -0.06 }); // 173 of 200
  await raised("drawdown", "critical");
  paper.faults.clear();
  await over("drawdown");
});
