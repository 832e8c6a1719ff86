import { type Clock, InvalidInputError, integerInRange } from "@pitlane/perf";
import { TakeQueue, WeightedBudget } from "@pitlane/perf/limit";
import type { ClientEmitter } from "../../client-events.ts";
import { RateLimitError, RequestError } from "../../errors.ts";
import type { BudgetHealth } from "../../health.ts";
import { type BudgetWaits, createBudgetWaits } from "../../transport/budget-waits.ts";
import { BudgetExhaustedError, CallAbortedError } from "../../transport/errors.ts";
import type { RateCount } from "./rate-counts.ts";

/** How many orders an account may place in each window of that length. */
export interface OrderLimit {
  /** 1 to 1e9. */
  readonly orders: number;
  /** In milliseconds, 1,000 to 86,400,000. Windows begin at whole multiples of it since the epoch, as the venue's do. */
  readonly windowMs: number;
}

export interface OrderBudgetOptions {
  /** The caller's own limits; undefined: those the venue announces. */
  readonly limits: readonly OrderLimit[] | undefined;
  /** Limit for a call, its wait included, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Told `waited`. */
  readonly events: Pick<ClientEmitter, "emit">;
  /** Aborts when the client closes: waiting orders end then, unsent. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
}

/** Who wants to place orders, as far as waiting is concerned. */
interface Asker {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Until the venue has said: what it had in 2025. Source: a capture of its exchangeInfo. */
const USUAL: readonly OrderLimit[] = [
  { orders: 100, windowMs: 10_000 },
  { orders: 200_000, windowMs: 86_400_000 },
];
const MOST_WAITING = 1_000;
/** The venue's code for a refusal because of it. */
export const TOO_MANY_ORDERS = -1015;
const NO_RESERVE = { cancel: 1, amend: 1, new: 1, read: 1 } as const; // only orders come here

/** One of the venue's limits. */
interface Window {
  readonly windowMs: number;
  /** `x-mbx-order-count-10s`: the reply header with the venue's count. */
  readonly header: string;
  readonly budget: WeightedBudget;
  /** The last count that was believed came in the answer to the order of this place. */
  believed: number;
}

/**
 * The venue's limit on unfilled orders of an account, spent before the wire.
 *
 * The windows and their limits are those of the venue's exchangeInfo, once that was read; the venue's counts in the answers
 * correct ours, as orders that fill are given back there and others may trade for the account. Orders that do not fit wait, within
 * their call's time limit, first come, first served; cancels and amendments need nothing here.
 * Source: binance-spot-api-docs, rest-api.md, "Unfilled Order Count", and faqs/order_count_decrement.md, 2026-07.
 */
export class OrderBudget {
  readonly #options: OrderBudgetOptions;
  readonly #queue: TakeQueue;
  readonly #waits: BudgetWaits;
  #windows: readonly Window[];
  #unanswered = 0; // orders that were paid for and have no answer yet
  #isTold = false; // the limits are the caller's or the venue's

  /** @throws {InvalidInputError} When a limit is out of range, or two are for one window. */
  constructor(options: OrderBudgetOptions) {
    const { limits = USUAL, clock, events } = options;
    this.#options = options;
    this.#isTold = options.limits !== undefined;
    this.#windows = limits.map((limit, i) => windowOf(limit, `orderLimits[${i}]`, clock));
    if (new Set(limits.map(({ windowMs }) => windowMs)).size < limits.length) {
      throw new InvalidInputError("orderLimits: two are for windows of the same length");
    }
    const source = {
      tryTake: (orders: number) => this.#tryTake(orders),
      waitMs: (orders: number) => this.#waitMs(orders),
    };
    this.#queue = new TakeQueue({ source, maxWaiting: MOST_WAITING, clock });
    this.#waits = createBudgetWaits("orders", { events, clock });
  }

  /**
   * Pays for `orders` that are about to be sent: at once, or as soon as they fit.
   *
   * @param what Names the call in errors.
   * @throws {BudgetExhaustedError} By the promise, when they would not fit before the call's time is over, or 1,000 calls wait already.
   * @throws {CallAbortedError} By the promise, when the caller aborts, or the client closes, while they wait.
   */
  take(what: string, orders: number, asker: Asker): OrderTicket | Promise<OrderTicket> {
    const isAtOnce = this.#queue.waiting === 0 && this.#tryTake(orders);
    return isAtOnce ? this.#ticket(orders) : this.#wait(what, orders, asker);
  }

  /** Takes the windows and limits that an exchangeInfo reply announces, unless the caller has given his own. */
  learn(counts: readonly RateCount[]): void {
    if (this.#options.limits !== undefined) return;
    this.#isTold = true;
    const announced = counts.filter(({ type }) => type === "ORDERS");
    const known = this.#windows;
    const isAsBefore =
      announced.length === known.length &&
      announced.every(({ windowMs }) => known.some((window) => window.windowMs === windowMs));
    if (isAsBefore) for (const { windowMs, limit } of announced) this.#setLimit(windowMs, limit);
    else {
      const { clock } = this.#options;
      this.#windows = announced.map(({ windowMs, limit: orders }) => windowOf({ orders, windowMs }, "ORDERS", clock));
    }
  }

  /** As the client's `health` tells it, once the limits are known. */
  health(): readonly BudgetHealth[] {
    if (!this.#isTold) return [];
    const waiting = this.#waits.count();
    return this.#windows.map(({ windowMs, budget }) => ({
      name: `orders-${nameOf(windowMs)}`,
      limit: budget.limit,
      used: budget.usedWeight(),
      windowMs,
      waiting,
    }));
  }

  #tryTake(orders: number): boolean {
    for (const { budget } of this.#windows) if (budget.waitMs(orders, "new") > 0) return false;
    for (const { budget } of this.#windows) budget.tryTake(orders, "new");
    return true;
  }

  #waitMs(orders: number): number {
    let waitMs = 0;
    for (const { budget } of this.#windows) waitMs = Math.max(waitMs, budget.waitMs(orders, "new"));
    return waitMs;
  }

  #ticket(orders: number): OrderTicket {
    this.#unanswered += orders;
    return new Ticket(orders, this.#windows, this);
  }

  async #wait(what: string, orders: number, { signal, timeoutMs }: Asker): Promise<OrderTicket> {
    const { closing, callTimeoutMs } = this.#options;
    const waitMs = this.#waitMs(orders);
    if (waitMs >= (timeoutMs ?? callTimeoutMs) || this.#queue.waiting >= MOST_WAITING) {
      const words = `has no time to wait ${waitMs} ms for the venue's limit on orders`;
      throw new BudgetExhaustedError(`${what} ${words}`, { retryAfterMs: waitMs });
    }
    try {
      const until = signal === undefined ? closing : AbortSignal.any([signal, closing]);
      await this.#waits.during(what, () => this.#queue.take(orders, until));
    } catch (cause) {
      const words = "was ended while it waited for the venue's limit on orders";
      throw new CallAbortedError(`${what} ${words}`, { outcome: "unsent", cause });
    }
    return this.#ticket(orders);
  }

  /** The answer to `ticket`'s call has come, or never will. Its ticket asks. */
  end(ticket: Ticket, error: unknown): void {
    this.#unanswered -= ticket.orders;
    if (error instanceof RateLimitError && error.venueCode === TOO_MANY_ORDERS) {
      const untilUs = this.#options.clock.nowUs() + Math.ceil(error.retryAfterMs * 1000);
      for (const { budget } of this.#windows) budget.blockUntil(untilUs);
    }
    const isUnsent = error instanceof RequestError ? error.outcome === "unsent" : error instanceof InvalidInputError;
    if (!isUnsent) return;
    ticket.windows.forEach(({ budget }, i) => {
      budget.refund(ticket.orders, ticket.takenAt[i] as number);
    });
  }

  /** The venue has counted `count` orders in that window, that of the ticket included. Its ticket asks. */
  believe({ orders, windows, takenAt }: Ticket, i: number, count: number): void {
    const window = windows[i] as Window;
    const sentAs = takenAt[i] as number;
    if (!(count >= 0 && count <= Number.MAX_SAFE_INTEGER) || sentAs < window.believed) return;
    window.believed = sentAs; // answers may overtake each other: a later order's count tells more
    // What else has no answer yet may be in the count, or not: it comes on top.
    const { budget } = window;
    budget.correct(count, Math.max(0, Math.min(sentAs, budget.taken - (this.#unanswered - orders))));
  }

  #setLimit(windowMs: number, limit: number): void {
    const window = this.#windows.find((one) => one.windowMs === windowMs);
    if (window !== undefined && limit >= 1 && limit <= 1e9) window.budget.limit = limit;
  }
}

/** Orders that were paid for. */
export interface OrderTicket {
  /** What the answer tells, of whatever windows. */
  tell(counts: readonly RateCount[]): void;
  /** As `tell`, for an answer that tells it by its headers. @param headerOf Of a name in lower case. */
  tellHeaders(headerOf: (name: string) => string | undefined): void;
  /** The call is over; only the first word on that counts. @param error What it failed with. */
  end(error?: unknown): void;
}

class Ticket implements OrderTicket {
  readonly orders: number;
  readonly windows: readonly Window[];
  /** For each window, what its budget had given out then. */
  readonly takenAt: readonly number[];
  readonly #budget: OrderBudget;
  #hasEnded = false;

  constructor(orders: number, windows: readonly Window[], budget: OrderBudget) {
    this.orders = orders;
    this.windows = windows;
    this.takenAt = windows.map((window) => window.budget.taken);
    this.#budget = budget;
  }

  tell(counts: readonly RateCount[]): void {
    for (const { type, windowMs, count } of counts) {
      if (type !== "ORDERS") continue;
      const i = this.windows.findIndex((window) => window.windowMs === windowMs);
      if (i >= 0) this.#budget.believe(this, i, count);
    }
  }

  tellHeaders(headerOf: (name: string) => string | undefined): void {
    for (let i = 0; i < this.windows.length; i++) {
      this.#budget.believe(this, i, Number(headerOf((this.windows[i] as Window).header) || Number.NaN));
    }
  }

  end(error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#budget.end(this, error);
  }
}

function windowOf({ orders, windowMs }: OrderLimit, name: string, clock: Pick<Clock, "nowUs">): Window {
  integerInRange(`${name}.orders`, orders, 1, 1e9);
  integerInRange(`${name}.windowMs`, windowMs, 1_000, 86_400_000);
  const budget = new WeightedBudget({ limit: orders, windowMs, shares: NO_RESERVE, clock });
  return { windowMs, header: `x-mbx-order-count-${nameOf(windowMs)}`, budget, believed: 0 };
}

/** `10s`, `1d`: as the venue's headers name a window. */
function nameOf(windowMs: number): string {
  for (const [letter, unitMs] of UNITS) if (windowMs % unitMs === 0) return `${windowMs / unitMs}${letter}`;
  return `${windowMs}ms`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;
