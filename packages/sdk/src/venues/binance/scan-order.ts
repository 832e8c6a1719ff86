import { ASSET_DECIMALS, type Instrument } from "../../model/instrument.ts";
import type { Fill, OrderRef, OrderReport, Side } from "../../model/order.ts";
import { scanDecimal, scanInteger, skipInteger, skipText } from "./scan.ts";
import { literal, skipLiteral, skipSame, textAt } from "./scan-text.ts";
import { statusNamed } from "./wire.ts";

/** What the readers of orders give, besides the index behind what they read. One for each that reads, used again and again. */
export interface OrderScan {
  report: OrderReport | undefined;
  readonly numbers: Float64Array;
}

export function newOrderScan(): OrderScan {
  return { report: undefined, numbers: new Float64Array(10) };
}

/**
 * Reads the answer of a call about one order from its bytes, into `scan.report`. Returns the index behind it, or -1 where it does not
 * have the documented fields in the documented order: then `JSON.parse` and wire.ts read it, to the same result.
 */
export type ReadAnswer = (data: Buffer, at: number, asked: OrderRef, scan: OrderScan) => number;

const SYMBOL = literal('{"symbol":');
const ORIGINAL_ID = literal(',"origClientOrderId":');
const ORDER_ID = literal(',"orderId":');
const LIST_ID = literal(',"orderListId":');
const CLIENT_ID = literal(',"clientOrderId":');
const TIME = literal(',"transactTime":');
const PRICE = literal(',"price":');
const SIZE = literal(',"origQty":');
const FILLED = literal(',"executedQty":');
const ASKED_QUOTE = literal(',"origQuoteOrderQty":');
const FILLED_QUOTE = literal(',"cummulativeQuoteQty":');
const STATUS = literal(',"status":');
const TIME_IN_FORCE = literal(',"timeInForce":');
const TYPE = literal(',"type":');
const BUY = literal(',"side":"BUY"');
const SELL = literal(',"side":"SELL"');
const WORKING_TIME = literal(',"workingTime":');
const PREVENTION = literal(',"selfTradePreventionMode":');
const REASON = literal(',"expiryReason":');
const FILLS = literal(',"fills":[');
const FILL_PRICE = literal('{"price":');
const FILL_SIZE = literal(',"qty":');
const FEE = literal(',"commission":');
const FEE_ASSET = literal(',"commissionAsset":');
const TRADE_ID = literal(',"tradeId":');
const CLOSE = 125;
const COMMA = 44;
const CLOSE_LIST = 93;
const NONE: readonly Fill[] = [];

/** The answer to a new order in its FULL form, as `parseNewOrder` reads it. */
export const scanNewOrder: ReadAnswer = (data, start, { instrument, clientOrderId: askedId }, scan) => {
  const { numbers } = scan;
  let at = skipSame(data, skipLiteral(data, start, SYMBOL), instrument.venueSymbol);
  at = scanInteger(data, skipLiteral(data, at, ORDER_ID), numbers, ID);
  at = skipInteger(data, skipLiteral(data, at, LIST_ID));
  const idAt = skipLiteral(data, at, CLIENT_ID);
  const idEnd = skipText(data, idAt);
  at = scanInteger(data, skipLiteral(data, idEnd, TIME), numbers, AT_MS);
  const statusAt = scanSizes(data, at, instrument, numbers);
  const statusEnd = skipText(data, statusAt);
  at = skipTerms(data, statusEnd);
  const side = sideAt(data, at);
  at = skipSide(at, side);
  at = skipInteger(data, skipLiteral(data, at, WORKING_TIME));
  at = skipText(data, skipLiteral(data, at, PREVENTION));
  const reasonAt = skipLiteral(data, at, REASON);
  const reasonEnd = skipText(data, reasonAt);
  if (reasonEnd > 0) at = reasonEnd;
  at = skipLiteral(data, at, FILLS);
  if (at < 0 || side === undefined) return -1;
  const status = statusNamed(textAt(data, statusAt, statusEnd));
  const sizeLots = numbers[SIZE_LOTS] as number;
  const filledLots = numbers[FILLED_LOTS] as number;
  if (status === undefined || Number.isNaN(sizeLots + filledLots)) return -1;
  const clientOrderId = textOrSame(data, idAt, idEnd, askedId);
  const venueOrderId = String(numbers[ID]);
  const atUs = (numbers[AT_MS] as number) * 1000;
  let fills = NONE;
  if (data[at] !== CLOSE_LIST) {
    const found: Fill[] = [];
    for (;;) {
      at = scanDecimal(data, skipLiteral(data, at, FILL_PRICE), instrument.priceDecimals, false, numbers, FILL_TICKS);
      at = scanDecimal(data, skipLiteral(data, at, FILL_SIZE), instrument.sizeDecimals, false, numbers, FILL_LOTS);
      at = scanDecimal(data, skipLiteral(data, at, FEE), ASSET_DECIMALS, false, numbers, FEE_UNITS);
      const assetAt = skipLiteral(data, at, FEE_ASSET);
      const assetEnd = skipText(data, assetAt);
      at = scanInteger(data, skipLiteral(data, assetEnd, TRADE_ID), numbers, FILL_ID);
      const priceTicks = numbers[FILL_TICKS] as number;
      const lots = numbers[FILL_LOTS] as number;
      const fee = numbers[FEE_UNITS] as number;
      if (at < 0 || data[at] !== CLOSE || Number.isNaN(priceTicks + lots + fee)) return -1;
      found.push({
        instrument,
        clientOrderId,
        venueOrderId,
        tradeId: String(numbers[FILL_ID]),
        side,
        priceTicks,
        sizeLots: lots,
        fee: BigInt(fee),
        feeAsset: textAt(data, assetAt, assetEnd),
        isMaker: false,
        atUs,
      });
      at++;
      if (data[at] !== COMMA) break;
      at++;
    }
    fills = found;
  }
  if (data[at] !== CLOSE_LIST || data[at + 1] !== CLOSE) return -1;
  const report = { instrument, clientOrderId, venueOrderId, status, side, sizeLots, filledLots, fills, atUs };
  scan.report = reasonEnd > 0 ? withReason(report, textAt(data, reasonAt, reasonEnd)) : report;
  return at + 2;
};

/** The answer to a cancel of a single order, as `parseCancel` reads it. */
export const scanCancel: ReadAnswer = (data, start, { instrument, clientOrderId: askedId }, scan) => {
  const { numbers } = scan;
  let at = skipSame(data, skipLiteral(data, start, SYMBOL), instrument.venueSymbol);
  const idAt = skipLiteral(data, at, ORIGINAL_ID);
  const idEnd = skipText(data, idAt);
  at = scanInteger(data, skipLiteral(data, idEnd, ORDER_ID), numbers, ID);
  at = skipInteger(data, skipLiteral(data, at, LIST_ID));
  at = skipText(data, skipLiteral(data, at, CLIENT_ID));
  at = scanInteger(data, skipLiteral(data, at, TIME), numbers, AT_MS);
  const statusAt = scanSizes(data, at, instrument, numbers);
  const statusEnd = skipText(data, statusAt);
  at = skipTerms(data, statusEnd);
  const side = sideAt(data, at);
  at = skipSide(at, side);
  at = skipText(data, skipLiteral(data, at, PREVENTION));
  if (at < 0 || data[at] !== CLOSE || side === undefined) return -1;
  const status = statusNamed(textAt(data, statusAt, statusEnd));
  const sizeLots = numbers[SIZE_LOTS] as number;
  const filledLots = numbers[FILLED_LOTS] as number;
  if (status === undefined || Number.isNaN(sizeLots + filledLots)) return -1;
  const clientOrderId = textOrSame(data, idAt, idEnd, askedId);
  const venueOrderId = String(numbers[ID]);
  const atUs = (numbers[AT_MS] as number) * 1000;
  scan.report = { instrument, clientOrderId, venueOrderId, status, side, sizeLots, filledLots, fills: NONE, atUs };
  return at + 1;
};

// Places in `numbers`.
const ID = 0;
const AT_MS = 1;
const SIZE_LOTS = 2;
const FILLED_LOTS = 3;
const FILL_TICKS = 4;
const FILL_LOTS = 5;
const FEE_UNITS = 6;
const FILL_ID = 7;

/** From the price to the status, whose text begins at the index returned. */
function scanSizes(data: Buffer, from: number, { sizeDecimals }: Instrument, numbers: Float64Array): number {
  let at = skipText(data, skipLiteral(data, from, PRICE));
  at = scanDecimal(data, skipLiteral(data, at, SIZE), sizeDecimals, false, numbers, SIZE_LOTS);
  at = scanDecimal(data, skipLiteral(data, at, FILLED), sizeDecimals, false, numbers, FILLED_LOTS);
  at = skipText(data, skipLiteral(data, at, ASKED_QUOTE));
  at = skipText(data, skipLiteral(data, at, FILLED_QUOTE));
  return skipLiteral(data, at, STATUS);
}

function skipTerms(data: Buffer, from: number): number {
  const at = skipText(data, skipLiteral(data, from, TIME_IN_FORCE));
  return skipText(data, skipLiteral(data, at, TYPE));
}

/** The text between two quotes: the one expected, where it is that, as no other one has to be made then. */
function textOrSame(data: Buffer, at: number, end: number, expected: string): string {
  return skipSame(data, at, expected) === end ? expected : textAt(data, at, end);
}

function sideAt(data: Buffer, at: number): Side | undefined {
  if (skipLiteral(data, at, BUY) > 0) return "buy";
  return skipLiteral(data, at, SELL) > 0 ? "sell" : undefined;
}

function skipSide(at: number, side: Side | undefined): number {
  return side === undefined ? -1 : at + (side === "buy" ? BUY.length : SELL.length);
}

function withReason(report: OrderReport, reason: string): OrderReport {
  return reason === "" || reason === "NONE" ? report : { ...report, reason };
}
