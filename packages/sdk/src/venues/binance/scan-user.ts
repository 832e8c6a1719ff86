import { ASSET_DECIMALS, type Instrument } from "../../model/instrument.ts";
import type { Balance, Fill, OrderReport } from "../../model/order.ts";
import { scanDecimal, scanFlag, scanInteger, scanKey, skipInteger, skipText } from "./scan.ts";
import type { OrderScan } from "./scan-order.ts";
import { literal, skipLiteral, skipNull, textAt } from "./scan-text.ts";
import { statusNamed } from "./wire.ts";

// Readers of the two events that every order brings, from their bytes: what they say no to, JSON.parse and wire.ts read. Fields may come
// in any order, each once, but for the symbol, which tells the scales and so comes before the numbers.

const HEAD = literal('{"subscriptionId":');
const EVENT = literal(',"event":{');
const REPORT = literal('"e":"executionReport",');
const POSITION = literal('"e":"outboundAccountPosition","E":');
const UPDATED = literal(',"u":');
const BALANCES = literal(',"B":[');
const ASSET = literal('{"a":');
const FREE = literal(',"f":');
const LOCKED = literal(',"l":');
const CLOSE = 125;
const COMMA = 44;
const MINUS = 45;

/** The event of a user stream's message: where its first field begins; -1 when it is no event in the documented form. */
export function scanEnvelope(data: Buffer): number {
  return skipLiteral(data, skipInteger(data, skipLiteral(data, 0, HEAD)), EVENT);
}

/** An `executionReport`, as `parseExecutionReport` reads it, into `scan.report`. @param at As from `scanEnvelope`. */
export function tryScanReport(
  data: Buffer,
  start: number,
  instruments: ReadonlyMap<string, Instrument>,
  scan: OrderScan,
): boolean {
  const out = scan.numbers;
  let at = skipLiteral(data, start, REPORT);
  if (at < 0) return false;
  let instrument: Instrument | undefined;
  let seen = 0;
  let own = 0; // where texts begin, at their quotes
  let original = 0;
  let status = 0;
  let execution = 0;
  let side = 0;
  let feeAsset = 0; // -1: null
  let expired = 0;
  let rejected = 0;
  out[TRADE_ID] = -1;
  for (;;) {
    const key = scanKey(data, at);
    at += key > 255 ? 5 : 4;
    let bit = 0;
    switch (key) {
      case 0x73: {
        // s
        const end = skipText(data, at);
        instrument = end < 0 ? undefined : instruments.get(textAt(data, at, end));
        if (instrument === undefined) return false;
        at = end;
        bit = 1;
        break;
      }
      case 0x63: // c
        own = at;
        at = skipText(data, at);
        bit = 2;
        break;
      case 0x43: // C
        original = at;
        at = skipText(data, at);
        bit = 4;
        break;
      case 0x53: // S
        side = at;
        at = skipText(data, at);
        bit = 8;
        break;
      case 0x71: // q
        at = instrument === undefined ? -1 : scanDecimal(data, at, instrument.sizeDecimals, false, out, SIZE);
        bit = 16;
        break;
      case 0x7a: // z
        at = instrument === undefined ? -1 : scanDecimal(data, at, instrument.sizeDecimals, false, out, FILLED);
        bit = 32;
        break;
      case 0x78: // x
        execution = at;
        at = skipText(data, at);
        bit = 64;
        break;
      case 0x58: // X
        status = at;
        at = skipText(data, at);
        bit = 128;
        break;
      case 0x69: // i
        at = scanInteger(data, at, out, ID);
        bit = 256;
        break;
      case 0x54: // T
        at = scanInteger(data, at, out, AT_MS);
        bit = 512;
        break;
      case 0x6c: // l
        at = instrument === undefined ? -1 : scanDecimal(data, at, instrument.sizeDecimals, false, out, LOTS);
        bit = 1_024;
        break;
      case 0x4c: // L
        at = instrument === undefined ? -1 : scanDecimal(data, at, instrument.priceDecimals, false, out, TICKS);
        bit = 2_048;
        break;
      case 0x6e: // n
        at = scanDecimal(data, at, ASSET_DECIMALS, false, out, FEE);
        bit = 4_096;
        break;
      case 0x4e: {
        // N
        const end = skipNull(data, at);
        feeAsset = end > 0 ? -1 : at;
        at = end > 0 ? end : skipText(data, at);
        bit = 8_192;
        break;
      }
      case 0x74: // t
        at = data[at] === MINUS ? skipInteger(data, at) : scanInteger(data, at, out, TRADE_ID);
        bit = 16_384;
        break;
      case 0x6d: // m
        at = scanFlag(data, at, out, IS_MAKER);
        bit = 32_768;
        break;
      case 0x72: // r
        rejected = at;
        at = skipText(data, at);
        bit = 65_536;
        break;
      case 0x6552: // eR
        expired = at;
        at = skipText(data, at);
        bit = 131_072;
        break;
      case 0x6f: // o
      case 0x66: // f
      case 0x70: // p
      case 0x50: // P
      case 0x46: // F
      case 0x5a: // Z
      case 0x59: // Y
      case 0x51: // Q
      case 0x56: // V
        at = skipText(data, at);
        break;
      case 0x45: // E
      case 0x67: // g
      case 0x49: // I
      case 0x4f: // O
      case 0x57: // W
        at = skipInteger(data, at);
        break;
      case 0x77: // w
      case 0x4d: // M
        at = scanFlag(data, at, out, UNUSED);
        break;
      default:
        return false;
    }
    if (at < 0 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (data[at] !== COMMA) break;
    at++;
  }
  if ((seen | REASONS) !== ALL || !isEnd(data, at) || instrument === undefined) return false;
  const sizeLots = out[SIZE] as number;
  const filledLots = out[FILLED] as number;
  const known = statusNamed(textFrom(data, status));
  const word = textFrom(data, side);
  if (known === undefined || (word !== "BUY" && word !== "SELL") || Number.isNaN(sizeLots + filledLots)) return false;
  const clientOrderId = textFrom(data, original) || textFrom(data, own);
  const venueOrderId = String(out[ID]);
  const atUs = (out[AT_MS] as number) * 1000;
  const of = { instrument, clientOrderId, venueOrderId, side: word === "BUY" ? "buy" : "sell", atUs } as const;
  let fills = NO_FILLS;
  let reason = "";
  if (textFrom(data, execution) === "TRADE") {
    const fill = fillOf(of, feeAsset === -1 ? undefined : textFrom(data, feeAsset), out);
    if (fill === undefined) return false;
    fills = [fill];
  } else {
    reason = wordOf(data, expired) || wordOf(data, rejected);
  }
  const report: OrderReport = {
    instrument,
    clientOrderId,
    venueOrderId,
    status: known,
    side: of.side,
    sizeLots,
    filledLots,
    fills,
    atUs,
  };
  scan.report = reason === "" ? report : { ...report, reason };
  return true;
}

/** An `outboundAccountPosition`, as `parseAccountPosition` reads it; undefined for no. @param start As from `scanEnvelope`. */
export function tryScanPosition(
  data: Buffer,
  start: number,
  out: Float64Array,
): ReadonlyMap<string, Balance> | undefined {
  let at = skipInteger(data, skipLiteral(data, start, POSITION));
  at = skipInteger(data, skipLiteral(data, at, UPDATED));
  at = skipLiteral(data, at, BALANCES);
  if (at < 0) return undefined;
  const balances = new Map<string, Balance>();
  for (;;) {
    const asset = skipLiteral(data, at, ASSET);
    const assetEnd = skipText(data, asset);
    at = scanDecimal(data, skipLiteral(data, assetEnd, FREE), ASSET_DECIMALS, false, out, 0);
    at = scanDecimal(data, skipLiteral(data, at, LOCKED), ASSET_DECIMALS, false, out, 1);
    const free = out[0] as number;
    const locked = out[1] as number;
    if (at < 0 || data[at] !== CLOSE || Number.isNaN(free + locked)) return undefined;
    balances.set(textAt(data, asset, assetEnd), { free: BigInt(free), locked: BigInt(locked) });
    at++;
    if (data[at] !== COMMA) break;
    at++;
  }
  return data[at] === 93 && isEnd(data, at + 1) ? balances : undefined;
}

// Places in the numbers.
const ID = 0;
const AT_MS = 1;
const SIZE = 2;
const FILLED = 3;
const TICKS = 4;
const LOTS = 5;
const FEE = 6;
const TRADE_ID = 7;
const IS_MAKER = 8;
const UNUSED = 9;
const REASONS = 65_536 | 131_072;
const ALL = 262_143;
const NO_FILLS: readonly Fill[] = [];

type FillPart = Pick<Fill, "instrument" | "clientOrderId" | "venueOrderId" | "side" | "atUs">;

function fillOf(of: FillPart, feeAsset: string | undefined, out: Float64Array): Fill | undefined {
  const priceTicks = out[TICKS] as number;
  const sizeLots = out[LOTS] as number;
  const fee = out[FEE] as number;
  const tradeId = out[TRADE_ID] as number;
  if (tradeId < 0 || Number.isNaN(priceTicks + sizeLots + fee) || (feeAsset === undefined && fee !== 0))
    return undefined;
  const { instrument, clientOrderId, venueOrderId, side, atUs } = of;
  return {
    instrument,
    clientOrderId,
    venueOrderId,
    tradeId: String(tradeId),
    side,
    priceTicks,
    sizeLots,
    fee: BigInt(fee),
    feeAsset: feeAsset ?? instrument.quote, // the venue names no asset when it takes nothing
    isMaker: out[IS_MAKER] === 1,
    atUs,
  };
}

/** Text at a quote, which is known to be plain. */
function textFrom(data: Buffer, at: number): string {
  return data.toString("latin1", at + 1, data.indexOf(34, at + 1));
}

/** A reason, where there is one; the venue's word for none is NONE. */
function wordOf(data: Buffer, at: number): string {
  const word = at === 0 ? "" : textFrom(data, at);
  return word === "NONE" ? "" : word;
}

/** Whether `}}` closes the event and the message, and nothing follows. */
function isEnd(data: Buffer, at: number): boolean {
  return data[at] === CLOSE && data[at + 1] === CLOSE && at + 2 === data.length;
}
