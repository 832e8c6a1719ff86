import { expect, test, vi } from "vitest";
import { defineStrategy } from "../../src/index.ts";
import { openAlerted, SOON } from "./alerted-session.ts";

const BOUND = 100;
const SIZE_LOTS = 45_000;

// News of orders has no queue before it: each report is heard as it comes. What can be too much for its lane is one report that tells of
// many fills: those that were missed while the venue's stream was silent, and are asked for at the next reconciliation. The lane drops
// none of them, which is what the alert is about: it grows instead.
test("many fills that were missed, heard of at once: kept-lane-overflow", { timeout: 300_000 }, async ({
  onTestFinished,
}) => {
  const heard = new Set<string>();
  let mayBid = false;
  const bidder = defineStrategy({
    name: "bidder",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.on("fill", { instrument }, ({ fill }) => {
        heard.add(fill.tradeId);
      });
      ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
        if (!mayBid || askTicks - bidTicks < 2) return;
        mayBid = false;
        // Ahead of all others, so that it is whom the crowd sells to.
        ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: askTicks - 1, sizeLots: SIZE_LOTS });
      });
    },
  });
  const { paper, client, quiet, raised, over, samples } = await openAlerted({
    onTestFinished,
    plugin: bidder,
    config: {
      bus: { capacity: BOUND },
      orders: { reconcileEveryMs: 3000 },
      risk: { maxOrderNotional: "5000", maxPositionNotional: "5000" },
    },
  });
  const instrument = await client.market.getInstrument("AAA/USDT");
  paper.faults.add({ kind: "silent", route: "/ws-api/v3", pings: true });
  const flood = paper.faults.add({ kind: "flood", tradesPerSecond: 2000 });
  await vi.waitFor(() => expect(flood.hits).toBeGreaterThan(0), SOON);
  quiet("kept-lane-overflow");
  mayBid = true;
  await raised("kept-lane-overflow", "critical");
  paper.faults.clear();
  const fills = await client.orders.listFills(instrument);
  expect(fills.length).toBeGreaterThan(BOUND);
  await vi.waitFor(() => expect(fills.filter(({ tradeId }) => !heard.has(tradeId))).toEqual([]), SOON); // none was lost
  const { lanes } = samples.latest!;
  expect(lanes.high.overBound).toBeGreaterThan(0);
  expect(lanes.high.dropped + lanes.critical.dropped).toBe(0);
  await over("kept-lane-overflow"); // none came in the minute after
});
