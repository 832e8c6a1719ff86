import type { Fields } from "./fields.ts";
import { scanInteger, skipExactly, skipText } from "./scan.ts";
import { literal, skipLiteral, textAt } from "./scan-text.ts";

/** What the venue says of one of its rate limits: in an answer of the WebSocket API, and, without a count, in exchangeInfo. */
export interface RateCount {
  /** `ORDERS` are counted by account, `REQUEST_WEIGHT` by address. */
  readonly type: string;
  /** Length of the windows that it is counted in. */
  readonly windowMs: number;
  readonly limit: number;
  /** Used in the present window; NaN where that is not told. */
  readonly count: number;
}

export const MINUTE_MS = 60_000;
const INTERVALS_MS: ReadonlyMap<unknown, number> = new Map([
  ["SECOND", 1_000],
  ["MINUTE", MINUTE_MS],
  ["HOUR", 3_600_000],
  ["DAY", 86_400_000],
]);

/** The limits that a list `rateLimits` names, without those of a form that we do not know. */
export function rateCountsOf(value: unknown): readonly RateCount[] {
  if (!Array.isArray(value)) return NONE;
  const counts: RateCount[] = [];
  for (const item of value) {
    if (typeof item !== "object" || item === null) continue;
    const { rateLimitType: type, interval, intervalNum = 1, limit, count = Number.NaN } = item as Fields;
    const windowMs = (INTERVALS_MS.get(interval) ?? Number.NaN) * Number(intervalNum);
    if (typeof type !== "string" || typeof limit !== "number" || typeof count !== "number" || !(windowMs > 0)) continue;
    counts.push({ type, windowMs, limit, count });
  }
  return counts;
}

const TYPE = literal('{"rateLimitType":');
const INTERVAL = literal(',"interval":');
const INTERVALS = literal(',"intervalNum":');
const LIMIT = literal(',"limit":');
const COUNT = literal(',"count":');
const ORDERS = literal("ORDERS");
const CLOSE = 125;
const COMMA = 44;
const CLOSE_LIST = 93;
const NONE: readonly RateCount[] = [];

/** Reads the items of a list `rateLimits` from their bytes, up to and with its `]`, into `counts`. -1: `rateCountsOf` shall. */
export function scanRateCounts(data: Buffer, start: number, out: Float64Array, counts: RateCount[]): number {
  counts.length = 0;
  let at = start;
  if (data[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    const typeAt = skipLiteral(data, at, TYPE);
    const isOrders = skipExactly(data, typeAt, ORDERS) > 0;
    const typeEnd = skipText(data, typeAt);
    const intervalAt = skipLiteral(data, typeEnd, INTERVAL);
    const intervalEnd = skipText(data, intervalAt);
    at = scanInteger(data, skipLiteral(data, intervalEnd, INTERVALS), out, 0);
    at = scanInteger(data, skipLiteral(data, at, LIMIT), out, 1);
    at = scanInteger(data, skipLiteral(data, at, COUNT), out, 2);
    if (at < 0 || data[at] !== CLOSE) return -1;
    const unitMs = INTERVALS_MS.get(textAt(data, intervalAt, intervalEnd));
    const intervals = out[0] as number;
    if (unitMs !== undefined && intervals > 0) {
      const type = isOrders ? "ORDERS" : textAt(data, typeAt, typeEnd);
      counts.push({ type, windowMs: unitMs * intervals, limit: out[1] as number, count: out[2] as number });
    }
    at++;
    if (data[at] !== COMMA) break;
    at++;
  }
  return data[at] === CLOSE_LIST ? at + 1 : -1;
}
