import { PitlaneError } from "@pitlane/perf";
import type { Order } from "../orders/order.ts";
import type { Breach } from "./loss-limits.ts";

/**
 * What a session may do: `active` trades; `reduceOnly` lets pass what can only shrink a position; `halted` lets nothing pass, and all
 * that was open is cancelled.
 */
export type TradingState = "active" | "reduceOnly" | "halted";

/** How trading stands, and why. */
export interface TradingStatus {
  readonly state: TradingState;
  /** For people; empty at the start. */
  readonly reason: string;
  /** Who set it: `api`, `cli`, `file`, `signal`, `dashboard`, or `risk` for a breach of a limit; empty at the start. */
  readonly by: string;
  /** Since when, microseconds since the epoch; 0 at the start. */
  readonly sinceUs: number;
}

/** An operator's word, as the journal keeps it. */
export interface TradingCommand {
  readonly state: TradingState;
  readonly reason: string;
  readonly by: string;
  /** Positions are closed at the market as well; with `halted` alone. */
  readonly flatten?: true;
}

/** A breach of a limit on losses, as the journal keeps it. */
export interface BreachEntry extends Breach {
  /** How trading stands with it. */
  readonly state: TradingState;
}

/** What a breach says of trading. Pure. */
export function commandOf({ code, reason, state }: BreachEntry): TradingCommand {
  return { state, reason: `${code}: ${reason}`, by: "risk" };
}

export const INITIAL_TRADING: TradingStatus = { state: "active", reason: "", by: "", sinceUs: 0 };

/** Risk has ended the session: its state is `halted`, and `risk.afterHalt` says that it exits. */
export class RiskHaltError extends PitlaneError {
  readonly code = "HALTED";
  readonly retryable = false;
  readonly status: TradingStatus;

  constructor(status: TradingStatus) {
    super(describeTrading(status));
    this.status = status;
  }
}

/** A sentence for people. Pure. */
export function describeTrading({ state, reason, by }: TradingStatus): string {
  const what = { active: "trading is active", reduceOnly: "trading is reduce-only", halted: "trading is halted" }[
    state
  ];
  return by === "" ? what : `${what}, by ${by}${reason === "" ? "" : `: ${reason}`}`;
}

/**
 * Those of the open orders of one instrument that could grow its position: all on the side that grows it, and on the other side those
 * that go beyond what is held, the oldest being kept. Pure.
 *
 * @param open Of one instrument, oldest first. @param positionLots Positive when more was bought than sold.
 */
export function growingOrders(open: readonly Order[], positionLots: number): readonly Order[] {
  const shrinking = positionLots > 0 ? "sell" : "buy";
  let leftLots = Math.abs(positionLots);
  return open.filter((order) => {
    if (order.intent.side !== shrinking || order.openLots > leftLots) return true;
    leftLots -= order.openLots;
    return false;
  });
}
