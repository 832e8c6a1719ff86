import type { Clock } from "@pitlane/perf";
import { InvalidInputError, type OrderReport, type Outcome, type RequestOutcome } from "@pitlane/sdk";
import type { StageLatencies } from "../latency.ts";
import type { OrderTimer } from "../observe/slow-orders.ts";
import type { OrderVenue } from "../venue.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { isFinal, isWorking, type Order } from "./order.ts";
import { OrderQueue, type Waiting } from "./order-queue.ts";
import { outcomeOf, reasonOf, toRequest } from "./outcome.ts";
import { Places } from "./places.ts";

/** How many orders go to the wire at once, and how long the others wait. */
export interface PipelineSettings {
  /** Requests for new orders under way at once; 1 or more. */
  readonly requests: number;
  /** How many instruments may have orders: one of several has half of the requests. */
  readonly instruments: number;
  /** Most orders handed to the venue before the event loop gets its turn, and most in one batch request; 1 or more. */
  readonly batch: number;
  /** Longest an order waits for its turn, in milliseconds: then it is dropped, code `QUEUE_TIMEOUT`. */
  readonly queueTimeoutMs: number;
}

export interface OrderSenderOptions {
  readonly venue: Pick<OrderVenue, "submit" | "submitMany" | "batchLimit" | "takesKind">;
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  /** Told of each order whose call has ended, unless it ended unsent. Default: nobody. */
  readonly timer?: OrderTimer;
  readonly pipeline: PipelineSettings;
  /** From a request's start until it can no longer take effect at the venue, in milliseconds. */
  readonly effectMs: number;
  readonly onReport: (report: OrderReport) => void;
  readonly onFailure: (order: Order, outcome: RequestOutcome, reason: string) => void;
  /** The venue has said nothing of an order within its `maxLatencyMs`. */
  readonly onOverdue: (order: Order) => void;
  /** Asks what became of an order whose answer was lost. */
  readonly resolve: (order: Order) => Promise<void>;
  /** Takes over what goes on in the background. */
  readonly track: (work: Promise<void>) => void;
  /** Ends it: nothing more leaves the queue. */
  readonly signal: AbortSignal;
}

const MS = 1e6; // in nanoseconds
const ANY = () => true;

/**
 * Hands orders to the venue, each once: at once where a place is free and nothing waits, else in their turn.
 *
 *     send -> a place is free and nothing waits: to the venue, synchronously
 *          -> else: the queue -> a place is given back -> to the venue; or dropped, when its time is over first
 */
export class OrderSender {
  readonly #options: OrderSenderOptions;
  readonly #queue = new OrderQueue();
  readonly #waits = new Map<Order, Deadline>(); // of the orders in the queue
  readonly #places: Places;
  readonly #deadlines: Deadlines;
  #rest: NodeJS.Immediate | undefined;

  constructor(options: OrderSenderOptions) {
    this.#options = options;
    this.#places = new Places(options.pipeline.requests, options.pipeline.instruments);
    this.#deadlines = new Deadlines(options.clock, (deadline) => this.#onPast(deadline), options.signal);
  }

  /** Orders that wait for their turn. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Requests for new orders that are under way. */
  get inFlight(): number {
    return this.#places.taken;
  }

  /** Returns at once; what happens is told through the callbacks, never before it returns. @param triggerNs See `OrderWire.send`. */
  send(order: Order, triggerNs: number): void {
    const { clock, pipeline } = this.#options;
    const nowNs = clock.monotonicNs();
    if (this.#queue.size === 0 && this.#places.tryTake(order.intent.instrument)) {
      this.#start(order, triggerNs, nowNs, nowNs);
      return;
    }
    const dueNs = Math.min(budgetEndNs(order), nowNs + pipeline.queueTimeoutMs * MS);
    this.#waits.set(order, this.#deadlines.add(order, dueNs));
    this.#queue.push(order, triggerNs, nowNs);
    if (this.#places.free > 0) this.#pump(); // those that wait may all be of instruments that have none
  }

  /** Takes an order out of the queue, if it is still there: it then fails as unsent. */
  withdraw(order: Order): void {
    if (this.#queue.remove(order)) this.#drop(order, "WITHDRAWN: cancelled while it waited to be sent");
  }

  /** Drops what still waits. */
  close(): void {
    clearImmediate(this.#rest);
    for (const order of this.#queue.clear()) this.#drop(order, "CLOSED: the session ended before it was sent");
  }

  /** Hands an order to the venue. It has a place. */
  #start(order: Order, triggerNs: number, approvedNs: number, turnNs: number): void {
    const { effectMs } = this.#options;
    const endNs = budgetEndNs(order);
    const refusal = this.#refusalOf(order, turnNs, endNs);
    if (refusal !== undefined) {
      this.#places.release(order.intent.instrument);
      this.#drop(order, refusal);
      return;
    }
    const deadline =
      endNs === Number.POSITIVE_INFINITY ? undefined : this.#deadlines.add(order, endNs, new AbortController());
    order.deadlineNs = turnNs + effectMs * MS;
    this.#options.track(this.#submit(order, triggerNs, approvedNs, turnNs, deadline));
  }

  /** Why an order whose turn has come is not handed to the venue; undefined when it is. */
  #refusalOf(order: Order, nowNs: number, endNs: number): string | undefined {
    if (nowNs >= endNs) return tooLate(order);
    const { venue } = this.#options;
    const { type, instrument } = order.intent;
    if (venue.takesKind === undefined || venue.takesKind(type, instrument)) return undefined;
    return `ORDER_KIND_NOT_SUPPORTED: ${instrument.venue} takes no orders of type "${type}": watch the price and submit one that it takes`;
  }

  /** Starts those whose turn it is, a batch at most before the event loop gets its turn. */
  #pump(): void {
    const { clock, latencies, venue, pipeline, signal } = this.#options;
    if (signal.aborted) return;
    const { batch } = pipeline;
    const limit = Math.min(batch, venue.batchLimit ?? 1);
    if (limit > 1 && this.#queue.size > 1) return this.#pumpBatch(limit);
    for (let left = batch; left > 0; left--) {
      const next = this.#queue.next((instrument) => this.#places.isFree(instrument));
      if (next === undefined) return;
      const { order, triggerNs, approvedNs } = next;
      this.#forgetWait(order);
      this.#places.tryTake(order.intent.instrument);
      const nowNs = clock.monotonicNs();
      latencies.queue.record(nowNs - approvedNs);
      this.#start(order, triggerNs, approvedNs, nowNs);
    }
    this.#rest ??= setImmediate(() => {
      this.#rest = undefined;
      this.#pump();
    });
  }

  async #submit(
    order: Order,
    triggerNs: number,
    approvedNs: number,
    turnNs: number,
    deadline: Deadline | undefined,
  ): Promise<void> {
    const { venue, clock, latencies, timer, onReport, onFailure } = this.#options;
    let sentNs = Number.NaN;
    const onSent = (ns: number) => {
      sentNs = ns;
      if (deadline !== undefined) deadline.isSent = true;
      latencies.send.record(ns - turnNs);
      this.#recordSent(order, triggerNs, ns);
    };
    const control = deadline?.stop === undefined ? { onSent } : { onSent, signal: deadline.stop.signal };
    let report: OrderReport;
    try {
      report = await venue.submit(toRequest(order), control);
    } catch (error) {
      const outcome = outcomeOf(error);
      // One whose outcome is unknown is still to be cancelled when its time is over.
      if (deadline !== undefined && outcome !== "unknown") this.#deadlines.remove(deadline);
      if (outcome !== "unsent") timer?.offer(order, triggerNs, approvedNs, turnNs, sentNs, clock.monotonicNs());
      const isDropped = deadline?.isPast === true && outcome === "unsent";
      onFailure(order, outcome, isDropped ? tooLate(order) : reasonOf(error));
      if (outcome === "unknown") this.#options.track(this.#options.resolve(order));
      return;
    } finally {
      this.#giveBack(order);
    }
    if (deadline !== undefined) this.#deadlines.remove(deadline);
    const answeredNs = clock.monotonicNs();
    this.#recordAnswer(order, sentNs, answeredNs);
    timer?.offer(order, triggerNs, approvedNs, turnNs, sentNs, answeredNs);
    onReport(report);
  }

  #recordSent({ bornNs }: Order, triggerNs: number, sentNs: number): void {
    const { latencies } = this.#options;
    if (!Number.isNaN(bornNs)) latencies.processing.record(sentNs - bornNs);
    if (!Number.isNaN(triggerNs)) latencies.tickToOrder.record(sentNs - triggerNs);
  }

  /** @param sentNs NaN where the client did not say when it handed the request to its socket. */
  #recordAnswer({ bornNs }: Order, sentNs: number, answeredNs: number): void {
    const { latencies } = this.#options;
    if (!Number.isNaN(sentNs)) latencies.ack.record(answeredNs - sentNs);
    if (!Number.isNaN(bornNs)) latencies.execution.record(answeredNs - bornNs);
  }

  /** Batches for a venue that has an endpoint for them: a request each, with a place each. */
  #pumpBatch(limit: number): void {
    const { clock, latencies } = this.#options;
    for (;;) {
      const first = this.#queue.next((instrument) => this.#places.isFree(instrument));
      if (first === undefined) return;
      const nowNs = clock.monotonicNs();
      const batch: Waiting[] = [];
      for (let next: Waiting | undefined = first; next !== undefined; next = this.#queue.next(ANY)) {
        const { order, approvedNs } = next;
        this.#forgetWait(order);
        latencies.queue.record(nowNs - approvedNs);
        const refusal = this.#refusalOf(order, nowNs, budgetEndNs(order));
        if (refusal === undefined) batch.push(next);
        else this.#drop(order, refusal);
        if (batch.length === limit) break;
      }
      if (batch.length === 0) continue;
      this.#places.tryTake(first.order.intent.instrument);
      this.#options.track(this.#submitBatch(batch, first.order, nowNs));
    }
  }

  async #submitBatch(batch: readonly Waiting[], first: Order, turnNs: number): Promise<void> {
    const { venue, clock, latencies, timer, effectMs, onReport } = this.#options;
    const deadlineNs = turnNs + effectMs * MS;
    const deadlines = batch.map(({ order }) => {
      order.deadlineNs = deadlineNs;
      const endNs = budgetEndNs(order);
      return endNs === Number.POSITIVE_INFINITY ? undefined : this.#deadlines.add(order, endNs);
    });
    let sentNs = Number.NaN;
    const onSent = (ns: number) => {
      sentNs = ns;
      latencies.send.record(ns - turnNs);
      for (const { order, triggerNs } of batch) this.#recordSent(order, triggerNs, ns);
      for (const deadline of deadlines) {
        if (deadline === undefined) continue;
        deadline.isSent = true;
        if (deadline.isPast) this.#overdueLater(deadline);
      }
    };
    let outcomes: readonly Outcome<OrderReport>[];
    try {
      if (venue.submitMany === undefined) throw new InvalidInputError("a venue with a batchLimit must have submitMany");
      const requests = batch.map(({ order }) => toRequest(order));
      outcomes = await venue.submitMany(requests, { onSent });
    } catch (error) {
      const failed = error instanceof Error ? error : new Error(String(error));
      outcomes = batch.map(() => ({ ok: false, error: failed }));
    }
    const answeredNs = clock.monotonicNs();
    this.#giveBack(first);
    for (const [at, outcome] of outcomes.entries()) {
      const { order, triggerNs, approvedNs } = batch[at]!;
      const failure = outcome.ok ? undefined : outcomeOf(outcome.error);
      const isUnknown = failure === "unknown";
      if (failure !== "unsent") timer?.offer(order, triggerNs, approvedNs, turnNs, sentNs, answeredNs);
      const deadline = deadlines[at];
      if (deadline !== undefined && !isUnknown) this.#deadlines.remove(deadline);
      if (!outcome.ok) {
        this.#options.onFailure(order, outcomeOf(outcome.error), reasonOf(outcome.error));
        if (isUnknown) this.#options.track(this.#options.resolve(order));
        continue;
      }
      this.#recordAnswer(order, sentNs, answeredNs);
      onReport(outcome.value);
    }
  }

  /** The order's place is for the next that waits: its call has ended. */
  #giveBack({ intent }: Order): void {
    this.#places.release(intent.instrument);
    if (this.#queue.size > 0) this.#pump();
  }

  #onPast({ order, isSent, stop }: Deadline): void {
    if (this.#queue.remove(order)) {
      this.#waits.delete(order);
      const { queueTimeoutMs } = this.#options.pipeline;
      const isBudget = this.#options.clock.monotonicNs() >= budgetEndNs(order);
      return this.#drop(
        order,
        isBudget ? tooLate(order) : `QUEUE_TIMEOUT: its turn did not come in ${queueTimeoutMs} ms`,
      );
    }
    if (!isSent) stop?.abort(new Error("its latency budget is used up"));
    else if (!isFinal(order.state) && !isWorking(order.state)) this.#options.onOverdue(order);
  }

  /** The others of its batch went out, and so did it. Told later: whoever sends may be in the middle of an input. */
  #overdueLater(deadline: Deadline): void {
    this.#options.track(Promise.resolve().then(() => this.#onPast(deadline)));
  }

  #forgetWait(order: Order): void {
    const wait = this.#waits.get(order);
    if (wait === undefined) return;
    this.#deadlines.remove(wait);
    this.#waits.delete(order);
  }

  /** An order that was never handed to the venue has come to its end. Told later: whoever asks may be in the middle of an input. */
  #drop(order: Order, reason: string): void {
    this.#forgetWait(order);
    this.#options.track(Promise.resolve().then(() => this.#options.onFailure(order, "unsent", reason)));
  }
}

/** When an order's latency budget is used up, monotonic. */
function budgetEndNs({ intent, bornNs }: Order): number {
  return intent.maxLatencyMs === undefined || Number.isNaN(bornNs)
    ? Number.POSITIVE_INFINITY
    : bornNs + intent.maxLatencyMs * MS;
}

function tooLate({ intent }: Order): string {
  return `LATENCY_BUDGET: not handed to the socket within ${intent.maxLatencyMs} ms`;
}
