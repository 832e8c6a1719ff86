import type { Clock } from "@pitlane/perf";
import { Ring } from "@pitlane/perf/ring";
import type { Fill, Instrument, OrderReport, RequestOutcome } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { StageLatencies } from "../latency.ts";
import { applyFailure, applyReport } from "../orders/machine.ts";
import { clientOrderId, type Intent, isFinal, Order } from "../orders/order.ts";
import {
  fromOrderRecord,
  type InstrumentOf,
  type OrderRecord,
  toIntentRecord,
  toOrderRecord,
} from "../orders/records.ts";
import type { Portfolio } from "./portfolio.ts";
import type { ApprovedIntent, Exposure, RiskEngine, Verdict } from "./risk.ts";

const FINISHED_KEPT = 10_000;

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

/** Where orders go: the gateway, or nowhere in a replay. */
export interface OrderWire {
  /** @param triggerNs When the frame that led to it was received, monotonic; NaN when no frame did. */
  send(approved: ApprovedIntent, triggerNs: number): void;
  cancel(order: Order): void;
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
  readonly journal: DecisionLog;
  readonly wire: OrderWire;
  readonly portfolio: Portfolio;
  readonly latencies: StageLatencies;
  readonly publish: (event: OrderEvent | FillEvent) => void;
  readonly onFault: (message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
}

/**
 * Takes intents to the wire and the venue's word back to strategies.
 *
 *     submit -> queue --flush--> risk -> journal (one commit) -> gateway -> venue -> report -> order machine -> portfolio -> hooks
 *
 * `submit` runs inside a hook and only queues; `flush` runs when the hook has returned. An intent is on disk before its request is made.
 */
export class Execution {
  readonly #options: ExecutionOptions;
  readonly #orders = new Map<string, Order>();
  readonly #open = new Set<Order>();
  readonly #numbers: number[];
  readonly #ownLots: readonly Map<Instrument, number>[]; // by owner
  readonly #refusals = new Map<Order, Verdict & { readonly allowed: false }>(); // of intents that risk is not asked about
  readonly #finished = new Ring<Order>(FINISHED_KEPT);
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
  #intended: Order[] = [];
  #cancels: Order[] = [];
  #closedReason = "";

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.#numbers = options.strategies.map(() => 0);
    this.#ownLots = options.strategies.map(() => new Map());
  }

  /** Queues an intent of strategy `owner`. @param refusal It is not permitted at all: risk is not asked. */
  submit(owner: number, intent: Intent, refusal?: Verdict & { readonly allowed: false }): Order {
    const { runKey, strategies, nowUs } = this.#options;
    const number = (this.#numbers[owner] ?? 0) + 1;
    this.#numbers[owner] = number;
    const id = clientOrderId(runKey, owner, number);
    const order = new Order(id, strategies[owner] ?? "", owner, intent, nowUs());
    this.counters.intents++;
    this.#orders.set(order.clientOrderId, order);
    if (refusal !== undefined) this.#refusals.set(order, refusal);
    this.#intended.push(order);
    return order;
  }

  /**
   * Queues a cancel. One of an order that is not yet sent takes the intent back; one of an order whose fate is not yet known is
   * remembered until it is: a cancel that overtakes its order would find nothing.
   */
  cancel(order: { readonly clientOrderId: string }): void {
    const own = this.#orders.get(order.clientOrderId);
    if (own === undefined || isFinal(own.state)) return;
    if (own.state === "intended" || own.state === "submitted" || own.state === "unknown") own.cancelWanted = true;
    else if (!own.cancelling && !this.#cancels.includes(own)) this.#cancels.push(own);
  }

  /**
   * Takes what the last hook queued through risk and journal to the wire; false when that was nothing.
   *
   * @param triggerNs See `OrderWire.send`.
   */
  flush(triggerNs: number): boolean {
    if (this.#intended.length === 0 && this.#cancels.length === 0) return false;
    const intended = this.#intended;
    const cancels = this.#cancels;
    this.#intended = [];
    this.#cancels = [];
    const { journal, wire } = this.#options;
    for (const order of cancels) {
      order.cancelling = true;
      journal.append("cancel", { clientOrderId: order.clientOrderId });
    }
    const approved = this.#review(intended);
    if (!this.#commit(approved)) return true;
    for (const order of cancels) wire.cancel(order);
    for (const intent of approved) {
      this.counters.submitted++;
      wire.send(intent, triggerNs);
    }
    return true;
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
    if (order.cancelWanted && order.isOpen) {
      order.cancelWanted = false;
      this.cancel(order);
      this.flush(Number.NaN);
    }
  }

  /** Applies the failure of a submission. */
  onFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined && applyFailure(order, outcome, reason)) this.#onChanged(order);
  }

  /** A cancel has come to its end, whatever that was: another one may be sent. */
  onCancelEnded(clientOrderId: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined) order.cancelling = false;
  }

  /** Wants every open order cancelled. */
  cancelAll(owner?: number): void {
    for (const order of this.openOrders(owner)) this.cancel(order);
  }

  /**
   * Takes back an intent of an earlier process as its journal has it: an approved one may have reached the venue or not.
   */
  recoverIntent(order: Order, number: number, isApproved: boolean): void {
    this.#numbers[order.owner] = Math.max(this.#numbers[order.owner] ?? 0, number);
    this.counters.intents++;
    if (!isApproved) {
      this.counters.denied++;
      return;
    }
    this.counters.submitted++;
    order.state = "submitted";
    this.#orders.set(order.clientOrderId, order);
    this.#open.add(order);
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
      order.cancelling = false;
      if (order.state !== "submitted") continue;
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
    };
  }

  /** Takes over what an earlier process recorded, in place of all there is. Call before the first intent. */
  restore({ numbers, counters, open, ownLots }: ExecutionRecord, instrumentOf: InstrumentOf): void {
    for (let owner = 0; owner < this.#numbers.length; owner++) this.#numbers[owner] = numbers[owner] ?? 0;
    Object.assign(this.counters, counters);
    for (const [owner, own] of this.#ownLots.entries()) {
      own.clear();
      for (const [id, lots] of Object.entries(ownLots[owner] ?? {})) own.set(instrumentOf(id), lots);
    }
    this.#orders.clear();
    this.#open.clear();
    for (const record of open) {
      const order = fromOrderRecord(record, instrumentOf);
      this.#orders.set(order.clientOrderId, order);
      this.#open.add(order);
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

  /** Orders whose fills are not all booked yet. */
  withMissingFills(): readonly Order[] {
    return [...this.#orders.values()].filter((order) => order.bookedLots < order.filledLots);
  }

  /** What is held and may yet be bought and sold of an instrument. */
  exposure(instrument: Instrument): Exposure {
    let openBuyLots = 0;
    let openSellLots = 0;
    for (const order of this.#open) {
      if (order.intent.instrument !== instrument) continue;
      if (order.intent.side === "buy") openBuyLots += order.openLots;
      else openSellLots += order.openLots;
    }
    return { positionLots: this.#options.portfolio.position(instrument).lots, openBuyLots, openSellLots };
  }

  /** Bought less sold by one plugin, in lots. */
  ownLots(owner: number, instrument: Instrument): number {
    return this.#ownLots[owner]?.get(instrument) ?? 0;
  }

  /** Orders whose outcome is unknown now. */
  get unknown(): number {
    let count = 0;
    for (const order of this.#open) if (order.state === "unknown") count++;
    return count;
  }

  #review(intended: readonly Order[]): ApprovedIntent[] {
    const { risk, journal, clock, latencies } = this.#options;
    const passed: ApprovedIntent[] = [];
    for (const order of intended) {
      const startedNs = clock.monotonicNs();
      const refusal = this.#refusals.get(order);
      if (refusal !== undefined) this.#refusals.delete(order);
      const { approved, verdicts } =
        refusal === undefined
          ? risk.review(order)
          : { approved: undefined, verdicts: [{ voter: "permissions", verdict: refusal }] };
      latencies.risk.record(clock.monotonicNs() - startedNs);
      const withdrawn =
        this.#closedReason || (order.cancelWanted ? "cancelled by the strategy before it was sent" : "");
      const admitted = withdrawn === "" ? approved : undefined;
      const votes = verdicts.map(({ voter, verdict }) =>
        verdict.allowed ? { voter, allowed: true } : { voter, ...verdict },
      );
      const { clientOrderId: id, strategy } = order;
      journal.append("intent", {
        clientOrderId: id,
        strategy,
        ...toIntentRecord(order.intent),
        approved: admitted !== undefined,
        votes,
      });
      if (admitted !== undefined) {
        // Counts as open for the votes on the intents that follow in the same flush.
        this.#open.add(order);
        order.state = "submitted";
        passed.push(admitted);
        continue;
      }
      const veto = verdicts.find(({ verdict }) => !verdict.allowed)?.verdict;
      order.state = "denied";
      order.reason = withdrawn || (veto?.allowed === false ? `${veto.code}: ${veto.reason}` : "denied");
      this.#onChanged(order);
    }
    return passed;
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

  #book({ owner }: Order, fill: Fill): void {
    this.#options.portfolio.apply(fill);
    const own = this.#ownLots[owner]!;
    own.set(fill.instrument, (own.get(fill.instrument) ?? 0) + (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots));
  }

  #onChanged(order: Order): void {
    this.#count(order);
    this.#options.publish({ kind: "order", instrument: order.intent.instrument, order });
  }

  #count(order: Order): void {
    const { counters } = this;
    if (!order.wasAccepted && ["accepted", "partiallyFilled", "filled", "cancelled", "expired"].includes(order.state)) {
      order.wasAccepted = true;
      counters.accepted++;
    }
    if (isFinal(order.state)) {
      this.#open.delete(order);
      this.#forgetOldest(order);
      counters[order.state as "denied" | "filled" | "cancelled" | "expired" | "rejected"]++;
    }
  }

  // A late report may still name a finished order, so the last ones stay known; older ones would only fill the memory.
  #forgetOldest(finished: Order): void {
    if (this.#finished.tryPush(finished)) return;
    const oldest = this.#finished.shift();
    if (oldest !== undefined) this.#orders.delete(oldest.clientOrderId);
    this.#finished.tryPush(finished);
  }

  #onStray(report: OrderReport): void {
    if (this.#strayReports.has(report.clientOrderId)) return;
    this.#strayReports.add(report.clientOrderId);
    this.#options.onFault(
      `the venue reports order ${report.clientOrderId} on ${report.instrument.id}, which is not of this run`,
    );
  }
}
