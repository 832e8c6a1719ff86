import type { Random } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import {
  type BarColumns,
  type DepthColumns,
  DepthOp,
  type MarketData,
  type TradeColumns,
} from "../../src/backtest/columns.ts";
import { BarColumnsBuilder, DepthColumnsBuilder, TradeColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import type { BacktestOptions } from "../../src/backtest/options.ts";
import type { BacktestResult } from "../../src/backtest/result.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { checkConfig } from "../../src/config.ts";
import { INTENT_KINDS, isTimed, isTriggered, isUnpriced } from "../../src/orders/kinds.ts";
import type { Intent, OrderView } from "../../src/orders/order.ts";
import { definePlugin, type Plugin, type PluginContext } from "../../src/plugins/define.ts";
import { testInstrument } from "../../src/testing/instrument.ts";

/** Ticks of 1 and lots of 1, so that amounts are read off: 10 lots at 100 ticks are worth 1,000 USDT. */
export const coin: Instrument = testInstrument({ priceDecimals: 0, sizeDecimals: 0, minNotional: 0n });

export const START_US = 1_767_225_600_000_000;
const MINUTE_US = 60_000_000;
export const ONE = 100_000_000n;

/** Limits that no test runs into. */
export const WIDE: BacktestOptions["risk"] = {
  ...checkConfig({}, "test").risk,
  maxOrderNotional: "1000000000",
  maxPositionNotional: "1000000000",
  maxDrawdown: "0",
  maxDailyLoss: "0",
};

/** `[open, high, low, close, volume]` a minute each. */
export function bars(...rows: readonly (readonly [number, number, number, number, number])[]): BarColumns {
  const builder = new BarColumnsBuilder(MINUTE_US);
  for (const [i, row] of rows.entries()) builder.push(START_US + i * MINUTE_US, ...row);
  return builder.finish();
}

/** `[ms since the start, price, size, aggressor]`. */
export function trades(...rows: readonly (readonly [number, number, number, "buy" | "sell"])[]): TradeColumns {
  const builder = new TradeColumnsBuilder();
  for (const [i, [ms, price, size, aggressor]] of rows.entries())
    builder.push(START_US + ms * 1000, price, size, aggressor === "sell", i + 1);
  return builder.finish();
}

type Row = readonly [op: keyof typeof DepthOp, price?: number, size?: number];

/** Messages: when it was sent, in ms since the start, and its rows; `lagMs` later it was received. */
export function depth(messages: readonly (readonly [number, ...Row[]])[], lagMs = 0): DepthColumns {
  const builder = new DepthColumnsBuilder();
  for (const [ms, ...rows] of messages)
    for (const [op, price = 0, size = 0] of rows)
      builder.push(START_US + ms * 1000, START_US + (ms + lagMs) * 1000, DepthOp[op], price, size);
  return builder.finish();
}

/** A snapshot: bids 99 to 97 and asks 101 to 103, of 50 lots each. */
export const SNAPSHOT: readonly Row[] = [
  ["clear"],
  ...[99, 98, 97].map((price): Row => ["bid", price, 50]),
  ...[101, 102, 103].map((price): Row => ["ask", price, 50]),
  ["end"],
];

export interface Told {
  /** Kinds of events with ms since the start, in the order heard. */
  readonly heard: string[];
  readonly orders: OrderView[];
}

/** A plugin that does what `act` says at the n-th event of a kind, and writes down what it hears. */
export function scripted(
  kind: "bar" | "trade" | "book" | "quote",
  act: (n: number, ctx: PluginContext, orders: OrderView[]) => void,
): { readonly plugin: Plugin; readonly told: Told } {
  const told: Told = { heard: [], orders: [] };
  const plugin = definePlugin({
    name: "scripted",
    setup(ctx) {
      let n = 0;
      const ms = () => (ctx.nowUs() - START_US) / 1000;
      ctx.on(kind, () => {
        told.heard.push(`${kind} ${ms()}`);
        act(n++, ctx, told.orders);
      });
      ctx.on("order", ({ order }) => void told.heard.push(`${order.state} ${ms()}`));
      ctx.on("fill", ({ fill }) => void told.heard.push(`fill ${fill.sizeLots}@${fill.priceTicks} ${ms()}`));
      ctx.on("gap", () => void told.heard.push(`gap ${ms()}`));
      ctx.on("resync", () => void told.heard.push(`resync ${ms()}`));
    },
  });
  return { plugin, told };
}

/** A plugin that wants these at its first event of a kind. */
export function wanting(kind: "bar" | "trade" | "book" | "quote", ...intents: readonly Omit<Intent, "instrument">[]) {
  return scripted(kind, (n, ctx, orders) => {
    if (n === 0) for (const intent of intents) orders.push(ctx.submit({ instrument: coin, ...intent }));
  });
}

/** An order of any kind near 100. */
export function anyIntent(random: Random, [low, high]: readonly [number, number]): Omit<Intent, "instrument"> {
  const type = INTENT_KINDS[random.integer(0, INTENT_KINDS.length - 1)]!;
  const priceTicks = random.integer(low, high);
  const trailingBps = random.integer(50, 900);
  const triggerTicks = random.integer(low, high);
  const trails = random.integer(0, 3);
  return {
    side: random.next() < 0.5 ? "buy" : "sell",
    type,
    sizeLots: random.integer(1, 60),
    ...(!isUnpriced(type) && { priceTicks }),
    ...(isTimed(type) && { timeInForce: (["GTC", "IOC", "FOK"] as const)[random.integer(0, 2)]! }),
    ...(isTriggered(type) && trails !== 0 && { triggerTicks }),
    ...(isTriggered(type) && trails < 2 && { trailingBps }),
  };
}

/** Runs one plugin on one instrument's columns, with 1,000,000 USDT and 1,000 AAA. */
export function run(
  plugin: Plugin,
  columns: MarketData["columns"],
  options: Partial<BacktestOptions> = {},
): Promise<BacktestResult> {
  return runBacktest({
    plugins: [{ plugin }],
    data: [{ instrument: coin, columns }],
    fees: { makerBps: 0, takerBps: 0 },
    balances: new Map([
      ["USDT", 1_000_000n * ONE],
      ["AAA", 1_000n * ONE],
    ]),
    risk: WIDE,
    ...options,
  });
}

/** `sizeLots@priceTicks maker|taker ms` of each fill. */
export function fillsOf({ fills }: BacktestResult): readonly string[] {
  return fills.map(
    ({ sizeLots, priceTicks, isMaker, atUs, side }) =>
      `${side} ${sizeLots}@${priceTicks} ${isMaker ? "maker" : "taker"} ${(atUs - START_US) / 1000}`,
  );
}
