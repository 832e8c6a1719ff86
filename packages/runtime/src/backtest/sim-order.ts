import type { Instrument } from "@pitlane/sdk";
import { isTriggered, isUnpriced } from "../orders/kinds.ts";
import type { Intent } from "../orders/order.ts";
import { SimTrigger } from "./sim-trigger.ts";

/** An order at the simulated venue. Only the venue and its matchers write it. */
export class SimOrder {
  readonly clientOrderId: string;
  /** Name of its strategy. */
  readonly strategy: string;
  readonly venueOrderId: string;
  readonly instrument: Instrument;
  readonly isBuy: boolean;
  readonly type: Intent["type"];
  readonly timeInForce: "GTC" | "IOC" | "FOK";
  /** Limit, in ticks; NaN for an order without one. */
  readonly priceTicks: number;
  /** What activates it; undefined for an order that works at once. */
  readonly trigger: SimTrigger | undefined;
  /** True until it is activated. */
  isWaiting: boolean;
  /** As a whole, fills included, in lots. */
  sizeLots: number;
  /** When the strategy wanted it, and when the venue got it, microseconds since the epoch. */
  readonly wantedAtUs: number;
  readonly arrivedAtUs: number;
  filledLots = 0;
  /** Set aside for it, in the smallest unit of what it pays with. */
  heldUnits = 0n;
  /** The price that a buy holds for, in ticks; 0 for one that pays as it trades. */
  holdTicks = 0;
  /** Lots that trade before it at its price, for matchers that model a queue. */
  aheadLots = 0;
  /** Size shown at its price after the last change. */
  shownLots = 0;
  /** Traded at its price since that change. */
  tradedLots = 0;

  constructor({ intent, clientOrderId, strategy, bornAtUs }: OrderTerms, venueOrderId: string, arrivedAtUs: number) {
    this.clientOrderId = clientOrderId;
    this.strategy = strategy;
    this.venueOrderId = venueOrderId;
    this.instrument = intent.instrument;
    this.isBuy = intent.side === "buy";
    this.type = intent.type;
    this.timeInForce = isUnpriced(intent.type) ? "IOC" : (intent.timeInForce ?? "GTC");
    this.priceTicks = isUnpriced(intent.type) ? Number.NaN : intent.priceTicks!;
    this.trigger = isTriggered(intent.type) ? new SimTrigger(intent) : undefined;
    this.isWaiting = this.trigger !== undefined;
    this.sizeLots = intent.sizeLots;
    this.wantedAtUs = bornAtUs;
    this.arrivedAtUs = arrivedAtUs;
  }

  get openLots(): number {
    return this.sizeLots - this.filledLots;
  }

  /** True when a price suits it: at or below a buy's limit, at or above a sell's; any does for an order without one. */
  takes(priceTicks: number): boolean {
    if (Number.isNaN(this.priceTicks)) return true;
    return this.isBuy ? priceTicks <= this.priceTicks : priceTicks >= this.priceTicks;
  }
}

/** What the venue reads of an order of the runtime. */
export interface OrderTerms {
  readonly clientOrderId: string;
  readonly strategy: string;
  readonly intent: Intent;
  readonly bornAtUs: number;
}
