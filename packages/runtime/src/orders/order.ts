import type { Instrument, Side, TimeInForce } from "@pitlane/sdk";
import type { IntentKinds } from "../venue.ts";

/**
 * Where an order stands.
 *
 * `intended -> denied` (risk said no: never sent) or `submitted -> accepted -> partiallyFilled -> filled | cancelled | expired`;
 * `submitted -> rejected` (it never worked); `submitted -> unknown` (nobody here knows: the venue is asked, nothing is resent),
 * which the venue's word turns into any of the others.
 *
 * `pendingCancel` and `pendingAmend` stand in for `accepted` and `partiallyFilled` while a cancel or an amendment is under way. The venue's
 * word may end them in any direction; when the request is refused the order is what it was, with the fills that came meanwhile.
 */
export type OrderState =
  | "intended"
  | "denied"
  | "submitted"
  | "accepted"
  | "partiallyFilled"
  | "pendingCancel"
  | "pendingAmend"
  | "filled"
  | "cancelled"
  | "expired"
  | "rejected"
  | "unknown";

/** Longest `tag` of an intent, in characters. */
export const LONGEST_TAG = 96;

/**
 * What a strategy wants done, before risk has looked at it.
 *
 * @example
 * // Rests at the venue, also while this process is down, and sells at the market once a trade is at 59,500 or below.
 * ctx.submit({ instrument, side: "sell", type: "stop", triggerTicks: 5_950_000, sizeLots: 100, reduceOnly: true });
 */
export interface Intent {
  readonly instrument: Instrument;
  readonly side: Side;
  /**
   * `postOnly` rests or is refused; `market` takes what there is. The others wait at the venue until the last price activates them: `stop` when
   * it has moved against the order's side (up for a buy, down for a sell), `takeProfit` when it has moved the other way. They become market
   * orders then, or limit orders where `Limit` is in the name.
   */
  readonly type: IntentKinds;
  /** In ticks; needed unless `type` is `market`, `stop` or `takeProfit`, which have none. */
  readonly priceTicks?: number;
  /** In lots. */
  readonly sizeLots: number;
  /** For `limit`, `stopLimit` and `takeProfitLimit`; default `GTC`. */
  readonly timeInForce?: TimeInForce;
  /** The last price that activates a stop or a take-profit, in ticks. One of them needs this, `trailingBps`, or both. */
  readonly triggerTicks?: number;
  /**
   * How far the last price may come back from its best before the order is activated, in basis points, whole. From the start, or from
   * `triggerTicks` on where both are given. The venue says what it takes: Binance 10 to 2000.
   */
  readonly trailingBps?: number;
  /** The plugin's own words on it, at most 96 characters: kept with the order, so that `ctx.ordersTagged` finds it after a restart. */
  readonly tag?: string;
  /** Where orders wait for the wire, those of a higher one go first: whole, 0 to 9; default 5. */
  readonly priority?: number;
  /** What it is expected to earn, in the quote asset's smallest unit (10^-8): decides among those of one priority, most first. Default 0. */
  readonly expectedProfit?: bigint;
  /** How sure the strategy is, 0 to 1. `ctx.submitSignal` asks for it; kept for those who vote and for the journal. */
  readonly confidence?: number;
  /**
   * Milliseconds from now, 1 to 60,000. An order that is not handed to the socket by then is dropped, code `LATENCY_BUDGET`; one of which the
   * venue has said nothing by then is cancelled. None when left out.
   */
  readonly maxLatencyMs?: number;
  /** It may only make the position smaller: risk denies it otherwise. Default false. */
  readonly reduceOnly?: boolean;
}

/** An order as strategies see it: live, so read it when needed and copy what must last. */
export interface OrderView {
  readonly clientOrderId: string;
  /** Name of the strategy whose intent it is. */
  readonly strategy: string;
  readonly intent: Intent;
  readonly state: OrderState;
  /** Its size, in lots: the intent's, until the venue has made it smaller by an amendment. */
  readonly sizeLots: number;
  /** Filled so far, in lots. */
  readonly filledLots: number;
  /** The venue's id once known, else "". */
  readonly venueOrderId: string;
  /** Why it was denied, rejected or is unknown, or why its last cancel or amendment was refused; else "". */
  readonly reason: string;
  /** True until a final state: it may still trade. */
  readonly isOpen: boolean;
}

/** The priority of an intent that names none. */
export const DEFAULT_PRIORITY = 5;

const FINAL: ReadonlySet<OrderState> = new Set(["denied", "filled", "cancelled", "expired", "rejected"]);
const WORKING: ReadonlySet<OrderState> = new Set(["accepted", "partiallyFilled", "pendingCancel", "pendingAmend"]);

/** True when nothing more can happen to an order in `state`. */
export function isFinal(state: OrderState): boolean {
  return FINAL.has(state);
}

/** True when the venue has said that it has an order in `state`, and it may still trade. */
export function isWorking(state: OrderState): boolean {
  return WORKING.has(state);
}

/** The runtime's own record of an order; only the order machine writes it. */
export class Order implements OrderView {
  readonly clientOrderId: string;
  readonly strategy: string;
  /** Index of that strategy's plugin. */
  readonly owner: number;
  /** As plugins that shape have made it, once risk is asked. */
  intent: Intent;
  state: OrderState = "intended";
  sizeLots: number;
  filledLots = 0;
  /** Lots of the fills booked: behind `filledLots` while the venue has told of a fill without its details. */
  bookedLots = 0;
  venueOrderId = "";
  reason = "";
  /** When it was wanted, microseconds since the epoch, on the session's time. */
  readonly bornAtUs: number;
  /** The same moment on the monotonic clock: latencies and `maxLatencyMs` count from it. NaN in an order that was taken back. */
  bornNs = Number.NaN;
  /** When the request may last take effect at the venue, on the monotonic clock: the host's may be set meanwhile. 0 before it is sent. */
  deadlineNs = 0;
  /** True when it is to be cancelled as soon as the venue is known to have it. */
  cancelWanted = false;
  /** True while a cancel is under way. */
  cancelling = false;
  /** Until when no further cancel of it is sent, microseconds since the epoch, on the session's time: one has just left it open. */
  cancelAgainUs = Number.NEGATIVE_INFINITY;
  /** Cancels that left it open. */
  cancelsFailed = 0;
  /** True when trading was halted while it was open: its cancel is repeated until it has ended. */
  mustEnd = false;
  /** The size that an amendment under way asks for, in lots; 0 while none is. */
  amendLots = 0;
  /** True from when it is wanted until it is denied or something is heard of it: it counts towards the backlog. */
  isAwaited = false;
  /** True once the venue has said that it has the order. */
  wasAccepted = false;
  #tradeIds: Set<string> | undefined; // made by the first fill: most quotes never have one

  constructor(clientOrderId: string, strategy: string, owner: number, intent: Intent, bornAtUs = 0) {
    this.clientOrderId = clientOrderId;
    this.strategy = strategy;
    this.owner = owner;
    this.intent = intent;
    this.sizeLots = intent.sizeLots;
    this.bornAtUs = bornAtUs;
  }

  get isOpen(): boolean {
    return !isFinal(this.state);
  }

  /** Ids of the trades booked. */
  get tradeIds(): readonly string[] {
    return this.#tradeIds === undefined ? [] : [...this.#tradeIds];
  }

  /** True when the trade is booked already: the venue may tell of a fill twice. */
  hasBooked(tradeId: string): boolean {
    return this.#tradeIds?.has(tradeId) ?? false;
  }

  /** From now on the trade is booked. */
  noteBooked(tradeId: string): void {
    this.#tradeIds ??= new Set();
    this.#tradeIds.add(tradeId);
  }

  /** Lots that may still trade. */
  get openLots(): number {
    return this.isOpen ? this.sizeLots - this.filledLots : 0;
  }
}

/** Client order id of intent number `number` of a strategy in a run: the same inputs give the same id, at most 36 characters. */
export function clientOrderId(runKey: string, strategyIndex: number, number: number): string {
  return `pl-${runKey}-${strategyIndex.toString(36)}-${number.toString(36)}`;
}

/** The intent's number in a client order id of `clientOrderId`; of another text whatever its end reads as, NaN mostly. */
export function numberOf(id: string): number {
  return Number.parseInt(id.slice(id.lastIndexOf("-") + 1), 36);
}
