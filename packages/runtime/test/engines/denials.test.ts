import { readFileSync } from "node:fs";
import type { InstrumentSpec } from "@pitlane/paper";
import type { Instrument, QuoteEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import type { ConfigInput } from "../../src/config.ts";
import { RISK_CODES } from "../../src/engines/risk-codes.ts";
import { denialsIn } from "../../src/hooks/verdict.ts";
import type { Intent, OrderView } from "../../src/orders/order.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { createTestHost } from "../../src/testing.ts";

const terms = { base: "AAA", quote: "USDT", tickSize: "0.01", lotSize: "0.001", minSize: "0.001", maxSize: "9000" };
const AAA: InstrumentSpec = { symbol: "AAAUSDT", ...terms, minNotional: "5", startPrice: "100" };
const BBB: InstrumentSpec = { ...AAA, symbol: "BBBUSDT", base: "BBB" };

interface Market {
  readonly instrument: Instrument;
  readonly other: Instrument;
  readonly quote: QuoteEvent;
}

type Wanted = (market: Market) => readonly Intent[];

interface Case {
  /** Every code that the last intent is denied with. */
  readonly codes: readonly string[];
  readonly wants: Wanted;
  readonly risk?: ConfigInput["risk"];
  readonly balances?: Readonly<Record<string, string>>;
  readonly specs?: readonly InstrumentSpec[];
  /** Wants each intent on a quote of its own, when what came of the one before is known. */
  readonly isByTurns?: true;
}

/** A limit order of 0.1 near the market, 10 USDT. */
const limit = ({ instrument, quote }: Market, changes: Partial<Intent> = {}): Intent => ({
  instrument,
  side: "buy",
  type: "limit",
  priceTicks: quote.bidTicks,
  sizeLots: 100,
  ...changes,
});
const one: Wanted = (market) => [limit(market)];
const two: Wanted = (market) => [limit(market), limit(market)];

const CASES: Readonly<Record<string, Case>> = {
  "an instrument that takes no orders": {
    codes: ["NOT_TRADING", "NO_REFERENCE_PRICE", "STALE_DATA"],
    specs: [AAA, { ...BBB, trading: false }],
    wants: (market) => [limit(market, { instrument: market.other })],
  },
  "a size outside the venue's bounds": {
    codes: ["BAD_SIZE"],
    wants: (market) => [limit(market, { sizeLots: 0 })],
  },
  "a price that is none": { codes: ["BAD_PRICE"], wants: (market) => [limit(market, { priceTicks: 10_000.5 })] },
  "a trigger that is none": {
    codes: ["BAD_TRIGGER"],
    wants: ({ instrument }) => [{ instrument, side: "buy", type: "stop", triggerTicks: 10_000.5, sizeLots: 100 }],
  },
  "a trail that is none": {
    codes: ["BAD_TRIGGER"],
    wants: ({ instrument }) => [{ instrument, side: "sell", type: "stop", trailingBps: 0, sizeLots: 100 }],
  },
  "a stop whose trigger is worth too much": {
    codes: ["MAX_ORDER_NOTIONAL"],
    risk: { maxOrderNotional: "10.5" },
    wants: ({ instrument, quote }) => [
      { instrument, side: "buy", type: "stop", triggerTicks: Math.ceil(quote.askTicks * 1.1), sizeLots: 100 },
    ],
  },
  "a trigger far from the mid": {
    codes: ["PRICE_COLLAR"],
    risk: { maxPriceDeviationBps: 100 },
    wants: ({ instrument, quote }) => [
      { instrument, side: "sell", type: "stop", triggerTicks: Math.floor(quote.bidTicks * 0.98), sizeLots: 100 },
    ],
  },
  "a limit far from its trigger": {
    codes: ["PRICE_COLLAR"],
    risk: { maxPriceDeviationBps: 100 },
    wants: (market) => [
      limit(market, {
        type: "stopLimit",
        side: "sell",
        triggerTicks: Math.floor(market.quote.bidTicks / 1.005),
        priceTicks: Math.floor(market.quote.bidTicks * 0.98),
      }),
    ],
  },
  "a stop that would buy for more than the account has": {
    codes: ["INSUFFICIENT_BALANCE"],
    balances: { USDT: "10.5" },
    wants: ({ instrument, quote }) => [
      { instrument, side: "buy", type: "stop", triggerTicks: Math.ceil(quote.askTicks * 1.1), sizeLots: 100 },
    ],
  },
  "less than the venue's minimum": {
    codes: ["BELOW_MIN_NOTIONAL"],
    wants: (market) => [limit(market, { sizeLots: 1 })],
  },
  "an order of too many lots": {
    codes: ["MAX_ORDER_SIZE"],
    risk: { instruments: { "AAA/USDT": { maxOrderSize: "0.099" } } },
    wants: one,
  },
  "an order of too high a worth": { codes: ["MAX_ORDER_NOTIONAL"], risk: { maxOrderNotional: "5" }, wants: one },
  "a market order on a market without a quote": {
    codes: ["NOT_TRADING", "NO_REFERENCE_PRICE", "NO_REFERENCE_PRICE", "STALE_DATA", "NO_REFERENCE_PRICE"],
    specs: [AAA, { ...BBB, trading: false }],
    wants: ({ other }) => [{ instrument: other, side: "buy", type: "market", sizeLots: 100 }],
  },
  "a position of too many lots, open orders counted": {
    codes: ["MAX_POSITION"],
    risk: { instruments: { "AAA/USDT": { maxPosition: "0.199" } } },
    wants: two,
  },
  "a position of too high a worth, open orders counted": {
    codes: ["MAX_POSITION_NOTIONAL"],
    risk: { maxPositionNotional: "15" },
    wants: two,
  },
  "one more order than may be open": { codes: ["MAX_OPEN_ORDERS"], risk: { maxOpenOrders: 1 }, wants: two },
  "one more order of an instrument than may be open": {
    codes: ["MAX_OPEN_ORDERS_INSTRUMENT"],
    risk: { instruments: { "AAA/USDT": { maxOpenOrders: 1 } } },
    wants: two,
  },
  "one more order than fit into a second": { codes: ["MAX_ORDER_RATE"], risk: { maxOrdersPerSecond: 1 }, wants: two },
  "one more order than fit into a minute": { codes: ["MAX_ORDER_RATE"], risk: { maxOrdersPerMinute: 1 }, wants: two },
  "a price far from the mid": {
    codes: ["PRICE_COLLAR"],
    risk: { maxPriceDeviationBps: 100 },
    wants: (market) => [limit(market, { priceTicks: Math.floor(market.quote.bidTicks * 0.98) })],
  },
  "a limit order that would trade with one of our own": {
    codes: ["SELF_TRADE"],
    wants: (market) => [limit(market), limit(market, { side: "sell" })],
  },
  "a market order that would trade with one of our own": {
    codes: ["SELF_TRADE"],
    wants: (market) => [
      limit(market, { priceTicks: market.quote.askTicks - 1 }),
      { instrument: market.instrument, side: "sell", type: "market", sizeLots: 100 },
    ],
    isByTurns: true,
  },
  "too large a sum of positions": { codes: ["MAX_GROSS_EXPOSURE"], risk: { maxGrossExposure: "15" }, wants: two },
  "too large a difference of long and short": {
    codes: ["MAX_NET_EXPOSURE"],
    risk: { maxNetExposure: "15" },
    wants: two,
  },
  "more than the account has besides its open orders": {
    codes: ["INSUFFICIENT_BALANCE"],
    balances: { USDT: "15" },
    wants: two,
  },
  "a sale of what the account does not have": {
    codes: ["INSUFFICIENT_BALANCE"],
    balances: { USDT: "1000" },
    wants: (market) => [limit(market, { side: "sell" })],
  },
  "an order that is to reduce and would grow": {
    codes: ["REDUCE_ONLY"],
    wants: (market) => [limit(market, { reduceOnly: true })],
  },
  "an order after the day's loss was too large": {
    codes: ["HALTED", "MAX_DAILY_LOSS"],
    risk: { maxDailyLoss: "0.001" },
    wants: (market) => [
      { instrument: market.instrument, side: "buy", type: "market", sizeLots: 100 }, // its fee alone is 0.01
      limit(market),
    ],
    isByTurns: true,
  },
  "an order that grows a position after a drawdown, in reduce-only": {
    codes: ["REDUCE_ONLY", "MAX_DRAWDOWN"],
    risk: { maxDrawdown: "0.001", onBreach: "reduceOnly" },
    wants: (market) => [{ instrument: market.instrument, side: "buy", type: "market", sizeLots: 100 }, limit(market)],
    isByTurns: true,
  },
};

test.each(Object.entries(CASES))(
  "risk denies %s, every veto is journaled, and the exchange hears nothing of it",
  async (_, given) => {
    const { codes, wants, risk, balances, specs = [AAA, BBB], isByTurns = false } = given;
    const orders: OrderView[] = [];
    const plugin = definePlugin({
      name: "asker",
      setup(ctx) {
        const [instrument, other] = ctx.instruments as [Instrument, Instrument];
        ctx.on("quote", { instrument }, (quote) => {
          const isHeard = orders.every(({ state }) => state !== "submitted");
          const intents = wants({ instrument, other, quote }).slice(
            orders.length,
            isByTurns ? orders.length + 1 : undefined,
          );
          if (isByTurns ? isHeard : orders.length === 0) for (const intent of intents) orders.push(ctx.submit(intent));
        });
      },
    });
    const market = {
      instruments: specs,
      ...(risk === undefined ? {} : { risk }),
      ...(balances === undefined ? {} : { balances }),
    };
    const host = await createTestHost({ plugin, seed: 1, market });
    try {
      for (let step = 0; step < 400 && host.decisions.filter(({ kind }) => kind === "intent").length === 0; step++)
        await host.run({ ms: 5 });
      if (isByTurns) await host.run({ seconds: 1 });
      const intents = host.decisions.filter(({ kind }) => kind === "intent").map(({ body }) => JSON.parse(body));
      const last = intents.at(-1);
      expect(denialsIn(last.votes).map(({ code }) => code)).toEqual(codes);
      expect(last.approved).toBe(false);
      expect(intents.slice(0, -1).map(({ approved }) => approved)).toEqual(intents.slice(1).map(() => true));
      await host.run({ ms: 50 });
      expect(host.accepted().map(({ clientOrderId }) => clientOrderId)).toEqual(
        intents.slice(0, -1).map(({ clientOrderId }) => clientOrderId),
      );
    } finally {
      await host.close();
    }
  },
);

test("risk denies an order on a market that was silent for too long, and lets pass what shrinks a position", async () => {
  const orders: OrderView[] = [];
  const plugin = definePlugin({
    name: "sleeper",
    setup(ctx) {
      const [instrument] = ctx.instruments as [Instrument];
      let quote: QuoteEvent | undefined;
      let heardUs = Number.POSITIVE_INFINITY;
      ctx.on("quote", { instrument }, (event) => {
        quote = event;
        heardUs = ctx.nowUs();
        if (orders.length === 0) orders.push(ctx.submit({ instrument, side: "buy", type: "market", sizeLots: 100 }));
      });
      for (const kind of ["trade", "book"] as const)
        ctx.on(kind, { instrument }, () => {
          heardUs = ctx.nowUs();
        });
      ctx.every(1, () => {
        if (orders.length !== 1 || orders[0]?.state !== "filled" || ctx.nowUs() - heardUs <= 1000) return;
        const priceTicks = quote!.bidTicks;
        for (const side of ["buy", "sell"] as const)
          orders.push(ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots: 100 }));
      });
    },
  });
  const host = await createTestHost({ plugin, market: { instruments: [AAA], risk: { maxDataAgeMs: 1 } } });
  try {
    for (let step = 0; step < 400 && orders.length < 3; step++) await host.run({ ms: 5 });
    expect(orders[1]?.reason).toMatch(/^STALE_DATA: nothing was heard of .* for \d+ ms, the limit is 1 ms$/);
    expect(orders[2]?.state).not.toBe("denied");
  } finally {
    await host.close();
  }
});

test("every code of the session's voters is denied with above, and stands in the guide's table", () => {
  const shown = new Set(["STALE_DATA", ...Object.values(CASES).flatMap(({ codes }) => codes)]);
  expect([...shown].sort()).toEqual([...RISK_CODES].sort());
  const guide = readFileSync(new URL("../../../../apps/docs/guide/runtime/risk.md", import.meta.url), "utf8");
  expect([...guide.matchAll(/^\| (?:`[a-z-]+`|several) \| `([A-Z_]+)` \|/gm)].map(([, code]) => code)).toEqual([
    ...RISK_CODES,
  ]);
});
