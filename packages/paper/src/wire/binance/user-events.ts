import type { Account } from "../../engine/accounts.ts";
import type { OrderReport } from "../../engine/market.ts";
import { hasNoLimit } from "../../engine/order.ts";
import { type Instrument, notionalUnits } from "../../instruments.ts";
import { formatUnits } from "../../scale.ts";
import { price, size } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** An `executionReport` event. Source: user-data-stream.md, "Order Update". */
export function executionReportJson(instrument: Instrument, report: OrderReport, unit: TimeUnit): string {
  const { order, execution, fill, atUs } = report;
  const { request, trigger, workingUs } = order;
  const time = inUnit(atUs, unit);
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
    P: price(instrument, request.stopTicks ?? 0),
    F: size(instrument, request.icebergLots ?? 0),
    g: order.list?.id ?? -1,
    C: report.originalClientOrderId,
    x: execution,
    X: order.status,
    r: order.rejectReason,
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
    w: order.isOpen && workingUs >= 0 && (execution === "NEW" || !hasNoLimit(request.type)),
    m: fill?.isMaker ?? false,
    M: false,
    O: inUnit(order.createdUs, unit),
    Z: formatUnits(order.filledQuoteUnits),
    Y: formatUnits(fill?.quoteUnits ?? 0n),
    Q: formatUnits(request.quoteUnits),
    ...(workingUs < 0 ? {} : { W: inUnit(workingUs, unit) }),
    V: request.prevention,
    ...(trigger === null || trigger.trailingDelta === 0 ? {} : { d: trigger.trailingDelta }),
    ...(trigger === null || trigger.trailingUs < 0 ? {} : { D: inUnit(trigger.trailingUs, unit) }),
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
function preventionJson(instrument: Instrument, { order, prevented }: OrderReport) {
  if (prevented === undefined) return {};
  const { taker, maker, takerLots, makerLots, priceTicks } = prevented;
  const lots = order === taker ? takerLots : makerLots;
  return {
    v: prevented.id,
    A: size(instrument, order.preventedLots),
    B: size(instrument, lots),
    u: order.account.index,
    U: (order === taker ? maker : taker).id,
    Cs: instrument.symbol,
    pl: size(instrument, lots),
    pL: price(instrument, priceTicks),
    pY: formatUnits(notionalUnits(instrument, priceTicks, lots)),
  };
}
