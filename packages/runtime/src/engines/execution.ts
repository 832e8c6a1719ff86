import type { Clock } from "@pitlane/perf";
import { Ring } from "@pitlane/perf/ring";
import type { Instrument, OrderReport, RequestOutcome } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { Journal } from "../journal/journal.ts";
import type { StageLatencies } from "../latency.ts";
import type { OrderGateway } from "../orders/gateway.ts";
import { applyFailure, applyReport } from "../orders/machine.ts";
import { clientOrderId, type Intent, isFinal, Order } from "../orders/order.ts";
import type { Portfolio } from "./portfolio.ts";
import type { ApprovedIntent, Exposure, RiskEngine } from "./risk.ts";

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

export interface ExecutionOptions {
  readonly runKey: string;
  /** Names of the strategies by plugin index. */
  readonly strategies: readonly string[];
  readonly clock: Clock;
  readonly risk: RiskEngine;
  readonly journal: Pick<Journal, "append" | "commit">;
  readonly gateway: Pick<OrderGateway, "send" | "cancel">;
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
  }

  /** Queues an intent of strategy `owner`. */
  submit(owner: number, intent: Intent): Order {
    const { runKey, strategies } = this.#options;
    const number = (this.#numbers[owner] ?? 0) + 1;
    this.#numbers[owner] = number;
    const order = new Order(clientOrderId(runKey, owner, number), strategies[owner] ?? "", owner, intent);
    this.counters.intents++;
    this.#orders.set(order.clientOrderId, order);
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

  /** Takes what the last hook queued through risk and journal to the wire. @param triggerNs See `OrderGateway.send`. */
  flush(triggerNs: number): void {
    if (this.#intended.length === 0 && this.#cancels.length === 0) return;
    const intended = this.#intended;
    const cancels = this.#cancels;
    this.#intended = [];
    this.#cancels = [];
    const { journal, gateway } = this.#options;
    for (const order of cancels) journal.append("cancel", { clientOrderId: order.clientOrderId });
    const approved = this.#review(intended);
    if (!this.#commit(approved)) return;
    for (const order of cancels) gateway.cancel(order);
    for (const intent of approved) {
      this.counters.submitted++;
      gateway.send(intent, triggerNs);
    }
  }

  /** Applies the venue's word on an order. */
  onReport(report: OrderReport): void {
    const { journal, portfolio, publish, onFault } = this.#options;
    const order = this.#orders.get(report.clientOrderId);
    if (order === undefined) return this.#onStray(report);
    const { changed, fills, fault } = applyReport(order, report);
    if (fault !== undefined) {
      if (report.venueOrderId !== order.venueOrderId) this.counters.duplicated++;
      onFault(fault);
    }
    if (!changed && fills.length === 0) return;
    journal.append("report", {
      clientOrderId: order.clientOrderId,
      venueOrderId: report.venueOrderId,
      status: report.status,
      filledLots: report.filledLots,
      atUs: report.atUs,
      fills: fills.map(({ tradeId, priceTicks, sizeLots, fee, feeAsset, isMaker }) => ({
        tradeId,
        priceTicks,
        sizeLots,
        fee,
        feeAsset,
        isMaker,
      })),
    });
    for (const fill of fills) {
      portfolio.apply(fill);
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
  onFailure(order: Order, outcome: RequestOutcome, reason: string): void {
    this.#options.journal.append("failure", { clientOrderId: order.clientOrderId, outcome, reason });
    if (applyFailure(order, outcome, reason)) this.#onChanged(order);
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
      const { approved, verdicts } = risk.review(order);
      latencies.risk.record(clock.monotonicNs() - startedNs);
      const { instrument, ...terms } = order.intent;
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
        instrument: instrument.id,
        ...terms,
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

  #onChanged(order: Order): void {
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
    this.#options.publish({ kind: "order", instrument: order.intent.instrument, order });
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
