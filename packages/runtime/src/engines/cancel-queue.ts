import { isFinal, isWorking, type Order } from "../orders/order.ts";
import type { OrderWire } from "./execution-options.ts";

const FIRST_REPEAT_US = 100_000; // after a cancel that left its order open, until the next one
const LONGEST_REPEAT_US = 5_000_000;
const NONE: readonly Order[] = [];

/**
 * Which orders are to be cancelled, and when.
 *
 *     open at the venue -> the next flush sends it     its last cancel has just left it open -> once its pause is over
 *     not yet sent      -> taken back from the wire    nothing was heard of it yet           -> wanted, until the venue's word comes
 *
 * A cancel that came to its end and left its order open is followed by the next one 100 ms after that end, and by each further one after
 * twice the time, up to 5 s: whoever cancels again on each word of the venue cannot flood it.
 */
export class CancelQueue {
  readonly #wire: OrderWire;
  readonly #nowUs: () => number;
  readonly #due = new Set<Order>(); // that the next flush sends
  readonly #repeats = new Set<Order>(); // whose cancel is to be sent again once `cancelAgainUs` has come
  #withdrawn: Order[] = [];
  #isSweep = false; // those that wait are to go as quickly as the venue can

  /** @param nowUs Time of the present input, microseconds since the epoch. */
  constructor(wire: OrderWire, nowUs: () => number) {
    this.#wire = wire;
    this.#nowUs = nowUs;
  }

  /** Wants an order cancelled that has not ended. */
  want(order: Order): void {
    if (isWorking(order.state)) {
      if (order.cancelling) return;
      if (this.#nowUs() >= order.cancelAgainUs) this.#due.add(order);
      else this.repeat(order);
      return;
    }
    if (order.state === "submitted" && !order.cancelWanted) this.#withdrawn.push(order);
    order.cancelWanted = true;
  }

  /** Wants an order cancelled now, though the venue has said nothing of it; and once more when its word shows that the cancel has overtaken it. */
  wantBlindly(order: Order): void {
    order.cancelWanted = true;
    this.#due.add(order);
  }

  /** The cancels of the next flush go as quickly as the venue can. */
  sweepNext(): void {
    this.#isSweep = true;
  }

  /** An order is to be cancelled once its pause is over. */
  repeat(order: Order): void {
    order.cancelWanted = true;
    this.#repeats.add(order);
  }

  /** A cancel has ended and left its order open: the next one waits. */
  pause(order: Order): void {
    const pauseUs = Math.min(FIRST_REPEAT_US * 2 ** order.cancelsFailed, LONGEST_REPEAT_US);
    order.cancelsFailed++;
    order.cancelAgainUs = this.#nowUs() + pauseUs;
    if (order.mustEnd) this.repeat(order);
  }

  /** An order is cancelled by the next flush. */
  isDue(order: Order): boolean {
    return this.#due.has(order);
  }

  /** A cancel is to be repeated once its time has come. */
  get hasRepeats(): boolean {
    return this.#repeats.size > 0;
  }

  /** No cancel is due. */
  get isEmpty(): boolean {
    return this.#due.size === 0;
  }

  /** Tells the wire what was taken back, and makes due what is to be repeated by now. */
  advance(): void {
    if (this.#withdrawn.length > 0) this.#withdraw();
    if (this.#repeats.size > 0) this.#repeatDue();
  }

  /** Takes out what is due. */
  take(): readonly Order[] {
    if (this.#due.size === 0) return NONE;
    const due = [...this.#due];
    this.#due.clear();
    return due;
  }

  /** Sends what was taken. */
  send(cancels: readonly Order[]): void {
    const wire = this.#wire;
    if (this.#isSweep && wire.sweep !== undefined) wire.sweep(cancels);
    else for (const order of cancels) wire.cancel(order);
    this.#isSweep = false;
  }

  /** Forgets what was to be repeated. */
  clearRepeats(): void {
    this.#repeats.clear();
  }

  /** Those that were taken back before the venue's word: the wire knows which of them it has not sent yet. */
  #withdraw(): void {
    const withdrawn = this.#withdrawn;
    this.#withdrawn = [];
    for (const order of withdrawn) if (order.state === "submitted") this.#wire.withdraw?.(order);
  }

  #repeatDue(): void {
    const nowUs = this.#nowUs();
    for (const order of this.#repeats) {
      if (!isFinal(order.state) && nowUs < order.cancelAgainUs) continue;
      this.#repeats.delete(order);
      if (!isWorking(order.state) || order.cancelling) continue;
      order.cancelWanted = false;
      this.#due.add(order);
    }
  }
}
