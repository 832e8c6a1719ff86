import { allow, deny, type Verdict } from "../hooks/verdict.ts";
import type { Intent } from "./order.ts";

/** The longest `maxLatencyMs`. */
export const LONGEST_BUDGET_MS = 60_000;

/** Checks what an intent says of its way to the wire: its priority, expected profit, confidence and latency budget. Pure. */
export function reviewTerms({ priority, expectedProfit, confidence, maxLatencyMs }: Intent): Verdict {
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9))
    return deny("BAD_PRIORITY", `priority ${priority} is not a whole number from 0 to 9`);
  if (expectedProfit !== undefined && typeof expectedProfit !== "bigint")
    return deny("BAD_PROFIT", `expectedProfit must be a bigint in units of 10^-8, got ${typeof expectedProfit}`);
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    return deny("BAD_CONFIDENCE", `confidence ${confidence} is not from 0 to 1`);
  if (maxLatencyMs !== undefined && !(maxLatencyMs >= 1 && maxLatencyMs <= LONGEST_BUDGET_MS))
    return deny("BAD_LATENCY_BUDGET", `maxLatencyMs ${maxLatencyMs} is not from 1 to ${LONGEST_BUDGET_MS}`);
  return allow();
}
