import type { IntentKinds } from "../venue.ts";

/** The kinds of order that there are, by the SDK's names. Their places are those of worker messages: what is new comes last. */
export const INTENT_KINDS = [
  "limit",
  "postOnly",
  "market",
  "stop",
  "stopLimit",
  "takeProfit",
  "takeProfitLimit",
] as const satisfies readonly IntentKinds[];

/** True for a kind that waits at the venue until the last price activates it. */
export function isTriggered(kind: string): boolean {
  return kind === "stop" || kind === "stopLimit" || kind === "takeProfit" || kind === "takeProfitLimit";
}

/** True for a kind that trades at whatever price there is, at once or when it is activated: it has no `priceTicks`. */
export function isUnpriced(kind: string): boolean {
  return kind === "market" || kind === "stop" || kind === "takeProfit";
}

/** True for a kind that has a time in force. */
export function isTimed(kind: string): boolean {
  return kind === "limit" || kind === "stopLimit" || kind === "takeProfitLimit";
}

/** True where a trigger lies above the market, so that a rise activates it: that of a stop that buys, and of a take-profit that sells. */
export function isTriggeredAbove(kind: string, side: "buy" | "sell"): boolean {
  return (side === "buy") === (kind === "stop" || kind === "stopLimit");
}
