import type { Clock } from "@pitlane/perf";
import { Ring } from "@pitlane/perf/ring";
import type { Fill, Instrument, OrderReport, RequestOutcome } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import { toVoteRecord, type VoteRecord } from "../hooks/verdict.ts";
import type { StageLatencies } from "../latency.ts";
import { reviewAmend } from "../orders/amend.ts";
import { applyFailure, applyReport, beginAmend, beginCancel, endAmend, endCancel, isHeard } from "../orders/machine.ts";
import { clientOrderId, type Intent, isFinal, isWorking, Order } from "../orders/order.ts";
import {
  fromOrderRecord,
  type InstrumentOf,
  type OrderRecord,
  toIntentRecord,
  toOrderRecord,
} from "../orders/records.ts";
import type { ShapeRecord } from "../orders/shape.ts";
import { reviewTerms } from "../orders/terms.ts";
import { type Denial, DenialCounter } from "./denials.ts";
import { OpenExposure } from "./exposure.ts";
import type { Portfolio } from "./portfolio.ts";
import { type Rejection, RejectionCounter } from "./rejections.ts";
import {
  type ApprovedIntent,
  allow,
  deny,
  type Exposure,
  type NamedVerdict,
  type Review,
  type RiskEngine,
  type Verdict,
} from "./risk.ts";
import type { ShapeDesk, Shaped } from "./shape-desk.ts";

const FINISHED_KEPT = 10_000;
const DENIED_KEPT = 1_000;
const STRAYS_KNOWN = 10_000;
const FIRST_REPEAT_US = 100_000; // after a cancel that left its order open, until the next one
const LONGEST_REPEAT_US = 5_000_000;
const NONE: readonly Order[] = [];
const HIGH_SHARE = 0.8; // of the backlog's limit: strategies are asked to slow down
const LOW_SHARE = 0.5; // and may go on

/** How many orders went which way since the start. */
export interface OrderCounters {
  intents: number;
  denied: number;
  submitted: number;
  accepted: number;
  filled: number;
  cancelled: number;
  expired: number;
  rejected: number;
  /** Orders the venue knows under two ids: none may ever be. */
  duplicated: number;
}

/** Where decisions are written: a run's journal, or in a replay what compares them with it. */
export interface DecisionLog {
  append(kind: string, body: object): void;
  /** All that was appended is safe when it returns. @throws {JournalError} When it cannot be written. */
  commit(): void;
}

/** The body of an `amend` row. */
export interface AmendEntry {
  readonly clientOrderId: string;
  /** The size wanted, as a whole, in lots; as plugins that shape have made it. */
  readonly sizeLots: number;
  /** What each of them changed; left out when nothing was. */
  readonly shaped?: readonly ShapeRecord[];
  /** False when it is not to be, and nothing was sent; else left out. */
  readonly approved?: false;
  /** What plugins that vote have said; left out where none does. */
  readonly votes?: readonly VoteRecord[];
}

/** Where orders go: the gateway, or nowhere in a replay. */
export interface OrderWire {
  /** @param triggerNs When the frame that led to it was received, monotonic; NaN when no frame did. */
  send(approved: ApprovedIntent, triggerNs: number): void;
  cancel(order: Order): void;
  /** Cancels all these at once, as quickly as the venue can. Left out: one by one. */
  sweep?(orders: readonly Order[]): void;
  /** Makes an order smaller, to `order.amendLots`; its end comes by `Execution.onAmendEnded`. Without it no order can be amended. */
  amend?(order: Order): void;
  /** The strategy does not want an approved order any more: one that still waits for the wire need not be sent. */
  withdraw?(order: Order): void;
}

/** Orders of which nothing was heard yet: those that were wanted just now and risk has yet to vote on, those that wait for the wire and those on their way. */
export interface Backlog {
  readonly orders: number;
  /** Further intents are denied at this many, code `QUEUE_FULL`. */
  readonly limit: number;
  /** True from four fifths of the limit until it is down to half: a strategy should want less. */
  readonly isHigh: boolean;
}

/** What of the execution must survive a restart. */
export interface ExecutionRecord {
  /** Intents so far, by plugin index: client order ids go on from here. */
  readonly numbers: readonly number[];
  readonly counters: OrderCounters;
  /** Orders that may still trade, oldest first. */
  readonly open: readonly OrderRecord[];
  /** Bought less sold by each plugin, in lots, by instrument id. */
  readonly ownLots: readonly Readonly<Record<string, number>>[];
  /** Why orders were denied; older journals have none. */
  readonly denials?: readonly Denial[];
  /** Why orders were rejected; older journals have none. */
  readonly rejections?: readonly Rejection[];
}

export interface ExecutionOptions {
  readonly runKey: string;
  /** Names of the strategies by plugin index. */
  readonly strategies: readonly string[];
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
  /** Times stages. */
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly risk: RiskEngine;
  /** Plugins that change intents before risk is asked; nobody does where it is left out. */
  readonly shapes?: Pick<ShapeDesk, "isUsed" | "shape" | "shapeAmend">;
  readonly journal: DecisionLog;
  readonly wire: OrderWire;
  readonly portfolio: Portfolio;
  /** Kept up with every order; default one of its own. */
  readonly exposure?: OpenExposure;
  readonly latencies: StageLatencies;
  readonly publish: (event: OrderEvent | FillEvent) => void;
  readonly onFault: (message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
  /** Most orders of which nothing was heard yet; 10,000 unless told. */
  readonly maxBacklog?: number;
}

/**
 * Takes intents to the wire and the venue's word back to strategies.
 *
 *     submit -> queue --flush--> shape -> risk -> journal (one commit) -> gateway -> venue -> report -> order machine -> portfolio -> hooks
 *
 * `submit` runs inside a hook and only queues; `flush` runs when the hook has returned. An intent is on disk before its request is made.
 */
export class Execution {
  readonly #options: ExecutionOptions;
  readonly #orders = new Map<string, Order>();
  readonly #open = new Set<Order>();
  readonly #numbers: number[];
  readonly #ownLots: readonly Map<Instrument, number>[]; // by owner
  readonly #refusals = new Map<Order, NamedVerdict>(); // of intents that risk is not asked about
  readonly #finished = new Ring<Order>(FINISHED_KEPT);
  readonly #denied = new Ring<Order>(DENIED_KEPT); // apart: a flood of them must not push out those that the venue may still speak of
  readonly #strayReports = new Set<string>();
  readonly counters: OrderCounters = {
    intents: 0,
    denied: 0,
    submitted: 0,
    accepted: 0,
    filled: 0,
    cancelled: 0,
    expired: 0,
    rejected: 0,
    duplicated: 0,
  };
  readonly #denials = new DenialCounter();
  readonly #rejections = new RejectionCounter();
  readonly #exposure: OpenExposure;
  readonly #backlog: { orders: number; readonly limit: number; isHigh: boolean };
  #intended: Order[] = [];
  readonly #cancels = new Set<Order>(); // that the next flush sends
  readonly #repeats = new Set<Order>(); // whose cancel is to be sent again once `cancelAgainUs` has come
  #amends: Order[] = []; // with the size wanted in `amendLots`
  #withdrawn: Order[] = [];
  /** False while `flush` would do nothing, certainly: it costs no call then. */
  mayFlush = false;
  #expectedRejections = 0;
  #unvoted = 0; // of the backlog, those that risk was not asked about yet
  #isSweep = false; // the cancels that wait are to go as quickly as the venue can
  #closedReason = "";

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.#exposure = options.exposure ?? new OpenExposure();
    this.#backlog = { orders: 0, limit: options.maxBacklog ?? 10_000, isHigh: false };
    this.#numbers = options.strategies.map(() => 0);
    this.#ownLots = options.strategies.map(() => new Map());
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
    this.#orders.set(order.clientOrderId, order);
    if (refusal !== undefined) this.#refusals.set(order, refusal);
    else {
      this.#unvoted++;
      this.#setAwaited(order, true);
    }
    this.#intended.push(order);
    this.mayFlush = true;
    return order;
  }

  /**
   * Queues a cancel. One of an order that is not yet sent takes the intent back, also while it waits for the wire; one of an order
   * whose fate is not yet known is remembered until it is: a cancel that overtakes its order would find nothing.
   *
   * One that repeats a cancel which came to its end and left the order open is sent 100 ms after that end, and each further one after
   * twice the time, up to 5 s: whoever cancels again on each word of the venue cannot flood it.
   */
  cancel(order: { readonly clientOrderId: string }): void {
    const own = this.#orders.get(order.clientOrderId);
    if (own === undefined || isFinal(own.state)) return;
    this.mayFlush = true;
    if (isWorking(own.state)) {
      if (own.cancelling) return;
      if (this.#options.nowUs() >= own.cancelAgainUs) this.#cancels.add(own);
      else this.#repeatLater(own);
      return;
    }
    if (own.state === "submitted" && !own.cancelWanted) this.#withdrawn.push(own);
    own.cancelWanted = true;
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
    const own = this.#orders.get(order.clientOrderId);
    if (own === undefined) return deny("NOT_OPEN", `order ${order.clientOrderId} is not known any more`);
    if (this.#options.wire.amend === undefined)
      return deny("AMEND_NOT_SUPPORTED", "orders cannot be made smaller here: cancel it and submit another one");
    if (this.#cancels.has(own)) return deny("CANCEL_PENDING", `order ${own.clientOrderId} is being cancelled`);
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
    for (const order of this.#intended) if (!order.cancelWanted && !this.#refusals.has(order)) yield order.intent;
  }

  /** How much waits for the venue's word, kept up to date, what the present hook has wanted included. It follows from the inputs, so a replay sees the same. */
  get backlog(): Backlog {
    return this.#backlog;
  }

  /**
   * Takes what the last hook queued through risk and journal to the wire; false when that was nothing.
   *
   * @param triggerNs See `OrderWire.send`.
   */
  flush(triggerNs: number): boolean {
    if (this.#withdrawn.length > 0) this.#withdraw();
    if (this.#repeats.size > 0) this.#repeatDue();
    this.mayFlush = this.#repeats.size > 0;
    if (this.#intended.length === 0 && this.#cancels.size === 0 && this.#amends.length === 0) return false;
    const intended = this.#intended;
    const cancels = this.#cancels.size === 0 ? NONE : [...this.#cancels];
    const wished = this.#amends;
    if (intended.length > 0) this.#intended = [];
    if (cancels.length > 0) this.#cancels.clear();
    if (wished.length > 0) this.#amends = [];
    const { journal, wire } = this.#options;
    for (const order of cancels) {
      beginCancel(order);
      journal.append("cancel", { clientOrderId: order.clientOrderId });
    }
    const amends = wished.length === 0 ? wished : wished.filter((order) => this.#admitsAmend(order));
    const approved = this.#review(intended);
    if (!this.#commit(approved)) {
      for (const order of cancels) endCancel(order, "");
      for (const order of amends) endAmend(order, "the journal cannot be written");
      return true;
    }
    // What takes risk away goes first.
    if (this.#isSweep && wire.sweep !== undefined) wire.sweep(cancels);
    else for (const order of cancels) wire.cancel(order);
    this.#isSweep = false;
    for (const order of amends) wire.amend?.(order);
    for (const intent of approved) {
      this.counters.submitted++;
      wire.send(intent, triggerNs);
    }
    return true;
  }

  /** True when `onReport` would change nothing: all that it tells of an order of this run was told before. */
  hasHeard(report: OrderReport): boolean {
    const order = this.#orders.get(report.clientOrderId);
    return order !== undefined && isHeard(order, report);
  }

  /** Applies the venue's word on an order. */
  onReport(report: OrderReport): void {
    const { publish, onFault } = this.#options;
    const order = this.#orders.get(report.clientOrderId);
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
    const order = this.#orders.get(clientOrderId);
    if (order === undefined || !applyFailure(order, outcome, reason)) return;
    const isTakenBack = outcome === "unsent" && order.cancelWanted;
    if (isTakenBack || (outcome === "refused" && order.intent.type === "postOnly")) this.#expectedRejections++;
    this.#onChanged(order);
  }

  /** Orders that count as rejected and are no failure, since this process began: taken back before they were sent, or post-only and refused. */
  get expectedRejections(): number {
    return this.#expectedRejections;
  }

  /** A cancel has come to its end, whatever that was: another one may be sent. @param refusal Why the venue refused it, else "". */
  onCancelEnded(clientOrderId: string, refusal: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) return;
    // One that is wanted again has overtaken its order and says nothing of it: the next goes out at once.
    if (isWorking(order.state) && !order.cancelWanted) this.#pace(order);
    if (endCancel(order, refusal)) this.#onChanged(order);
    this.#cancelIfWanted(order);
  }

  /** An amendment has come to its end; the new size was in a report. @param refusal Why the venue refused it, else "". */
  onAmendEnded(clientOrderId: string, refusal: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined && endAmend(order, refusal)) this.#onChanged(order);
  }

  /**
   * The venue has said nothing of an order within its `maxLatencyMs`: it is cancelled now, and once more when the venue's word shows
   * that the cancel has overtaken it.
   */
  onOverdue(clientOrderId: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order === undefined || isFinal(order.state) || isWorking(order.state) || order.cancelling) return;
    order.cancelWanted = true;
    this.#cancels.add(order);
    this.mayFlush = true;
    this.flush(Number.NaN);
  }

  /**
   * Wants every open order cancelled as quickly as the venue can: for a halt. The next `flush` sends it. A cancel that leaves its order
   * open is repeated, at the pace that `cancel` tells, until the order has ended.
   */
  sweep(): void {
    this.#isSweep = true;
    for (const order of this.#open) order.mustEnd = true;
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
    return this.#repeats.size > 0;
  }

  /**
   * Takes back an intent of an earlier process as its journal has it: an approved one may have reached the venue or not.
   */
  recoverIntent(order: Order, number: number, isApproved: boolean, votes: readonly VoteRecord[] = []): void {
    this.#numbers[order.owner] = Math.max(this.#numbers[order.owner] ?? 0, number);
    this.counters.intents++;
    if (!isApproved) {
      this.#denials.count(votes);
      this.counters.denied++;
      return;
    }
    this.counters.submitted++;
    order.state = "submitted";
    this.#setAwaited(order, true);
    this.#orders.set(order.clientOrderId, order);
    this.#open.add(order);
    this.#exposure.update(order);
  }

  /** Takes back the venue's word as the journal has it: strategies of this process hear nothing of it, and nothing is sent. */
  recoverReport(report: OrderReport): void {
    const order = this.#orders.get(report.clientOrderId);
    if (order === undefined) return;
    const { changed, fills } = applyReport(order, report);
    for (const fill of fills) this.#book(order, fill);
    if (changed) this.#count(order);
  }

  /** Takes back a failure as the journal has it. One without a known outcome leaves the order unknown. */
  recoverFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined && applyFailure(order, outcome, reason)) this.#count(order);
  }

  /** Takes back that an order was to be cancelled: it is, once the venue has said that it is open. */
  recoverCancel(clientOrderId: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order?.isOpen) order.cancelWanted = true;
  }

  /**
   * All was taken back. Orders without the venue's word are `unknown` until it has been asked; cancels that were under way are
   * asked for again once the order is known to be open.
   */
  endRecovery(): void {
    for (const order of this.#open) {
      if (order.cancelling) order.cancelWanted = true;
      endCancel(order, "");
      endAmend(order, "");
      if (order.cancelWanted && isWorking(order.state)) {
        this.#repeats.add(order);
        this.mayFlush = true;
      }
      if (order.state !== "submitted") continue;
      this.#setAwaited(order, false);
      order.state = "unknown";
      order.reason = "the process ended before the venue's word came";
    }
  }

  /** What must survive a restart; nothing may be queued. */
  record(): ExecutionRecord {
    return {
      numbers: [...this.#numbers],
      counters: { ...this.counters },
      open: [...this.#open].map(toOrderRecord),
      ownLots: this.#ownLots.map((own) => Object.fromEntries([...own].map(([{ id }, lots]) => [id, lots]))),
      denials: this.denials,
      rejections: this.rejections,
    };
  }

  /** Takes over what an earlier process recorded, in place of all there is. Call before the first intent. */
  restore(record: ExecutionRecord, instrumentOf: InstrumentOf): void {
    const { numbers, counters, open, ownLots, denials = [], rejections = [] } = record;
    for (let owner = 0; owner < this.#numbers.length; owner++) this.#numbers[owner] = numbers[owner] ?? 0;
    Object.assign(this.counters, counters);
    this.#denials.restore(denials);
    this.#rejections.restore(rejections);
    for (const [owner, own] of this.#ownLots.entries()) {
      own.clear();
      for (const [id, lots] of Object.entries(ownLots[owner] ?? {})) own.set(instrumentOf(id), lots);
    }
    this.#orders.clear();
    this.#open.clear();
    this.#repeats.clear();
    this.#exposure.clear();
    this.#backlog.orders = 0;
    for (const record of open) {
      const order = fromOrderRecord(record, instrumentOf);
      if (order.state === "submitted") this.#setAwaited(order, true);
      this.#orders.set(order.clientOrderId, order);
      this.#open.add(order);
      this.#exposure.update(order);
    }
  }

  /** Denies every further intent with `reason`; cancels still pass. */
  stopNewOrders(reason: string): void {
    this.#closedReason = reason;
  }

  /** Orders that may still trade, oldest first; of one strategy or instrument when given. */
  openOrders(owner?: number, instrument?: Instrument): readonly Order[] {
    const open: Order[] = [];
    for (const order of this.#open) {
      if (
        (owner === undefined || order.owner === owner) &&
        (instrument === undefined || order.intent.instrument === instrument)
      )
        open.push(order);
    }
    return open;
  }

  /** Orders of one strategy whose tag begins with `prefix`, oldest first: those open, and those that ended and are still known. */
  tagged(owner: number, prefix: string): readonly Order[] {
    return [...this.#orders.values()].filter(
      (order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true,
    );
  }

  /** True while an order at a venue has an outcome that nobody knows. */
  hasUnknown(venue: string): boolean {
    for (const { state, intent } of this.#open)
      if (state === "unknown" && intent.instrument.venue === venue) return true;
    return false;
  }

  /** An order that is open, or ended and still known. */
  find(clientOrderId: string): Order | undefined {
    return this.#orders.get(clientOrderId);
  }

  /** Orders whose fills are not all booked yet. */
  withMissingFills(): readonly Order[] {
    return [...this.#orders.values()].filter((order) => order.bookedLots < order.filledLots);
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
    return this.#denials.list;
  }

  /** Why orders were rejected since the start, most often first. */
  get rejections(): readonly Rejection[] {
    return this.#rejections.list;
  }

  /** Orders whose outcome is unknown now. */
  get unknown(): number {
    let count = 0;
    for (const order of this.#open) if (order.state === "unknown") count++;
    return count;
  }

  #review(intended: readonly Order[]): ApprovedIntent[] {
    const { journal, clock, latencies, shapes } = this.#options;
    const passed: ApprovedIntent[] = [];
    for (const order of intended) {
      let refusal = this.#refusals.get(order);
      if (refusal === undefined) this.#unvoted--;
      else this.#refusals.delete(order);
      const shaped = refusal === undefined && shapes?.isUsed ? this.#shape(order) : undefined;
      refusal ??= shaped?.refusal;
      const startedNs = clock.monotonicNs();
      const { approved, verdicts } =
        refusal === undefined ? this.#reviewOne(order) : { approved: undefined, verdicts: [refusal] };
      latencies.risk.record(clock.monotonicNs() - startedNs);
      const withdrawn =
        this.#closedReason || (order.cancelWanted ? "cancelled by the strategy before it was sent" : "");
      const admitted = withdrawn === "" ? approved : undefined;
      const { clientOrderId: id, strategy } = order;
      const votes = verdicts.map(toVoteRecord);
      journal.append("intent", {
        clientOrderId: id,
        strategy,
        ...toIntentRecord(order.intent),
        ...(shaped?.changes !== undefined && { shaped: shaped.changes }),
        approved: admitted !== undefined,
        votes,
      });
      if (admitted !== undefined) {
        // Counts as open for the votes on the intents that follow in the same flush.
        this.#open.add(order);
        order.state = "submitted";
        this.#exposure.update(order);
        passed.push(admitted);
        continue;
      }
      const veto = verdicts.find(({ verdict }) => !verdict.allowed)?.verdict;
      this.#denials.count(votes, withdrawn);
      order.state = "denied";
      order.reason = withdrawn || (veto?.allowed === false ? `${veto.code}: ${veto.reason}` : "denied");
      this.#onChanged(order);
    }
    return passed;
  }

  /** Nobody is asked about an order that is not to be sent any more. */
  #shape(order: Order): Shaped | undefined {
    return this.#closedReason === "" && !order.cancelWanted ? this.#options.shapes?.shape(order) : undefined;
  }

  #reviewOne(order: Order): Review {
    const { limit } = this.#backlog;
    const orders = this.#backlog.orders - this.#unvoted - 1; // it is one of them by now
    let verdict = reviewTerms(order.intent);
    if (verdict.allowed && orders < limit) return this.#options.risk.review(order);
    if (verdict.allowed)
      verdict = deny("QUEUE_FULL", `${orders} orders wait for the venue's word, the limit is ${limit}`);
    return { approved: undefined, verdicts: [{ voter: "pipeline", verdict }] };
  }

  /** Puts an amendment to plugins that shape and vote, and journals it; false when it is not to be, which is told. */
  #admitsAmend(order: Order): boolean {
    const { journal, shapes, risk } = this.#options;
    const shaped = shapes?.isUsed ? shapes.shapeAmend(order) : undefined;
    const { clientOrderId: id, amendLots, filledLots, intent } = order;
    const refusal = shaped?.refusal ?? (amendLots > filledLots ? undefined : tooSmall(amendLots, filledLots));
    const verdicts = refusal === undefined ? risk.reviewAmend({ ...intent, sizeLots: amendLots }) : [refusal];
    const veto = verdicts.find(({ verdict }) => !verdict.allowed)?.verdict;
    journal.append("amend", {
      clientOrderId: id,
      sizeLots: amendLots,
      ...(shaped?.changes !== undefined && { shaped: shaped.changes }),
      ...(veto !== undefined && { approved: false }),
      ...(verdicts.length > 0 && { votes: verdicts.map(toVoteRecord) }),
    } satisfies AmendEntry);
    if (veto === undefined || veto.allowed) return true;
    endAmend(order, `${veto.code}: ${veto.reason}`);
    this.#onChanged(order);
    return false;
  }

  #cancelIfWanted(order: Order): void {
    if (!order.cancelWanted || order.cancelling || !isWorking(order.state)) return;
    order.cancelWanted = false;
    this.cancel(order);
    this.flush(Number.NaN);
  }

  /** A cancel has ended and left its order open. */
  #pace(order: Order): void {
    const pauseUs = Math.min(FIRST_REPEAT_US * 2 ** order.cancelsFailed, LONGEST_REPEAT_US);
    order.cancelsFailed++;
    order.cancelAgainUs = this.#options.nowUs() + pauseUs;
    if (order.mustEnd) this.#repeatLater(order);
  }

  #repeatLater(order: Order): void {
    order.cancelWanted = true;
    this.#repeats.add(order);
    this.mayFlush = true;
  }

  #repeatDue(): void {
    const nowUs = this.#options.nowUs();
    for (const order of this.#repeats) {
      if (!isFinal(order.state) && nowUs < order.cancelAgainUs) continue;
      this.#repeats.delete(order);
      if (!isWorking(order.state) || order.cancelling) continue;
      order.cancelWanted = false;
      this.#cancels.add(order);
    }
  }

  /** Those that were taken back before the venue's word: the wire knows which of them it has not sent yet. */
  #withdraw(): void {
    const withdrawn = this.#withdrawn;
    this.#withdrawn = [];
    for (const order of withdrawn) if (order.state === "submitted") this.#options.wire.withdraw?.(order);
  }

  #setAwaited(order: Order, isAwaited: boolean): void {
    if (order.isAwaited === isAwaited) return;
    order.isAwaited = isAwaited;
    const backlog = this.#backlog;
    backlog.orders += isAwaited ? 1 : -1;
    if (backlog.orders >= HIGH_SHARE * backlog.limit) backlog.isHigh = true;
    else if (backlog.orders <= LOW_SHARE * backlog.limit) backlog.isHigh = false;
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
  }

  #onChanged(order: Order): void {
    this.#count(order);
    this.#options.publish({ kind: "order", instrument: order.intent.instrument, order });
  }

  #count(order: Order): void {
    const { counters } = this;
    this.#exposure.update(order);
    if (order.state !== "submitted") this.#setAwaited(order, false);
    if (!order.wasAccepted && (isWorking(order.state) || ["filled", "cancelled", "expired"].includes(order.state))) {
      order.wasAccepted = true;
      counters.accepted++;
    }
    if (isFinal(order.state)) {
      this.#open.delete(order);
      this.#forgetOldest(order);
      counters[order.state as "denied" | "filled" | "cancelled" | "expired" | "rejected"]++;
      if (order.state === "rejected") this.#rejections.count(order.reason);
    }
  }

  // A late report may still name a finished order, so the last ones stay known; older ones would only fill the memory.
  #forgetOldest(finished: Order): void {
    const kept = finished.state === "denied" ? this.#denied : this.#finished;
    if (kept.tryPush(finished)) return;
    const oldest = kept.shift();
    if (oldest !== undefined) this.#orders.delete(oldest.clientOrderId);
    kept.tryPush(finished);
  }

  #onStray(report: OrderReport): void {
    const strays = this.#strayReports;
    if (strays.has(report.clientOrderId)) return;
    if (strays.size === STRAYS_KNOWN) strays.clear(); // another session on the same account: one word too many rather than memory without end
    strays.add(report.clientOrderId);
    this.#options.onFault(
      `the venue reports order ${report.clientOrderId} on ${report.instrument.id}, which is not of this run`,
    );
  }
}

function tooSmall(amendLots: number, filledLots: number): NamedVerdict {
  const reason = `plugins that shape made its size ${amendLots} lots, and ${filledLots} are filled`;
  return { voter: "pipeline", verdict: deny("BAD_SIZE", reason) };
}
