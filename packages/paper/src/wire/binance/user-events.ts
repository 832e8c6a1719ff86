import type { Account } from "../../engine/accounts.ts";
import type { OrderReport } from "../../engine/market.ts";
import type { Instrument } from "../../instruments.ts";
import { formatUnits } from "../../scale.ts";
import { price, size, ZERO_TEXT } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** An `executionReport` event. Source: user-data-stream.md, "Order Update". */
export function executionReportJson(instrument: Instrument, report: OrderReport, unit: TimeUnit): string {
  const { order, execution, fill, atUs } = report;
  const { request } = order;
  const time = inUnit(atUs, unit);
  const createdTime = inUnit(order.createdUs, unit);
  return JSON.stringify({
    e: "executionReport",
    E: time,
    s: instrument.symbol,
    c: order.clientOrderId,
    S: order.side,
    o: request.type,
    f: request.timeInForce,
    q: size(instrument, order.lots),
    p: price(instrument, request.priceTicks),
    P: ZERO_TEXT,
    F: ZERO_TEXT,
    g: -1,
    C: order.originalClientOrderId,
    x: execution,
    X: order.status,
    r: "NONE",
    i: order.id,
    l: size(instrument, fill?.lots ?? 0),
    z: size(instrument, order.filledLots),
    L: price(instrument, fill?.priceTicks ?? 0),
    n: fill === undefined ? "0" : formatUnits(fill.commissionUnits),
    N: fill?.commissionAsset ?? null,
    T: time,
    t: fill?.tradeId ?? -1,
    ...preventionJson(instrument, report),
    I: report.executionId,
    w: order.isOpen && (execution === "NEW" || order.request.type !== "MARKET"),
    m: fill?.isMaker ?? false,
    M: false,
    O: createdTime,
    Z: formatUnits(order.filledQuoteUnits),
    Y: formatUnits(fill?.quoteUnits ?? 0n),
    Q: formatUnits(request.quoteUnits),
    W: createdTime,
    V: request.prevention,
    ...(request.strategyId === undefined ? {} : { j: request.strategyId }),
    ...(request.strategyType === undefined ? {} : { J: request.strategyType }),
    ...(order.expiryReason === "NONE" ? {} : { eR: order.expiryReason }),
  });
}

/** An `outboundAccountPosition` event. Source: user-data-stream.md, "Account Update". */
export function accountPositionJson(account: Account, assets: readonly string[], atUs: number, unit: TimeUnit): string {
  return JSON.stringify({
    e: "outboundAccountPosition",
    E: inUnit(atUs, unit),
    u: inUnit(account.updatedUs, unit),
    B: assets.map((asset) => {
      const { free, locked } = account.balance(asset);
      return { a: asset, f: formatUnits(free), l: formatUnits(locked) };
    }),
  });
}

// Self-trade prevention has its own fields; the last price and quantities of a trade stay 0 there. `u` is the trade group, which is
// the account here.
function preventionJson(instrument: Instrument, { order, execution, met }: OrderReport) {
  if (execution !== "TRADE_PREVENTION") return {};
  const prevented = size(instrument, order.preventedLots);
  return {
    v: order.preventedMatchId,
    A: prevented,
    B: prevented,
    ...(met === undefined ? {} : { u: order.account.index, U: met.id, Cs: instrument.symbol }),
    pl: prevented,
    pL: price(instrument, order.request.priceTicks),
    pY: ZERO_TEXT,
  };
}
