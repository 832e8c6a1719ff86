import { setMaxListeners } from "node:events";
import type { Clock } from "@pitlane/perf";
import { mapConcurrent } from "@pitlane/perf/flow";
import {
  type Fill,
  InvalidInputError,
  OrderNotFoundError,
  type OrderReport,
  type OrderRequestOf,
  RequestError,
  type RequestOutcome,
} from "@pitlane/sdk";
import type { ApprovedIntent } from "../engines/risk.ts";
import type { StageLatencies } from "../latency.ts";
import type { IntentKinds, OrderVenue } from "../venue.ts";
import type { Order } from "./order.ts";

export interface GatewayOptions {
  readonly venue: OrderVenue;
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  /** How long the venue may act on a request after its timestamp, in milliseconds. */
  readonly recvWindowMs: number;
  readonly onReport: (report: OrderReport) => void;
  /** A submission failed; for `unknown` the gateway goes on to ask. */
  readonly onFailure: (order: Order, outcome: RequestOutcome, reason: string) => void;
  /** A cancel has come to its end: the venue has said what became of the order, or could not be asked. */
  readonly onCancelEnd: (order: Order) => void;
  /** Something for people to know; trading goes on. */
  readonly onFault: (message: string) => void;
}

// A venue's engine may still answer this long after the window closed (Binance gives its engine 10 s), and clocks differ a little.
const SETTLE_MS = 11_000;
const LONGEST_CALL_MS = 10_000; // the SDK's own limit: a request is made within it, or never
const FIRST_ASK_MS = 100;
const LONGEST_ASK_MS = 2_000;
const ADOPTED_AT_ONCE = 8;

/**
 * Sends approved intents, each once, and finds out what became of those whose answer was lost.
 *
 * A submission is never repeated. When its outcome is unknown the venue is asked by client order id until it knows the order,
 * or until the request can no longer take effect: only then is the order called rejected.
 */
export class OrderGateway {
  readonly #options: GatewayOptions;
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  constructor(options: GatewayOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stop.signal); // one an order that is asked about
  }

  /**
   * Sends an order. Returns at once; what happens is told through the callbacks.
   *
   * @param triggerNs When the frame that led to it was received, monotonic; NaN when no frame did.
   */
  send({ order }: ApprovedIntent, triggerNs: number): void {
    const { clock, recvWindowMs } = this.#options;
    order.deadlineUs = clock.nowUs() + (recvWindowMs + SETTLE_MS) * 1000;
    this.#track(this.#submit(order, triggerNs));
  }

  /** Asks the venue to cancel an order. */
  cancel(order: Order): void {
    this.#track(this.#cancel(order));
  }

  /** Asks the venue about an order and reports what it says, missed fills included. */
  ask(order: Order): void {
    this.#track(
      this.#ask(order).catch((error: unknown) =>
        this.#options.onFault(`asking about order ${order.clientOrderId} failed: ${reasonOf(error)}`),
      ),
    );
  }

  /**
   * Asks what became of orders of an earlier process, and resolves when the venue has answered once for each. Those it does not
   * know are asked about until their request can no longer take effect: it was made within a call's time of their birth, or else
   * before now.
   */
  async adopt(orders: readonly Order[]): Promise<void> {
    const { clock, recvWindowMs } = this.#options;
    const windowUs = (recvWindowMs + SETTLE_MS) * 1000;
    const nowUs = clock.nowUs();
    const asked = mapConcurrent(orders, ADOPTED_AT_ONCE, async (order) => {
      order.deadlineUs = Math.min(nowUs, order.bornAtUs + LONGEST_CALL_MS * 1000) + windowUs;
      await this.#askQuietly(order);
      if (order.state === "unknown") this.#track(this.#resolve(order));
    });
    this.#track(asked.then(() => {}));
    await asked;
  }

  /** Ends asking and resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the session is closing"));
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }

  async #submit(order: Order, triggerNs: number): Promise<void> {
    const { venue, clock, latencies, onReport, onFailure } = this.#options;
    const approvedNs = clock.monotonicNs();
    let sentNs = Number.NaN;
    const onSent = (ns: number) => {
      sentNs = ns;
      latencies.send.record(ns - approvedNs);
      if (!Number.isNaN(triggerNs)) latencies.tickToOrder.record(ns - triggerNs);
    };
    try {
      const report = await venue.submit(toRequest(order), { onSent });
      latencies.ack.record(clock.monotonicNs() - sentNs);
      onReport(report);
    } catch (error) {
      const outcome = outcomeOf(error);
      onFailure(order, outcome, reasonOf(error));
      if (outcome === "unknown") await this.#resolve(order);
    }
  }

  async #cancel(order: Order): Promise<void> {
    const { venue, onReport, onCancelEnd, onFault } = this.#options;
    try {
      onReport(await venue.cancel({ instrument: order.intent.instrument, clientOrderId: order.clientOrderId }));
    } catch (error) {
      // Gone already, or nobody knows: either way the venue's word on the order settles it. A cancel is harmless to repeat.
      if (!(error instanceof OrderNotFoundError) && outcomeOf(error) !== "unknown") {
        onFault(`cancel of order ${order.clientOrderId} failed: ${reasonOf(error)}`);
      }
      await this.#askQuietly(order);
    } finally {
      onCancelEnd(order);
    }
  }

  /** As `#ask`, when a venue that does not know the order is no news. */
  async #askQuietly(order: Order): Promise<void> {
    try {
      await this.#ask(order);
    } catch (error) {
      if (error instanceof OrderNotFoundError) return;
      this.#options.onFault(`asking about order ${order.clientOrderId} failed: ${reasonOf(error)}`);
    }
  }

  async #ask(order: Order): Promise<void> {
    const { venue, onReport } = this.#options;
    const { instrument } = order.intent;
    const report = await venue.get({ instrument, clientOrderId: order.clientOrderId });
    if (report.filledLots <= order.bookedLots) return onReport(report);
    const fills = await venue.listFills(instrument);
    const own = fills
      .filter((fill) => fill.venueOrderId === report.venueOrderId)
      .map((fill): Fill => ({ ...fill, clientOrderId: order.clientOrderId }));
    onReport({ ...report, fills: own });
  }

  async #resolve(order: Order): Promise<void> {
    const { clock, onFailure, onFault } = this.#options;
    for (let waitMs = FIRST_ASK_MS; order.state === "unknown"; waitMs = Math.min(waitMs * 2, LONGEST_ASK_MS)) {
      try {
        await clock.sleep(waitMs, this.#stop.signal);
      } catch {
        return; // closing: the order stays unknown, and the report says so
      }
      const mayStillArrive = clock.nowUs() <= order.deadlineUs;
      try {
        await this.#ask(order);
      } catch (error) {
        if (!(error instanceof OrderNotFoundError))
          onFault(`asking about order ${order.clientOrderId} failed: ${reasonOf(error)}`);
        else if (!mayStillArrive) onFailure(order, "unsent", "the venue never accepted it");
      }
    }
  }
}

function outcomeOf(error: unknown): RequestOutcome {
  if (error instanceof RequestError) return error.outcome;
  return error instanceof InvalidInputError ? "unsent" : "unknown";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toRequest({ clientOrderId, intent }: Order): OrderRequestOf<IntentKinds> {
  const { instrument, side, type, sizeLots, priceTicks, timeInForce } = intent;
  const base = { instrument, clientOrderId, side, sizeLots };
  if (type === "market") return { ...base, type };
  if (priceTicks === undefined) throw new InvalidInputError(`a ${type} order needs priceTicks`);
  return type === "postOnly"
    ? { ...base, type, priceTicks }
    : { ...base, type, priceTicks, timeInForce: timeInForce ?? "GTC" };
}
