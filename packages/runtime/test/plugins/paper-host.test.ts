import type { Instrument } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { lotsWorth } from "../../src/engines/sizing.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { createTestHost, type PaperMarket } from "../../src/testing.ts";

const market: PaperMarket = { model: "mean-reversion" };

/** Takes and makes, cancels by timer, and draws from its randomness: whatever could come out otherwise in a second run. */
const busy = definePlugin({
  name: "busy",
  setup(ctx) {
    const [instrument] = ctx.instruments;
    if (instrument === undefined) throw new Error("nothing is listed");
    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      if (ctx.random.next() > 0.05 || ctx.openOrders(instrument).length >= 3) return;
      const sizeLots = lotsWorth(instrument, askTicks, 3n * instrument.minNotional);
      const side = ctx.random.next() < 0.5 ? "buy" : "sell";
      if (ctx.random.next() < 0.5) {
        const priceTicks = side === "buy" ? askTicks : bidTicks;
        ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
      } else
        ctx.submit({ instrument, side, type: "postOnly", priceTicks: side === "buy" ? bidTicks : askTicks, sizeLots });
    });
    ctx.on("fill", ({ fill }) => ctx.log(`${fill.side} ${fill.sizeLots} at ${fill.priceTicks}, ${ctx.nowUs()}`));
    ctx.every(700, () => {
      for (const order of ctx.openOrders()) ctx.cancel(order);
    });
  },
});

async function trade(seed: number, seconds: number) {
  const host = await createTestHost({ plugin: busy, seed, market });
  await host.run({ seconds });
  const { decisions, logged, faults, instruments } = host;
  const accepted = host.accepted().map(({ clientOrderId }) => clientOrderId);
  const position = host.positionLots(instruments[0]!);
  await host.close();
  return { decisions: [...decisions], logged: [...logged], faults: [...faults], accepted, position };
}

test("a strategy trades on the paper exchange, and what it holds is what its fills say", {
  timeout: 60_000,
}, async () => {
  const { decisions, logged, faults, accepted, position } = await trade(7, 20);
  expect(faults).toEqual([]);
  const approved = decisions.filter(({ kind, body }) => kind === "intent" && JSON.parse(body).approved);
  expect(approved.length).toBeGreaterThan(10);
  expect(decisions.some(({ kind }) => kind === "cancel")).toBe(true);
  // What the exchange refused (a post-only that would have taken) it did not accept; nothing is there twice.
  expect(new Set(accepted).size).toBe(accepted.length);
  const wanted = new Set(approved.map(({ body }) => JSON.parse(body).clientOrderId));
  expect(accepted.every((id) => wanted.has(id))).toBe(true);
  const filled = logged.reduce((sum, line) => {
    const [, side, lots] = /^(buy|sell) (\d+)/.exec(line)!;
    return sum + (side === "buy" ? Number(lots) : -Number(lots));
  }, 0);
  expect(logged.length).toBeGreaterThan(5);
  expect(position).toBe(filled);
});

test("the same seed makes the same decisions, another seed others", { timeout: 120_000 }, async () => {
  const first = await trade(11, 10);
  const again = await trade(11, 10);
  expect(again).toEqual(first);
  const other = await trade(12, 10);
  expect(other.decisions).not.toEqual(first.decisions);
});

test("a plugin that does not start leaves nothing running", async () => {
  const broken = definePlugin({
    name: "broken",
    setup() {
      throw new Error("typo");
    },
  });
  await expect(createTestHost({ plugin: broken, market })).rejects.toThrow("strategy broken failed in setup: typo");
});

test("a plugin that cancels again whatever it hears of a cancel sends one", async () => {
  const stubborn = definePlugin({
    name: "stubborn",
    setup(ctx) {
      const [instrument] = ctx.instruments as [Instrument];
      let isDone = false;
      ctx.on("quote", { instrument }, ({ bidTicks }) => {
        if (isDone) return;
        isDone = true;
        const priceTicks = Math.floor((bidTicks * 0.9) / instrument.tickIncrement) * instrument.tickIncrement;
        const sizeLots = lotsWorth(instrument, priceTicks, 3n * instrument.minNotional);
        ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots });
      });
      ctx.on("order", ({ order }) => {
        ctx.log(order.state);
        if (order.isOpen) ctx.cancel(order);
      });
    },
  });
  const host = await createTestHost({ plugin: stubborn, market });
  try {
    await host.run({ seconds: 2 });
    expect(host.logged).toEqual(["accepted", "cancelled"]);
    expect(host.decisions.filter(({ kind }) => kind === "cancel")).toHaveLength(1);
    expect(host.faults).toEqual([]);
  } finally {
    await host.close();
  }
});
