import type { Fill, Instrument, OrderReport, RequestOutcome } from "@pitlane/sdk";
import type { VoteRecord } from "../hooks/verdict.ts";
import { reviewAmend } from "../orders/amend.ts";
import { applyFailure, applyReport, beginAmend, beginCancel, endAmend, endCancel, isHeard } from "../orders/machine.ts";
import { clientOrderId, type Intent, isFinal, isWorking, Order } from "../orders/order.ts";
import { fromOrderRecord, type InstrumentOf, type OrderRecord, toOrderRecord } from "../orders/records.ts";
import { type Backlog, BacklogCounter } from "./backlog.ts";
import { CancelQueue } from "./cancel-queue.ts";
import type { Denial } from "./denials.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import { OpenExposure } from "./exposure.ts";
import { IntentReview } from "./intent-review.ts";
import { KnownOrders } from "./known-orders.ts";
import { type OrderCounters, OrderTally } from "./order-tally.ts";
import type { Rejection } from "./rejections.ts";
import { type ApprovedIntent, allow, deny, type Exposure, type NamedVerdict, type Verdict } from "./risk.ts";

/** What of the execution must survive a restart. */
export interface ExecutionRecord {
  /** Intents so far, by plugin index: client order ids go on from here. */
  readonly numbers: readonly number[];
  readonly counters: OrderCounters;
  /** Orders that may still trade, oldest first. */
  readonly open: readonly OrderRecord[];
  /** Bought less sold by each plugin, in lots, by instrument id. */
  readonly ownLots: readonly Readonly<Record<string, number>>[];
  /** Orders that have ended and whose fills are not all booked yet; left out where there are none. */
  readonly owed?: readonly OrderRecord[];
  /** Why orders were denied; older journals have none. */
  readonly denials?: readonly Denial[];
  /** Why orders were rejected; older journals have none. */
  readonly rejections?: readonly Rejection[];
}

/**
 * Takes intents to the wire and the venue's word back to strategies.
 *
 *     submit -> queue --flush--> shape -> risk -> journal (one commit) -> gateway -> venue -> report -> order machine -> portfolio -> hooks
 *
 * `submit` runs inside a hook and only queues; `flush` runs when the hook has returned. An intent is on disk before its request is made.
 */
export class Execution {
  /** How many orders went which way since the start. */
  readonly counters: OrderCounters;
  readonly #options: ExecutionOptions;
  readonly #orders: KnownOrders;
  readonly #tally = new OrderTally();
  readonly #backlog: BacklogCounter;
  readonly #exposure: OpenExposure;
  readonly #review: IntentReview;
  readonly #cancels: CancelQueue;
  readonly #numbers: number[]; // intents so far, by owner
  readonly #ownLots: readonly Map<Instrument, number>[]; // by owner
  #intended: Order[] = [];
  #amends: Order[] = []; // with the size wanted in `amendLots`
  /** False while `flush` would do nothing, certainly: it costs no call then. */
  mayFlush = false;

  constructor(options: ExecutionOptions) {
    const { strategies, wire, nowUs, maxBacklog = 10_000 } = options;
    this.#options = options;
    this.counters = this.#tally.counters;
    this.#exposure = options.exposure ?? new OpenExposure();
    this.#backlog = new BacklogCounter(maxBacklog);
    this.#cancels = new CancelQueue(wire, nowUs);
    this.#review = new IntentReview({
      risk: options.risk,
      ...(options.shapes === undefined ? {} : { shapes: options.shapes }),
      journal: options.journal,
      clock: options.clock,
      latencies: options.latencies,
      backlog: this.#backlog,
      denials: this.#tally.denials,
      onApproved: (order) => this.#addOpen(order),
      onDenied: (order) => this.#onChanged(order),
    });
    this.#numbers = strategies.map(() => 0);
    this.#orders = new KnownOrders(options.runKey, this.#numbers);
    this.#ownLots = strategies.map(() => new Map());
  }

  /** Queues an intent of strategy `owner`. @param refusal It is not to be at all, and who says so: risk is not asked. */
  submit(owner: number, intent: Intent, refusal?: NamedVerdict): Order {
    const { runKey, strategies, nowUs, clock } = this.#options;
    const number = (this.#numbers[owner] ?? 0) + 1;
    this.#numbers[owner] = number;
    const id = clientOrderId(runKey, owner, number);
    const order = new Order(id, strategies[owner] ?? "", owner, intent, nowUs());
    order.bornNs = clock.monotonicNs();
    this.counters.intents++;
    this.#orders.add(order);
    if (refusal !== undefined) this.#review.refuse(order, refusal);
    else {
      this.#backlog.unvoted++;
      this.#backlog.setAwaited(order, true);
    }
    this.#intended.push(order);
    this.mayFlush = true;
    return order;
  }

  /**
   * Queues a cancel. One of an order that is not yet sent takes the intent back, also while it waits for the wire; one of an order
   * whose fate is not yet known is remembered until it is: a cancel that overtakes its order would find nothing.
   *
   * How soon one that repeats another is sent, `CancelQueue` says.
   */
  cancel(order: { readonly clientOrderId: string }): void {
    const own = this.#orders.find(order.clientOrderId);
    if (own === undefined || isFinal(own.state)) return;
    this.mayFlush = true;
    this.#cancels.want(own);
  }

  /**
   * Queues an amendment: a smaller size, with which the order keeps its place in the venue's queue. Plugins that shape and vote see it as
   * they see an intent, at the next flush; the session's own limits are not asked, as it can only take risk away. What came of it is told
   * in order events: the new size, or `reason`.
   *
   * @param sizeLots The new size as a whole, fills included.
   * @returns A denial when it cannot be: `NOT_OPEN`, `NOT_ACKNOWLEDGED`, `CANCEL_PENDING`, `AMEND_PENDING`, `BAD_SIZE` or
   * `AMEND_NOT_SUPPORTED`. Nothing is sent then.
   */
  amend(order: { readonly clientOrderId: string }, sizeLots: number): Verdict {
    const own = this.#orders.find(order.clientOrderId);
    if (own === undefined) return deny("NOT_OPEN", `order ${order.clientOrderId} is not known any more`);
    if (this.#options.wire.amend === undefined)
      return deny("AMEND_NOT_SUPPORTED", "orders cannot be made smaller here: cancel it and submit another one");
    if (this.#cancels.isDue(own)) return deny("CANCEL_PENDING", `order ${own.clientOrderId} is being cancelled`);
    const verdict = reviewAmend(own, sizeLots);
    if (!verdict.allowed) return verdict;
    beginAmend(own, sizeLots);
    this.#amends.push(own);
    this.mayFlush = true;
    return allow();
  }

  /** False where the wire cannot make orders smaller. */
  get canAmend(): boolean {
    return this.#options.wire.amend !== undefined;
  }

  /** What the present hook has wanted so far and risk was not asked about yet. */
  *wishes(): Iterable<Intent> {
    for (const order of this.#intended) if (!order.cancelWanted && !this.#review.isRefused(order)) yield order.intent;
  }

  /** How much waits for the venue's word, kept up to date, what the present hook has wanted included. */
  get backlog(): Backlog {
    return this.#backlog.backlog;
  }

  /**
   * Takes what the last hook queued through risk and journal to the wire; false when that was nothing.
   *
   * @param triggerNs See `OrderWire.send`.
   */
  flush(triggerNs: number): boolean {
    this.#cancels.advance();
    this.mayFlush = this.#cancels.hasRepeats;
    if (this.#intended.length === 0 && this.#cancels.isEmpty && this.#amends.length === 0) return false;
    const intended = this.#intended;
    const cancels = this.#cancels.take();
    const wished = this.#amends;
    if (intended.length > 0) this.#intended = [];
    if (wished.length > 0) this.#amends = [];
    const { journal, wire } = this.#options;
    for (const order of cancels) {
      beginCancel(order);
      journal.append("cancel", { clientOrderId: order.clientOrderId });
    }
    const amends = wished.length === 0 ? wished : wished.filter((order) => this.#admitsAmend(order));
    const approved = this.#review.review(intended);
    if (!this.#commit(approved)) {
      for (const order of cancels) endCancel(order, "");
      for (const order of amends) endAmend(order, "the journal cannot be written");
      return true;
    }
    // What takes risk away goes first.
    this.#cancels.send(cancels);
    for (const order of amends) wire.amend?.(order);
    for (const intent of approved) {
      this.counters.submitted++;
      wire.send(intent, triggerNs);
    }
    return true;
  }

  /** A cancel that was wanted after an amendment, in the same hook, would overtake it: the amendment is dropped. */
  #admitsAmend(order: Order): boolean {
    if (!order.cancelling) return this.#review.admitsAmend(order);
    endAmend(order, "");
    return false;
  }

  /** True when `onReport` would change nothing: all that it tells of an order of this run was told before, be it one that is not kept any more. */
  hasHeard(report: OrderReport): boolean {
    const order = this.#orders.find(report.clientOrderId);
    return order === undefined ? this.#orders.forgotten.hasHeard(report) : isHeard(order, report);
  }

  /** Applies the venue's word on an order. */
  onReport(report: OrderReport): void {
    const { publish, onFault } = this.#options;
    const order = this.#orders.find(report.clientOrderId);
    if (order === undefined) return this.#onStray(report);
    const { changed, fills, fault } = applyReport(order, report);
    if (fault !== undefined) {
      if (report.venueOrderId !== order.venueOrderId) this.counters.duplicated++;
      onFault(fault);
    }
    if (!changed && fills.length === 0) return;
    for (const fill of fills) {
      this.#book(order, fill);
      publish({ kind: "fill", instrument: fill.instrument, order, fill });
    }
    if (changed) this.#onChanged(order);
    this.#cancelIfWanted(order);
  }

  /** Applies the failure of a submission. */
  onFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order === undefined || !applyFailure(order, outcome, reason)) return;
    this.#tally.noteFailure(order, outcome);
    this.#onChanged(order);
  }

  /** See `OrderTally`. */
  get expectedRejections(): number {
    return this.#tally.expectedRejections;
  }

  /** A cancel has come to its end, whatever that was: another one may be sent. @param refusal Why the venue refused it, else "". */
  onCancelEnded(clientOrderId: string, refusal: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order === undefined) return;
    // One that is wanted again has overtaken its order and says nothing of it: the next goes out at once.
    if (isWorking(order.state) && !order.cancelWanted) this.#cancels.pause(order);
    if (this.#cancels.hasRepeats) this.mayFlush = true; // it is, where the order must end
    if (endCancel(order, refusal)) this.#onChanged(order);
    this.#cancelIfWanted(order);
  }

  /** An amendment has come to its end; the new size was in a report. @param refusal Why the venue refused it, else "". */
  onAmendEnded(clientOrderId: string, refusal: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order !== undefined && endAmend(order, refusal)) this.#onChanged(order);
  }

  /**
   * The venue has said nothing of an order within its `maxLatencyMs`: it is cancelled now, and once more when the venue's word shows
   * that the cancel has overtaken it.
   */
  onOverdue(clientOrderId: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order === undefined || isFinal(order.state) || isWorking(order.state) || order.cancelling) return;
    this.#cancels.wantBlindly(order);
    this.mayFlush = true;
    this.flush(Number.NaN);
  }

  /**
   * Wants every open order cancelled as quickly as the venue can: for a halt. The next `flush` sends it. A cancel that leaves its order
   * open is repeated, at the pace that `cancel` tells, until the order has ended.
   */
  sweep(): void {
    this.#cancels.sweepNext();
    for (const order of this.#orders.open) order.mustEnd = true;
    this.cancelAll();
  }

  /** Wants every open order cancelled, and now: also those whose cancel has just failed. */
  cancelAll(): void {
    for (const order of this.openOrders()) {
      order.cancelAgainUs = Number.NEGATIVE_INFINITY;
      this.cancel(order);
    }
  }

  /** A cancel is to be repeated: a `flush` sends it once its time has come. */
  get hasRepeats(): boolean {
    return this.#cancels.hasRepeats;
  }

  /**
   * Takes back an intent of an earlier process as its journal has it: an approved one may have reached the venue or not.
   */
  recoverIntent(order: Order, number: number, isApproved: boolean, votes: readonly VoteRecord[] = []): void {
    this.#numbers[order.owner] = Math.max(this.#numbers[order.owner] ?? 0, number);
    this.counters.intents++;
    if (!isApproved) {
      this.#tally.denials.count(votes);
      this.counters.denied++;
      return;
    }
    this.counters.submitted++;
    order.state = "submitted";
    this.#backlog.setAwaited(order, true);
    this.#orders.add(order);
    this.#addOpen(order);
  }

  /** Takes back the venue's word as the journal has it: strategies of this process hear nothing of it, and nothing is sent. */
  recoverReport(report: OrderReport): void {
    const order = this.#orders.find(report.clientOrderId);
    if (order === undefined) return;
    const { changed, fills } = applyReport(order, report);
    for (const fill of fills) this.#book(order, fill);
    if (changed) this.#count(order);
  }

  /** Takes back a failure as the journal has it. One without a known outcome leaves the order unknown. */
  recoverFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order !== undefined && applyFailure(order, outcome, reason)) this.#count(order);
  }

  /** Takes back a `sweep`, of which the process may have ended before it sent a single cancel. */
  recoverSweep(): void {
    for (const order of this.#orders.open) {
      order.mustEnd = true;
      order.cancelWanted = true;
    }
  }

  /** Takes back that a cancel came to its end: an order that it left open is as its strategy knew it, not to be cancelled any more. */
  recoverCancelEnd(clientOrderId: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order !== undefined && isWorking(order.state) && !order.mustEnd) order.cancelWanted = false;
  }

  /** Takes back that an order was to be cancelled: it is, once the venue has said that it is open. */
  recoverCancel(clientOrderId: string): void {
    const order = this.#orders.find(clientOrderId);
    if (order?.isOpen) order.cancelWanted = true;
  }

  /**
   * All was taken back. Orders without the venue's word are `unknown` until it has been asked; cancels that were under way are
   * asked for again once the order is known to be open.
   */
  endRecovery(): void {
    for (const order of this.#orders.open) {
      if (order.cancelling) order.cancelWanted = true;
      endCancel(order, "");
      endAmend(order, "");
      if (order.cancelWanted && isWorking(order.state)) {
        this.#cancels.repeat(order);
        this.mayFlush = true;
      }
      if (order.state !== "submitted") continue;
      this.#backlog.setAwaited(order, false);
      order.state = "unknown";
      order.reason = "the process ended before the venue's word came";
    }
  }

  /** What must survive a restart; nothing may be queued. */
  record(): ExecutionRecord {
    const { owed } = this.#orders;
    return {
      numbers: [...this.#numbers],
      counters: { ...this.counters },
      open: [...this.#orders.open].map(toOrderRecord),
      ...(owed.length > 0 && { owed: owed.map(toOrderRecord) }),
      ownLots: this.#ownLots.map((own) => Object.fromEntries([...own].map(([{ id }, lots]) => [id, lots]))),
      denials: this.denials,
      rejections: this.rejections,
    };
  }

  /** Takes over what an earlier process recorded, in place of all there is. Call before the first intent. */
  restore(record: ExecutionRecord, instrumentOf: InstrumentOf): void {
    const { numbers, counters, open, ownLots, owed = [], denials = [], rejections = [] } = record;
    for (let owner = 0; owner < this.#numbers.length; owner++) this.#numbers[owner] = numbers[owner] ?? 0;
    this.#tally.restore(counters, denials, rejections);
    for (const [owner, own] of this.#ownLots.entries()) {
      own.clear();
      for (const [id, lots] of Object.entries(ownLots[owner] ?? {})) own.set(instrumentOf(id), lots);
    }
    this.#orders.clear();
    this.#cancels.clearRepeats();
    this.#exposure.clear();
    this.#backlog.clear();
    for (const record of open) {
      const order = fromOrderRecord(record, instrumentOf);
      if (order.state === "submitted") this.#backlog.setAwaited(order, true);
      this.#orders.add(order);
      this.#addOpen(order);
    }
    for (const record of owed) {
      const order = fromOrderRecord(record, instrumentOf);
      this.#orders.owe(order);
      this.#exposure.update(order); // what it has cost is not known yet
    }
  }

  /** Denies every further intent with `reason`; cancels still pass. */
  stopNewOrders(reason: string): void {
    this.#review.close(reason);
  }

  /** Orders that may still trade, oldest first; of one strategy or instrument when given. */
  openOrders(owner?: number, instrument?: Instrument): readonly Order[] {
    return this.#orders.listOpen(owner, instrument);
  }

  /** Orders of one strategy whose tag begins with `prefix`, oldest first: those open, and those that ended and are still known. */
  tagged(owner: number, prefix: string): readonly Order[] {
    return this.#orders.tagged(owner, prefix);
  }

  /** True while an order at a venue has an outcome that nobody knows. */
  hasUnknown(venue: string): boolean {
    return this.#orders.hasUnknown(venue);
  }

  /** An order that is open, or ended and still known. */
  find(clientOrderId: string): Order | undefined {
    return this.#orders.find(clientOrderId);
  }

  /** True for the client order id of an intent of this run, also of one that is not kept any more. */
  isOwn(clientOrderId: string): boolean {
    return this.#orders.forgotten.isOwn(clientOrderId);
  }

  /** Orders whose fills are not all booked yet. */
  withMissingFills(): readonly Order[] {
    return this.#orders.withMissingFills();
  }

  /** What is held and may yet be bought and sold of an instrument. */
  exposure(instrument: Instrument): Exposure {
    const { openBuyLots, openSellLots } = this.#exposure.of(instrument);
    return { positionLots: this.#options.portfolio.position(instrument).lots, openBuyLots, openSellLots };
  }

  /** Bought less sold by one plugin, in lots. */
  ownLots(owner: number, instrument: Instrument): number {
    return this.#ownLots[owner]?.get(instrument) ?? 0;
  }

  /** Orders that a plugin has wanted so far, denied ones among them. */
  wanted(owner: number): number {
    return this.#numbers[owner] ?? 0;
  }

  /** Why orders were denied since the start, most often first. */
  get denials(): readonly Denial[] {
    return this.#tally.denials.list;
  }

  /** Why orders were rejected since the start, most often first. */
  get rejections(): readonly Rejection[] {
    return this.#tally.rejections.list;
  }

  /** Orders whose outcome is unknown now. */
  get unknown(): number {
    return this.#orders.unknown;
  }

  #cancelIfWanted(order: Order): void {
    if (!order.cancelWanted || order.cancelling || !isWorking(order.state)) return;
    order.cancelWanted = false;
    this.cancel(order);
    this.flush(Number.NaN);
  }

  #addOpen(order: Order): void {
    this.#orders.open.add(order);
    this.#exposure.update(order);
  }

  #commit(approved: readonly ApprovedIntent[]): boolean {
    const { journal, clock, latencies, onHalt } = this.#options;
    const startedNs = clock.monotonicNs();
    try {
      journal.commit();
    } catch (error) {
      for (const { order } of approved) {
        order.state = "denied";
        order.reason = "the journal cannot be written";
        this.#onChanged(order);
      }
      onHalt(error as Error);
      return false;
    }
    latencies.journal.record(clock.monotonicNs() - startedNs);
    return true;
  }

  #book(order: Order, fill: Fill): void {
    const { owner } = order;
    this.#options.portfolio.apply(fill, owner);
    const own = this.#ownLots[owner]!;
    own.set(fill.instrument, (own.get(fill.instrument) ?? 0) + (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots));
    this.#exposure.update(order);
    this.#orders.settle(order);
  }

  #onChanged(order: Order): void {
    this.#count(order);
    this.#options.publish({ kind: "order", instrument: order.intent.instrument, order });
  }

  #count(order: Order): void {
    this.#exposure.update(order);
    if (order.state !== "submitted") this.#backlog.setAwaited(order, false);
    this.#tally.count(order, isFinal(order.state) && this.#orders.end(order));
  }

  /** The venue's word on an order that is not known: one that is forgotten here, or somebody else's. */
  #onStray(report: OrderReport): void {
    const { clientOrderId: id, instrument } = report;
    const late = this.#orders.forgotten.judge(report);
    if (late === undefined && this.#orders.forgotten.isOwn(id)) return; // it was heard
    if (!this.#orders.noteStray(id)) return;
    if (late?.isDuplicate === true) this.counters.duplicated++;
    this.#options.onFault(late?.fault ?? `the venue reports order ${id} on ${instrument.id}, which is not of this run`);
  }
}
