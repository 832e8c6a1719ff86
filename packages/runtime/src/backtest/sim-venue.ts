import type { LatencyHistogram } from "@pitlane/perf/metrics";
import {
  baseUnits,
  type Fill,
  type Instrument,
  notionalUnits,
  type OrderReport,
  type VenueOrderStatus,
} from "@pitlane/sdk";
import type { Agenda } from "./agenda.ts";
import type { LatencyWay } from "./latency.ts";
import { CANNOT_PAY, type Desk, type Matcher, NO_PRICE, WOULD_TRIGGER } from "./matcher.ts";
import type { SimAccount } from "./sim-account.ts";
import { type OrderTerms, SimOrder } from "./sim-order.ts";

/** Where news of orders goes, when it has arrived. */
export interface NewsSink {
  /** @param wantedAtUs When the strategy wanted the order. */
  onReport(report: OrderReport, wantedAtUs: number): void;
  /** A submission was refused: the order never worked. */
  onRefused(clientOrderId: string, reason: string): void;
  /** A cancel has come to its end, whatever that was. */
  onCancelEnded(clientOrderId: string): void;
  /** A change of size has come to its end, whatever that was. */
  onAmendEnded(clientOrderId: string): void;
}

export interface SimVenueOptions {
  /** The account at each venue, by the venue's name. */
  readonly accounts: ReadonlyMap<string, SimAccount>;
  readonly agenda: Agenda;
  /** Strategy to venue. */
  readonly requests: LatencyWay;
  /** When news that leaves the venue at `atUs` is with the strategy. */
  readonly newsArrivalUs: (instrument: Instrument, atUs: number) => number;
  readonly sink: NewsSink;
  /** Of requests, in nanoseconds. */
  readonly requestLatency: LatencyHistogram;
  readonly onFill: (fill: Fill, order: SimOrder) => void;
}

/** What has happened to an order since its last report. */
interface Unreported {
  fills: Fill[];
  ended: "expired" | "rejected" | "cancelled" | undefined;
  reason: string;
}

/**
 * A venue without sockets: takes requests and gives reports as a real one does, both some time under way, and keeps the account. What
 * trades is decided by the instrument's matcher.
 *
 *     send -> (request latency) -> checks, funds held -> matcher -> fill -> account -> report -> (news latency) -> strategy
 *
 * A cancel that arrives after the fill finds nothing to cancel, as everywhere.
 */
export class SimVenue implements Desk {
  readonly #options: SimVenueOptions;
  readonly #matchers = new Map<Instrument, Matcher>();
  readonly #orders = new Map<string, SimOrder>(); // working ones, by client order id
  readonly #unreported = new Map<SimOrder, Unreported>();
  #orderNumber = 0;
  #tradeNumber = 0;

  constructor(options: SimVenueOptions) {
    this.#options = options;
  }

  list(instrument: Instrument, matcher: Matcher): void {
    this.#matchers.set(instrument, matcher);
  }

  /** A request for an order leaves the strategy. */
  submit(terms: OrderTerms, nowUs: number): void {
    this.#request(nowUs, (atUs) => this.#onSubmit(terms, atUs));
  }

  /** A request to cancel leaves the strategy. */
  cancel(instrument: Instrument, clientOrderId: string, nowUs: number): void {
    this.#request(nowUs, (atUs) => this.#onCancel(instrument, clientOrderId, atUs));
  }

  /** A request for a smaller size leaves the strategy; the order keeps its place in the queue. @param sizeLots As a whole, fills included. */
  amend(instrument: Instrument, clientOrderId: string, sizeLots: number, nowUs: number): void {
    this.#request(nowUs, (atUs) => this.#onAmend(instrument, clientOrderId, sizeLots, atUs));
  }

  tryFill(order: SimOrder, priceTicks: number, sizeLots: number, isMaker: boolean, atUs: number): boolean {
    const { instrument, isBuy } = order;
    const account = this.#accountOf(instrument);
    const quote = notionalUnits(instrument, priceTicks, sizeLots);
    const base = baseUnits(instrument, sizeLots);
    const paidAsset = isBuy ? instrument.quote : instrument.base;
    const paid = isBuy ? quote : base;
    const heldAfter = this.#holdOf(order, order.openLots - sizeLots);
    const freed = order.heldUnits - heldAfter;
    account.release(paidAsset, freed);
    if (!account.tryPay(paidAsset, paid)) {
      if (!account.tryHold(paidAsset, freed)) throw new Error(`what ${order.clientOrderId} held is gone`);
      return false;
    }
    order.heldUnits = heldAfter;
    const feeAsset = isBuy ? instrument.base : instrument.quote;
    const fee = account.receive(feeAsset, isBuy ? base : quote, isMaker);
    order.filledLots += sizeLots;
    const fill: Fill = {
      instrument,
      clientOrderId: order.clientOrderId,
      venueOrderId: order.venueOrderId,
      tradeId: String(++this.#tradeNumber),
      side: isBuy ? "buy" : "sell",
      priceTicks,
      sizeLots,
      fee,
      feeAsset,
      isMaker,
      atUs,
    };
    this.#news(order).fills.push(fill);
    this.#options.onFill(fill, order);
    return true;
  }

  end(order: SimOrder, status: "expired" | "rejected" | "cancelled", reason: string): void {
    const news = this.#news(order);
    // One that had a trigger was accepted before.
    news.ended = status === "rejected" && order.trigger !== undefined ? "expired" : status;
    news.reason = reason;
  }

  tell(order: SimOrder, atUs: number): void {
    const news = this.#unreported.get(order);
    if (news === undefined) return;
    this.#unreported.delete(order);
    this.#report(order, news, atUs);
  }

  #request(nowUs: number, arrive: (atUs: number) => void): void {
    const { agenda, requests, requestLatency } = this.#options;
    const atUs = requests.arrivalUs(nowUs);
    requestLatency.record((atUs - nowUs) * 1000);
    agenda.add(atUs, () => arrive(atUs), true);
  }

  #onSubmit(terms: OrderTerms, atUs: number): void {
    const { instrument } = terms.intent;
    const matcher = this.#matcherOf(instrument);
    const order = new SimOrder(terms, String(++this.#orderNumber), atUs);
    const refusal = this.#checked(order, matcher);
    if (refusal !== undefined) return this.#refuse(order, refusal, atUs);
    matcher.arrive(order, atUs);
    const news = this.#unreported.get(order) ?? { fills: [], ended: undefined, reason: "" };
    this.#unreported.delete(order);
    if (news.ended === "rejected" && order.filledLots === 0) {
      this.#free(order);
      return this.#refuse(order, news.reason, atUs);
    }
    if (news.ended === undefined && order.openLots > 0) this.#orders.set(order.clientOrderId, order);
    this.#report(order, news, atUs);
  }

  /** Holds what it may cost. @returns Why it is refused. */
  #checked(order: SimOrder, matcher: Matcher): string | undefined {
    const { instrument, isBuy, sizeLots, priceTicks, trigger } = order;
    const { lastTicks } = matcher;
    if (trigger?.isReachedBy(lastTicks)) return WOULD_TRIGGER;
    if (Number.isNaN(priceTicks)) {
      const takenTicks = trigger === undefined ? matcher.takerTicks(isBuy) : lastTicks;
      if (Number.isNaN(takenTicks) && trigger === undefined) return NO_PRICE;
      if (!Number.isNaN(takenTicks) && notionalUnits(instrument, takenTicks, sizeLots) < instrument.minNotional)
        return "price x size is below the venue's minimum";
      order.holdTicks = trigger?.estimateTicks(lastTicks) ?? 0;
    } else order.holdTicks = priceTicks;
    const hold = this.#holdOf(order, sizeLots);
    if (!this.#accountOf(instrument).tryHold(isBuy ? instrument.quote : instrument.base, hold)) return CANNOT_PAY;
    order.heldUnits = hold;
    return undefined;
  }

  /** What `lots` of an order may cost; a market buy has no limit to reckon with, and pays as it trades. A stop beyond its trigger pays more as it trades. */
  #holdOf({ instrument, isBuy, holdTicks }: SimOrder, lots: number): bigint {
    if (!isBuy) return baseUnits(instrument, lots);
    return holdTicks === 0 ? 0n : notionalUnits(instrument, holdTicks, lots);
  }

  #onCancel(instrument: Instrument, clientOrderId: string, atUs: number): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined) {
      this.#matcherOf(instrument).remove(order);
      this.end(order, "cancelled", "");
      this.tell(order, atUs);
    }
    this.#post(instrument, atUs, () => this.#options.sink.onCancelEnded(clientOrderId));
  }

  #onAmend(instrument: Instrument, clientOrderId: string, sizeLots: number, atUs: number): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined && sizeLots < order.sizeLots && sizeLots > order.filledLots) {
      order.sizeLots = sizeLots;
      const hold = this.#holdOf(order, order.openLots);
      this.#accountOf(instrument).release(order.isBuy ? instrument.quote : instrument.base, order.heldUnits - hold);
      order.heldUnits = hold;
      this.#report(order, { fills: [], ended: undefined, reason: "" }, atUs);
    }
    this.#post(instrument, atUs, () => this.#options.sink.onAmendEnded(clientOrderId));
  }

  #refuse({ instrument, clientOrderId }: SimOrder, reason: string, atUs: number): void {
    this.#post(instrument, atUs, () => this.#options.sink.onRefused(clientOrderId, reason));
  }

  #report(order: SimOrder, { fills, ended, reason }: Unreported, atUs: number): void {
    const { instrument, filledLots, sizeLots } = order;
    const status: VenueOrderStatus =
      filledLots === sizeLots ? "filled" : (ended ?? (filledLots > 0 ? "partiallyFilled" : "accepted"));
    if (status !== "accepted" && status !== "partiallyFilled") {
      this.#free(order);
      this.#orders.delete(order.clientOrderId);
    }
    const report: OrderReport = {
      instrument,
      clientOrderId: order.clientOrderId,
      venueOrderId: order.venueOrderId,
      status,
      side: order.isBuy ? "buy" : "sell",
      sizeLots,
      filledLots,
      fills,
      atUs,
      ...(reason === "" ? {} : { reason }),
    };
    this.#post(instrument, atUs, () => this.#options.sink.onReport(report, order.wantedAtUs));
  }

  #post(instrument: Instrument, atUs: number, deliver: () => void): void {
    this.#options.agenda.add(this.#options.newsArrivalUs(instrument, atUs), deliver, true);
  }

  /** Frees what is still held for an order that has ended. */
  #free(order: SimOrder): void {
    const { instrument, isBuy } = order;
    this.#accountOf(instrument).release(isBuy ? instrument.quote : instrument.base, order.heldUnits);
    order.heldUnits = 0n;
  }

  #accountOf({ venue }: Instrument): SimAccount {
    const account = this.#options.accounts.get(venue);
    if (account === undefined) throw new Error(`there is no account at ${venue}`);
    return account;
  }

  #news(order: SimOrder): Unreported {
    let news = this.#unreported.get(order);
    if (news === undefined) {
      news = { fills: [], ended: undefined, reason: "" };
      this.#unreported.set(order, news);
    }
    return news;
  }

  #matcherOf(instrument: Instrument): Matcher {
    const matcher = this.#matchers.get(instrument);
    if (matcher === undefined) throw new Error(`${instrument.id} is not traded here`);
    return matcher;
  }
}
