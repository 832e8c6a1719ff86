import type { Account } from "../../engine/accounts.ts";
import type { OrderReport } from "../../engine/market.ts";
import { hasNoLimit, type PreventedMatch } from "../../engine/order.ts";
import { type Instrument, notionalUnits } from "../../instruments.ts";
import { formatUnits } from "../../scale.ts";
import { price, size, ZERO_TEXT } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/**
 * An `executionReport` event. Put together as text: two and more are made for every order, and JSON.stringify takes several times
 * as long. Source: user-data-stream.md, "Order Update".
 */
export function executionReportJson(instrument: Instrument, report: OrderReport, unit: TimeUnit): string {
  const { order, execution, fill, atUs } = report;
  const { request, trigger, workingUs } = order;
  const time = inUnit(atUs, unit);
  const isWorking = order.isOpen && workingUs >= 0 && (execution === "NEW" || !hasNoLimit(request.type));
  const asked = `{"e":"executionReport","E":${time},"s":"${instrument.symbol}","c":"${order.clientOrderId}","S":"${order.side}","o":"${request.type}","f":"${request.timeInForce}","q":"${size(instrument, order.lots)}","p":"${price(instrument, request.priceTicks)}","P":"${price(instrument, request.stopTicks ?? 0)}","F":"${size(instrument, request.icebergLots ?? 0)}","g":${order.list?.id ?? -1},"C":"${report.originalClientOrderId}"`;
  const state = `,"x":"${execution}","X":"${order.status}","r":"${order.rejectReason}","i":${order.id}`;
  const filled =
    fill === undefined
      ? `,"l":"${ZERO_TEXT}","z":"${size(instrument, order.filledLots)}","L":"${ZERO_TEXT}","n":"0","N":null,"T":${time},"t":-1`
      : `,"l":"${size(instrument, fill.lots)}","z":"${size(instrument, order.filledLots)}","L":"${price(instrument, fill.priceTicks)}","n":"${formatUnits(fill.commissionUnits)}","N":"${fill.commissionAsset}","T":${time},"t":${fill.tradeId}`;
  const prevented = report.prevented === undefined ? "" : preventionText(instrument, report, report.prevented);
  const rest = `,"I":${report.executionId},"w":${isWorking},"m":${fill?.isMaker ?? false},"M":false,"O":${inUnit(order.createdUs, unit)},"Z":"${formatUnits(order.filledQuoteUnits)}","Y":"${fill === undefined ? ZERO_TEXT : formatUnits(fill.quoteUnits)}","Q":"${formatUnits(request.quoteUnits)}"`;
  const since = workingUs < 0 ? "" : `,"W":${inUnit(workingUs, unit)}`;
  const trailing = trigger === null || trigger.trailingDelta === 0 ? "" : `,"d":${trigger.trailingDelta}`;
  const tracked = trigger === null || trigger.trailingUs < 0 ? "" : `,"D":${inUnit(trigger.trailingUs, unit)}`;
  const strategy = request.strategyId === undefined ? "" : `,"j":${request.strategyId}`;
  const strategyType = request.strategyType === undefined ? "" : `,"J":${request.strategyType}`;
  const reason = order.expiryReason === "NONE" ? "" : `,"eR":"${order.expiryReason}"`;
  return `${asked}${state}${filled}${prevented}${rest}${since},"V":"${request.prevention}"${trailing}${tracked}${strategy}${strategyType}${reason}}`;
}

/** An `outboundAccountPosition` event. Source: user-data-stream.md, "Account Update". */
export function accountPositionJson(account: Account, assets: readonly string[], atUs: number, unit: TimeUnit): string {
  let rows = "";
  for (const asset of assets) {
    const { free, locked } = account.balance(asset);
    rows += `${rows === "" ? "" : ","}{"a":"${asset}","f":"${formatUnits(free)}","l":"${formatUnits(locked)}"}`;
  }
  return `{"e":"outboundAccountPosition","E":${inUnit(atUs, unit)},"u":${inUnit(account.updatedUs, unit)},"B":[${rows}]}`;
}

// Self-trade prevention has its own fields; the last price and quantities of a trade stay 0 there. `u` is the trade group, which is
// the account here.
function preventionText(instrument: Instrument, { order }: OrderReport, prevented: PreventedMatch): string {
  const { taker, maker, takerLots, makerLots, priceTicks } = prevented;
  const lots = order === taker ? takerLots : makerLots;
  const other = order === taker ? maker : taker;
  const quote = formatUnits(notionalUnits(instrument, priceTicks, lots));
  return `,"v":${prevented.id},"A":"${size(instrument, order.preventedLots)}","B":"${size(instrument, lots)}","u":${order.account.index},"U":${other.id},"Cs":"${instrument.symbol}","pl":"${size(instrument, lots)}","pL":"${price(instrument, priceTicks)}","pY":"${quote}"`;
}
