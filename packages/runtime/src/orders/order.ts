import type { Instrument, Side, TimeInForce } from "@pitlane/sdk";

/**
 * Where an order stands.
 *
 * `intended -> denied` (risk said no: never sent) or `submitted -> accepted -> partiallyFilled -> filled | cancelled | expired`;
 * `submitted -> rejected` (it never worked); `submitted -> unknown` (nobody here knows: the venue is asked, nothing is resent),
 * which the venue's word turns into any of the others.
 */
export type OrderState =
  | "intended"
  | "denied"
  | "submitted"
  | "accepted"
  | "partiallyFilled"
  | "filled"
  | "cancelled"
  | "expired"
  | "rejected"
  | "unknown";

/** What a strategy wants done, before risk has looked at it. */
export interface Intent {
  readonly instrument: Instrument;
  readonly side: Side;
  /** `postOnly` rests or is refused; `market` takes what there is. */
  readonly type: "limit" | "postOnly" | "market";
  /** In ticks; needed unless `type` is `market`. */
  readonly priceTicks?: number;
  /** In lots. */
  readonly sizeLots: number;
  /** For `limit`; default `GTC`. */
  readonly timeInForce?: TimeInForce;
}

/** An order as strategies see it: live, so read it when needed and copy what must last. */
export interface OrderView {
  readonly clientOrderId: string;
  /** Name of the strategy whose intent it is. */
  readonly strategy: string;
  readonly intent: Intent;
  readonly state: OrderState;
  /** Filled so far, in lots. */
  readonly filledLots: number;
  /** The venue's id once known, else "". */
  readonly venueOrderId: string;
  /** Why it was denied, rejected or is unknown; else "". */
  readonly reason: string;
  /** True until a final state: it may still trade. */
  readonly isOpen: boolean;
}

const FINAL: ReadonlySet<OrderState> = new Set(["denied", "filled", "cancelled", "expired", "rejected"]);

/** True when nothing more can happen to an order in `state`. */
export function isFinal(state: OrderState): boolean {
  return FINAL.has(state);
}

/** The runtime's own record of an order; only the order machine writes it. */
export class Order implements OrderView {
  readonly clientOrderId: string;
  readonly strategy: string;
  /** Index of that strategy's plugin. */
  readonly owner: number;
  readonly intent: Intent;
  state: OrderState = "intended";
  filledLots = 0;
  /** Lots of the fills booked: behind `filledLots` while the venue has told of a fill without its details. */
  bookedLots = 0;
  venueOrderId = "";
  reason = "";
  /** When it was wanted, microseconds since the epoch, on the session's time. */
  readonly bornAtUs: number;
  /** When the request may last take effect at the venue, microseconds since the epoch; 0 before it is sent. */
  deadlineUs = 0;
  /** True when it is to be cancelled as soon as the venue is known to have it. */
  cancelWanted = false;
  /** True while a cancel is under way. */
  cancelling = false;
  /** True once the venue has said that it has the order. */
  wasAccepted = false;
  /** Trade ids already booked: the venue may tell of a fill twice. */
  readonly tradeIds: Set<string> = new Set();

  constructor(clientOrderId: string, strategy: string, owner: number, intent: Intent, bornAtUs = 0) {
    this.clientOrderId = clientOrderId;
    this.strategy = strategy;
    this.owner = owner;
    this.intent = intent;
    this.bornAtUs = bornAtUs;
  }

  get isOpen(): boolean {
    return !isFinal(this.state);
  }

  /** Lots that may still trade. */
  get openLots(): number {
    return this.isOpen ? this.intent.sizeLots - this.filledLots : 0;
  }
}

/** Client order id of intent number `number` of a strategy in a run: the same inputs give the same id, at most 36 characters. */
export function clientOrderId(runKey: string, strategyIndex: number, number: number): string {
  return `pl-${runKey}-${strategyIndex.toString(36)}-${number.toString(36)}`;
}
