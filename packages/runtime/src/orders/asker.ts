import type { Clock } from "@pitlane/perf";
import { type Fill, OrderNotFoundError, type OrderReport, type RequestOutcome } from "@pitlane/sdk";
import type { OrderVenue } from "../venue.ts";
import type { Order } from "./order.ts";
import { reasonOf } from "./outcome.ts";

export interface OrderAskerOptions {
  readonly venue: Pick<OrderVenue, "get" | "listFills">;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly onReport: (report: OrderReport) => void;
  readonly onFailure: (order: Order, outcome: RequestOutcome, reason: string) => void;
  readonly onFault: (message: string) => void;
  /** Ends the waits between questions. */
  readonly signal: AbortSignal;
}

const FIRST_ASK_MS = 100;
const LONGEST_ASK_MS = 2_000;

/** Asks the venue what became of an order, and reports what it says, missed fills included. */
export class OrderAsker {
  readonly #options: OrderAskerOptions;

  constructor(options: OrderAskerOptions) {
    this.#options = options;
  }

  /** @throws {OrderNotFoundError} When the venue knows no such order. @throws {RequestError} When it could not be asked. */
  async ask(order: Order): Promise<void> {
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

  /** As `ask`, where a failure is told as a fault. @returns False when the venue knows no such order. */
  async askQuietly(order: Order): Promise<boolean> {
    try {
      await this.ask(order);
    } catch (error) {
      if (error instanceof OrderNotFoundError) return false;
      this.#couldNot(order, error);
    }
    return true;
  }

  /** Asks until the order's fate is known, or its request can no longer take effect: then it is called rejected. */
  async resolve(order: Order): Promise<void> {
    const { clock, onFailure, signal } = this.#options;
    for (let waitMs = FIRST_ASK_MS; order.state === "unknown"; waitMs = Math.min(waitMs * 2, LONGEST_ASK_MS)) {
      try {
        await clock.sleep(waitMs, signal);
      } catch {
        return; // closing: the order stays unknown, and the report says so
      }
      const mayStillArrive = clock.monotonicNs() <= order.deadlineNs;
      try {
        await this.ask(order);
      } catch (error) {
        if (!(error instanceof OrderNotFoundError)) this.#couldNot(order, error);
        else if (!mayStillArrive) onFailure(order, "unsent", "the venue never accepted it");
      }
    }
  }

  #couldNot({ clientOrderId }: Order, error: unknown): void {
    this.#options.onFault(`asking about order ${clientOrderId} failed: ${reasonOf(error)}`);
  }
}
