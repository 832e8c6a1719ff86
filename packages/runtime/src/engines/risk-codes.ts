import { deny, type Verdict } from "../hooks/verdict.ts";

/** Every code that the session's own voters deny with, in the order of the guide's table: each has a case in the tests over real sockets. */
export const RISK_CODES = [
  "HALTED",
  "REDUCE_ONLY",
  "NOT_TRADING",
  "BAD_SIZE",
  "BAD_PRICE",
  "BAD_TRIGGER",
  "BELOW_MIN_NOTIONAL",
  "MAX_ORDER_SIZE",
  "MAX_ORDER_NOTIONAL",
  "MAX_POSITION",
  "MAX_POSITION_NOTIONAL",
  "MAX_OPEN_ORDERS",
  "MAX_OPEN_ORDERS_INSTRUMENT",
  "MAX_ORDER_RATE",
  "PRICE_COLLAR",
  "SELF_TRADE",
  "STALE_DATA",
  "MAX_DRAWDOWN",
  "MAX_DAILY_LOSS",
  "MAX_GROSS_EXPOSURE",
  "MAX_NET_EXPOSURE",
  "INSUFFICIENT_BALANCE",
  "NO_REFERENCE_PRICE",
] as const;

export type RiskCode = (typeof RISK_CODES)[number];

/** As `deny`, with a code of the session's own. */
export function veto(code: RiskCode, reason: string): Verdict {
  return deny(code, reason);
}
