import { setMaxListeners } from "node:events";
import type { Clock } from "@pitlane/perf";
import { mapConcurrent } from "@pitlane/perf/flow";
import { type Instrument, OrderNotFoundError, type OrderReport, type RequestOutcome } from "@pitlane/sdk";
import type { ApprovedIntent } from "../engines/risk.ts";
import type { StageLatencies } from "../latency.ts";
import type { OrderTimer } from "../observe/slow-orders.ts";
import type { OrderVenue } from "../venue.ts";
import { OrderAsker } from "./asker.ts";
import type { Order } from "./order.ts";
import { outcomeOf, reasonOf } from "./outcome.ts";
import { OrderSender, type PipelineSettings } from "./sender.ts";

export interface GatewayOptions {
  readonly venue: OrderVenue;
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  /** See `OrderSenderOptions`. */
  readonly timer?: OrderTimer;
  /** How long the venue may act on a request after its timestamp, in milliseconds. */
  readonly recvWindowMs: number;
  /** `DEFAULT_PIPELINE` for what is left out. */
  readonly pipeline?: Partial<PipelineSettings>;
  readonly onReport: (report: OrderReport) => void;
  /** A submission failed; for `unknown` the gateway goes on to ask. */
  readonly onFailure: (order: Order, outcome: RequestOutcome, reason: string) => void;
  /**
   * A cancel has come to its end: the venue has said what became of the order, or could not be asked. `refusal` is why nothing came of the
   * request, "" when something did, or nobody knows.
   */
  readonly onCancelEnd: (order: Order, refusal: string) => void;
  /** An amendment has come to its end, as `onCancelEnd`; the size that it led to was in a report. */
  readonly onAmendEnd: (order: Order, refusal: string) => void;
  /** The venue has said nothing of an order within its `maxLatencyMs`. */
  readonly onOverdue: (order: Order) => void;
  /** Something for people to know; trading goes on. */
  readonly onFault: (message: string) => void;
}

/** For a client with 20 connections: cancels and questions always find one that is free. */
const DEFAULT_PIPELINE: PipelineSettings = { requests: 15, instruments: 2, batch: 100, queueTimeoutMs: 5_000 };

// A venue's engine may still answer this long after the window closed (Binance gives its engine 10 s), and clocks differ a little.
const SETTLE_MS = 11_000;
const SWEPT_FROM = 3; // open orders of one instrument
const LONGEST_CALL_MS = 10_000; // the SDK's own limit: a request is made within it, or never
const ASKED_AT_ONCE = 8;

/**
 * Sends approved intents, each once, and finds out what became of those whose answer was lost.
 *
 *     send -> a place is free and nothing waits: to the venue at once, synchronously
 *          -> else: the queue -> a place is given back -> to the venue; or dropped, when its time is over first
 *
 * Cancels and amendments never wait here: the client pays for them first when the venue's budget is short. A submission is never
 * repeated. When its outcome is unknown the venue is asked by client order id until it knows the order, or until the request can no
 * longer take effect: only then is the order called rejected. Every wait has an end: `queueTimeoutMs` in the queue, `maxLatencyMs` of an
 * intent that has one, the client's own limit for a call.
 */
export class OrderGateway {
  readonly #options: GatewayOptions;
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  readonly #asker: OrderAsker;
  readonly #sender: OrderSender;
  readonly #queueTimeoutMs: number;

  constructor(options: GatewayOptions) {
    const { venue, clock, latencies, recvWindowMs, onReport, onFailure, onOverdue, onFault, pipeline, timer } = options;
    const { signal } = this.#stop;
    this.#options = options;
    this.#queueTimeoutMs = { ...DEFAULT_PIPELINE, ...pipeline }.queueTimeoutMs;
    this.#asker = new OrderAsker({ venue, clock, onReport, onFailure, onFault, signal });
    this.#sender = new OrderSender({
      venue,
      clock,
      latencies,
      ...(timer !== undefined && { timer }),
      pipeline: { ...DEFAULT_PIPELINE, ...pipeline },
      effectMs: recvWindowMs + SETTLE_MS,
      onReport,
      onFailure,
      onOverdue,
      resolve: (order) => this.#asker.resolve(order),
      track: (work) => this.#track(work),
      signal,
    });
    setMaxListeners(0, signal); // one an order that is asked about
  }

  /** Orders that wait for their turn. */
  get queued(): number {
    return this.#sender.queued;
  }

  /** Requests for new orders that are under way. */
  get inFlight(): number {
    return this.#sender.inFlight;
  }

  /**
   * Sends an order, or lets it wait for its turn. Returns at once; what happens is told through the callbacks, never before it returns.
   *
   * @param triggerNs When the frame that led to it was received, monotonic; NaN when no frame did.
   */
  send({ order }: ApprovedIntent, triggerNs: number): void {
    this.#sender.send(order, triggerNs);
  }

  /** Asks the venue to cancel an order. */
  cancel(order: Order): void {
    this.#track(this.#cancel(order));
  }

  /**
   * Asks the venue to cancel all these: where it has a call for all open orders of an instrument and several of these are of one, by
   * that call. It takes orders with it that are not of this run.
   */
  sweep(orders: readonly Order[]): void {
    const byInstrument = new Map<Instrument, Order[]>();
    for (const order of orders) {
      const group = byInstrument.get(order.intent.instrument) ?? [];
      byInstrument.set(order.intent.instrument, group);
      group.push(order);
    }
    for (const [instrument, group] of byInstrument) {
      if (group.length < SWEPT_FROM) for (const order of group) this.cancel(order);
      else this.#track(this.#sweep(instrument, group));
    }
  }

  /** Asks the venue to make an order smaller, to its `amendLots`. */
  amend(order: Order): void {
    this.#track(this.#amend(order));
  }

  /** Takes an order out of the queue, if it is still there: it then fails as unsent. */
  withdraw(order: Order): void {
    this.#sender.withdraw(order);
  }

  /** Asks the venue about an order and reports what it says, missed fills included. */
  ask(order: Order): void {
    this.#track(
      this.#asker
        .ask(order)
        .catch((error: unknown) =>
          this.#options.onFault(`asking about order ${order.clientOrderId} failed: ${reasonOf(error)}`),
        ),
    );
  }

  /** Asks about each of these and resolves with those that the venue does not know. What cannot be asked is told as a fault. */
  async askAll(orders: readonly Order[]): Promise<readonly Order[]> {
    const strangers: Order[] = [];
    const asked = mapConcurrent(orders, ASKED_AT_ONCE, async (order) => {
      if (!(await this.#asker.askQuietly(order))) strangers.push(order);
    });
    this.#track(asked.then(() => {}));
    await asked;
    return strangers;
  }

  /**
   * Asks what became of orders of an earlier process, and resolves when the venue has answered once for each. Those it does not
   * know are asked about until their request can no longer take effect: it was made within a wait's and a call's time of their birth,
   * or else before now.
   */
  async adopt(orders: readonly Order[]): Promise<void> {
    const { clock, recvWindowMs } = this.#options;
    const windowUs = (recvWindowMs + SETTLE_MS) * 1000;
    const sentWithinUs = (this.#queueTimeoutMs + LONGEST_CALL_MS) * 1000;
    const nowUs = clock.nowUs();
    const nowNs = clock.monotonicNs();
    const asked = mapConcurrent(orders, ASKED_AT_ONCE, async (order) => {
      const sentAgoUs = Math.max(0, nowUs - (order.bornAtUs + sentWithinUs)); // at least
      order.deadlineNs = nowNs + (windowUs - sentAgoUs) * 1000;
      await this.#asker.askQuietly(order);
      if (order.state === "unknown") this.#track(this.#asker.resolve(order));
    });
    this.#track(asked.then(() => {}));
    await asked;
  }

  /** Drops what still waits, ends asking, and resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the session is closing"));
    this.#sender.close();
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  #track(work: Promise<void>): void {
    this.#pending.add(work);
    work.then(
      () => this.#pending.delete(work),
      (error: unknown) => {
        this.#pending.delete(work);
        // What the venue answers is caught where it is asked: this is a callback that could not take in what it was told.
        this.#options.onFault(`news of an order could not be taken in: ${reasonOf(error)}`);
      },
    );
  }

  async #cancel(order: Order): Promise<void> {
    const { venue, onReport, onCancelEnd, onFault } = this.#options;
    let refusal = "";
    try {
      onReport(await venue.cancel({ instrument: order.intent.instrument, clientOrderId: order.clientOrderId }));
    } catch (error) {
      // Gone already, or nobody knows: either way the venue's word on the order settles it. A cancel is harmless to repeat.
      if (!(error instanceof OrderNotFoundError) && outcomeOf(error) !== "unknown") {
        refusal = reasonOf(error);
        onFault(`cancel of order ${order.clientOrderId} failed: ${refusal}`);
      }
      await this.#settle(order);
    } finally {
      onCancelEnd(order, refusal);
    }
  }

  async #sweep(instrument: Instrument, orders: readonly Order[]): Promise<void> {
    const { venue, onReport, onCancelEnd } = this.#options;
    try {
      for (const report of (await venue.cancelAll?.(instrument)) ?? []) onReport(report);
    } catch {
      // Whatever it was: each order that is open still is cancelled by itself below, and the venue's word on it is told.
    }
    for (const order of orders) {
      if (order.isOpen) this.cancel(order);
      else onCancelEnd(order, "");
    }
  }

  async #amend(order: Order): Promise<void> {
    const { venue, onReport, onAmendEnd } = this.#options;
    const { clientOrderId, amendLots: sizeLots, intent } = order;
    let refusal = "";
    try {
      if (venue.amend === undefined)
        refusal = "AMEND_NOT_SUPPORTED: the venue cannot make orders smaller; cancel it and submit another one";
      else onReport(await venue.amend({ instrument: intent.instrument, clientOrderId, sizeLots }));
    } catch (error) {
      // Only the order as it is now tells what became of an amendment without an answer; one that was refused may have met a fill.
      if (outcomeOf(error) !== "unknown") refusal = reasonOf(error);
      await this.#settle(order);
    } finally {
      onAmendEnd(order, refusal);
    }
  }

  /** Asks about an order, unless all is known of it. */
  async #settle(order: Order): Promise<void> {
    if (order.isOpen || order.bookedLots < order.filledLots) await this.#asker.askQuietly(order);
  }
}
